/**
 * What stands in the form for a network of one's own, and what of it cannot be sent. Fields are
 * kept as they were typed. Pure.
 *
 * @import { Catalogue, LayerSpec, Network, OwnDataset } from "../pagetypes.js"
 * @import { Allowed } from "../types.js"
 */
import { allowedMessage, number } from "../messages.js";
import { t } from "../strings.js";
import { wholeNumber } from "./whole.js";

/**
 * Samples made up, a data set of the server, points of one of its planes, or a table of one's own.
 * @typedef {{kind: "bands" | "digits" | "points" | "own", name: string}} Chosen
 * @typedef {{units: string, activation: string, weights?: object, settings?: object}} Row  weights, settings: what else
 *   there is to say of the Affine and of the activation
 * @typedef {{
 *   data: string, table: OwnDataset | null, samples: string, batch: string, noise: string,
 *   input: string, layers: Row[], loss: boolean, lossSpec: {type: string, [field: string]: unknown}, kept: boolean, initializer: string, std: string, seed: string,
 * }} Draft  data: `bands`, `own`, or a name that the server tells; kept: the weights of the network on the screen, where they fit
 */

/** @type {Draft} */
export const FIRST = {
  data: "bands",
  table: null,
  samples: "5",
  batch: "5",
  noise: "0.1",
  input: "3",
  layers: [
    { units: "4", activation: "relu" },
    { units: "2", activation: "none" },
  ],
  loss: true,
  kept: false,
  lossSpec: { type: "softmax_cross_entropy" },
  initializer: "he",
  std: "0.01",
  seed: "0",
};
export const ADDED = { units: "3", activation: "none" };
export const INITIALIZERS = ["he", "xavier", "normal", "zeros"];
/** Mini-batches that a figure shows in numbers, and the book's of digits (section 4.5.2). */
const BATCH = { small: 10, digits: 100 };

/** The book's network for digits (section 4.5): as many steps as one likes, to 93 of 100 right. @param {Catalogue} catalogue @returns {Draft} */
export function bookDraft(catalogue) {
  const layers = [
    { units: "50", activation: "relu" },
    { units: String(catalogue.digits.classes), activation: "none" },
  ];
  return withData({ ...FIRST, layers, initializer: "normal" }, catalogue.digits.name, catalogue);
}

/**
 * The draft of a network that there is already, for other samples.
 * @param {Network} network
 * @param {Catalogue} catalogue
 * @returns {Draft | null}  null where the form has no such network
 */
export function draftOf(network, catalogue) {
  const offered = new Set(activationsOf(catalogue).map(({ name }) => name));
  /** @type {Row[]} */
  const layers = [];
  for (const { type, name, units, ...others } of network.layers) {
    if (type === "affine") layers.push({ units: String(units), activation: "none", weights: others });
    else if (layers.at(-1)?.activation === "none" && offered.has(type)) {
      layers[layers.length - 1].activation = type;
      layers[layers.length - 1].settings = others;
    } else return null;
  }
  const input = String(network.input_size);
  const { loss } = network;
  return layers.length > 0
    ? { ...FIRST, layers, input, loss: Boolean(loss), lossSpec: loss ?? FIRST.lossSpec, kept: true }
    : null;
}

/** More weights than these are not carried over: a file of them may have 2 MiB. */
const MOST_KEPT = 250_000;

/**
 * Whether the weights of a network that there is already fit the one that is asked for.
 * @param {Draft} draft
 * @param {Network | undefined} network
 */
export function fitsWeights(draft, network) {
  if (!network || Number(draft.input) !== network.input_size) return false;
  /** @param {readonly LayerSpec[]} layers */
  const told = (layers) => JSON.stringify(layers.map(({ name, ...others }) => Object.entries(others).sort()));
  return told(specsOf(draft.layers)) === told(network.layers) && parametersOf(draft) <= MOST_KEPT;
}

/**
 * The draft with other samples, and with inputs and classes that go with them.
 * @param {Draft} draft
 * @param {string} data
 * @param {Catalogue} catalogue
 * @returns {Draft}
 */
