/**
 * The rows of the form for a network, and the layers that they stand for. Pure.
 *
 * @import { Catalogue, LayerSpec } from "../pagetypes.js"
 * @import { LayerKind } from "../types.js"
 * @import { Typed } from "./settings.js"
 */
import { t } from "../strings.js";
import { fieldWord, furtherOf, holdsLayers, isChanged, neededOf, specOf, typedOf } from "./settings.js";

/**
 * @typedef {{
 *   type: string, fields: Typed, then: string, thenFields: Typed, more: boolean, inner: Row[],
 * }} Row  a layer and what may come right after it; what was typed stays when another type is chosen. more: all fields are shown; inner: of a layer with layers in it
 * @typedef {{
 *   row: number, at: string, isThen: boolean, type: string, typed: Typed, kind: LayerKind, title: string, inner: Row[],
 * }} Layer  at: the row, and the rows that it is in, as `0-2`
 */

/** The layer that a row begins as. */
export const USUAL = "affine";
/** Instead of a layer that follows. */
export const NONE = "none";

/** @param {string} units @param {string} [then] @returns {Row} */
export function affine(units, then = NONE) {
  return { type: USUAL, fields: { units }, then, thenFields: {}, more: false, inner: [] };
}

/** @param {string} type @param {Catalogue} catalogue */
export function kindOf(type, catalogue) {
  return catalogue.layers.find(({ name }) => name === type);
}

/** @param {string} type @param {Catalogue} catalogue */
export function lossOf(type, { losses }) {
  return losses.find(({ name }) => name === type);
}

/** The layers that may stand behind another in its row: those that need no number. @param {Catalogue} catalogue */
export function followersOf(catalogue) {
  return catalogue.layers.filter((kind) => neededOf(kind).length === 0 && !holdsLayers(kind));
}

/**
 * The layers that the rows stand for, with the row and the field of each; not those in them.
 * @param {readonly Row[]} rows
 * @param {Catalogue} catalogue
 * @param {Layer} [outer]  the layer that they are in
 * @returns {Layer[]}
 */
export function layersOf(rows, catalogue, outer) {
  const places = rows.flatMap(({ type, fields, then, thenFields, inner }, row) => [
    { row, isThen: false, type, typed: fields, inner },
    { row, isThen: true, type: then, typed: thenFields, inner: [] },
  ]);
  /** @type {Map<string, number>} */
  const counts = new Map();
  return places.flatMap((place) => {
    const kind = kindOf(place.type, catalogue);
    if (!kind) return [];
    const count = (counts.get(kind.name) ?? 0) + 1;
    counts.set(kind.name, count);
    const title = `${kind.title} ${count}`;
    const held = holdsLayers(kind) ? place.inner : [];
    return outer
      ? [{ ...place, inner: held, kind, at: `${outer.at}-${place.row}`, title: `${outer.title} \u203a ${title}` }]
      : [{ ...place, inner: held, kind, at: String(place.row), title }];
  });
}

/** The same with those in them, each after the layer that it is in. @param {readonly Row[]} rows @param {Catalogue} catalogue @param {Layer} [outer] @returns {Layer[]} */
export function everyLayerOf(rows, catalogue, outer) {
  return layersOf(rows, catalogue, outer).flatMap((layer) => [layer, ...everyLayerOf(layer.inner, catalogue, layer)]);
}

/** The id of a layer's field. @param {{at: string, isThen: boolean}} layer @param {string} name */
export function idOf({ at, isThen }, name) {
  return `${isThen ? "then-" : ""}${name}-${at}`;
}

/** @param {readonly Row[]} rows @param {Catalogue} catalogue @returns {LayerSpec[]} */
export function specsOf(rows, catalogue) {
  return layersOf(rows, catalogue).map(({ kind, typed, inner }) => {
    const spec = specOf(kind, typed);
    return holdsLayers(kind) ? { ...spec, layers: specsOf(inner, catalogue) } : spec;
  });
}

/**
 * The rows of layers that there are already.
 * @param {readonly LayerSpec[]} layers
 * @param {Catalogue} catalogue
 * @returns {Row[] | null}  null where there is a layer that the catalogue does not have
 */
export function rowsOf(layers, catalogue) {
  const followers = new Set(followersOf(catalogue).map(({ name }) => name));
  /** @type {Row[]} */
  const rows = [];
  for (const spec of layers) {
    const { type } = spec;
    const kind = kindOf(type, catalogue);
    const held = /** @type {LayerSpec[]} */ (Array.isArray(spec.layers) ? spec.layers : []);
    const inner = rowsOf(held, catalogue);
    if (!kind || !inner) return null;
    const typed = typedOf(spec);
    const more = isChanged(kind, typed);
    const last = rows.at(-1);
    if (last?.then === NONE && followers.has(type))
      rows[rows.length - 1] = { ...last, then: type, thenFields: typed, more: last.more || more };
    else rows.push({ type, fields: typed, then: NONE, thenFields: {}, more: more || type !== USUAL, inner });
  }
  return rows;
}

/**
 * The rows with another type in one of them. Where that has layers in it, there are two at first that
 * give what it takes, as far as the rows before tell that.
 * @param {readonly Row[]} rows
 * @param {number} i
 * @param {string} type
 * @param {Catalogue} catalogue
 */
export function withType(rows, i, type, catalogue) {
  const before = lastSized(rows.slice(0, i), catalogue);
  const units = (before < 0 ? rows[i] : rows[before]).fields.units || "3";
  const isFirst = holdsLayers(kindOf(type, catalogue)) && rows[i].inner.length === 0;
  const inner = isFirst ? [affine(units, "relu"), affine(units)] : rows[i].inner;
  return rows.map((row, k) => (k === i ? { ...row, type, inner } : row));
}

/** The rows with one of them elsewhere. @param {readonly Row[]} rows @param {number} from @param {number} to */
export function moved(rows, from, to) {
  return rows.toSpliced(from, 1).toSpliced(to, 0, rows[from]);
}

/**
 * A layer by the server's count: its place in the chain, and then in those in it.
 * @param {readonly Row[]} rows
 * @param {Catalogue} catalogue
 * @param {readonly number[]} places
 * @returns {Layer | undefined}
 */
export function layerAt(rows, catalogue, places) {
  /** @type {Layer | undefined} */
  let layer;
  for (const place of places) layer = layersOf(layer ? layer.inner : rows, catalogue, layer)[place];
  return layer;
}

/**
 * The rows, opened where they hide a field that is wrong.
 * @param {readonly Row[]} rows
 * @param {Catalogue} catalogue
 * @param {ReadonlySet<string>} wrong  by id
 * @param {Layer} [outer]
 * @returns {Row[]}
 */
export function withFaultsShown(rows, catalogue, wrong, outer) {
  const layers = layersOf(rows, catalogue, outer);
  return rows.map((row, i) => {
    const own = layers.filter((layer) => layer.row === i);
    const hides = own.some((layer) => furtherOf(layer.kind).some(([name]) => wrong.has(idOf(layer, name))));
    return { ...row, more: row.more || hides, inner: withFaultsShown(row.inner, catalogue, wrong, own[0]) };
  });
}

/** The last row whose layer has units of its own; -1 where none has. @param {readonly Row[]} rows @param {Catalogue} catalogue */
export function lastSized(rows, catalogue) {
  return rows.findLastIndex(({ type }) => Boolean(kindOf(type, catalogue)?.fields.units));
}

/** @param {{title: string}} layer @param {string} name  of a field */
export function labelOf({ title }, name) {
  return t("network.layer", { layer: title, field: fieldWord(name) });
}
