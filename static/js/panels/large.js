/**
 * What stands in the panel, in a window of its own, as large as the screen allows. While it is there,
 * its place in the panel is empty: it is one thing, not two.
 */
import { signal } from "@preact/signals-core";
import { html } from "lit-html";
import { t } from "../strings.js";
import { mount } from "../mount.js";

/** What is large, with its name and what shows it. @type {import("@preact/signals-core").Signal<Large | null>} */
export const large = signal(null);

/** @typedef {{id: string, title: string, content: () => unknown}} Large */

/** @type {HTMLDialogElement | null} */
let place = null;

/** @param {Large} one */
function open(one) {
  if (!place) {
    place = document.createElement("dialog");
    place.id = "large";
    place.className = "large";
    place.setAttribute("aria-labelledby", "large-title");
    place.addEventListener("close", () => (large.value = null));
    document.body.append(place);
    mount("large", content);
  }
  large.value = one;
  place.showModal();
}

/** Back into the panel: what is asked about is answered there. */
export function shrink() {
  place?.close();
}

function content() {
  const one = large.value;
  if (!one) return null;
  return html`<h2 id="large-title">${one.title}</h2>
    <div class="large-look" data-look=${one.id}>${one.content()}</div>
    <form method="dialog"><button type="submit" class="primary">${t("close")}</button></form>`;
}

/** @param {Large} one */
export function largeButton(one) {
  return html`<button type="button" class="quiet enlarge" id=${`large-${one.id}`} aria-label=${t("large.of", { name: one.title })} @click=${() => open(one)}>
    ${t("large")}
  </button>`;
}

/**
 * With its heading, in the panel.
 * @param {Large} one
 */
export function titled(one) {
  const isLarge = large.value?.id === one.id;
  return html`<section class="look" aria-labelledby=${`look-${one.id}`}>
    <div class="look-line">
      <h3 id=${`look-${one.id}`}>${one.title}</h3>
      ${largeButton(one)}
    </div>
    ${isLarge ? null : one.content()}
  </section>`;
}
