/**
 * The numbers the pass starts from, as tables that are edited in place: inputs, targets, the
 * gradient given from above, parameters, learning rate.
 *
 * @import { Session, Value } from "../pagetypes.js"
 */
import { html } from "lit-html";
import { catalogue, editable, session, stale } from "../store.js";
import { t } from "../strings.js";
import { update } from "../onward.js";
import { edit, fork } from "../session.js";
import { canCome } from "../leftout.js";
import { isOmitted, isProgram, shapeOf } from "../values.js";
import { dataAxes, dataName } from "../figure/names.js";
import { shapeText, short } from "../format.js";
import { parseNumber } from "../matrices/numbers.js";
import { allowedMessage, messageOf } from "../messages.js";
import { valueOf } from "./chosen.js";
import { classesField, namesInTargets } from "./classes.js";
import { tableEditor } from "./editor.js";
import { allFiles, tensorFiles } from "./files.js";
import { numberField } from "./input.js";
import { note, notes, problems, whenSent } from "./said.js";
import { moreSamples, removeSample, samplesChange } from "./samples.js";
import { openNetworkForm } from "./network.js";
import { undoing } from "./undoing.js";
import { typedSentence } from "./words.js";
import { signal } from "@preact/signals-core";

/** What is typed as the learning rate of a session that has another one. */
const typed = signal(/** @type {{id: string, rate: number, text: string} | null} */ (null));
/** The last learning rate on its way: null where it was refused. @type {Promise<unknown>} */
let rateSent = Promise.resolve();

export function data() {
  const now = session.value;
  if (!now) return null;
  /** @type {[string, Value | null, string][]} */
  const samples = [
    ["x", now.x, t("data.x")],
    ["t", now.t, t(isOneHot(now.t) ? "data.t.onehot" : "data.t.labels")],
  ];
  /** @type {[string, Value | null, string][]} */
  const tensors = [
    ...(isProgram(now) ? [] : samples),
    ["grad_output", now.loss === null && now.grad_output ? now.grad_output : null, t("data.grad_output")],
    ...Object.entries(now.parameters).map(
      ([name, value]) =>
        /** @type {[string, Value, string]} */ ([name, value, isLearned(now, name) ? t("data.learned") : ""]),
    ),
  ];
  return html`
    <p class="hint">${t(editable.value ? "data.hint" : "data.readonly")}</p>
    ${editable.value ? null : html`<button type="button" @click=${copyToOwn}>${t("data.fork")}</button>`}
    <p class="state" role="status">${stale.value ? t("stale.now") : ""}</p>
    ${undoing()}
    ${isProgram(now) ? null : html`<button type="button" id="other-data" @click=${() => openNetworkForm(true)}>${t("data.other")}</button>`}
    ${allFiles()}
    ${tensors.map(([name, value, title]) => (value === null ? null : section(name, value, title)))}
    ${learningRate()}
  `;
}

/** @param {string} name @param {Value} value @param {string} title */
function section(name, value, title) {
  const shape = isOmitted(value) ? value.shape : shapeOf(value);
  return html`<section class="tensor" data-name=${name} aria-labelledby="data-${name}">
    <h2 id="data-${name}">
      ${dataName(name)} ${dataName(name) === name ? null : html`<code>${name}</code>`} <span class="shape">${shapeText(dataAxes(name, shape))}</span>
      ${title ? html`<span class="what">${title}</span>` : null}
    </h2>
    ${
      isOmitted(value)
        ? html`<p class="hint">${t(canCome(value) ? "data.coming" : "data.large")}</p> ${notes(name)}`
        : tableEditor(name, value, besideRows(name))
    }
    ${isSamples(name, "x") ? moreSamples() : null} ${isSamples(name, "t") ? classesField() : null} ${tensorFiles(name, shape.length)}
  </section>`;
}

/** Whether a tensor is that one of the samples: a program has names of its own. @param {string} name @param {"x" | "t"} which */
function isSamples(name, which) {
  return name === which && session.value !== null && !isProgram(session.value);
}

/** Of a program, what an optimiser moves. @param {Session} now @param {string} name */
function isLearned({ network }, name) {
  return network.learned?.includes(name) ?? false;
}

