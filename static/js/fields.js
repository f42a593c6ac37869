/**
 * What the page calls the places that a refusal names: never the path inside a request.
 *
 * @import { Edit } from "./pagetypes.js"
 */
import { dataAxes, dataName, layerTitle } from "./figure/names.js";
import { session } from "./store.js";
import { t } from "./strings.js";
import { isProgram } from "./values.js";

/** Pointers into a new session, or names of a query, and the page's words for them. */
const NAMES = /** @type {[RegExp, string][]} */ ([
  [/^\/network\/input_size$/, "network.input"],
  [/^\/network\/layers$/, "network.layers"],
  [/^\/network\/loss/, "loss.label"],
  [/^\/(x|data\/samples)$/, "network.samples"],
  [/^\/data/, "network.data"],
  [/^\/seed$/, "network.seed"],
  [/^\/sample$/, "sample.label"],
  [/^\/level$/, "level.label"],
  [/^\/loss$/, "loss.label"],
  [/^\/form$/, "form.label"],
  [/^\/row$/, "digit.number"],
  [/^\/optimizer/, "data.rate"],
]);

/**
 * @param {string} pointer  of a refusal
 * @param {readonly Edit[]} [edits]  that it is about, when it is about edits
 */
export function fieldName(pointer, edits) {
  const parts = pointer.split("/").slice(1);
  if (edits) return editedName(edits[Number(parts[0])], parts.slice(1));
  const layer = /^\/network\/layers\/(\d+)/.exec(pointer);
  if (layer) return t("field.layer", { layer: Number(layer[1]) + 1 });
  const known = NAMES.find(([pattern]) => pattern.test(pointer));
  if (known) return t(known[1]);
  const isParameter = parts[0] === "parameters" && parts.length > 1;
  const [tensor, ...index] = isParameter ? parts.slice(1) : parts;
  const isTensor = isParameter || ["x", "t", "grad_output"].includes(tensor);
  return isTensor ? cellName(tensor, index.map(Number)) : t("field.other");
}

/** @param {Edit | undefined} edit @param {string[]} rest  of the pointer */
function editedName(edit, rest) {
  if (edit?.op === "load") return t("digit.number");
  if (!edit || !("tensor" in edit)) return t("field.other");
  const index = edit.op === "set" ? edit.index : rest.slice(1).map(Number);
  return cellName(edit.tensor, index);
}

/**
 * A tensor, or one cell of it; rows and columns are counted as the figure counts them.
 * @param {string} tensor
 * @param {readonly number[]} index
 */
export function cellName(tensor, index) {
  const [row, column] = dataAxes(tensor, index);
  const now = session.value;
  if (index.length > 2) return `${tensorName(tensor)}[${index.join(", ")}]`;
  if (tensor === "t" && now !== null && !isProgram(now)) {
    if (row === undefined) return t("field.targets");
    return t("field.target", { row });
  }
  const name = tensorName(tensor);
  if (row === undefined) return name;
  return column === undefined ? t("field.place", { name, place: row }) : t("field.cell", { name, row, column });
}

/** As the figure has it, or as part of a layer whose name somebody chose. @param {string} tensor */
function tensorName(tensor) {
  if (tensor === "learning_rate") return t("data.rate");
  const name = dataName(tensor);
  if (name !== tensor) return name;
  if (tensor === "grad_output") return t("field.gradient");
  const [layer, part] = tensor.split(".");
  return part === undefined ? layer : t("field.parameter", { part, layer: layerTitle(layer) });
}
