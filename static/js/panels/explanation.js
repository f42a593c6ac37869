/**
 * What happens, in words: the op in play, or the cell that was clicked.
 *
 * @import { TemplateResult } from "lit-html"
 * @import { Spot } from "../pagetypes.js"
 * @import { TraceEvent } from "../types.js"
 */
import { html } from "lit-html";
import { ask, askedOp, asking } from "../asking.js";
import { bring, fromLater, later } from "../coming.js";
import { formulaPicture } from "../figure/formula.js";
import { turnOf } from "../figure/openops.js";
import { edgeOf, formulaFor, layerTitle, nameOf, opTitle, tensorOf, totalName } from "../figure/names.js";
import { plainFormula, shapeText, short } from "../format.js";
import { acrossAll, passed } from "../passed.js";
import { messageOf } from "../messages.js";
import { scrolling } from "../scroll.js";
import {
  cursor,
  event,
  graph,
  loading,
  notice,
  pointed,
  presets,
  selection,
  session,
  subject,
  trace,
  view,
} from "../store.js";
import { has, t, tParts } from "../strings.js";
import { goTo, position } from "../timeline.js";
import { equationInPlay, equations } from "./equations.js";
import { leading, prose, sumOfTargets } from "./leading.js";
import { samplesOf } from "../values.js";
import { learnedBy, strideRules, strideSentence } from "./stride.js";
import { FEW_CELLS, numbers } from "./numbers.js";
import { turnButton } from "./turn.js";

export function explanation() {
  const doings = trace.value?.events.filter(({ node }) => node === askedOp.value) ?? [];
  if (doings.length > 0) return html`${opExplanation(doings)} ${digitSection()} ${equations()}`;
  const asked = asking.value ? selection.value : null;
  if (asked) return html`${answer(asked)} ${digitSection()} ${equations()}`;
  return html`
    <section class="step" aria-labelledby="step-title">
      <h2 id="step-title" tabindex="-1">${heading()}</h2>
      <p class="sentence" id="sentence">${sentenceParts()}</p>
      ${event.value && openingKey() ? html`<p class="opening">${t(openingKey() ?? "")}</p>` : null}
      ${alone()} ${event.value ? rule(event.value) : null} ${turnButton(turnInPlay())} ${sumOfTargets()}
    </section>
    ${subject.value ? answer(subject.value) : trace.value ? hint() : null} ${digitSection()} ${equations()} ${prose()} ${leading()}
  `;
}

/** The digit, in the figure of one; or the samples of a mini-batch. */
function digitSection() {
  const preset = presets.value.find(({ id }) => id === session.value?.preset);
  if (preset?.rows) return fromLater((rest) => rest.digitSection());
  return session.value?.data ? fromLater((rest) => rest.batchSection()) : null;
}

/** What one op does, forward and on the way back, each with its step. @param {TraceEvent[]} doings */
function opExplanation(doings) {
  const [{ node }] = doings;
  return html`<section class="chosen" aria-labelledby="chosen-title">
    ${later.value?.way()}
    <h2 id="chosen-title" tabindex="-1">${opTitle(node)}</h2>
    <ol class="doings">
      ${doings.map(
        (now) => html`<li>
          <span class="phase ${now.phase}">${t(`phase.${now.phase}`)}</span>
          <p>${glued(tParts(sentenceKey(now), named(now, term)))}</p>
          <button type="button" class="doing" @click=${() => goTo({ seq: now.seq + 1, element: 0 })}>
            ${t("explain.goTo")}
          </button>
        </li>`,
      )}
    </ol>
    ${turnButton(graph.value && turnOf(graph.value, node))}
  </section>`;
}

/** @param {Spot} spot */
function answer(spot) {
  return fromLater(({ cellExplanation }) => cellExplanation(spot));
}

/** What opens or closes at the op in play; Softmax has no part in the mean. */
function turnInPlay() {
  const now = event.value;
  if (!now || !graph.value || passed.value || now.rule_name.endsWith(".probabilities")) return null;
  return turnOf(graph.value, now.node);
}

function hint() {
  return html`<p class="hint">${t("explain.hint")}</p>`;
}

/** One sample of a batch by itself has a loss of its own, and the figure says so. */
function alone() {
  const now = session.value;
  const count = now ? samplesOf(now) : 1;
  if (!now || view.value.level !== "element" || count < 2 || now.loss === null) return null;
  const n = view.value.sample;
  const loss = plainFormula(`L_{${n}}`);
  return html`<p class="hint" id="alone">${t("sample.alone", { n, loss, count, mean: short(now.loss) })}</p>`;
}

function heading() {
  const now = event.value;
  if (!now) return position();
  const isPhase = new Set(passed.value?.map(({ layer }) => layer)).size > 1;
  const layer = now.layer && !isPhase ? ` \u00b7 ${layerTitle(now.layer)}` : "";
  return html`${position()}<span class="phase ${now.phase}">${t(`phase.${now.phase}`)}${layer}</span>`;
}