export function withData(draft, data, catalogue) {
  const next = { ...draft, data };
  const found = sizesOf(next, catalogue);
  if (found === null) return data === "bands" ? { ...next, samples: FIRST.samples, batch: FIRST.batch } : next;
  const { inputs, classes, samples } = found;
  const last = next.layers.length - 1;
  const units = classes ?? Math.min(10, Math.max(2, Number(next.layers[last].units) || 0));
  const most = data === catalogue.digits.name ? BATCH.digits : BATCH.small;
  return {
    ...next,
    input: String(inputs),
    layers: next.layers.map((row, i) => (i === last ? { units: String(units), activation: "none" } : row)),
    loss: true,
    samples: String(samples),
    batch: String(Math.min(most, samples)),
  };
}

/** Of points, how many there are at first. */
const FIRST_POINTS = 200;

/**
 * How many numbers a sample has, how many classes there are (null: as many as the network has
 * outputs), and how many samples at first and at most.
 * @param {Draft} draft
 * @param {Catalogue} catalogue
 * @returns {{inputs: number, classes: number | null, samples: number, most: number} | null}  null where any will do
 */
export function sizesOf({ data, table }, { digits, planes }) {
  if (data === digits.name)
    return {
      inputs: pixelsOf({ digits }),
      classes: digits.classes,
      samples: digits.splits.train,
      most: digits.splits.train,
    };
  const plane = planes.find(({ name }) => name === data);
  if (plane)
    return { inputs: 2, classes: plane.classes, samples: Math.min(FIRST_POINTS, plane.samples), most: plane.samples };
  if (data !== "own" || table === null) return null;
  const { train } = table.splits;
  return { inputs: table.columns.length, classes: table.classes, samples: train, most: train };
}

/** @param {Draft} draft @param {Catalogue} catalogue */
export function bodyOf(draft, catalogue) {
  const network = {
    input_size: Number(draft.input),
    layers: specsOf(draft.layers),
    loss: draft.loss ? draft.lossSpec : null,
  };
  const initializer = draft.initializer === "normal" ? { type: "normal", std: Number(draft.std) } : draft.initializer;
  const data = dataOf(draft, catalogue);
  // Where the next mini-batch is another, the pass goes on to it.
  const view = draft.loss && "batch_size" in data ? { view: { update: true } } : {};
  return { network, initializer, seed: Number(draft.seed), data, ...view };
}

/** @param {Draft} draft @param {Catalogue} catalogue */
function dataOf(draft, catalogue) {
  const [samples, batch, seed] = [draft.samples, draft.batch, draft.seed].map(Number);
  if (draft.data === "bands") return { dataset: "bands", samples, seed };
  const dataset = draft.data === "own" ? (draft.table?.name ?? "") : draft.data;
  const drawn = batch < samples ? { batch_size: batch, seed } : {};
  if (noiseAllowed(draft, catalogue)) return { dataset, samples, noise: Number(draft.noise), seed, ...drawn };
  return { dataset, split: "train", samples, ...drawn };
}

/** The layers that may follow an Affine. @param {Catalogue} catalogue */
export function activationsOf({ layers }) {
  return layers.filter(({ activation }) => activation);
}

/** @param {Row[]} rows @returns {LayerSpec[]} */
export function specsOf(rows) {
  return rows.flatMap(({ units, activation, weights, settings }) => [
    { type: "affine", units: Number(units), ...weights },
    ...(activation === "none" ? [] : [{ type: activation, ...settings }]),
  ]);
}

/** How many numbers would be trained; NaN while a field holds none. @param {Draft} draft */
export function parametersOf(draft) {
  const sizes = [draft.input, ...draft.layers.map(({ units }) => units)].map(
    (text) => wholeNumber(text, { minimum: 1 }) ?? NaN,
  );
  return sizes.slice(1).reduce((sum, size, i) => sum + (sizes[i] + 1) * size, 0);
}

/** @param {{digits: Catalogue["digits"]}} catalogue */
function pixelsOf({ digits }) {
  return digits.shape.reduce((product, size) => product * size, 1);
}

