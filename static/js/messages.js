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
  return t(firstOf(`problem.${kind}`, "problem.other"), { status: error.status });
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
  if (shapes && about === "data") return t("invalid.digits.size", { ...names, count: number(shapes[0][1]) });
  if (shapes) return t("invalid.shapes", { ...names, shapes: shapes.map(shapeText).join(t("invalid.or")) });
  if (choices) return t("invalid.choices", { ...names, choices: choices.join(", ") });
  if (maxItems !== undefined) return t("invalid.items.most", { ...names, count: number(maxItems) });
  if (minItems !== undefined) return t("invalid.items.least", { ...names, count: number(minItems) });
  if (about === "data" && code === "range" && ends.minimum !== undefined) return t("invalid.digits.classes", names);
  if (code === "limit" && ends.minimum === undefined && ends.maximum !== undefined) {
    return t(firstOf(`invalid.limit.${about}`, "invalid.limit"), names);
  }
  if (Object.keys(ends).length > 0) {
    const kind = type === "integer" ? "whole" : "number";
    return t(firstOf(`invalid.${kind}.${endsOf(ends)}`, `invalid.number.${endsOf(ends)}`), names);
  }
  if (type === "integer") return t("invalid.integer", names);
  if (about === "targets" && code === "range") return t("invalid.onehot", names);
  return t(firstOf(`invalid.${code}`, "invalid.other"), names);
}

/** @param {string} key @param {string} other  where there is no such sentence */
function firstOf(key, other) {
  return has(key) ? key : other;
}

/** @param {Allowed} ends */
function endsOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }) {
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
