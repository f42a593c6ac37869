/**
 * Two runs on the same axes, of this session or of others, with what is different about them; and a
 * run once more from the same start with another rate: what the rate alone makes of it.
 *
 * @import { Session } from "../pagetypes.js"
 * @import { History, Run } from "../types.js"
 */
import { signal } from "@preact/signals-core";
import { html } from "lit-html";
import * as calls from "../calls.js";
import { short } from "../format.js";
import { again, asking, isActive, ownRun } from "../learning.js";
import { looking } from "../looking.js";
import { rivals } from "../rivals.js";
import { editable, session, theme } from "../store.js";
import { language, t } from "../strings.js";
import { valueOf } from "./chosen.js";
import { bringCharts } from "./charts.js";
import { learns } from "./data.js";
import { differing, sessionTitle } from "./differing.js";
import { otherSessions } from "./rivals.js";

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

/**
 * @typedef {{run: Run, session: Session, number: number, isOwn: boolean}} Entry  number: among the runs of its session
 * @typedef {{entries: Entry[], two: Entry[], histories: History[]}} Two  `two`: one where there is only one
 */

const found = looking(
  () => {
    const { first, second } = chosen.value;
    const others = rivals.value.flatMap(({ runs }) => runs.map(({ id, step }) => `${id}:${step}`));
    return learns() && ownRun.value?.step
      ? [ownRun.value.id, ownRun.value.state, first, second, ...others].join(" ")
      : null;
  },
  async (id) => {
    const now = session.peek();
    const own = now ? entriesOf(now, await calls.getRuns(id), true) : [];
    const others = rivals.peek().filter((rival) => rival.session.id !== id);
    const entries = [...others.flatMap((rival) => entriesOf(rival.session, rival.runs, false)), ...own];
    const two = chosenOf(entries);
    const histories = two.map((one) => calls.getHistory(one.session.id, one.run.id, POINTS));
    return { entries, two, histories: await Promise.all(histories) };
  },
);

/** @param {Session} of @param {Run[]} runs @param {boolean} isOwn @returns {Entry[]} */
function entriesOf(of, runs, isOwn) {
  const trained = runs.filter(({ step }) => step > 0);
  return trained.map((run, i) => ({ run, session: of, number: i + 1, isOwn }));
}

/** The earlier and the later of two, or one. @param {Entry[]} entries */
function chosenOf(entries) {
  const { first, second } = chosen.peek();
  const later = entries.find(({ run }) => run.id === second) ?? entries.at(-1);
  const others = entries.filter((one) => one !== later);
  const earlier = others.find(({ run }) => run.id === first) ?? others.at(-1);
  return /** @type {Entry[]} */ ([earlier, later].filter(Boolean));
}

export function compare() {
  const { value, problem } = found.value;
  if (problem) return html`<p class="problem" role="alert">${problem}</p>`;
  if (!value) return html`<p class="hint">${t(ownRun.value ? "loading.now" : "compare.none")}</p>`;
  return html`${value.two.length === 2 ? both(value) : html`<p class="hint">${t("compare.one")}</p>`}
    ${againButtons(value.entries.findLast(({ isOwn }) => isOwn)?.run)}
    ${otherSessions(
      (first, second) => choose(first === undefined ? { second } : { first, second }),
      value.entries.findLast(({ isOwn }) => isOwn)?.run,
    )}`;
}

/** @param {Two} value */
function both({ entries, two, histories }) {
  const columns = COLUMNS.filter((name) => histories.some((history) => history[name].some((value) => value !== null)));
  const what = columns.find((name) => name === chosen.value.what) ?? "loss";
  const [first, second] = two;
  return html`<div class="two-runs">
      ${choice("first", first, entries)} ${choice("second", second, entries)}
      <label class="field">
        <span>${t("compare.what")}</span>
        <select id="compare-what" @change=${(/** @type {Event} */ event) => choose({ what: /** @type {Column} */ (valueOf(event)) })}>
          ${columns.map((name) => html`<option value=${name} .selected=${name === what}>${t(`learn.${name}`)}</option>`)}
        </select>
      </label>
    </div>
    ${drawn(
      two.map((one) => nameOf(one)),
      histories,
      what,
    )}
    ${differing(two)}`;
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

/** @param {"first" | "second"} which @param {Entry} now @param {Entry[]} entries */
function choice(which, now, entries) {
  return html`<label class="field">
    <span>${t(`compare.${which}`)}</span>
    <select id=${`compare-${which}`} @change=${(/** @type {Event} */ event) => choose({ [which]: valueOf(event) })}>
      ${entries.map((one) => html`<option value=${one.run.id} .selected=${one.run.id === now.run.id}>${nameOf(one)}</option>`)}
    </select>
  </label>`;
}

/** @param {Partial<typeof chosen.value>} change */
function choose(change) {
  chosen.value = { ...chosen.value, ...change };
}

/** @param {Entry} one */
function nameOf({ run, session: of, number, isOwn }) {
  // What is different is told below, so a name need only tell them apart.
  if (!isOwn) return t("compare.name.of", { session: sessionTitle(of), number });
  const { optimizer, batch_size: batch, seed } = run;
  return t("compare.name", {
    number,
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
