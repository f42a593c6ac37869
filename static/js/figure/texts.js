/**
 * How the numbers of a label are written in its places: all in one size, their points in line.
 * app/drawing/svg/labels.py has the same for pictures.
 *
 * @import { Value } from "../pagetypes.js"
 * @import { Place } from "./places.js"
 */
import { shorts } from "../format.js";
import { flat } from "../values.js";

export const NUMBER_SIZE = 12;
/**
 * Advances at that size in px: of a wide face, which must have room, and of one in the middle, by
 * which a column is centred.
 * @typedef {{digit: number, [sign: string]: number}} Advances
 */
/** @type {Advances} */
const WIDE = { digit: 7.7, ".": 3.9, "\u2212": 10.1 };
/** @type {Advances} */
const MIDDLING = { digit: 7.1, ".": 3.5, "\u2212": 8.5 };
/** Between the numbers of two columns, at least: about as wide as a digit, so that they never run together. */
const GAP = 7;
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
  const shown = places.map(({ position }) => texts[position] ?? "");
  const size = Math.min(NUMBER_SIZE, (NUMBER_SIZE * (width - GAP)) / widest(shown, WIDE));
  const half = (widest(shown, MIDDLING) * size) / NUMBER_SIZE / 2;
  return { size: Math.round(size * 100) / 100, end: Math.round(half * 100) / 100 + OPTICAL };
}

/** Width in px at the numbers' size. @param {readonly string[]} texts @param {Advances} advances */
function widest(texts, advances) {
  return Math.max(...texts.map((text) => [...text].reduce((sum, sign) => sum + (advances[sign] ?? advances.digit), 0)));
}

/** About how wide a number is, in px. @param {string} text @param {number} size  of type, in px */
export function widthOf(text, size) {
  return (widest([text], MIDDLING) * size) / NUMBER_SIZE;
}