/**
 * What cannot be sent, by the id of its field.
 * @param {Draft} draft
 * @param {Catalogue} catalogue
 * @returns {Map<string, string>}
 */
export function faultsOf(draft, catalogue) {
  const { limits } = catalogue;
  const faults = new Map();
  /** @param {string} id @param {string} text @param {string} label @param {Allowed} allowed */
  const check = (id, text, label, allowed) => {
    if (wholeNumber(text, allowed) === null) faults.set(id, allowedMessage(label, allowed));
  };
  /** @param {string} id @param {string} text @param {string} label @param {Allowed} allowed */
  const measure = (id, text, label, allowed) => {
    const { minimum = -Infinity, maximum = Infinity } = allowed;
    const value = text.trim() === "" ? NaN : Number(text);
    if (!(value >= minimum && value <= maximum)) faults.set(id, allowedMessage(label, allowed));
  };
  if (draft.data === "own" && draft.table === null) faults.set("table", t("csv.missing"));
  check("samples", draft.samples, t("network.samples"), samplesAllowed(draft, catalogue));
  if (drawsBatches(draft)) check("batch", draft.batch, t("network.batch"), batchAllowed(draft, catalogue));
  const noise = noiseAllowed(draft, catalogue);
  if (noise) measure("noise", draft.noise, t("network.noise"), noise);
  check("input", draft.input, t("network.input"), limits.input_size);
  draft.layers.forEach(({ units }, i) =>
    check(`units-${i}`, units, t("network.units", { layer: i + 1 }), limits.units),
  );
  if (draft.initializer === "normal") measure("std", draft.std, t("network.std"), limits.std);
  check("seed", draft.seed, t("network.seed"), limits.seed);
  const most = limits.layers.maxItems ?? Infinity;
  if (specsOf(draft.layers).length > most) faults.set("layers", t("network.layersLimit", { count: number(most) }));
  if (parametersOf(draft) > (limits.parameters.maximum ?? Infinity)) {
    faults.set(
      "layers",
      t("invalid.limit.layers", { field: t("network.layers"), maximum: number(limits.parameters.maximum) }),
    );
  }
  const fitting = sizesOf(draft, catalogue);
  if (fitting) {
    const { inputs, classes } = fitting;
    if (Number(draft.input) !== inputs && !faults.has("input"))
      faults.set("input", t("network.fit.inputs", { count: number(inputs) }));
    const last = draft.layers.length - 1;
    const least = classes ?? 2;
    // Labels are written as one number, too, where the loss compares numbers.
    const sorts = draft.loss && (catalogue.losses.find(({ name }) => name === draft.lossSpec.type)?.classes ?? true);
    if (sorts && Number(draft.layers[last].units) < least && !faults.has(`units-${last}`))
      faults.set(`units-${last}`, t("network.fit.classes", { minimum: number(least) }));
  }
  return faults;
}

/** Whether a mini-batch can be smaller than the samples are. @param {Draft} draft */
export function drawsBatches({ data }) {
  return data !== "bands";
}

/** @param {Draft} draft @param {Catalogue} catalogue @returns {Allowed} */
export function samplesAllowed(draft, catalogue) {
  const { samples } = catalogue.limits;
  const most = sizesOf(draft, catalogue)?.most;
  // Those of one's own may be more than are seen at once.
  return most === undefined ? samples : { ...samples, maximum: most };
}

/** @param {Draft} draft @param {Catalogue} catalogue @returns {Allowed} */
export function batchAllowed(draft, catalogue) {
  const { samples } = catalogue.limits;
  const there = wholeNumber(draft.samples, samplesAllowed(draft, catalogue)) ?? Infinity;
  return { ...samples, maximum: Math.min(samples.maximum ?? Infinity, there) };
}

/** What noise may be; null where there is none. @param {Draft} draft @param {Catalogue} catalogue @returns {Allowed | null} */
export function noiseAllowed({ data }, { planes }) {
  const plane = planes.find(({ name }) => name === data);
  return plane ? { minimum: 0, maximum: plane.noise } : null;
}
