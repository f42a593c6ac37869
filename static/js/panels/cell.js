/**
 * The arithmetic behind one number: rule, shapes, numbers put in, result. The server derives it;
 * a term that is pointed at lights the cells it came from.
 *
 * @import { Spot } from "../pagetypes.js"
 * @import { Cell, Explanation } from "../types.js"
 */
import { effect, signal } from "@preact/signals-core";
import { html } from "lit-html";
import * as api from "../api.js";
import * as calls from "../calls.js";
import { ask as askAbout, asking, causes, leave, trail } from "../asking.js";
import { classAt, classText } from "../classes.js";
import { edgeOf, indexText, nameOf, partnerOf, tensorOf } from "../figure/names.js";
import { messageOf } from "../messages.js";
import { cursor, graph, held, hunt, selection, session, stale, subject, trace } from "../store.js";
import { full, short } from "../format.js";
import { t } from "../strings.js";
import { position } from "../timeline.js";
import { flat, indexOf, positionOf } from "../values.js";
import { isEverKnown, knownOf, passOf, valueOf, whyNever } from "../figure/known.js";
import { nameAmongPasses, watchNudge } from "../checking.js";
import { numbersOf } from "../figure/walk.js";
import { turnBeside } from "../figure/openops.js";
import { arithmetic, TERMS_SHOWN } from "./arithmetic.js";
import { sampleOf } from "./minibatch.js";
import { nudgeOf } from "./nudge.js";
import { turnButton } from "./turn.js";
import { wholeField } from "./whole.js";

/** @typedef {{name: string, explanation: Explanation | null, problem: string | null}} Answer */
/** @type {import("@preact/signals-core").Signal<Answer | null>} */
const answer = signal(null);

/** Ask for the derivation of the cell that is selected, once it is computed. */
export function watchSelectedCell() {
  effect(() => {
    const spot = subject.value;
    if (!spot || spot.index === null || !isKnown(spot) || stale.value || trace.value?.id === api.UNMADE) return;
    const name = nameAmongPasses(spot);
    if (answer.peek()?.name !== name) void request(spot, name);
  });
  effect(() => {
    causes.value = made(subject.value);
  });
  watchNudge(isKnown);
}

/** The cells of the figure that a number was made of. @param {Spot | null} spot @returns {Spot[]} */
function made(spot) {
  if (!spot || spot.index === null || answer.value?.name !== nameAmongPasses(spot)) return [];
  const { terms, divisor } = answer.value.explanation ?? { terms: [] };
  const factors = [...terms, ...(divisor?.terms ?? [])].flatMap((term) => term.factors);
  return factors.flatMap(({ tensor, index }) => {
    const edge = tensor === spot.key ? undefined : tensorOf(tensor);
    return edge ? [{ key: tensor, index: positionOf(index, edge.shape) }] : [];
  });
}

/** @param {Spot} spot */
function isKnown({ key, index }) {
  return knownOf(key) > (index ?? 0);
}

/** @param {Spot} spot @param {string} name */
async function request({ key, index }, name) {
  const id = session.peek()?.id;
  if (!id || index === null) return;
  const shape = tensorOf(key)?.shape ?? [];
  answer.value = { name, explanation: null, problem: null };
  try {
    const explanation = await calls.explain(id, passOf(key), key, indexOf(index, shape), TERMS_SHOWN);
    if (answer.value?.name === name) answer.value = { name, explanation, problem: null };
  } catch (error) {
    if (answer.value?.name === name) answer.value = { name, explanation: null, problem: messageOf(error) };
  }
}

/** @param {Spot} spot */
export function cellExplanation(spot) {
  const edge = tensorOf(spot.key);
  if (!edge) return null;
  if (hunt.value?.values.has(spot.key)) return html`<p class="hint">${t("find.underived")}</p>`;
  if (held.value?.asked.has(spot.key)) return html`<p class="hint">${t("practice.blank")}</p>`;
  const answer = spot.index === null ? html`<p class="hint">${numbersOf(spot.key)}</p>` : derivation(spot);
  return html`<section class="chosen" aria-labelledby="chosen-title">
    ${asking.value ? way() : null}
    <h2 id="chosen-title" tabindex="-1">
      <span>${nameOf(spot.key)}${indexOfSpot(spot)}${resultOf(spot)}</span>
      ${
        selection.value && !asking.value
          ? html`<button type="button" class="quiet close" @click=${leave}>${t("close")}</button>`
          : null
      }
    </h2>
    ${sampleOf(spot)} ${classLine(spot)} ${cellFields(spot, edge)} ${answer} ${nudgeOf(spot, isKnown(spot))} ${facts(spot, edge)}
    ${turnButton(graph.value && turnBeside(graph.value, spot.key))}
  </section>`;
}

/** Of which class it is, where classes have names. @param {Spot} spot */
function classLine(spot) {
  const k = classAt(spot);
  return k === null ? null : html`<p class="class-of">${t("classes.one", { class: classText(k) })}</p>`;
}

