/**
 * The panels at the side (sheets on a phone): one is open at a time, or none.
 */
import { effect } from "@preact/signals-core";
import { html } from "lit-html";
import { bring, fromLater } from "../coming.js";
import { messageOf } from "../messages.js";
import { gone, loading, notice, panel, panelOpen, session } from "../store.js";
import { t } from "../strings.js";
import { mount } from "../mount.js";
import { explanation } from "./explanation.js";

const PANELS = /** @type {const} */ (["explain", "data", "table", "code", "learn", "practice"]);
/** Where a tab keeps which panel is open over a reload. */
const KEPT = "backprop-explorer.panel";

export function mountSide() {
  keepOpen();
  mount("tabs", tabs);
  mount("panel", () => (panelOpen.value ? content(panel.value) : null));
  mount("notice", () =>
    gone.value
      ? html`<p>${t("notice.gone")}</p>
          <button type="button" id="go-on" @click=${again}>${t("notice.goOn")}</button>`
      : notice.value
        ? html`<p>${notice.value}</p>
          <button type="button" class="quiet" @click=${() => (notice.value = null)}>${t("close")}</button>`
        : null,
  );
  effect(() => {
    document.body.classList.toggle("side-closed", !panelOpen.value);
    const place = /** @type {HTMLElement} */ (document.getElementById("panel"));
    place.hidden = !panelOpen.value;
    place.setAttribute("aria-labelledby", `tab-${panel.value}`);
    // A panel of text is scrolled by keys from a tab stop of its own; tables of inputs have theirs.
    place.tabIndex = panel.value === "data" ? -1 : 0;
  });
}

/** @param {typeof PANELS[number]} name */
function content(name) {
  if (name === "explain") return explanation();
  const empty = html`<p class="hint">${t(loading.value ? "loading.now" : "loading.nothing")}</p>`;
  return fromLater((rest) => (session.value === null && name !== "practice" ? empty : rest[name]()));
}

async function again() {
  try {
    const { goOn } = await bring();
    if (await goOn()) return;
    gone.value = null;
    notice.value = t("notice.lost");
  } catch (error) {
    gone.value = null;
    notice.value = messageOf(error);
  }
}

/** A reload finds the panel as it was left, in this tab alone. */
function keepOpen() {
  // A figure inside another page shows what its address names, and leaves what is kept to the whole page.
  if (document.body.dataset.panels) return;
  const kept = sessionStorage.getItem(KEPT);
  const name = PANELS.find((one) => one === kept);
  if (name) panel.value = name;
  if (kept === "none") panelOpen.value = false;
  effect(() => sessionStorage.setItem(KEPT, panelOpen.value ? panel.value : "none"));
}

function tabs() {
  return html`<div role="tablist" aria-label=${t("panels.label")} @keydown=${walkTabs}>
      ${PANELS.map((name) => {
        const chosen = panelOpen.value && name === panel.value;
        return html`<button
          type="button"
          role="tab"
          id=${`tab-${name}`}
          aria-controls="panel"
          aria-selected=${chosen ? "true" : "false"}
          tabindex=${name === panel.value ? 0 : -1}
          @click=${() => choose(name)}
        >
          ${t(`panels.${name}`)}
        </button>`;
      })}
    </div>
    <button
      type="button"
      id="fold"
      class="quiet"
      aria-expanded=${panelOpen.value ? "true" : "false"}
      aria-controls="panel"
      @click=${() => (panelOpen.value = !panelOpen.value)}
    >
      ${t(panelOpen.value ? "close" : "panels.open")}
    </button>`;
}

/** @param {typeof PANELS[number]} name */
function choose(name) {
  panel.value = name;
  panelOpen.value = true;
}

/** @param {KeyboardEvent} press */
function walkTabs(press) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[press.key];
  if (!step) return;
  const at = PANELS.indexOf(panel.value);
  choose(PANELS[(at + step + PANELS.length) % PANELS.length]);
  document.getElementById(`tab-${panel.value}`)?.focus();
  press.preventDefault();
}
