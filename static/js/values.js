/**
 * Nested lists of numbers as one row-major list, and back. Pure.
 *
 * @import { Nested, Network, Session, Value } from "./pagetypes.js"
 * @import { Cell, Omitted } from "./types.js"
 */

/**
 * @param {Value} value
 * @returns {value is Omitted}
 */
export function isOmitted(value) {
  return typeof value === "object" && !Array.isArray(value);
}

/**
 * How many samples a session has, whether or not their numbers came along.
 * @param {Session} session
 * @returns {number}
 */
export function samplesOf({ x }) {
  return (isOmitted(x) ? x.shape : shapeOf(x))[0];
}

/**
 * Whether a session is as the book has it: a preset whose numbers nobody has changed, and whose
 * classes nobody has named.
 * @param {Session} session
 */
export function isAsMade({ preset, data_version, classes }) {
  return preset !== null && data_version === 1 && classes.length === 0;
}

/** Whether a session holds lines of NumPy, not layers. @param {Session} session */
export function isProgram({ network }) {
  return network.code !== undefined;
}

/**
 * @param {Value} value
 * @returns {Cell[]}  row-major; empty when the server left the cells out
 */
export function flat(value) {
  if (isOmitted(value)) return [];
  if (!Array.isArray(value)) return [value];
  return /** @type {Cell[]} */ (/** @type {unknown[]} */ (value).flat(Infinity));
}

/**
 * @param {Nested} value
 * @returns {number[]}
 */
export function shapeOf(value) {
  return Array.isArray(value) ? [value.length, ...(value.length ? shapeOf(value[0]) : [])] : [];
}

/**
 * @param {number} position  row-major
 * @param {readonly number[]} shape
 * @returns {number[]}  one index per axis
 */
export function indexOf(position, shape) {
  const index = [];
  for (const size of [...shape].reverse()) {
    index.unshift(position % size);
    position = Math.floor(position / size);
  }
  return index;
}

/** How many cells a shape has. @param {readonly number[]} shape */
export function sizeOf(shape) {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * @param {readonly number[]} index
 * @param {readonly number[]} shape
 */
export function positionOf(index, shape) {
  return index.reduce((position, i, axis) => position * shape[axis] + i, 0);
}

/**
 * Any value seen as a table: a number is 1 x 1, a list is one row, and of more than two axes the
 * matrices stand below each other.
 * @param {Nested} value
 * @returns {Cell[][]}
 */
export function asRows(value) {
  if (!Array.isArray(value)) return [[value]];
  return /** @type {Cell[][]} */ (Array.isArray(value[0]) ? matricesOf(value).flatMap(({ rows }) => rows) : [value]);
}

/**
 * The matrices of a value of two axes or more, in row-major order, each with its place before the
 * last two axes.
 * @param {Nested} value
 * @param {number[]} [at]
 * @returns {{at: number[], rows: Cell[][]}[]}
 */
export function matricesOf(value, at = []) {
  const parts = /** @type {Nested[]} */ (value);
  const [row] = parts;
  if (!Array.isArray(row) || !Array.isArray(row[0])) return [{ at, rows: /** @type {Cell[][]} */ (parts) }];
  return parts.flatMap((part, i) => matricesOf(part, [...at, i]));
}

/** @param {Cell} value */
export function asNumber(value) {
  return typeof value === "number" ? value : Number(value);
}

/**
 * How many numbers the network makes of a sample: with a loss, its classes.
 * @param {Network} network
 */
export function outputSize({ input_size, layers }) {
  return layers.reduce((size, { units }) => units ?? size, input_size);
}

/**
 * Where a number lies: 0 at `low`, 1 at `high`.
 * @param {number} value @param {number} low @param {number} high
 */
export function shareOf(value, low, high) {
  // Half of each first: the difference of two numbers of 1e308 is beyond what there is.
  return (value / 2 - low / 2) / (high / 2 - low / 2 || 1);
}
