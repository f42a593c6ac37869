/**
 * NumPy's .npz files: a zip with one .npy for each array.
 */
import { unzipSync, zipSync } from "fflate";
import { Refusal } from "../matrices/refusal.js";

const MOST_BYTES = 64_000_000;
const MOST_ENTRIES = 256;

/**
 * @param {Uint8Array} bytes
 * @returns {Map<string, Uint8Array>}  the .npy of each array, under its name
 */
export function readNpz(bytes) {
  let size = 0;
  let entries = 0;
  /** @type {Record<string, Uint8Array>} */
  let files;
  try {
    files = unzipSync(bytes, {
      filter: ({ originalSize }) => {
        size += originalSize;
        if (++entries > MOST_ENTRIES || size > MOST_BYTES) throw new Refusal("size");
        return true;
      },
    });
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal("npz");
  }
  const arrays = Object.entries(files).filter(([name]) => !name.endsWith("/"));
  return new Map(arrays.map(([name, content]) => [name.replace(/\.npy$/, ""), content]));
}

/**
 * Not compressed, as `np.savez` leaves it.
 * @param {ReadonlyMap<string, Uint8Array>} arrays
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function writeNpz(arrays) {
  const files = Object.fromEntries([...arrays].map(([name, content]) => [`${name}.npy`, content]));
  return zipSync(files, { level: 0 });
}
