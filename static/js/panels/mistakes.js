/**
 * The panel Mistakes: homework beside the right gradient, and the bug zoo.
 */
import { html } from "lit-html";
import { letGo, mode, places } from "../mistakes/state.js";
import { t } from "../strings.js";
import { homework } from "./homework.js";
import { zoo } from "./zoo.js";

const MODES = /** @type {const} */ (["homework", "zoo"]);

export function mistakes() {
  return html`<section class="mistakes" aria-labelledby="mistakes-title">
    <h2 id="mistakes-title">${t("panels.mistakes")}</h2>
    <div class="modes" role="group" aria-labelledby="mistakes-title">
      ${MODES.map(
        (name) =>
          html`<button type="button" id=${`mode-${name}`} aria-pressed=${String(mode.value === name)} @click=${() => change(name)}>
            ${t(`mistakes.${name}`)}
          </button>`,
      )}
    </div>
    ${content()}
  </section>`;
}

/** @param {typeof MODES[number]} name */
function change(name) {
  if (mode.value === name) return;
  letGo();
  mode.value = name;
}

function content() {
  const { value, problem } = places.value;
  if (problem) return html`<p class="problem" role="alert">${problem}</p>`;
  if (!value) return html`<p class="hint">${t("loading.now")}</p>`;
  if (value.gradients.length === 0) return html`<p class="hint">${t("mistakes.none")}</p>`;
  return mode.value === "homework" ? homework(value.gradients) : zoo(value.faults);
}
