/**
 * NumPy's .npy files, versions 1 to 3: real numbers of one or two dimensions. Pure.
 *
 * Source: numpy.lib.format.
 *
 * @import { Matrix } from "../matrices/parse.js"
 */
import { Refusal } from "../matrices/refusal.js";

const MAGIC = "\x93NUMPY";
const MOST_CELLS = 4_000_000;

/** How one cell is read: its size in bytes and the method of DataView. @type {Record<string, [number, string]>} */
const TYPES = {
  f4: [4, "getFloat32"],
  f8: [8, "getFloat64"],
  i1: [1, "getInt8"],
  i2: [2, "getInt16"],
  i4: [4, "getInt32"],
  i8: [8, "getBigInt64"],
  u1: [1, "getUint8"],
  u2: [2, "getUint16"],
  u4: [4, "getUint32"],
  u8: [8, "getBigUint64"],
};

/**
 * @param {Uint8Array} bytes
 * @returns {Matrix}
 */
export function readNpy(bytes) {
  const { header, start } = headerOf(bytes);
  const type = /'descr'\s*:\s*'([^']*)'/.exec(header)?.[1];
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(header)?.[1];
  const sizes = /'shape'\s*:\s*\(([\d\s,]*)\)/.exec(header)?.[1];
  if (order === undefined || sizes === undefined) throw new Refusal("npy");
  const known = /^([<>|=])([fiu]\d)$/.exec(type ?? "");
  const reader = known && TYPES[known[2]];
  if (!reader) throw new Refusal("dtype", { text: type ?? "object" });
  const shape = sizes
    .split(",")
    .filter((size) => size.trim() !== "")
    .map(Number);
  if (shape.length < 1 || shape.length > 2) throw new Refusal("rank", { found: shape.length });
  const cells = shape.reduce((product, size) => product * size, 1);
  if (cells === 0) throw new Refusal("none");
  if (cells > MOST_CELLS) throw new Refusal("size");
  if (bytes.length - start < cells * reader[0]) throw new Refusal("npy");
  const view = new DataView(bytes.buffer, bytes.byteOffset + start);
  const values = Array.from({ length: cells }, (_, i) => cellAt(view, i * reader[0], reader[1], known[1] !== ">"));
  return { rows: rowsOf(values, shape, order === "True"), flat: shape.length === 1, header: false, comments: 0 };
}

/** @param {Uint8Array} bytes */
function headerOf(bytes) {
  const magic = String.fromCharCode(...bytes.subarray(0, MAGIC.length));
  const version = bytes[6];
  const wide = version > 1 ? 4 : 2;
  if (magic !== MAGIC || version < 1 || version > 3 || bytes.length < 8 + wide) throw new Refusal("npy");
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const length = wide === 4 ? view.getUint32(8, true) : view.getUint16(8, true);
  const start = 8 + wide + length;
  if (start > bytes.length) throw new Refusal("npy");
  return { header: new TextDecoder().decode(bytes.subarray(8 + wide, start)), start };
}

/**
 * @param {DataView} view
 * @param {number} at
 * @param {string} method
 * @param {boolean} little
 */
function cellAt(view, at, method, little) {
  const read = /** @type {(at: number, little: boolean) => number | bigint} */ (
    /** @type {any} */ (view)[method].bind(view)
  );
  const value = read(at, little);
  if (typeof value === "number") return value;
  // A whole number that a double cannot hold would become another.
  if (BigInt(Number(value)) !== value) throw new Refusal("integer", { text: String(value) });
  return Number(value);
}

/**
 * @param {number[]} values  in the order of the file
 * @param {number[]} shape
 * @param {boolean} byColumns
 */
function rowsOf(values, shape, byColumns) {
  const [height, width] = shape.length === 1 ? [1, shape[0]] : shape;
  const rows = Array.from({ length: height }, (_, i) =>
    byColumns && shape.length === 2
      ? Array.from({ length: width }, (_, j) => values[j * height + i])
      : values.slice(i * width, (i + 1) * width),
  );
  rows.forEach((row, i) => {
    const j = row.findIndex((value) => !Number.isFinite(value));
    if (j >= 0) throw new Refusal("finite", { row: i + 1, column: j + 1, text: String(row[j]) });
  });
  return rows;
}

/**
 * Version 1.0, little-endian, row by row, as NumPy writes it.
 * @param {readonly number[]} values  row-major
 * @param {readonly number[]} shape
 * @param {"<f8" | "<i8"} type
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function writeNpy(values, shape, type) {
  const sizes = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': ${sizes}, }`;
  const padded = `${header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11)}\n`;
  const bytes = new Uint8Array(10 + padded.length + 8 * values.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < MAGIC.length; i++) bytes[i] = MAGIC.charCodeAt(i);
  bytes[6] = 1;
  view.setUint16(8, padded.length, true);
  bytes.set(new TextEncoder().encode(padded), 10);
  const start = 10 + padded.length;
  values.forEach((value, i) => {
    if (type === "<i8") view.setBigInt64(start + 8 * i, BigInt(value), true);
    else view.setFloat64(start + 8 * i, value, true);
  });
  return bytes;
}
