/**
 * One row of the form for a network: a layer, what has to be said of it, and what comes right
 * after it. What may be left as it is stands behind a button.
 *
 * @import { TemplateResult } from "lit-html"
 * @import { Catalogue } from "../pagetypes.js"
 * @import { LayerKind } from "../types.js"
 * @import { Layer, Row } from "./rows.js"
 */
import { html, nothing } from "lit-html";
import { t } from "../strings.js";
import { valueOf } from "./chosen.js";
import { affine, followersOf, idOf, labelOf, layersOf, moved, NONE, withType } from "./rows.js";
import { settingField } from "./settingfields.js";
import { furtherOf, holdsLayers, neededOf } from "./settings.js";

/**
 * @param {readonly Row[]} rows
 * @param {number} i  which of them
 * @param {Catalogue} known
 * @param {ReadonlyMap<string, string>} faults
 * @param {(rows: Row[]) => void} put
 * @param {Layer} [outer]  the layer that they are in
 * @returns {TemplateResult}
 */
export function layerRow(rows, i, known, faults, put, outer) {
  const { type, then, more } = rows[i];
  const own = layersOf(rows, known, outer).filter(({ row }) => row === i);
  const at = outer ? `${outer.at}-${i}` : String(i);
  const title = own[0]?.title ?? type;
  /** @param {Partial<Row>} change */
  const change = (change) => put(rows.map((row, k) => (k === i ? { ...row, ...change } : row)));
  /** @param {typeof own[number]} layer @param {typeof neededOf} some */
  const fieldsOf = (layer, some) =>
    some(layer.kind).map(([name, field]) =>
      settingField(
        idOf(layer, name),
        labelOf(layer, name),
        name,
        field,
        layer.typed,
        (typed) => change(layer.isThen ? { thenFields: typed } : { fields: typed }),
        faults,
      ),
    );
  const needed = own.slice(0, 1).flatMap((layer) => fieldsOf(layer, neededOf));
  return html`<li>
    <div class="face">${needed.length > 0 ? needed : html`<span class="field">${title}</span>`}</div>
    <label class="then">
      <span>${t("network.activation")}</span>
      <select id=${`activation-${at}`} @change=${(/** @type {Event} */ event) => change({ then: valueOf(event) })}>
        <option value=${NONE} .selected=${then === NONE}>${t("activation.none")}</option>
        ${options(followersOf(known), then)}
      </select>
    </label>
    <span class="buttons">
      ${moveButton("up", rows, i, at, title, put)} ${moveButton("down", rows, i, at, title, put)}
      ${moreButton(`more-${at}`, title, more, () => change({ more: !more }))}
      <button
        type="button"
        class="quiet"
        aria-label=${t("network.remove", { layer: title })}
        ?disabled=${rows.length < 2}
        @click=${() => put(rows.filter((_, k) => k !== i))}
      >
        ${t("network.removeShort")}
      </button>
    </span>
    ${
      more
        ? html`<div class="further" id=${`more-${at}-fields`}>
            <label class="field">
              <span>${t("network.type")}</span>
              <select
                id=${`type-${at}`}
                @change=${(/** @type {Event} */ event) => put(withType(rows, i, valueOf(event), known))}
              >
                ${options(known.layers, type)}
              </select>
            </label>
            ${own.flatMap((layer) => fieldsOf(layer, furtherOf))}
          </div>`
        : null
    }
    ${own[0] && holdsLayers(own[0].kind) ? innerRows(own[0], known, faults, (inner) => change({ inner })) : null}
  </li>`;
}

/**
 * The layers within a layer: rows as those around them.
 * @param {Layer} layer
 * @param {Catalogue} known
 * @param {ReadonlyMap<string, string>} faults
 * @param {(rows: Row[]) => void} put
 */
function innerRows(layer, known, faults, put) {
  const { inner, title, at } = layer;
  const name = t("network.inner", { layer: title });
  return html`<div class="inner">
    <p id=${`inner-${at}`}>${name}</p>
    <ol class="layers" aria-labelledby=${`inner-${at}`}>
      ${inner.map((_, i) => layerRow(inner, i, known, faults, put, layer))}
    </ol>
    <button
      type="button"
      id=${`add-layer-${at}`}
      aria-label=${t("network.addIn", { layer: title })}
      @click=${() => put([...inner, affine(inner.at(-1)?.fields.units ?? "3")])}
    >
      ${t("network.add")}
    </button>
  </div>`;
}

/**
 * Moves a row by one; the keyboard stays with it.
 * @param {"up" | "down"} way
 * @param {readonly Row[]} rows
 * @param {number} i
 * @param {string} at
 * @param {string} title
 * @param {(rows: Row[]) => void} put
 */
function moveButton(way, rows, i, at, title, put) {
  const to = i + (way === "up" ? -1 : 1);
  const move = () => {
    put(moved(rows, i, to));
    const there = at.replace(/\d+$/, String(to));
    const other = way === "up" ? "down" : "up";
    const buttons = [way, other].map((one) => document.querySelector(`#${one}-${there}:enabled`));
    const next = buttons.find((button) => button !== null);
    if (next instanceof HTMLElement) next.focus();
  };
  return html`<button
    type="button"
    class="quiet"
    id=${`${way}-${at}`}
    aria-label=${t(`network.${way}`, { layer: title })}
    ?disabled=${to < 0 || to >= rows.length}
    @click=${move}
  >
    ${way === "up" ? "\u2191" : "\u2193"}
  </button>`;
}

/**
 * Shows and hides what stands in the element `${id}-fields`.
 * @param {string} id
 * @param {string} of  what it tells more of
 * @param {boolean} isOpen
 * @param {() => void} toggle
 */
export function moreButton(id, of, isOpen, toggle) {
  return html`<button
    type="button"
    class="quiet"
    id=${id}
    aria-expanded=${isOpen ? "true" : "false"}
    aria-controls=${isOpen ? `${id}-fields` : nothing}
    aria-label=${t("network.moreOf", { of })}
    @click=${toggle}
  >
    ${t("network.more")}
  </button>`;
}

/** Activation functions apart from the other layers. @param {readonly LayerKind[]} kinds @param {string} chosen */
function options(kinds, chosen) {
  const groups = /** @type {const} */ ([
    ["network.functions", kinds.filter(({ activation }) => activation)],
    ["network.others", kinds.filter(({ activation }) => !activation)],
  ]);
  return groups.map(([key, some]) =>
    some.length > 0
      ? html`<optgroup label=${t(key)}>
          ${some.map(({ name, title }) => html`<option value=${name} .selected=${name === chosen}>${title}</option>`)}
        </optgroup>`
      : null,
  );
}
