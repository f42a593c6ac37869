/**
 * What stands in the form for a network of one's own, and what of it cannot be sent. Fields are
 * kept as they were typed. Pure.
 *
 * @import { Catalogue, LayerSpec, Network, OwnDataset } from "../pagetypes.js"
 * @import { Allowed } from "../types.js"
 * @import { Row } from "./rows.js"
 * @import { Kind, Typed } from "./settings.js"
 */
import { allowedMessage, number } from "../messages.js";
import { t } from "../strings.js";
import { fieldsOf, fieldWord, fits, isChanged, isNeeded, specOf, typedOf } from "./settings.js";
import { affine, everyLayerOf, idOf, labelOf, lastSized, lossOf, NONE, rowsOf, specsOf } from "./rows.js";
import { learnedOf } from "./sizes.js";
import { wholeNumber } from "./whole.js";

/**
 * Samples made up, a data set of the server, points of one of its planes, or a table of one's own.
 * @typedef {{kind: "bands" | "digits" | "points" | "own", name: string}} Chosen
 * @typedef {{
 *   data: string, table: OwnDataset | null, samples: string, batch: string, noise: string,
 *   input: string, shape: keyof typeof SHAPES, axes: Record<string, string>, layers: Row[], loss: boolean, lossType: string, lossFields: Typed,
 *   lossMore: boolean, kept: boolean, initializer: string, std: string, seed: string,
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
  shape: "row",
  axes: { channels: "1", height: "4", width: "4", length: "3", features: "2" },
  layers: [affine("4", "relu"), affine("2")],
  loss: true,
  lossType: "softmax_cross_entropy",
  lossFields: {},
  lossMore: false,
  kept: false,
  initializer: "he",
  std: "0.01",
  seed: "0",
};
export const ADDED = affine("3");
export const INITIALIZERS = ["he", "xavier", "normal", "zeros"];
/** Mini-batches that a figure shows in numbers, and the book's of digits (section 4.5.2). */
const BATCH = { small: 10, digits: 100 };

/** The book's network for digits (section 4.5): as many steps as one likes, to 93 of 100 right. @param {Catalogue} catalogue @returns {Draft} */
export function bookDraft(catalogue) {
  const layers = [affine("50", "relu"), affine(String(catalogue.digits.classes))];
  return withData({ ...FIRST, layers, initializer: "normal" }, catalogue.digits.name, catalogue);
}

/**
 * The draft of a network that there is already, for other samples.
 * @param {Network} network
 * @param {Catalogue} catalogue
 * @returns {Draft | null}  null where the form has no such network
 */
export function draftOf(network, catalogue) {
  const layers = rowsOf(network.layers, catalogue);
  if (!layers?.length) return null;
  const { loss, input_size: input, input_shape: axes } = network;
  const sample = axes ? imageOf(axes) : { input: String(input) };
  if (!sample) return null;
  const draft = { ...FIRST, ...sample, layers, loss: Boolean(loss), kept: true };
  if (!loss) return draft;
  const lossFields = typedOf(loss);
  return { ...draft, lossType: loss.type, lossFields, lossMore: isChanged(lossOf(loss.type, catalogue), lossFields) };
}

/** The fields for a sample of several axes; null where the form has none. @param {readonly number[]} axes */
function imageOf(axes) {
  const shape = /** @type {keyof typeof SHAPES | undefined} */ (
    Object.entries(SHAPES).find(([, ids]) => ids.length === axes.length)?.[0]
  );
  if (!shape) return null;
  const named = Object.fromEntries(SHAPES[shape].map((id, i) => [id, String(axes[i])]));
  return { shape, axes: { ...FIRST.axes, ...named } };
}

/** More weights than these are not carried over: a file of them may have 2 MiB. */
const MOST_KEPT = 250_000;

/**
 * Whether the weights of a network that there is already fit the one that is asked for.
 * @param {Draft} draft
 * @param {Network | undefined} network
 * @param {Catalogue} catalogue
 */
export function fitsWeights(draft, network, catalogue) {
  if (!network || countOf(draft) !== network.input_size) return false;
  if (draft.shape !== (network.input_shape ? imageOf(network.input_shape)?.shape : "row")) return false;
  const there = draftOf(network, catalogue);
  /** @param {readonly LayerSpec[]} layers */
  const told = (layers) => JSON.stringify(layers.map((layer) => Object.entries(layer).sort()));
  const wanted = told(specsOf(draft.layers, catalogue));
  return (
    there !== null && wanted === told(specsOf(there.layers, catalogue)) && parametersOf(draft, catalogue) <= MOST_KEPT
  );
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
  const last = lastSized(next.layers, catalogue);
  const units = classes ?? Math.min(10, Math.max(2, Number(next.layers[last]?.fields.units) || 0));
  const most = data === catalogue.digits.name ? BATCH.digits : BATCH.small;
  return {
    ...next,
    input: String(inputs),
    ...(data === catalogue.digits.name ? {} : { shape: /** @type {const} */ ("row") }),
    ...digitAxes(next, catalogue),
    // The scores go to the loss as they are.
    layers: next.layers.map((row, i) =>
      i === last ? { ...row, fields: { ...row.fields, units: String(units) }, then: NONE } : row,
    ),
    loss: true,
    samples: String(samples),
    batch: String(Math.min(most, samples)),
  };
}

/** Digits as images have their own rows and columns, unless they are shrunk already. @param {Draft} draft @param {Catalogue} catalogue */
function digitAxes(draft, catalogue) {
  const [height, width] = catalogue.digits.shape.map(String);
  const fits = takes(draft, pixelsOf(catalogue), catalogue) && draft.shape === "image";
  return draft.data !== catalogue.digits.name || fits ? {} : { axes: { ...draft.axes, channels: "1", height, width } };
}

