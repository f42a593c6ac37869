/**
 * What is written for a name that has no value yet: a shape, whose numbers are drawn, or numbers in
 * any form in which matrices can be pasted. Pure.
 *
 * @import { Nested } from "../pagetypes.js"
 * @import { Fault } from "../matrices/refusal.js"
 */
import { parseMatrix } from "../matrices/parse.js";

/** Numbers that may be drawn at once. */
const MOST = 100_000;
const MOST_AXES = 6;

/** @typedef {{value: Nested} | {fault: Fault | "empty" | "large"}} Given */

/** @param {string} text @param {() => number} random  from 0 to 1 @returns {Given} */
export function givenBy(text, random = Math.random) {
  if (text.trim() === "") return { fault: "empty" };
  const shape = shapeIn(text);
  if (shape) {
    const cells = shape.reduce((count, size) => count * size, 1);
    return cells > MOST || shape.length > MOST_AXES ? { fault: "large" } : { value: drawn(shape, random) };
  }
  const { matrix, fault } = parseMatrix(text);
  if (fault) return { fault };
  return { value: nested(matrix.rows, text) };
}

/** `2 x 3`, `2 × 3 × 4`, `(3,)` or `(2, 3)`. @param {string} text @returns {number[] | null} */
export function shapeIn(text) {
  const times = /^\s*\d+(\s*[x×*]\s*\d+)+\s*$/i.test(text);
  const tuple = /^\s*\(\s*\d+\s*(,\s*\d+\s*)*,?\s*\)\s*$/.test(text) && text.includes(",");
  if (!times && !tuple) return null;
  const sizes = (text.match(/\d+/g) ?? []).map(Number);
  return sizes.every((size) => size > 0) ? sizes : null;
}

/** From -1 to 1, with two digits, so that they can be read. @param {readonly number[]} shape @param {() => number} random @returns {Nested} */
function drawn([size, ...rest], random) {
  if (size === undefined) return Math.round((2 * random() - 1) * 100) / 100;
  return Array.from({ length: size }, () => drawn(rest, random));
}

/** One number is a number, and a row a vector, unless it is written as a matrix. @param {readonly number[][]} rows @param {string} text */
function nested(rows, text) {
  // Without the array( or tensor( that it is printed in.
  const bare = text.replace(/[A-Za-z_][\w.]*\s*\(/g, "");
  const isMatrix = rows.length > 1 || /[[({]\s*[[({]/.test(bare);
  if (isMatrix) return rows.map((row) => [...row]);
  const isList = rows[0].length > 1 || /[[({]/.test(bare);
  return isList ? [...rows[0]] : rows[0][0];
}
