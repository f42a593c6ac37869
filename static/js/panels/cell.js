/**
 * The arithmetic behind one number: rule, shapes, numbers put in, result. The server derives it;
 * a term that is pointed at lights the cells it came from.
 *
 * @import { Explanation, Factor, Spot, Term } from "../types.js"
 */
import { effect, signal } from "@preact/signals-core";
import { html } from "lit-html";
import * as api from "../api.js";
import { formulaPicture } from "../figure/formula.js";
import { edgeOf, formulaFor, nameOf, partnerOf } from "../figure/names.js";
import { full, plainFormula, short } from "../format.js";
import { messageOf } from "../messages.js";
import { pointed, selection, session, stale, subject, trace } from "../store.js";
import { t } from "../strings.js";
import { indexOf, positionOf } from "../values.js";
import { isEverKnown, knownOf, passOf, whyNever } from "../figure/known.js";
import { numbersOf } from "../figure/walk.js";

const TERMS_SHOWN = 12;

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
    const explanation = await api.explain(id, passOf(key), key, indexOf(index, shape));
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

/** @param {Explanation} explanation */
function arithmetic({ value, rule, rule_name: name, terms, scale, combine, omitted = 0 }) {
  const given = name === "input" || name === "seed.given" || name === "seed.loss";
  if (given) return html`<p class="hint">${t(name === "input" ? "explain.given" : `rule.${name}`, { out: "" })}</p>`;
  const shown = terms.slice(0, TERMS_SHOWN);
  const rest = terms.length - shown.length + omitted;
  const formula = formulaFor(rule);
  const zero = Number(value) === 0 && rest === 0 ? whyZero(terms) : null;
  return html`
    ${formula ? formulaPicture(formula) : html`<p class="plain-formula">${plainFormula(rule)}</p>`}
    ${combine === "max" ? html`<p class="hint">${t("explain.largest")}</p>` : null}
    <ol class="terms">
      ${shown.map(termRow)} ${rest > 0 ? html`<li class="hint">${t("explain.more", { count: rest })}</li>` : null}
    </ol>
    ${scale === 1 ? null : html`<p class="scale">${t("explain.scale", { scale: short(scale) })}</p>`}
    <p class="result">= <output title=${full(value)} data-full=${full(value)}>${short(value)}</output></p>
    ${zero ? html`<p class="hint" id="why-zero">${t(`explain.zero.${zero}`)}</p>` : null}
  `;
}

/**
 * A computed 0 says why it is one.
 * @param {Term[]} terms
 * @returns {"gate" | "target" | "factor" | "cancel"}
 */
function whyZero(terms) {
  if (terms.some(({ value }) => Number(value) !== 0)) return "cancel";
  const zeros = terms.flatMap(({ factors }) => factors.filter(({ value }) => Number(value) === 0));
  if (zeros.some(({ function: applied }) => applied === "step" || applied === "relu")) return "gate";
  return zeros.some(({ tensor }) => tensor === "t" || tensor.startsWith("loss.t.")) ? "target" : "factor";
}

/** @param {Term} term */
function termRow({ factors, value, coefficient = 1 }) {
  const sign = coefficient === -1 ? "\u2212" : coefficient === 1 ? null : `${short(coefficient)} \u00d7`;
  return html`<li>
    ${sign} ${factors.map((factor, i) => [i > 0 ? "\u00d7" : null, factorButton(factor)])}
    <span class="term-value" title=${full(value)}>= ${short(value)}</span>
  </li>`;
}

/**
 * What stands for a number of which a function was taken, as NumPy or the book write it.
 * @type {Record<string, (inner: string) => string>}
 */
const FUNCTIONS = {
  identity: (inner) => inner,
  exp: (inner) => `exp(${inner})`,
  log: (inner) => `log(${inner})`,
  reciprocal: (inner) => `1/${inner}`,
  square: (inner) => `${inner}\u00b2`,
  step: (inner) => `[${inner} > 0]`,
  relu: (inner) => `max(${inner}, 0)`,
  one_minus: (inner) => `(1 \u2212 ${inner})`,
  one_minus_square: (inner) => `(1 \u2212 ${inner}\u00b2)`,
};

/** @param {Factor} factor */
function factorButton({ tensor, index, value, function: applied = "identity", cell_value: cell }) {
  const number = applied === "identity" ? value : (cell ?? value);
  const bare = short(number);
  const inner = bare.startsWith("\u2212") ? `(${bare})` : bare;
  const text = (FUNCTIONS[applied] ?? ((/** @type {string} */ it) => `${applied}(${it})`))(inner);
  const edge = edgeOf(tensor);
  const title = `${edge ? nameOf(tensor) : tensor}${index.length ? `[${index.join(", ")}]` : ""} = ${full(number)}`;
  if (!edge) return html`<span class="factor" title=${title}>${text}</span>`;
  const spots = [{ key: tensor, index: positionOf(index, edge.shape) }];
  return html`<button
    type="button"
    class=${tensor.endsWith(".grad") ? "factor gradient" : "factor"}
    title=${title}
    aria-label=${title}
    @click=${() => (selection.value = spots[0])}
    @pointerenter=${() => (pointed.value = spots)}
    @pointerleave=${() => (pointed.value = [])}
    @focus=${() => (pointed.value = spots)}
    @blur=${() => (pointed.value = [])}
  >${text}</button>`;
}
