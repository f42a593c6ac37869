/**
 * The rows of the form for a network, and the layers that they stand for. Pure.
 *
 * @import { Catalogue, LayerSpec } from "../pagetypes.js"
 * @import { Typed } from "./settings.js"
 */
import { t } from "../strings.js";
import { fieldWord, neededOf, specOf } from "./settings.js";

/**
 * @typedef {{
 *   type: string, fields: Typed, then: string, thenFields: Typed, more: boolean,
 * }} Row  a layer and what may come right after it; what was typed stays when another type is chosen. more: all fields are shown
 */

/** The layer that a row begins as. */
export const USUAL = "affine";
/** Instead of a layer that follows. */
export const NONE = "none";

/** @param {string} units @param {string} [then] @returns {Row} */
export function affine(units, then = NONE) {
  return { type: USUAL, fields: { units }, then, thenFields: {}, more: false };
}

/** The layers that a row can be: not those with layers in them. @param {Catalogue} catalogue */
export function kindsOf({ layers }) {
  return layers.filter(({ fields }) => Object.values(fields).every(({ type }) => type !== "array"));
}

/** @param {string} type @param {Catalogue} catalogue */
export function kindOf(type, catalogue) {
  return kindsOf(catalogue).find(({ name }) => name === type);
}

/** @param {string} type @param {Catalogue} catalogue */
export function lossOf(type, { losses }) {
  return losses.find(({ name }) => name === type);
}

/** The layers that may stand behind another in its row: those that need no number. @param {Catalogue} catalogue */
export function followersOf(catalogue) {
  return kindsOf(catalogue).filter((kind) => neededOf(kind).length === 0);
}

/**
 * The layers that the rows stand for, with the row and the field of each.
 * @param {readonly Row[]} rows
 * @param {Catalogue} catalogue
 */
export function layersOf(rows, catalogue) {
  const places = rows.flatMap(({ type, fields, then, thenFields }, row) => [
    { row, isThen: false, type, typed: fields },
    { row, isThen: true, type: then, typed: thenFields },
  ]);
  /** @type {Map<string, number>} */
  const counts = new Map();
  return places.flatMap((place) => {
    const kind = kindOf(place.type, catalogue);
    if (!kind) return [];
    const count = (counts.get(kind.name) ?? 0) + 1;
    counts.set(kind.name, count);
    return [{ ...place, kind, title: `${kind.title} ${count}` }];
  });
}

/** The id of a layer's field. @param {{row: number, isThen: boolean}} layer @param {string} name */
export function idOf({ row, isThen }, name) {
  return `${isThen ? "then-" : ""}${name}-${row}`;
}

/** @param {readonly Row[]} rows @param {Catalogue} catalogue @returns {LayerSpec[]} */
export function specsOf(rows, catalogue) {
  return layersOf(rows, catalogue).map(({ kind, typed }) => specOf(kind, typed));
}

/** The last row whose layer has units of its own; -1 where none has. @param {readonly Row[]} rows @param {Catalogue} catalogue */
export function lastSized(rows, catalogue) {
  return rows.findLastIndex(({ type }) => Boolean(kindOf(type, catalogue)?.fields.units));
}

/** @param {{title: string}} layer @param {string} name  of a field */
export function labelOf({ title }, name) {
  return t("network.layer", { layer: title, field: fieldWord(name) });
}
