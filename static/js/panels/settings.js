/**
 * The fields that a layer or a loss has by the catalogue, as somebody types them. What they are and
 * may be the catalogue says; a field that the language has no word for goes by its name. Pure.
 *
 * @import { LayerSpec } from "../pagetypes.js"
 * @import { Field } from "../types.js"
 */
import { has, t } from "../strings.js";

/**
 * By a field's name what stands in it; a field without an entry, or with an empty one, has its default.
 * @typedef {Readonly<Record<string, string>>} Typed
 * @typedef {{name: string, fields: Record<string, Field>}} Kind  of a layer, or of a loss
 */

/** All but layers within it, which are rows of their own. @param {Kind | undefined} kind @returns {[string, Field][]} */
export function fieldsOf(kind) {
  return Object.entries(kind?.fields ?? {}).filter(([, { type }]) => type !== "array");
}

/** Whether there are layers in it. @param {Kind | undefined} kind */
export function holdsLayers(kind) {
  return Object.values(kind?.fields ?? {}).some(({ type }) => type === "array");
}

/** Those that have to be filled in. @param {Kind | undefined} kind */
export function neededOf(kind) {
  return fieldsOf(kind).filter(([, field]) => isNeeded(field));
}

/** Those that may be left as they are. @param {Kind | undefined} kind */
export function furtherOf(kind) {
  return fieldsOf(kind).filter(([, field]) => !isNeeded(field));
}

/** Neither a value nor another field stands for it where it is left out. @param {Field} field */
export function isNeeded({ default: otherwise, follows }) {
  return otherwise === undefined && follows === undefined;
}

/** Neither yes or no, nor one of several. @param {Field} field */
export function isNumber({ type, enum: choices }) {
  return type !== "boolean" && !choices;
}

/** What stands in a field, or what it is without that. @param {Typed} typed @param {string} name @param {Field} field */
export function textOf(typed, name, field) {
  return typed[name] || String(field.default ?? "");
}

/** Whether a text is a value of the field. @param {string} text @param {Field} field */
export function fits(text, field) {
  if (field.enum) return field.enum.includes(text);
  if (!isNumber(field)) return text === "true" || text === "false";
  if (text.trim() === "") return false;
  const value = Number(text);
  const { minimum = -Infinity, maximum = Infinity, exclusiveMinimum, exclusiveMaximum } = field;
  return (
    value >= minimum &&
    value <= maximum &&
    (exclusiveMinimum === undefined || value > exclusiveMinimum) &&
    (exclusiveMaximum === undefined || value < exclusiveMaximum) &&
    (field.type !== "integer" || Number.isInteger(value))
  );
}

/**
 * As it is sent: what is so by default is left out, and what this kind has no field for.
 * @param {Kind} kind
 * @param {Typed} typed
 * @returns {LayerSpec}
 */
export function specOf(kind, typed) {
  const told = fieldsOf(kind)
    .filter(([name, { follows }]) => follows === undefined || (typed[name] ?? "").trim() !== "")
    .map(([name, field]) => /** @type {const} */ ([name, valueIn(textOf(typed, name, field), field), field.default]))
    .filter(([, value, otherwise]) => value !== otherwise);
  return { type: kind.name, ...Object.fromEntries(told) };
}

/** @param {string} text @param {Field} field */
function valueIn(text, field) {
  if (isNumber(field)) return Number(text);
  return field.enum ? text : text === "true";
}

/** What somebody would have typed for it. @param {LayerSpec} spec @returns {Typed} */
export function typedOf({ type, name, ...fields }) {
  const told = Object.entries(fields).filter(
    ([, value]) => value !== null && value !== undefined && !Array.isArray(value),
  );
  return Object.fromEntries(told.map(([field, value]) => [field, String(value)]));
}

/** Whether anything is other than by default. @param {Kind | undefined} kind @param {Typed} typed */
export function isChanged(kind, typed) {
  return furtherOf(kind).some(([name, field]) => textOf(typed, name, field) !== String(field.default ?? ""));
}

/** @param {string} name  of a field */
export function fieldWord(name) {
  return wordOr(`network.field.${name}`, name);
}

/** @param {string} key @param {string} otherwise */
export function wordOr(key, otherwise) {
  return has(key) ? t(key) : otherwise;
}