/** The sentence of the step, with a button for each tensor it names. */
function sentenceParts() {
  const now = event.value;
  if (!trace.value) return loading.value ? null : t("loading.nothing");
  if (!now) return t(openingKey() ?? "start.any", { n: (session.value?.cursor.step ?? 0) + 1 });
  if (!passed.value) return glued(tParts(sentenceKey(now), named(now, term)));
  const { key, names } = strideSentence(passed.value, term);
  return glued(tParts(key, names).flat());
}

/** Signs that belong to the term before or after them, and particles of Korean. */
const AFTER = /^[\p{Punctuation}\p{Symbol}\p{No}\p{Script=Hangul}]+/u;
const BEFORE = /[\p{Punctuation}\p{Symbol}]+$/u;

/**
 * A line may begin after a button or before it, also where a bracket or a full stop stands: so each
 * term is kept together with what is written right beside it.
 * @param {(string | TemplateResult)[]} parts
 */
function glued(parts) {
  /** @type {(string | TemplateResult)[]} */
  const made = [];
  let taken = "";
  parts.forEach((part, i) => {
    if (typeof part === "string") {
      made.push(part.slice(taken.length));
      taken = "";
      return;
    }
    const before = made.at(-1) ?? "";
    const left = typeof before === "string" ? (BEFORE.exec(before)?.[0] ?? "") : "";
    if (typeof before === "string" && left) made[made.length - 1] = before.slice(0, -left.length);
    const after = parts[i + 1];
    taken = typeof after === "string" ? (AFTER.exec(after)?.[0] ?? "") : "";
    made.push(html`<span class="together">${left}${part}${taken}</span>`);
  });
  return made;
}

/** The same as plain text, for the live region. */
export function sentenceText() {
  if (asking.value && selection.value) return later.value?.spokenAnswer(selection.value) ?? "";
  const now = event.value;
  const opening = openingKey();
  const said = now ? spokenStep(now) : "";
  const step = (session.value?.cursor.step ?? 0) + 1;
  return opening ? `${said} ${t(opening, { n: step })}`.trim() : said;
}

/** @param {TraceEvent} now */
function spokenStep(now) {
  if (!passed.value) return t(sentenceKey(now), named(now, nameOf));
  const { key, names } = strideSentence(passed.value, nameOf);
  return tParts(key, names).flat().join("");
}

/** At the start and where backward begins, a preset may say what to look at. */
function openingKey() {
  const { seq, element } = cursor.value;
  const preset = session.value?.preset;
  const first = trace.value?.events.findIndex(({ phase }) => phase === "backward") ?? -1;
  const end = trace.value?.events.length;
  if (element > 0) return null;
  if (seq === 0 && (session.value?.cursor.step ?? 0) > 0) return "update.next";
  if (seq === 0) return has(`start.${preset}`) ? `start.${preset}` : "start.any";
  if (first < 0 && seq === end) return has(`end.${preset}`) ? `end.${preset}` : null;
  if (seq === first) return has(`backward.${preset}`) ? `backward.${preset}` : "backward.any";
  return null;
}

/** @param {TraceEvent} now */
function sentenceKey({ rule_name: name, op, shape, reads, phase }) {
  const rule = ruleKey(name);
  // Sentences of ops that no preset of layers has come with the rest of the page.
  if (!has(rule) && !has(`rule.${op}.forward`) && !later.value) {
    bring().catch((error) => (notice.value = messageOf(error)));
  }
  const key = trace.value?.n === 1 && has(`${rule}.one`) ? `${rule}.one` : rule;
  if (phase === "backward") return gradientKey(key, shape, reads) ?? key;
  const last = edgeOf(reads.at(-1) ?? "")?.shape;
  const rows = reads.length === 2 && shape.length === 2 && shape[0] > 1 && last?.length === 1;
  if (rows && has(`${key}.rows`)) return `${key}.rows`;
  if (reads.length > 2 && has(`${key}.many`)) return `${key}.many`;
  return has(key) ? key : `rule.${op}.forward`;
}

/** + and × treat all their inputs alike, and have one sentence for them. @param {string} name */
function ruleKey(name) {
  const key = `rule.${name}`;
  return has(key) ? key : key.replace(/(\.gradient)\.\d$/, "$1");
}

/** @param {string} key @param {number[]} shape @param {string[]} reads */
function gradientKey(key, shape, reads) {
  const upstream = reads.filter((read) => read.endsWith(".grad"));
  const above = edgeOf(upstream[0] ?? "")?.shape ?? [];
  // A bias that was copied to every row has its gradients added up again; without an axis for the
  // samples, as in figure 5-25, there are no rows.
  const summed = above.length === 2 && shape.length === 1 && !view.value.single;
  if (summed && has(`${key}.rows`)) return `${key}.rows`;
  return upstream.length > 1 && has(`${key}.branches`) ? `${key}.branches` : null;
}

/**
 * What stands for {a}, {b}, {g}, {out}, {to} in a sentence: values read, gradient read, what is
 * made, and for a gradient whose it is.
 * @template T
 * @param {TraceEvent} now
 * @param {(key: string) => T} as
 * @returns {Record<string, T | string>}
 */
