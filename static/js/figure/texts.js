/**
 * How the numbers of a label are written in its places: all in one size, their points in line.
 * app/drawing/svg_labels.py has the same for pictures.
 *
 * @import { Value } from "../pagetypes.js"
 * @import { Place } from "./places.js"
 */
import { shorts } from "../format.js";
import { flat } from "../values.js";

export const NUMBER_SIZE = 12;
/** Advances at that size in px, between those of a narrow and a wide face. */
const DIGIT = 7.1;
/** @type {Record<string, number>} */
const ADVANCES = { ".": 3.5, "\u2212": 8.5 };
const PADDING = 2;
/** A column whose left edge is minus signs looks centred a little to the right. */
const OPTICAL = 1;

/** @type {WeakMap<object, string[]>} */
const written = new WeakMap();

/**
 * The numbers of a tensor as text, row-major. What is known of them makes no difference, so that
 * none changes its decimals when the next one comes.
 * @param {Value | undefined} value
 */
export function textsOf(value) {
  if (value === undefined) return [];
  if (typeof value !== "object") return shorts([value]);
  let texts = written.get(value);
  if (!texts) written.set(value, (texts = shorts(flat(value))));
  return texts;
}

/**
 * Size of type in which the widest of these texts has room in its place, and where they end,
 * right of the middle of their place. A number by itself stands in the middle.
 * @param {readonly string[]} texts
 * @param {readonly Place[]} places  of one size
 */
export function fitOf(texts, places) {
  const [{ width }] = places;
  const widest = Math.max(...places.map(({ position }) => widthOf(texts[position] ?? "")));
  const room = width - 2 * PADDING;
  const size = widest > room ? (NUMBER_SIZE * room) / widest : NUMBER_SIZE;
  return { size: Math.round(size * 100) / 100, end: Math.round(Math.min(widest, room) * 50) / 100 + OPTICAL };
}

/** @param {string} text */
function widthOf(text) {
  let width = 0;
  for (const sign of text) width += ADVANCES[sign] ?? DIGIT;
  return width;
}
