/**
 * One number in the figure. Its text nodes are made once and written in place, and only where the
 * number has changed.
 *
 * @import { Cell } from "../types.js"
 * @import { Place } from "./labels.js"
 */
import { full, short } from "../format.js";
import { svg } from "./svg.js";

/** Width of one tabular figure at the size numbers are set in, in px. */
const FIGURE_WIDTH = 6.7;
const PADDING = 3;

/** @typedef {{box: SVGGElement, text: SVGTextElement, shown: Text, title: Text, full: string}} CellView */

/**
 * @param {Place} place
 * @returns {CellView}
 */
export function cellView({ position, x, y, width, height }) {
  const shown = document.createTextNode("");
  const title = document.createTextNode("");
  const middle = { x: x + width / 2, y: y + height / 2, dy: "0.35em", "text-anchor": "middle" };
  const text = svg("text", middle, shown);
  const box = svg(
    "g",
    { class: "cell", "data-cell": position },
    svg("title", {}, title),
    svg("rect", { x, y, width, height, rx: 2 }),
    text,
  );
  return { box, text, shown, title, full: "" };
}

/**
 * @param {CellView} cell
 * @param {Cell | undefined} value  undefined: not computed yet
 * @param {number} width  of its place
 */
export function writeCell(cell, value, width) {
  const exact = full(value);
  if (exact === cell.full) return;
  cell.full = exact;
  const text = short(value);
  cell.shown.data = text;
  cell.title.data = exact;
  if (exact === "") cell.box.removeAttribute("data-full");
  else cell.box.setAttribute("data-full", exact);
  const room = width - 2 * PADDING;
  if (text.length * FIGURE_WIDTH > room) {
    cell.text.setAttribute("textLength", String(room));
    cell.text.setAttribute("lengthAdjust", "spacingAndGlyphs");
  } else {
    cell.text.removeAttribute("textLength");
  }
}

/**
 * @param {readonly (CellView & {place: Place})[]} cells
 * @param {ReadonlySet<number>} positions  pointed at by a term
 * @param {number | null} current  the cell that is chosen or has just been revealed
 */
export function lightCells(cells, positions, current) {
  for (const { box, place } of cells) {
    box.classList.toggle("pointed", positions.has(place.position));
    box.classList.toggle("current", place.position === current);
  }
}