/** What a table has beside its numbers. @param {string} name @returns {import("./editor.js").Beside} */
function besideRows(name) {
  if (isSamples(name, "t")) return namesInTargets();
  // A row of an image is no sample.
  const isRows = session.value?.network.input_shape === undefined;
  return isRows && isSamples(name, "x") && samplesChange() ? { rowTools: removeSample } : {};
}

/** @param {Value | null} targets  else labels */
function isOneHot(targets) {
  return targets !== null && (isOmitted(targets) ? targets.shape : shapeOf(targets)).length === 2;
}

/** Where a step of the optimiser is possible: there is a loss, a target, and something to adjust. */
export function learns() {
  const now = session.value;
  if (now === null || !now.network.loss) return false;
  return isProgram(now) ? programLearns() : now.t !== null && Object.keys(now.parameters).length > 0;
}

/** Of a program, whether something in it learns. */
function programLearns() {
  const { network, grad_output = null } = session.value ?? {};
  return Boolean((network?.loss || grad_output !== null) && network?.learned?.length);
}

/** Where the parameters have gradients, from a loss or from one that is given. */
export function hasGradients() {
  const now = session.value;
  if (now !== null && isProgram(now)) return programLearns();
  const isGiven = now !== null && !now.network.loss && now.grad_output !== null;
  return learns() || (isGiven && Object.keys(now.parameters).length > 0);
}

function learningRate() {
  const now = session.value;
  if (!now || !hasGradients()) return null;
  const rate = now.optimizer.learning_rate;
  const text = typedRate();
  const problem = text === null ? null : rateProblem(text);
  return html`<section class="tensor" aria-labelledby="data-rate">
    <h2 id="data-rate">${t("data.rate")}</h2>
    <div
      class="rate"
      @input=${(/** @type {Event} */ event) => (typed.value = { id: now.id, rate, text: valueOf(event) })}
      @keydown=${(/** @type {KeyboardEvent} */ press) => {
        if (press.key !== "Escape") return;
        typed.value = null;
        note("learning_rate", null);
      }}
    >
      ${numberField({ tensor: "learning_rate", index: [], value: rate, labelledby: "data-rate", send: sendRate })}
      <button type="button" id="update" ?disabled=${!editable.value || problem !== null} @click=${takeStep}>
        ${t("data.update")}
      </button>
    </div>
    ${
      problem && text !== null
        ? html`<p class="problem" role="alert" id=${parseNumber(text) === null ? "words-learning_rate-" : "problem-learning_rate"}>${problem}</p>`
        : notes("learning_rate")
    }
  </section>`;
}

/** Why what was typed is no learning rate; null where it is one. @param {string} text */
function rateProblem(text) {
  const value = parseNumber(text);
  if (value === null) return typedSentence(text);
  const allowed = catalogue.value?.limits.learning_rate;
  const { exclusiveMinimum: above = -Infinity, maximum = Infinity } = allowed ?? {};
  return allowed && (value <= above || value > maximum) ? allowedMessage(t("data.rate"), allowed) : null;
}

/** @param {number} value */
function sendRate(value) {
  // The words stand there already.
  if (rateProblem(String(value))) return Promise.resolve(null);
  rateSent = whenSent("learning_rate", edit([{ op: "set", tensor: "learning_rate", index: [], value }]));
  return rateSent;
}

/** What stands in the field and is not the session's rate, or not yet. */
function typedRate() {
  const now = session.value;
  return typed.value?.id === now?.id && typed.value?.rate === now?.optimizer.learning_rate
    ? (typed.value?.text ?? null)
    : null;
}

/** Never with another rate than the one shown: the one typed last has to be taken first. */
async function takeStep() {
  await rateSent;
  const wanted = parseNumber(typedRate() ?? "");
  const isTaken = wanted === null || wanted === session.value?.optimizer.learning_rate;
  if (!isTaken && (await sendRate(wanted)) === null) return;
  const loss = await whenSent("learning_rate", update());
  if (loss)
    note("learning_rate", null, {
      hint: t(learns() ? "data.updated" : "data.updated.sum", { before: short(loss.before), after: short(loss.after) }),
    });
}

async function copyToOwn() {
  try {
    await fork();
  } catch (error) {
    problems.value = new Map([["x", messageOf(error)]]);
  }
}
