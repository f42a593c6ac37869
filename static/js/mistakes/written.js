/**
 * A text as somebody's own gradient: any form that a matrix can be copied in, in the number of axes
 * that the gradient has where the sizes allow it. Pure.
 *
 * @import { Nested } from "../pagetypes.js"
 * @import { Fault } from "../matrices/refusal.js"
 */
import { parseMatrix } from "../matrices/parse.js";

/** One number over another, by itself: 1/3. */
const FRACTION = /(?<![\w./])(\d+(?:\.\d+)?)\/(\d+(?:\.\d+)?)(?![\w./])/g;

/**
 * @param {string} text
 * @param {readonly number[]} shape  of the gradient
 * @returns {{value: Nested, fault?: undefined} | {value?: undefined, fault: Fault}}
 */
export function readGradient(text, shape) {
  const { matrix, fault } = parseMatrix(
    text.replace(FRACTION, (_, above, below) => String(Number(above) / Number(below))),
  );
  if (fault) return { fault };
  return { value: shaped(matrix.rows, matrix.flat, shape) };
}

/**
 * @param {number[][]} rows
 * @param {boolean} flat  written with one axis
 * @param {readonly number[]} shape
 * @returns {Nested}
 */
function shaped(rows, flat, shape) {
  const [height, width] = [rows.length, rows[0].length];
  const last = shape.at(-1) ?? 1;
  const count = shape.reduce((product, size) => product * size, 1);
  if (shape.length === 0 && height === 1 && width === 1) return rows[0][0];
  // A row by itself is a list where the gradient is one, and a matrix of one row where it is that.
  if (shape.length === 1 && height === 1) return rows[0];
  if (shape.length === 2) return flat && height === 1 && shape[0] !== 1 ? rows[0] : rows;
  // Matrices below each other, as NumPy prints more axes than two.
  if (width === last && height * width === count) return nested(rows.flat(), shape);
  return flat && height === 1 ? rows[0] : rows;
}

/** @param {readonly number[]} cells  row-major @param {readonly number[]} shape @returns {Nested} */
function nested(cells, shape) {
  const [size, ...rest] = shape;
  if (rest.length === 0) return [...cells];
  const part = cells.length / size;
  return Array.from({ length: size }, (_, i) => nested(cells.slice(i * part, (i + 1) * part), rest));
}
