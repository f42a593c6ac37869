/**
 * The arithmetic behind one number: rule, shapes, numbers put in, result. The server derives it;
 * a term that is pointed at lights the cells it came from.
 *
 * @import { Spot } from "../pagetypes.js"
 * @import { Explanation } from "../types.js"
 */
import { effect, signal } from "@preact/signals-core";
import { html } from "lit-html";
import * as api from "../api.js";
import { edgeOf, nameOf, partnerOf } from "../figure/names.js";
import { messageOf } from "../messages.js";
import { selection, session, stale, subject, trace } from "../store.js";
import { t } from "../strings.js";
import { indexOf } from "../values.js";
import { isEverKnown, knownOf, passOf, whyNever } from "../figure/known.js";
import { numbersOf } from "../figure/walk.js";
import { arithmetic, TERMS_SHOWN } from "./arithmetic.js";

/** @typedef {{name: string, explanation: Explanation | null, problem: string | null}} Answer */
/** @type {import("@preact/signals-core").Signal<Answer | null>} */
const answer = signal(null);

/** Ask for the derivation of the cell that is selected, once it is computed. */
export function watchSelectedCell() {
  effect(() => {
    const spot = subject.value;
    if (!spot || spot.index === null || !isKnown(spot) || stale.value) return;
    const name = nameOfRequest(spot);
    if (answer.peek()?.name !== name) void ask(spot, name);
  });
}

/** @param {Spot} spot */
function isKnown({ key, index }) {
  return knownOf(key) > (index ?? 0);
}

/** @param {Spot} spot */
function nameOfRequest({ key, index }) {
  const { level, loss, sample, form } = passOf(key);
  return [trace.value?.id, trace.value?.version, level, loss, sample, form, key, index].join("/");
}

/** @param {Spot} spot @param {string} name */
async function ask({ key, index }, name) {
  const id = session.peek()?.id;
  if (!id || index === null) return;
  const shape = edgeOf(key)?.shape ?? [];
  answer.value = { name, explanation: null, problem: null };
  try {
    const explanation = await api.explain(id, passOf(key), key, indexOf(index, shape), TERMS_SHOWN);
    if (answer.value?.name === name) answer.value = { name, explanation, problem: null };
  } catch (error) {
    if (answer.value?.name === name) answer.value = { name, explanation: null, problem: messageOf(error) };
  }
}

/** @param {Spot} spot */
export function cellExplanation(spot) {
  const edge = edgeOf(spot.key);
  if (!edge) return null;
  const partner = edgeOf(partnerOf(spot.key));
  return html`<section class="chosen" aria-labelledby="chosen-title">
    <h2 id="chosen-title">
      ${nameOf(spot.key)}${spot.index === null || !edge.shape.length ? null : html`<span class="index">${indexText(spot, edge.shape)}</span>`}
      ${selection.value
        ? html`<button type="button" class="quiet close" @click=${() => (selection.value = null)}>
            ${t("explain.close")}
          </button>`
        : null}
    </h2>
    <dl class="facts">
      <dt>${t("explain.tensor")}</dt>
      <dd><code>${spot.key}</code> <span class="shape">${edge.shape_text}</span></dd>
      ${partner
        ? html`<dt>${t(spot.key.endsWith(".grad") ? "explain.value" : "explain.gradient")}</dt>
            <dd>
              <button type="button" class="term" @click=${() => (selection.value = { ...spot, key: partner.key })}>
                ${nameOf(partner.key)}
              </button>
              <span class="shape">${partner.shape_text}</span>
            </dd>`
        : null}
    </dl>
    ${spot.index === null ? html`<p class="hint">${numbersOf(spot.key)}</p>` : derivation(spot)}
  </section>`;
}

/** @param {Spot} spot @param {number[]} shape */
function indexText({ index }, shape) {
  return `[${indexOf(index ?? 0, shape).join(", ")}]`;
}

/** @param {Spot} spot */
function derivation(spot) {
  if (stale.value) return html`<p class="hint">${t("stale.now")}</p>`;
  if (!isEverKnown(spot.key)) return html`<p class="hint">${t(whyNever(spot.key))}</p>`;
  if (!isKnown(spot)) return html`<p class="hint">${t("explain.empty")}</p>`;
  const got = answer.value?.name === nameOfRequest(spot) ? answer.value : null;
  if (got?.problem) return html`<p class="problem">${got.problem}</p>`;
  if (!got?.explanation) return html`<p class="hint">${t("explain.loading")}</p>`;
  return arithmetic(got.explanation);
}
