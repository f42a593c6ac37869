/**
 * A large matrix as a picture: one pixel a cell, darker for farther from 0, in another ink for
 * below 0. Cells that are not computed yet stay clear.
 *
 * The scale belongs to the whole tensor, never to the cells shown so far: a shade means the same
 * number at every step.
 * @import { Cells, Value } from "../pagetypes.js"
 * @import { Cell } from "../types.js"
 */
import { asNumber, flat, isOmitted } from "../values.js";

/** @typedef {{paper: Ink, above: Ink, below: Ink}} Inks */
/** @typedef {[number, number, number]} Ink */
/** @typedef {{low: number, high: number}} Scale  what the lightest or coldest, and the darkest shade stand for */

/**
 * The scale of a whole tensor: from 0, or, where it has numbers below 0, as far under 0 as over it.
 * @param {Value} value  all of it; one that the trace leaves out has its least and greatest
 * @param {Cells} [fetched]  its cells, where the trace leaves them out
 * @returns {Scale}
 */
export function scaleOf(value, fetched) {
  const ends = isOmitted(value) ? [value.min, value.max] : flat(value);
  // Where an end is no number, the scale is that of the others.
  const cells = fetched && !ends.every((end) => Number.isFinite(asNumber(end))) ? fetched : ends;
  const largest = largestSize(cells);
  return { low: hasNegative(cells) ? -largest : 0, high: largest };
}

/**
 * @param {Cells} cells
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
  const { data } = image;
  for (let i = 0; i < cells.length; i++) {
    const value = asNumber(cells[i]);
    const size = Number.isFinite(value) ? Math.min(1, Math.abs(value) / (largest || 1)) : 1;
    const ink = value < 0 ? inks.below : inks.above;
    for (let channel = 0; channel < 3; channel++) {
      data[4 * i + channel] = inks.paper[channel] + (ink[channel] - inks.paper[channel]) * size;
    }
    data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/**
 * The same as a `data:` address.
 * @param {Cells} cells
 * @param {{rows: number, columns: number}} size
 * @param {Inks} inks
 * @param {number} [largest]
 */
export function heatPicture(cells, size, inks, largest) {
  return heatCanvas(cells, size, inks, largest).toDataURL("image/png");
}

/**
 * The least and the greatest of cells; where one of them is NaN, NaN: it must not go unseen.
 * @param {Cells} cells
 * @returns {{min: number, max: number}}
 */
export function range(cells) {
  let min = Infinity;
  let max = -Infinity;
  for (let i = 0; i < cells.length; i++) {
    const value = asNumber(cells[i]);
    if (Number.isNaN(value)) return { min: NaN, max: NaN };
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min, max };
}

/** @param {Cells} cells */
function hasNegative(cells) {
  for (let i = 0; i < cells.length; i++) if (asNumber(cells[i]) < 0) return true;
  return false;
}

/** @param {Cells} cells */
function largestSize(cells) {
  let largest = 0;
  for (let i = 0; i < cells.length; i++) {
    const size = Math.abs(asNumber(cells[i]));
    if (Number.isFinite(size) && size > largest) largest = size;
  }
  return largest;
}
