/**
 * Tensors from a safetensors file: a length of 8 bytes, a JSON header, raw little-endian cells. Pure.
 *
 * @import { Cells } from "./pagetypes.js"
 */

/** @type {Record<string, (raw: ArrayBuffer) => Cells>} */
const READ = {
  F64: (raw) => new Float64Array(raw),
  F32: (raw) => new Float32Array(raw),
  I64: (raw) => Float64Array.from(new BigInt64Array(raw), Number),
};

/**
 * @param {ArrayBuffer} file
 * @returns {Map<string, Cells>}  the cells of each tensor, row-major
 */
export function readTensors(file) {
  const size = Number(new DataView(file).getBigUint64(0, true));
  const start = 8 + size;
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(file, 8, size)));
  const tensors = new Map();
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const {
      dtype,
      data_offsets: [from, to],
    } = entry;
    // A copy of its own: cells of 8 bytes must begin at a multiple of 8.
    tensors.set(name, READ[dtype](file.slice(start + from, start + to)));
  }
  return tensors;
}
