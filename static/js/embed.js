/**
 * The page inside another one: the figure and the timeline alone, or with one panel, and a small
 * link to the whole page. `?panels=none`, or the panel's name, asks for it.
 */
import { html } from "lit-html";
import { mount } from "./mount.js";
import { panel, panelOpen, session } from "./store.js";
import { t } from "./strings.js";
import { sharedAddress, isOwnNumbers } from "./visits.js";

/** @typedef {"none" | "explain" | "data" | "table" | "learn"} Panels */

/** @param {Panels} wanted */
export function embed(wanted) {
  document.body.dataset.panels = wanted;
  panelOpen.value = wanted !== "none";
  if (wanted !== "none") panel.value = wanted;
  mount("header", () => {
    const now = session.value;
    if (!now) return null;
    const name = isOwnNumbers(now) ? `session=${now.id}` : `preset=${now.preset}`;
    const rest = sharedAddress(now)
      .slice(1)
      .replace(/^panels=[a-z]+&/, "");
    return html`<a id="whole" href="/?${name}&${rest}" target="_blank" rel="noopener">${t("embed.open")}</a>`;
  });
}
