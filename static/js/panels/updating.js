/**
 * An update beside the figure: the parameter, its gradient, what the optimiser has gathered, the
 * change and the new parameter, number by number. A number lights its cell in all of them, and is
 * asked about as any number of the figure is.
 *
 * @import { Spot } from "../pagetypes.js"
 * @import { TraceEvent } from "../types.js"
 */
import { signal } from "@preact/signals-core";
import { html } from "lit-html";
import { ask } from "../asking.js";
import { knownOf, valueOf } from "../figure/known.js";
import { indexText, nameOf, tensorOf } from "../figure/names.js";
import { textsOf } from "../figure/texts.js";
import { full, shorts } from "../format.js";
import { scrolling } from "../scroll.js";
import { event as inPlay, pointed, session, stale, trace } from "../store.js";
import { t } from "../strings.js";
import { flat, indexOf, isOmitted } from "../values.js";
import { factorName } from "./arithmetic.js";
import { givenAbove } from "./check.js";
import { large, largeButton, shrink } from "./large.js";
import { FEW_CELLS, numbers } from "./numbers.js";
import { wholeField } from "./whole.js";

/** Of a parameter of many cells one is looked at. @type {import("@preact/signals-core").Signal<{key: string, index: number}>} */
const looked = signal({ key: "", index: 0 });

/** @param {TraceEvent} event  an update */
export function updateTables(event) {
  const own = { id: "update", title: t("update.name"), content: enlarged };
  return html`${large.value?.id === own.id ? null : tables(event)}
    <p>${largeButton(own)}</p>`;
}

/** The update in play, in a window of its own. */
function enlarged() {
  const now = inPlay.value;
  return now?.phase === "update" ? tables(now) : null;
}

/** @param {TraceEvent} event */
function tables(event) {
  const { reads, writes, shape, elements } = event;
  const isLarge = elements > FEW_CELLS;
  const index = looked.value.key === writes.at(-1) ? looked.value.index : 0;
  return html`${isLarge ? fields(event, index) : null}
    <div class="update" role="group" aria-label=${t("update.name")}>
      ${reads.map((key) => part(key, t("explain.read"), event, isLarge ? index : null))}
      ${writes.map((key) => part(key, t("explain.made"), event, isLarge ? index : null))}
    </div>
    ${isLarge ? html`<p class="hint">${t("update.one", { shape: `${shape.join(" \u00d7 ")}` })}</p>` : null}
    ${losses()}`;
}

/** The loss before the step, as its slope predicts it, and after: the server has computed all three. */
function losses() {
  const around = stale.value ? undefined : trace.value?.update?.loss;
  if (!around) return null;
  const names = /** @type {const} */ (["before", "predicted", "after"]);
  const texts = shorts(names.map((name) => around[name]));
  // Without a loss it is the sum that the given gradient stands for.
  const what = session.value?.network.loss ? "loss" : "sum";
  return html`<dl class="losses" aria-label=${t(`update.${what}`)}>
      ${names.map(
        (name, i) =>
          html`<dt>${t(`update.${what}.${name}`)}</dt>
            <dd data-loss=${name} title=${full(around[name])}>${texts[i]}</dd>`,
      )}
    </dl>
    ${what === "loss" ? html`<p class="hint">${t("update.loss.hint")}</p>` : givenAbove()}`;
}

/** @param {TraceEvent} event @param {number} index */
function fields({ writes, shape }, index) {
  const key = writes.at(-1) ?? "";
  const columns = shape.at(-1) ?? 1;
  const [row, column] = shape.length > 1 ? indexOf(index, shape) : [0, index];
  /** @param {number} i @param {number} j */
  const go = (i, j) => (looked.value = { key, index: i * columns + j });
  return html`<div class="mover">
    ${
      shape.length > 1
        ? wholeField({
            id: "update-row",
            label: t("explain.row"),
            value: row,
            minimum: 0,
            maximum: shape[0] - 1,
            put: (i) => go(i, column),
          })
        : null
    }
    ${wholeField({
      id: "update-column",
      label: t(shape.length > 1 ? "explain.column" : "explain.place"),
      value: column,
      minimum: 0,
      maximum: columns - 1,
      put: (j) => go(row, j),
    })}
  </div>`;
}

/**
 * @param {string} key
 * @param {string} role
 * @param {TraceEvent} event
 * @param {number | null} only  the one cell that is shown
 */
function part(key, role, event, only) {
  return html`<section data-part=${key} aria-label=${nameOf(key)}>
    <h3><span class=${key.endsWith(".grad") ? "gradient" : ""}>${nameOf(key)}</span> <span class="role">${role}</span></h3>
    ${scrolling(only === null ? cells(key, event) : one(key, event, only), nameOf(key))}
  </section>`;
}

/** @param {string} key @param {TraceEvent} event */
function cells(key, event) {
  const value = valueOf(key);
  const known = stale.value ? 0 : knownOf(key);
  if (value === undefined || known === 0 || isOmitted(value)) return numbers(key, FEW_CELLS);
  const [texts, digits] = [textsOf(value), flat(value)];
  const columns = event.shape.at(-1) ?? 1;
  const starts = Array.from({ length: Math.ceil(texts.length / columns) }, (_, i) => i * columns);
  return html`<table class="numbers">
    <tbody>
      ${starts.map(
        (start) =>
          html`<tr>
            ${texts.slice(start, start + columns).map((text, j) => {
              const index = start + j;
              const spot = { key, index };
              return html`<td>${index < known ? button(spot, event, text, full(digits[index])) : ""}</td>`;
            })}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** One number out of many: asked for, since not all came along. @param {string} key @param {TraceEvent} event @param {number} index */
function one(key, event, index) {
  const isKnown = !stale.value && knownOf(key) > index;
  const value = valueOf(key);
  const place = indexText(tensorOf(key), indexOf(index, event.shape));
  const here = value !== undefined && !isOmitted(value) ? flat(value)[index] : undefined;
  return html`${isKnown ? button({ key, index }, event, here === undefined ? place : textsOf(here)[0], here === undefined ? place : full(here)) : null}
    <p class="hint">${numbers(key, 0)}</p>`;
}

/** @param {Spot} spot @param {TraceEvent} event @param {string} text @param {string} digits */
function button(spot, { reads, writes, shape }, text, digits) {
  const lit = [...reads, ...writes].map((key) => ({ key, index: spot.index }));
  const isLit = pointed.value.some(({ index }) => index === spot.index) && pointed.value.length === lit.length;
  const name = `${nameOf(spot.key)}${indexText(tensorOf(spot.key), indexOf(spot.index ?? 0, shape))}`;
  return html`<button
    type="button"
    class=${`${spot.key.endsWith(".grad") ? "factor gradient" : "factor"}${isLit ? " lit" : ""}`}
    data-index=${spot.index}
    data-full=${digits}
    title=${`${name} = ${digits}`}
    aria-label=${factorName(text, `${name} = ${digits}`)}
    @click=${() => {
      // It is answered in the panel.
      shrink();
      ask(spot);
    }}
    @pointerenter=${() => (pointed.value = lit)}
    @pointerleave=${() => (pointed.value = [])}
    @focus=${() => (pointed.value = lit)}
    @blur=${() => (pointed.value = [])}
  >${text}</button>`;
}
