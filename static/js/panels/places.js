/**
 * Where a mistake is made, as buttons that lead there in the figure.
 *
 * @import { Place } from "../types.js"
 */
import { html } from "lit-html";
import { layerTitle, nameOf, opTitle } from "../figure/names.js";
import { lead } from "../mistakes/state.js";
import { graph } from "../store.js";
import { t } from "../strings.js";

/** More places than these are told by their number. */
const MOST = 6;

/** @param {readonly Place[]} places */
export function placeButtons(places) {
  return html`<div class="places">
    ${places
      .slice(0, MOST)
      .map(
        (place) => html`<button type="button" class="place" @click=${() => lead(place)}>${placeText(place)}</button>`,
      )}
    ${places.length > MOST ? html`<span class="hint">${t("mistakes.places.more", { count: places.length - MOST })}</span>` : null}
  </div>`;
}

/** @param {Place} place */
export function placeText(place) {
  const gradient = nameOf(`${place.operand}.grad`);
  if (place.node === "") return t("mistakes.branches", { name: gradient });
  const isDrawn = graph.value?.nodes.some(({ id }) => id === place.node);
  return t("mistakes.place", { where: isDrawn ? opTitle(place.node) : layerTitle(place.layer), name: gradient });
}
