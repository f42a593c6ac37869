/**
 * A large matrix as a picture: one pixel a cell, darker for farther from 0, in another ink for
 * below 0. Cells that are not computed yet stay clear.
 *
 * The scale belongs to the whole tensor, never to the cells shown so far: a shade means the same
 * number at every step.
 * @import { Cell, Value } from "../types.js"
 */
import { asNumber, flat, isOmitted } from "../values.js";

/** @typedef {{paper: Ink, above: Ink, below: Ink}} Inks */
/** @typedef {[number, number, number]} Ink */
/** @typedef {{low: number, high: number}} Scale  what the lightest or coldest, and the darkest shade stand for */

/**
 * The scale of a whole tensor: from 0, or, where it has numbers below 0, as far under 0 as over it.
 * @param {Value} value  all of it; one that the trace leaves out has its least and greatest
 * @returns {Scale}
 */
export function scaleOf(value) {
  const cells = isOmitted(value) ? [value.min, value.max] : flat(value);
  const largest = largestSize(cells);
  return { low: cells.some((cell) => asNumber(cell) < 0) ? -largest : 0, high: largest };
}

/**
 * @param {readonly Cell[]} cells  row-major
 * @param {{rows: number, columns: number}} size
 * @param {Inks} inks
 * @param {number} [largest]  what the darkest shade stands for
 * @returns {HTMLCanvasElement}  `columns` x `rows` pixels
 */
export function heatCanvas(cells, { rows, columns }, inks, largest = largestSize(cells)) {
  const canvas = document.createElement("canvas");
  canvas.width = columns;
  canvas.height = rows;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = context.createImageData(columns, rows);
  cells.forEach((cell, i) => {
    const value = asNumber(cell);
    const size = Number.isFinite(value) ? Math.min(1, Math.abs(value) / (largest || 1)) : 1;
    const ink = value < 0 ? inks.below : inks.above;
    for (let channel = 0; channel < 3; channel++) {
      image.data[4 * i + channel] = inks.paper[channel] + (ink[channel] - inks.paper[channel]) * size;
    }
    image.data[4 * i + 3] = 255;
  });
  context.putImageData(image, 0, 0);
  return canvas;
}

/**
 * The same as a `data:` address.
 * @param {readonly Cell[]} cells
 * @param {{rows: number, columns: number}} size
 * @param {Inks} inks
 * @param {number} [largest]
 */
export function heatPicture(cells, size, inks, largest) {
  return heatCanvas(cells, size, inks, largest).toDataURL("image/png");
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