function named({ reads, writes, phase }, as) {
  const values = reads.filter((key) => !key.endsWith(".grad"));
  const gradients = reads.filter((key) => key.endsWith(".grad"));
  /** @param {string | undefined} key */
  const maybe = (key) => (key === undefined ? "" : as(key));
  return {
    a: maybe(values[0]),
    b: maybe(values[1]),
    g: (gradients.length > 1 && totalName(gradients[0])) || maybe(gradients[0]),
    out: maybe(phase === "update" ? writes.at(-1) : writes[0]),
    to: phase === "backward" ? maybe(writes[0]?.replace(/\.grad$/, "")) : "",
    count: String(phase === "backward" ? gradients.length : reads.length),
  };
}

/** @param {string} key */
export function term(key) {
  if (!tensorOf(key)) return html`<b>${nameOf(key)}</b>`;
  const spots = [{ key, index: null }];
  return html`<button
    type="button"
    class=${key.endsWith(".grad") ? "term gradient" : "term"}
    @click=${() => ask({ key, index: null })}
    @pointerenter=${() => (pointed.value = spots)}
    @pointerleave=${() => (pointed.value = [])}
    @focus=${() => (pointed.value = spots)}
    @blur=${() => (pointed.value = [])}
  >${nameOf(key)}</button>`;
}

/** What leaves on several arrows is one thing that was made. @param {string[]} keys */
function oncePerTensor(keys) {
  /** @param {string} key */
  const made = (key) => (key.endsWith(".grad") ? key : `${edgeOf(key)?.tensor ?? key} ${edgeOf(key)?.row ?? ""}`);
  return keys.filter((key, i) => keys.findIndex((other) => made(other) === made(key)) === i);
}

/** @param {TraceEvent} now */
function rule(now) {
  const events = passed.value;
  if (now.phase === "update" && !events) {
    return html`${formulaOfRule(now)} ${fromLater(({ updateTables }) => updateTables(now))}`;
  }
  const { reads, writes } = !events ? now : now.phase === "update" ? ofUpdates(events) : acrossAll(events);
  return html`
    ${events ? strideRules(events).map(formulaOfRule) : [equationInPlay(), ownRule(now)]}
    <ul class="operands" aria-label=${t("explain.operands")}>
      ${(events ? reads : asWritten(now)).map((key) => operand(key, t("explain.read"), undefined, events ? null : now))}
      ${oncePerTensor(writes).map((key) => operand(key, t("explain.made"), events ? undefined : now.shape))}
    </ul>
  `;
}

/** Of many updates what matters: the new parameters. @param {readonly TraceEvent[]} events */
function ofUpdates(events) {
  return { reads: /** @type {string[]} */ ([]), writes: learnedBy(events) };
}

/** The equation says it with its shapes, but not that a sum over rows is a product with a row of ones. @param {TraceEvent} now */
function ownRule(now) {
  return equationInPlay() && now.op !== "repeat" ? null : formulaOfRule(now);
}

/** What is read, in the order of the formula: X^T stands before the gradient. @param {TraceEvent} now */
function asWritten({ reads, rule_name: name }) {
  return name === "dot.gradient.1" ? [...reads.slice(-1), ...reads.slice(0, -1)] : reads;
}

/**
 * How a product back sees what it reads: a factor transposed, and one sample as a row.
 * @param {string} key @param {TraceEvent} event
 */
function seenAs(key, { rule_name: name }) {
  const edge = edgeOf(key);
  if (!edge || !name.startsWith("dot.gradient.")) return null;
  if (!key.endsWith(".grad")) {
    // As the figure writes it: N stays N.
    const written = /^\((\w+), (\w+)\)/.exec(edge.shape_text);
    const shape = written ? `(${written[2]}, ${written[1]})` : shapeText([...edge.shape].reverse());
    return t("explain.transposed", { shape });
  }
  const whole = shapeText(edge.shape);
  const isRow = view.value.single && edge.shape_text !== whole;
  return isRow ? t("explain.seen", { shape: whole }) : null;
}

/** @param {TraceEvent} event */
function formulaOfRule({ rule: latex }) {
  const formula = formulaFor(latex);
  return html`<div class="rule">
    ${formula ? formulaPicture(formula, 1.2) : html`<span class="plain-formula">${plainFormula(latex)}</span>`}
  </div>`;
}

/** @param {string} key @param {string} role @param {number[]} [shape] @param {TraceEvent | null} [reader] */
function operand(key, role, shape, reader = null) {
  const seen = reader && seenAs(key, reader);
  const edge = tensorOf(key);
  const text = edge?.shape_text ?? (shape ? shapeText(shape) : "");
  return html`<li>
    <span class="role">${role}</span>
    <span>${tensorOf(key) ? term(key) : nameOf(key)} <span class="shape">${text}</span>
      ${seen ? html`<span class="seen">${seen}</span>` : null}</span>
    ${scrolling(numbers(key, FEW_CELLS), nameOf(key))}
  </li>`;
}
