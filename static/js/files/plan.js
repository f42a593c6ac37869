/**
 * Arrays from files against the tensors of a session: what replaces what. All of it fits, or
 * nothing is changed. Pure.
 *
 * @import { Edit, Nested } from "../pagetypes.js"
 * @import { Matrix } from "../matrices/parse.js"
 *
 * @typedef {{name: string, matrix: Matrix}} Entry
 * @typedef {{name: string, shape: readonly number[]}} Tensor
 * @typedef {{tensors: readonly Tensor[], inputs: number, outputs: number, isProgram?: boolean}} Wanted
 *   isProgram: its names are its own, none has a row for each sample; tensors: what the session has; inputs, outputs: numbers in a row of x, of grad_output and t
 * @typedef {{code: "unknown" | "shape" | "onehot" | "rows", entry: string, shape?: readonly number[],
 *   target?: string, row?: number, other?: string, found?: number, wanted?: number}} Misfit
 * @typedef {{edits: Edit[], transposed: string[], misfit: Misfit | null}} Plan
 *   transposed: entries that only fit so; the edits have them turned
 */
import { isOneHot, shapeOfMatrix, transposed } from "../matrices/fit.js";

/** Tensors with a row for each sample: their number of rows may change, all at once. */
const BY_SAMPLE = ["x", "t", "grad_output"];

/**
 * @param {readonly Entry[]} entries
 * @param {Wanted} wanted
 * @returns {Plan}
 */
export function plan(entries, wanted) {
  /** @type {Edit[]} */
  const edits = [];
  /** @type {string[]} */
  const turned = [];
  const rows = new Map(
    wanted.tensors.filter(({ name }) => isBySample(name, wanted)).map(({ name, shape }) => [name, shape[0]]),
  );
  for (const { name, matrix } of entries) {
    const tensor = wanted.tensors.find((one) => one.name === name);
    if (!tensor) return misfit({ code: "unknown", entry: name, shape: shapeOfMatrix(matrix) });
    let put = fitted(matrix, tensor, wanted);
    if (!put && !matrix.flat) {
      put = fitted(transposed(matrix), tensor, wanted);
      if (put) turned.push(name);
    }
    if (!put) return misfit({ code: "shape", entry: name, shape: shapeOfMatrix(matrix), target: form(tensor, wanted) });
    if (put.wrong) return misfit({ code: "onehot", entry: name, row: put.wrong });
    edits.push({ op: "replace", tensor: name, value: put.value });
    if (rows.has(name)) rows.set(name, /** @type {Nested[]} */ (put.value).length);
  }
  for (const [name, count] of rows) {
    const [first, most] = /** @type {[string, number]} */ ([...rows][0]);
    if (count !== most) return misfit({ code: "rows", entry: first, other: name, found: most, wanted: count });
  }
  return { edits, transposed: turned, misfit: null };
}

/** @param {Misfit} found @returns {Plan} */
function misfit(found) {
  return { edits: [], transposed: [], misfit: found };
}

/**
 * @param {Matrix} matrix
 * @param {Tensor} tensor
 * @param {Wanted} wanted
 * @returns {{value: Nested, wrong?: number} | null}
 */
function fitted({ rows, flat }, { name, shape }, wanted) {
  const { inputs, outputs } = wanted;
  const [height, width] = [rows.length, rows[0].length];
  if (shape.length === 0) return height === 1 && width === 1 ? { value: rows[0][0] } : null;
  const list = height === 1 || width === 1 ? rows.flat() : null;
  if (name === "t" && isBySample(name, wanted)) {
    if (width === outputs && outputs > 1 && !flat && (height > 1 || width !== shape[0] || shape.length > 1)) {
      const wrong = rows.findIndex((row) => !isOneHot(row)) + 1;
      return { value: shape.length === 1 ? rows.map((row) => row.indexOf(1)) : rows, wrong };
    }
    return list && { value: list };
  }
  if (isBySample(name, wanted)) {
    const columns = name === "x" ? inputs : outputs;
    if (width === columns) return { value: rows };
    // One dimension has one reading only: a sample, or one number in each.
    return flat && columns === 1 ? { value: rows[0].map((value) => [value]) } : null;
  }
  if (shape.length === 1) return list && list.length === shape[0] ? { value: list } : null;
  if (shape.length > 2) return null;
  if (height === shape[0] && width === shape[1]) return { value: rows };
  return flat && shape[1] === 1 && width === shape[0] ? { value: rows[0].map((value) => [value]) } : null;
}

/** @param {Tensor} tensor @param {Wanted} wanted  the shape it must have, as NumPy would say it */
function form({ name, shape }, wanted) {
  const { inputs, outputs } = wanted;
  if (!isBySample(name, wanted)) return shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  if (name === "x") return `(N, ${inputs})`;
  if (name === "grad_output") return `(N, ${outputs})`;
  return `(N,), (N, ${outputs})`;
}

/** Whether a tensor has a row for each sample, of which there may be any number. @param {string} name @param {Wanted} wanted */
function isBySample(name, { isProgram = false }) {
  return !isProgram && BY_SAMPLE.includes(name);
}
