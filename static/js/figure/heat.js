/**
 * A large matrix as a picture: one pixel a cell, darker for farther from 0, in another ink for
 * below 0. Cells that are not computed yet stay clear.
 *
 * @import { Cell } from "../types.js"
 */
import { asNumber } from "../values.js";

/** @typedef {{paper: Ink, above: Ink, below: Ink}} Inks */
/** @typedef {[number, number, number]} Ink */

/**
 * @param {readonly Cell[]} cells  row-major
 * @param {{rows: number, columns: number}} size
 * @param {Inks} inks
 * @returns {string}  a data: address
 */
export function heatPicture(cells, { rows, columns }, inks) {
  const canvas = document.createElement("canvas");
  canvas.width = columns;
  canvas.height = rows;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = context.createImageData(columns, rows);
  const largest = largestSize(cells) || 1;
  cells.forEach((cell, i) => {
    const value = asNumber(cell);
    const size = Number.isFinite(value) ? Math.min(1, Math.abs(value) / largest) : 1;
    const ink = value < 0 ? inks.below : inks.above;
    for (let channel = 0; channel < 3; channel++) {
      image.data[4 * i + channel] = inks.paper[channel] + (ink[channel] - inks.paper[channel]) * size;
    }
    image.data[4 * i + 3] = 255;
  });
  context.putImageData(image, 0, 0);
  return canvas.toDataURL("image/png");
}

/**
 * @param {readonly Cell[]} cells
 * @returns {{min: number, max: number}}
 */
export function range(cells) {
  let min = Infinity;
  let max = -Infinity;
  for (const cell of cells) {
    const value = asNumber(cell);
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min, max };
}

/** @param {readonly Cell[]} cells */
function largestSize(cells) {
  let largest = 0;
  for (const cell of cells) {
    const size = Math.abs(asNumber(cell));
    if (Number.isFinite(size) && size > largest) largest = size;
  }
  return largest;
}

/**
 * The inks of the theme in force, read from the style sheet.
 * @param {Element} element
 * @param {boolean} gradient
 * @returns {Inks}
 */
export function inksOf(element, gradient) {
  const style = getComputedStyle(element);
  /** @param {string} name @returns {Ink} */
  const ink = (name) => {
    const hex = style.getPropertyValue(name).trim().slice(1);
    return /** @type {Ink} */ ([0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)));
  };
  return { paper: ink("--paper"), above: ink(gradient ? "--red" : "--ink"), below: ink("--accent") };
}
