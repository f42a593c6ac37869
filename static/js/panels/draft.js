/**
 * What stands in the form for a network of one's own, and what of it cannot be sent. Fields are
 * kept as they were typed. Pure.
 *
 * @import { Catalogue, LayerSpec } from "../pagetypes.js"
 * @import { Allowed } from "../types.js"
 */
import { allowedMessage, number } from "../messages.js";
import { t } from "../strings.js";
import { wholeNumber } from "./whole.js";

/**
 * @typedef {{units: string, activation: string}} Row
 * @typedef {{
 *   input: string, layers: Row[], loss: boolean, data: "bands" | "mnist", samples: string, seed: string,
 * }} Draft
 */

/** @type {Draft} */
export const FIRST = {
  input: "3",
  layers: [
    { units: "4", activation: "relu" },
    { units: "2", activation: "none" },
  ],
  loss: true,
  data: "bands",
  samples: "5",
  seed: "0",
};
export const ADDED = { units: "3", activation: "none" };

/** @param {Draft} draft */
export function bodyOf(draft) {
  const data =
    draft.data === "bands"
      ? { dataset: "bands", samples: Number(draft.samples), seed: Number(draft.seed) }
      : { dataset: draft.data, samples: Number(draft.samples) };
  const network = {
    input_size: Number(draft.input),
    layers: specsOf(draft.layers),
    loss: draft.loss ? { type: "softmax_cross_entropy" } : null,
  };
  return { network, seed: Number(draft.seed), data };
}

/** @param {Row[]} rows @returns {LayerSpec[]} */
export function specsOf(rows) {
  return rows.flatMap(({ units, activation }) => [
    { type: "affine", units: Number(units) },
    ...(activation === "none" ? [] : [{ type: activation }]),
  ]);
}

/** How many numbers would be trained; NaN while a field holds none. @param {Draft} draft */
export function parametersOf(draft) {
  const sizes = [draft.input, ...draft.layers.map(({ units }) => units)].map(
    (text) => wholeNumber(text, { minimum: 1 }) ?? NaN,
  );
  return sizes.slice(1).reduce((sum, size, i) => sum + (sizes[i] + 1) * size, 0);
}

/** Whether digits go with so many numbers in a sample. @param {Draft} draft @param {Catalogue} catalogue */
export function takesDigits({ input }, { digits }) {
  return Number(input) === pixelsOf({ digits });
}

/** @param {{digits: Catalogue["digits"]}} catalogue */
export function pixelsOf({ digits }) {
  return digits.shape.reduce((product, size) => product * size, 1);
}

/**
 * What cannot be sent, by the id of its field.
 * @param {Draft} draft
 * @param {Catalogue} catalogue
 * @returns {Map<string, string>}
 */
export function faultsOf(draft, catalogue) {
  const { limits, digits } = catalogue;
  const faults = new Map();
  /** @param {string} id @param {string} text @param {string} label @param {Allowed} allowed */
  const check = (id, text, label, allowed) => {
    if (wholeNumber(text, allowed) === null) faults.set(id, allowedMessage(label, allowed));
  };
  check("input", draft.input, t("network.input"), limits.input_size);
  draft.layers.forEach(({ units }, i) =>
    check(`units-${i}`, units, t("network.units", { layer: i + 1 }), limits.units),
  );
  check("samples", draft.samples, t("network.samples"), samplesAllowed(draft, catalogue));
  check("seed", draft.seed, t("network.seed"), limits.seed);
  const most = limits.layers.maxItems ?? Infinity;
  if (specsOf(draft.layers).length > most) faults.set("layers", t("network.layersLimit", { count: number(most) }));
  if (parametersOf(draft) > (limits.parameters.maximum ?? Infinity)) {
    faults.set(
      "layers",
      t("invalid.limit.layers", { field: t("network.layers"), maximum: number(limits.parameters.maximum) }),
    );
  }
  if (draft.data === "mnist") {
    const count = pixelsOf(catalogue);
    if (!takesDigits(draft, catalogue)) faults.set("data", t("invalid.digits.size", { count: number(count) }));
    const last = draft.layers.length - 1;
    if (draft.loss && Number(draft.layers[last].units) < digits.classes && !faults.has(`units-${last}`)) {
      faults.set(`units-${last}`, t("invalid.digits.classes", { minimum: number(digits.classes) }));
    }
  }
  return faults;
}

/** @param {Draft} draft @param {Catalogue} catalogue @returns {Allowed} */
export function samplesAllowed(draft, { limits, digits }) {
  if (draft.data === "bands") return limits.samples;
  return { ...limits.samples, maximum: Math.min(limits.samples.maximum ?? Infinity, digits.splits.train) };
}
