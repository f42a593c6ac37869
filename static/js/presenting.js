/**
 * Before a class: the whole screen, larger type, and how fast it plays. A clicker's two keys step.
 */
import { effect } from "@preact/signals-core";
import { html } from "lit-html";
import { title } from "./panels/header.js";
import { lesson, presenting, speed } from "./store.js";
import { t } from "./strings.js";

/** How many times as fast it plays. */
const SPEEDS = /** @type {const} */ ({ slow: 0.5, normal: 1, fast: 2.5 });

let watched = false;

export function present() {
  presenting.value ? stop() : start();
}

function start() {
  if (!watched) watch();
  watched = true;
  presenting.value = true;
  // Where a browser or a frame does not give the whole screen, the window is what there is.
  document.documentElement.requestFullscreen?.().catch(() => undefined);
  requestAnimationFrame(() => document.getElementById("present-end")?.focus());
}

function stop() {
  presenting.value = false;
  speed.value = 1;
  if (document.fullscreenElement) void document.exitFullscreen().catch(() => undefined);
  requestAnimationFrame(() => document.getElementById("present")?.focus());
}

function watch() {
  effect(() => void document.body.classList.toggle("presenting", presenting.value));
  document.addEventListener("fullscreenchange", () => {
    if (!document.fullscreenElement && presenting.peek()) stop();
  });
}

/** What stands at the head instead of the settings. */
export function presenterBar() {
  return html`<p class="presented">${lesson.value?.title ?? title()}</p>
    <div class="settings">
      <label
        ><span>${t("present.speed")}</span>
        <select id="speed" @change=${choose}>
          ${Object.entries(SPEEDS).map(
            ([name, factor]) =>
              html`<option value=${name} ?selected=${factor === speed.value}>${t(`present.${name}`)}</option>`,
          )}
        </select></label
      >
      <button type="button" id="present-end" @click=${stop}>${t("present.end")}</button>
    </div>`;
}

/** @param {Event} change */
function choose(change) {
  const name = /** @type {keyof typeof SPEEDS} */ (/** @type {HTMLSelectElement} */ (change.target).value);
  speed.value = SPEEDS[name];
}