/** The draft with samples of another shape. @param {Draft} draft @param {keyof typeof SHAPES} shape @param {Catalogue} catalogue @returns {Draft} */
export function withShape(draft, shape, catalogue) {
  const next = { ...draft, shape };
  return draft.data === catalogue.digits.name ? { ...next, ...digitAxes(next, catalogue) } : next;
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
  const loss = lossOf(draft.lossType, catalogue);
  const network = {
    input_size: countOf(draft),
    ...(draft.shape === "row" ? {} : { input_shape: axesOf(draft).map(({ text }) => Number(text)) }),
    layers: specsOf(draft.layers, catalogue),
    loss: draft.loss && loss ? specOf(loss, draft.lossFields) : null,
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

/** How many numbers would be trained; NaN while a field holds none. @param {Draft} draft @param {Catalogue} catalogue */
export function parametersOf(draft, catalogue) {
  const input = axesOf(draft).map(({ text }) => wholeNumber(text, { minimum: 1 }) ?? NaN);
  return learnedOf(input, specsOf(draft.layers, catalogue));
}

/** What a sample can be: a row of numbers, or something of several axes, each with a field. */
export const SHAPES = /** @type {const} */ ({
  row: ["input"],
  image: ["channels", "height", "width"],
  sequence: ["length", "features"],
});

/** The axes of a sample, each with its field. @param {Draft} draft */
export function axesOf(draft) {
  return SHAPES[draft.shape].map((id) => ({
    id,
    text: id === "input" ? draft.input : draft.axes[id],
    word: t(`network.${id}`),
  }));
}

/** How many numbers a sample has; NaN while a field holds none. @param {Draft} draft */
function countOf(draft) {
  return axesOf(draft).reduce((product, { text }) => product * (text.trim() === "" ? NaN : Number(text)), 1);
}

/**
 * Whether samples go into a network: those that are as long, and digits into smaller images too.
 * @param {Draft} draft @param {number} inputs @param {Catalogue} catalogue
 */
function takes(draft, inputs, { digits }) {
  if (countOf(draft) === inputs) return true;
  if (draft.shape !== "image" || draft.data !== digits.name) return false;
  const [rows, columns] = digits.shape;
  const { channels, height, width } = draft.axes;
  return Number(channels) === 1 && rows % Number(height) === 0 && columns % Number(width) === 0;
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
    if (!fits(text, allowed)) faults.set(id, allowedMessage(label, allowed));
  };
  /** Those of a layer or the loss that are wrong. @param {Kind} kind @param {Typed} typed @param {(name: string) => [string, string]} called */
  const settings = (kind, typed, called) => {
    for (const [name, field] of fieldsOf(kind)) {
      const text = typed[name] ?? "";
      if (text.trim() !== "" || isNeeded(field)) check(called(name)[0], text, called(name)[1], field);
    }
  };
  if (draft.data === "own" && draft.table === null) faults.set("table", t("csv.missing"));
  check("samples", draft.samples, t("network.samples"), samplesAllowed(draft, catalogue));
  if (drawsBatches(draft)) check("batch", draft.batch, t("network.batch"), batchAllowed(draft, catalogue));
  const noise = noiseAllowed(draft, catalogue);
  if (noise) check("noise", draft.noise, t("network.noise"), noise);
  for (const { id, text, word } of axesOf(draft)) check(id, text, word, limits.input_size);
  const mostInputs = limits.input_size.maximum ?? Infinity;
  if (draft.shape !== "row" && countOf(draft) > mostInputs)
    faults.set(axesOf(draft)[0].id, allowedMessage(t("network.input"), limits.input_size));
  for (const layer of everyLayerOf(draft.layers, catalogue))
    settings(layer.kind, layer.typed, (name) => [idOf(layer, name), labelOf(layer, name)]);
  const loss = draft.loss ? lossOf(draft.lossType, catalogue) : undefined;
  if (loss) settings(loss, draft.lossFields, (name) => [`loss-${name}`, fieldWord(name)]);
  if (draft.initializer === "normal") check("std", draft.std, t("network.std"), limits.std);
  check("seed", draft.seed, t("network.seed"), limits.seed);
  const most = limits.layers.maxItems ?? Infinity;
  if (everyLayerOf(draft.layers, catalogue).length > most)
    faults.set("layers", t("network.layersLimit", { count: number(most) }));
  if (parametersOf(draft, catalogue) > (limits.parameters.maximum ?? Infinity)) {
    faults.set(
      "layers",
      t("invalid.limit.layers", { field: t("network.layers"), maximum: number(limits.parameters.maximum) }),
    );
  }
  const fitting = sizesOf(draft, catalogue);
  if (fitting) {
    const { inputs, classes } = fitting;
    const [{ id }] = axesOf(draft);
    if (!takes(draft, inputs, catalogue) && !faults.has(id))
      faults.set(id, t("network.fit.inputs", { count: number(inputs) }));
    const last = lastSized(draft.layers, catalogue);
    const least = classes ?? 2;
    const at = last < 0 ? "layers" : `units-${last}`;
    const outputs = last < 0 ? draft.input : draft.layers[last].fields.units;
    // Labels are written as one number, too, where the loss compares numbers.
    if (loss?.classes && Number(outputs) < least && !faults.has(at))
      faults.set(at, t("network.fit.classes", { minimum: number(least) }));
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
