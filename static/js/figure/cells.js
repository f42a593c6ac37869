/**
 * One number in the figure. Its text node is made once and written in place, and only where the
 * number has changed.
 *
 * @import { Cell } from "../types.js"
 * @import { Place } from "./places.js"
 */
import { later } from "../coming.js";
import { full } from "../format.js";
import { svg } from "./svg.js";

/** @typedef {{box: SVGGElement, text: SVGTextElement, shown: Text, full: string, state: string}} CellView */

/**
 * @param {Place} place
 * @param {boolean} alone  whether the number stands in the middle of its place, not in line with others
 * @returns {CellView}
 */
export function cellView({ position, x, y, width, height }, alone) {
  const shown = document.createTextNode("");
  const at = { x: x + width / 2, y: y + height / 2, dy: "0.35em", "text-anchor": alone ? "middle" : "end" };
  const text = svg("text", at, shown);
  const box = svg("g", { class: "cell", "data-cell": position }, svg("rect", { x, y, width, height, rx: 2 }), text);
  return { box, text, shown, full: "", state: "cell" };
}

/**
 * @param {CellView} cell
 * @param {Cell | undefined} value  undefined: not computed yet
 * @param {string} text  as which it is shown
 */
export function writeCell(cell, value, text) {
  const exact = full(value);
  if (exact !== cell.full) {
    cell.full = exact;
    if (exact === "") cell.box.removeAttribute("data-full");
    else cell.box.setAttribute("data-full", exact);
  }
  if (text !== cell.shown.data) cell.shown.data = text;
}

/**
 * @param {readonly (CellView & {place: Place})[]} cells
 * @param {ReadonlySet<number>} positions  pointed at by a term
 * @param {number | null} current  the cell that is chosen or has just been revealed
 */
export function lightCells(cells, positions, current) {
  for (const cell of cells) {
    const { position } = cell.place;
    const state = `cell${positions.has(position) ? " pointed" : ""}${position === current ? " current" : ""}`;
    if (state === cell.state) continue;
    cell.state = state;
    cell.box.setAttribute("class", state);
  }
}

/**
 * Show every digit of the number under the pointer: a title for it alone, since one for each
 * would be a fourth of the figure's elements.
 * @param {HTMLElement} host
 */
export function titleCells(host) {
  /** @param {Event} event */
  const cellAt = (event) => /** @type {Element} */ (event.target).closest(".cell[data-full]");
  host.addEventListener("pointerover", (over) => {
    const cell = cellAt(over);
    if (!cell) return;
    cell.querySelector("title")?.remove();
    const key = cell.closest("[data-key]")?.getAttribute("data-key") ?? "";
    const index = Number(cell.getAttribute("data-cell"));
    const name = later.value?.classNameOf({ key, index });
    const full = cell.getAttribute("data-full") ?? "";
    cell.prepend(svg("title", {}, name ? `${full} \u00b7 ${name}` : full));
  });
  host.addEventListener("pointerout", (out) => cellAt(out)?.querySelector("title")?.remove());
}
