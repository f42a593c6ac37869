/**
 * What a sample looks like on its way through the layers of the form, and how many numbers each
 * layer learns. The server reckons for itself; this is to be told while somebody types, also of what
 * the server would refuse, and so is not asked for: the catalogue's `learned` is of one number that
 * comes in, and knows no windows. Pure.
 *
 * @import { LayerSpec } from "../pagetypes.js"
 */

/** @typedef {readonly number[]} Size  of one sample */
/** @typedef {{size: Size, learned: number}} Made */

/** Layers that change the shape of a sample, or learn something; all others do neither. @type {Record<string, (size: Size, spec: Record<string, unknown>) => Made>} */
const KINDS = {
  affine(size, spec) {
    const units = Number(spec.units);
    return { size: [...size.slice(0, -1), units], learned: (last(size) + (spec.bias === false ? 0 : 1)) * units };
  },
  layer_norm: (size) => ({ size, learned: 2 * last(size) }),
  batch_norm: (size) => ({ size, learned: 2 * (size.length === 3 ? size[0] : last(size)) }),
  conv2d([channels, ...image], spec) {
    const { filters, size: window, stride = 1, pad = 0, bias } = numbers(spec);
    return {
      size: [filters, ...windows(image, window, stride, pad)],
      learned: filters * (channels * window ** 2 + (bias === 0 ? 0 : 1)),
    };
  },
  max_pool([channels, ...image], spec) {
    const { size: window = 2, stride = window } = numbers(spec);
    return { size: [channels, ...windows(image, window, stride, 0)], learned: 0 };
  },
  embedding: (size, spec) => ({
    size: [...size, Number(spec.units)],
    learned: Number(spec.vocabulary) * Number(spec.units),
  }),
  residual: (size, spec) => ({ size, learned: learnedOf(size, /** @type {LayerSpec[]} */ (spec.layers)) }),
  attention: (size) => ({ size, learned: 4 * last(size) ** 2 }),
  flatten: (size) => ({ size: [size.reduce((product, one) => product * one, 1)], learned: 0 }),
};

/**
 * How many numbers a network learns; NaN where a field holds none.
 * @param {Size} input
 * @param {readonly LayerSpec[]} layers
 */
export function learnedOf(input, layers) {
  let size = input;
  let sum = 0;
  for (const spec of layers) {
    const made = KINDS[spec.type]?.(size, /** @type {Record<string, unknown>} */ (spec)) ?? { size, learned: 0 };
    size = made.size;
    sum += made.learned;
  }
  return sum;
}

/** @param {Size} size */
function last(size) {
  return size[size.length - 1];
}

/** @param {readonly number[]} image @param {number} window @param {number} stride @param {number} pad */
function windows(image, window, stride, pad) {
  return image.map((side) => Math.floor((side + 2 * pad - window) / stride) + 1);
}

/** @param {Record<string, unknown>} spec @returns {Record<string, number>} */
function numbers(spec) {
  return Object.fromEntries(Object.entries(spec).map(([name, value]) => [name, Number(value)]));
}
