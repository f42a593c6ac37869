/**
 * A refusal of the server, said in the learner's language and in the words of the page: the kind
 * of problem, or the code of a wrong field and what would be allowed there, picks the sentence.
 *
 * @import { Allowed, FieldError } from "./api.js"
 * @import { Edit } from "./pagetypes.js"
 */
import { ApiError } from "./api.js";
import { fieldName } from "./fields.js";
import { shapeText } from "./format.js";
import { has, language, t } from "./strings.js";

/** @param {unknown} error */
export function messageOf(error) {
  if (!(error instanceof ApiError)) throw error;
  if (error.errors.length > 0) return error.errors.map((one) => fieldMessage(one, error.edits)).join(" ");
  // Whether the edit token is missing or another session's is all one to who reads here.
  const kind = error.kind === "forbidden" ? "unauthorized" : error.kind;
  const key = `problem.${kind}`;
  return t(has(key) ? key : "problem.other", { status: error.status });
}

/**
 * @param {FieldError} error
 * @param {readonly Edit[]} [edits]  that were refused
 * @param {string} [field]  as it is called where it is shown
 */
export function fieldMessage(error, edits, field = fieldName(error.pointer, edits)) {
  const { pointer, code, allowed = {} } = error;
  return sentence(code, allowed, field, aboutOf(pointer, edits));
}

/**
 * What a field may be, in a whole sentence.
 * @param {string} field  its name on the page
 * @param {Allowed} allowed
 */
export function allowedMessage(field, allowed) {
  return sentence("range", allowed, field, "");
}

/**
 * @param {string} code
 * @param {Allowed} allowed
 * @param {string} field
 * @param {"" | "layers" | "samples" | "targets" | "data"} about
 */
function sentence(code, allowed, field, about) {
  const { shapes, enum: choices, minItems, maxItems, type, ...ends } = allowed;
  const names = { field, ...told(ends), count: "" };
  /** In the first of the sentences that is there. @param {string[]} kinds @param {Record<string, string>} [more] */
  const say = (kinds, more) =>
    t(kinds.map((kind) => `invalid.${kind}`).find(has) ?? "invalid.other", { ...names, ...more });
  if (shapes && about === "data") return say(["digits.size"], { count: number(shapes[0][1]) });
  if (shapes) return say(["shapes"], { shapes: shapes.map(shapeText).join(t("invalid.or")) });
  if (choices) return say(["choices"], { choices: choices.join(", ") });
  if (maxItems !== undefined) return say(["items.most"], { count: number(maxItems) });
  if (minItems !== undefined) return say(["items.least"], { count: number(minItems) });
  if (about === "data" && code === "range" && ends.minimum !== undefined) return say(["digits.classes"]);
  if (code === "limit" && ends.minimum === undefined && ends.maximum !== undefined) {
    return say([`limit.${about}`, "limit"]);
  }
  if (Object.keys(ends).length > 0) {
    const kinds = type === "integer" ? ["whole", "number"] : ["number"];
    return say(kinds.map((kind) => `${kind}.${endsOf(ends)}`));
  }
  if (type === "integer") return say(["integer"]);
  if (about === "targets" && code === "range") return say(["onehot"]);
  return say([code]);
}

/** Which ends a range has, and whether they belong to it. @param {Allowed} ends */
export function endsOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }) {
  if (exclusiveMinimum !== undefined) return maximum === undefined ? "over" : "above";
  if (exclusiveMaximum !== undefined) return minimum === undefined ? "under" : "below";
  if (minimum !== undefined && maximum !== undefined) return "between";
  return minimum === undefined ? "most" : "least";
}

/** @param {Allowed} ends @returns {Record<string, string>} */
function told({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }) {
  return {
    minimum: number(minimum ?? exclusiveMinimum),
    maximum: number(maximum ?? exclusiveMaximum),
  };
}

/** @param {number | undefined} value  with its thousands set apart as the language does */
export function number(value) {
  if (value === undefined) return "";
  return Math.abs(value) >= 1e15 ? String(value) : value.toLocaleString(language.value, { maximumFractionDigits: 20 });
}

/** @param {string} pointer @param {readonly Edit[]} [edits] */
function aboutOf(pointer, edits) {
  const [first, second] = pointer.split("/").slice(1);
  const edit = edits?.[Number(first)];
  const tensor = edit && "tensor" in edit ? edit.tensor : first;
  if (edit ? edit.op === "load" && second === "dataset" : first === "data" && second === "dataset") return "data";
  if (tensor === "t") return "targets";
  if (tensor === "x" || (first === "data" && second === "samples")) return "samples";
  return first === "network" ? "layers" : "";
}
