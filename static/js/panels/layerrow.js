/**
 * One row of the form for a network: a layer, what has to be said of it, and what comes right
 * after it. What may be left as it is stands behind a button.
 *
 * @import { Catalogue } from "../pagetypes.js"
 * @import { LayerKind } from "../types.js"
 * @import { Row } from "./rows.js"
 */
import { html, nothing } from "lit-html";
import { t } from "../strings.js";
import { valueOf } from "./chosen.js";
import { followersOf, idOf, kindsOf, labelOf, layersOf, NONE } from "./rows.js";
import { settingField } from "./settingfields.js";
import { furtherOf, neededOf } from "./settings.js";

/**
 * @param {readonly Row[]} rows
 * @param {number} i  which of them
 * @param {Catalogue} known
 * @param {ReadonlyMap<string, string>} faults
 * @param {(rows: Row[]) => void} put
 */
export function layerRow(rows, i, known, faults, put) {
  const { type, then, more } = rows[i];
  const own = layersOf(rows, known).filter(({ row }) => row === i);
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
      <select id=${`activation-${i}`} @change=${(/** @type {Event} */ event) => change({ then: valueOf(event) })}>
        <option value=${NONE} .selected=${then === NONE}>${t("activation.none")}</option>
        ${options(followersOf(known), then)}
      </select>
    </label>
    <span class="buttons">
      ${moreButton(`more-${i}`, title, more, () => change({ more: !more }))}
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
        ? html`<div class="further" id=${`more-${i}-fields`}>
            <label class="field">
              <span>${t("network.type")}</span>
              <select id=${`type-${i}`} @change=${(/** @type {Event} */ event) => change({ type: valueOf(event) })}>
                ${options(kindsOf(known), type)}
              </select>
            </label>
            ${own.flatMap((layer) => fieldsOf(layer, furtherOf))}
          </div>`
        : null
    }
  </li>`;
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