/**
 * To a cell by its index, where the figure is too small to point at one.
 * @param {Spot} spot @param {NonNullable<ReturnType<typeof tensorOf>>} edge
 */
function cellFields({ key, index }, { shape, label }) {
  if (!label || label.mode === "scalar" || label.mode === "grid") return null;
  const columns = shape.at(-1) ?? 1;
  const rows = shape.length > 1 ? shape[0] : 1;
  const [row, column] = index === null ? [null, null] : indexOf(index, [rows, columns]);
  /** @param {number} i @param {number} j */
  const go = (i, j) => askAbout({ key, index: i * columns + j }, { stay: true });
  return html`<div class="mover">
    ${
      rows > 1
        ? wholeField({
            id: "cell-row",
            label: t("explain.row"),
            value: row,
            minimum: 0,
            maximum: rows - 1,
            put: (i) => go(i, column ?? 0),
          })
        : null
    }
    ${wholeField({
      id: "cell-column",
      label: t(rows > 1 ? "explain.column" : "explain.place"),
      value: column,
      minimum: 0,
      maximum: columns - 1,
      put: (j) => go(row ?? 0, j),
    })}
  </div>`;
}

/** The way back: to the step, and to each question before this one. */
export function way() {
  return html`<nav class="trail" aria-label=${t("explain.trail")}>
    <button type="button" class="quiet" id="to-step" title=${t("explain.toStep")} @click=${leave}>
      \u2190 ${cursor.value.seq === 0 && cursor.value.element === 0 ? t("explain.start") : position()}
    </button>
    ${shownTrail().map(
      (spot) =>
        html`<button type="button" class=${spot.key.endsWith(".grad") ? "term gradient" : "term"} @click=${() => askAbout(spot)}>
            ${nameOf(spot.key)}${indexOfSpot(spot)}</button
          ><span aria-hidden="true">\u203a</span>`,
    )}
  </nav>`;
}

/** Where + hands a gradient on as it is, two questions look like one, and the later one stands. */
function shownTrail() {
  const next = [...trail.value.slice(1), selection.value];
  return trail.value.filter((spot, i) => next[i] && spokenName(spot) !== spokenName(next[i]));
}

/** @param {Spot} spot @param {NonNullable<ReturnType<typeof tensorOf>>} edge */
function facts(spot, edge) {
  const partner = edgeOf(partnerOf(spot.key));
  return html`<dl class="facts">
    <dt>${t("table.name")}</dt>
    <dd><code>${spot.key}</code> <span class="shape">${edge.shape_text}</span></dd>
    ${
      partner
        ? html`<dt>${t(spot.key.endsWith(".grad") ? "table.value" : "table.gradient")}</dt>
          <dd>
            <button
              type="button"
              class="term"
              @click=${() => askAbout({ ...spot, key: partner.key }, { hop: true })}
            >
              ${nameOf(partner.key)}
            </button>
            <span class="shape">${partner.shape_text}</span>
          </dd>`
        : null
    }
  </dl>`;
}

/** @param {Spot} spot */
function indexOfSpot({ key, index }) {
  const edge = tensorOf(key);
  if (index === null || !edge?.shape.length) return null;
  return html`<span class="index">${indexText(edge, indexOf(index, edge.shape))}</span>`;
}

/** The number itself, in sight at once. @param {Spot} spot */
function resultOf(spot) {
  const cell = numberOf(spot);
  return cell === undefined ? null : html` = <span class="number" title=${full(cell)}>${short(cell)}</span>`;
}

/** @param {Spot} spot @returns {Cell | undefined}  undefined where it is not known, or did not come along */
function numberOf(spot) {
  if (spot.index === null || stale.value || !isKnown(spot)) return undefined;
  const got = answer.value?.name === nameAmongPasses(spot) ? answer.value.explanation?.value : undefined;
  const value = valueOf(spot.key);
  return got ?? (value === undefined ? undefined : flat(value)[spot.index]);
}

/** @param {Spot} spot */
function spokenName({ key, index }) {
  const edge = tensorOf(key);
  return `${nameOf(key)}${index === null || !edge ? "" : indexText(edge, indexOf(index, edge.shape))}`;
}

/** What is asked and its number, for the ear. @param {Spot} spot */
export function spokenAnswer(spot) {
  const name = spokenName(spot);
  const cell = numberOf(spot);
  return cell === undefined ? `${name}, ${numbersOf(spot.key)}` : `${name} = ${short(cell)}`;
}

/** @param {Spot} spot */
function derivation(spot) {
  if (stale.value) return html`<p class="hint">${t("stale.now")}</p>`;
  if (!isEverKnown(spot.key)) return html`<p class="hint">${t(whyNever(spot.key))}</p>`;
  if (!isKnown(spot)) return html`<p class="hint">${t("explain.empty")}</p>`;
  const got = answer.value?.name === nameAmongPasses(spot) ? answer.value : null;
  if (got?.problem) return html`<p class="problem">${got.problem}</p>`;
  if (!got?.explanation) return html`<p class="hint">${t("explain.loading")}</p>`;
  return arithmetic(got.explanation);
}
