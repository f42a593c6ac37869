/**
 * Two runs on the same axes, and a run once more from the same start with another rate: what the
 * rate alone makes of it.
 *
 * @import { History, Run } from "../types.js"
 */
import { signal } from "@preact/signals-core";
import { html } from "lit-html";
import * as api from "../api.js";
import { short } from "../format.js";
import { again, asking, isActive, ownRun } from "../learning.js";
import { looking } from "../looking.js";
import { editable, theme } from "../store.js";
import { language, t } from "../strings.js";
import { valueOf } from "./chosen.js";
import { bringCharts } from "./charts.js";
import { learns } from "./data.js";

const POINTS = 1000;
/** What a run is made again with. */
const FACTORS = /** @type {const} */ ([
  ["more", 10],
  ["less", 0.1],
]);

/** What can be compared; held-out samples are not always there. */
const COLUMNS = /** @type {const} */ (["loss", "accuracy", "test_loss", "test_accuracy"]);

/** @typedef {typeof COLUMNS[number]} Column */

/** What was chosen; the two newest runs where nothing was. */
const chosen = signal(/** @type {{first?: string, second?: string, what: Column}} */ ({ what: "loss" }));

/** @typedef {{runs: Run[], two: Run[], histories: History[]}} Two  `two`: one where there is only one */

const found = looking(
  () => {
    const { first, second } = chosen.value;
    return learns() && ownRun.value?.step ? [ownRun.value.id, ownRun.value.state, first, second].join(" ") : null;
  },
  async (id) => {
    const runs = (await api.getRuns(id)).filter(({ step }) => step > 0);
    const two = chosenOf(runs);
    return { runs, two, histories: await Promise.all(two.map((one) => api.getHistory(id, one.id, POINTS))) };
  },
);

/** The earlier and the later of two, or one. @param {Run[]} runs */
function chosenOf(runs) {
  const { first, second } = chosen.peek();
  const later = runs.find(({ id }) => id === second) ?? runs.at(-1);
  const others = runs.filter((one) => one !== later);
  const earlier = others.find(({ id }) => id === first) ?? others.at(-1);
  return /** @type {Run[]} */ ([earlier, later].filter(Boolean));
}

export function compare() {
  const { value, problem } = found.value;
  if (problem) return html`<p class="problem" role="alert">${problem}</p>`;
  if (!value) return html`<p class="hint">${t(ownRun.value ? "loading.now" : "compare.none")}</p>`;
  return html`${value.two.length === 2 ? both(value) : html`<p class="hint">${t("compare.one")}</p>`}
    ${againButtons(value.two.at(-1))}`;
}

/** @param {Two} value */
function both({ runs, two, histories }) {
  const columns = COLUMNS.filter((name) => histories.some((history) => history[name].some((value) => value !== null)));
  const what = columns.find((name) => name === chosen.value.what) ?? "loss";
  const [first, second] = two;
  return html`<div class="two-runs">
      ${choice("first", first, runs)} ${choice("second", second, runs)}
      <label class="field">
        <span>${t("compare.what")}</span>
        <select id="compare-what" @change=${(/** @type {Event} */ event) => choose({ what: /** @type {Column} */ (valueOf(event)) })}>
          ${columns.map((name) => html`<option value=${name} .selected=${name === what}>${t(`learn.${name}`)}</option>`)}
        </select>
      </label>
    </div>
    ${drawn(
      two.map((one) => nameOf(one, runs)),
      histories,
      what,
    )}`;
}

/** @param {readonly string[]} names @param {History[]} histories @param {Column} what */
function drawn(names, histories, what) {
  const charts = bringCharts();
  if (!charts) return html`<p class="hint">${t("loading.now")}</p>`;
  charts.compared.compare(histories, names, what, `${theme.value} ${language.value}`);
  return html`<figure class="curve" role="group" aria-label=${t("compare.drawn", { first: names[0], second: names[1] })}>
    ${charts.compared.place}
  </figure>`;
}

/** @param {"first" | "second"} which @param {Run} now @param {Run[]} runs */
function choice(which, now, runs) {
  return html`<label class="field">
    <span>${t(`compare.${which}`)}</span>
    <select id=${`compare-${which}`} @change=${(/** @type {Event} */ event) => choose({ [which]: valueOf(event) })}>
      ${runs.map((one) => html`<option value=${one.id} .selected=${one.id === now.id}>${nameOf(one, runs)}</option>`)}
    </select>
  </label>`;
}

/** @param {Partial<typeof chosen.value>} change */
function choose(change) {
  chosen.value = { ...chosen.value, ...change };
}

/** @param {Run} one @param {Run[]} runs */
function nameOf(one, runs) {
  const { optimizer, batch_size: batch, seed } = one;
  return t("compare.name", {
    number: runs.indexOf(one) + 1,
    optimizer: t(`optimizer.${optimizer.type}`),
    rate: short(optimizer.learning_rate),
    batch: batch.toLocaleString(language.value),
    seed,
  });
}

/** @param {Run | undefined} former */
function againButtons(former) {
  // Mini-batches that were given by their rows cannot be drawn again.
  if (!former || former.fixed_batches) return null;
  const isOff = asking.value || !editable.value || isActive(ownRun.value);
  return html`<div class="buttons">
    ${FACTORS.map(([name, factor]) => {
      const rate = Number((former.optimizer.learning_rate * factor).toPrecision(12));
      return html`<button type="button" id=${`again-${name}`} ?disabled=${isOff} @click=${() => start(former, rate)}>
        ${t(`compare.${name}`, { rate: short(rate) })}
      </button>`;
    })}
  </div>`;
}

/** @param {Run} former @param {number} rate */
async function start(former, rate) {
  // The new run stands beside the one that it is made from.
  choose({ first: former.id, second: undefined });
  await again(former, { ...former.optimizer, learning_rate: rate });
}
