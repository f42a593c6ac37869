/**
 * Where a block of numbers goes in a tensor: into the whole of it, into a part from one cell on, or
 * nowhere as it stands. Nothing is turned or cut in silence. Pure.
 *
 * @import { Nested } from "../pagetypes.js"
 * @import { Matrix } from "./parse.js"
 *
 * @typedef {{name: string, shape: readonly number[], classes: number}} Target
 *   classes: how many the network tells apart, for t
 * @typedef {{kind: "whole", value: Nested} | {kind: "part", rows: number[][], at: [number, number]} |
 *   {kind: "transposed", matrix: Matrix} | {kind: "outside", room: [number, number]} |
 *   {kind: "onehot", row: number}} Fit
 */

/**
 * @param {Matrix} matrix
 * @param {Target} target
 * @param {[number, number]} from  row and column of the cell that the block starts at
 * @returns {Fit}
 */
export function fit(matrix, target, from) {
  if (target.shape.length === 0) {
    const isOne = matrix.rows.length === 1 && matrix.rows[0].length === 1;
    return isOne ? { kind: "whole", value: matrix.rows[0][0] } : { kind: "outside", room: [1, 1] };
  }
  if (target.shape.length === 1) return intoList(matrix, target, from[1]);
  const [height, width] = target.shape;
  const put = place(matrix.rows, [height, width], from);
  if (put) return put;
  const turned = transposed(matrix);
  if (place(turned.rows, [height, width], from)) return { kind: "transposed", matrix: turned };
  return { kind: "outside", room: [height - from[0], width - from[1]] };
}

/**
 * A list takes a row as well as a column: a bias (H,), labels (N,). Labels are taken from one-hot
 * rows too.
 * @param {Matrix} matrix
 * @param {Target} target
 * @param {number} left
 * @returns {Fit}
 */
function intoList({ rows }, { name, shape, classes }, left) {
  const [length] = shape;
  const list = rows.length === 1 || rows[0].length === 1 ? rows.flat() : null;
  const put = list && place([list], [1, length], [0, left]);
  if (put) return put.kind === "whole" ? { kind: "whole", value: /** @type {number[]} */ (list) } : put;
  if (name === "t" && classes > 1 && rows[0].length === classes) {
    const wrong = rows.findIndex((row) => !isOneHot(row));
    if (wrong >= 0) return { kind: "onehot", row: wrong + 1 };
    const labels = rows.map((row) => row.indexOf(1));
    const labelled = place([labels], [1, length], [0, left]);
    if (labelled) return labelled.kind === "whole" ? { kind: "whole", value: labels } : labelled;
  }
  return { kind: "outside", room: [1, length - left] };
}

/**
 * A block of the tensor's own shape is the whole of it, wherever the focus is.
 * @param {number[][]} rows
 * @param {[number, number]} shape
 * @param {[number, number]} from
 * @returns {{kind: "whole", value: number[][]} | {kind: "part", rows: number[][], at: [number, number]} | null}
 */
function place(rows, [height, width], [top, left]) {
  const [h, w] = [rows.length, rows[0].length];
  if (h === height && w === width) return { kind: "whole", value: rows };
  if (top + h <= height && left + w <= width) return { kind: "part", rows, at: [top, left] };
  return null;
}

/** @param {readonly number[]} row */
export function isOneHot(row) {
  return row.every((value) => value === 0 || value === 1) && row.filter((value) => value === 1).length === 1;
}

/** @param {Matrix} matrix @returns {Matrix} */
export function transposed(matrix) {
  const rows = matrix.rows[0].map((_, j) => matrix.rows.map((row) => row[j]));
  return { ...matrix, rows, flat: false };
}

/** @param {Matrix} matrix @returns {number[]} as NumPy would say it */
export function shapeOfMatrix({ rows, flat }) {
  return flat ? [rows[0].length] : [rows.length, rows[0].length];
}
