/**
 * Learning in four steps, over and over: started, watched and stopped, with its curve; any step of
 * it can be opened in the figure.
 *
 * @import { Session } from "../pagetypes.js"
 * @import { Run } from "../types.js"
 */
import { signal } from "@preact/signals-core";
import { html } from "lit-html";
import { percentText, short } from "../format.js";
import { asking, changeRate, control, curve, isActive, openStep, refused, run, start } from "../learning.js";
import { allowedMessage, messageOf } from "../messages.js";
import { changeView } from "../session.js";
import { parseNumber } from "../matrices/numbers.js";
import { catalogue, editable, session, theme, view } from "../store.js";
import { language, t } from "../strings.js";
import { isProgram, samplesOf } from "../values.js";
import { valueOf } from "./chosen.js";
import { bringCharts } from "./charts.js";
import { gradientCheck } from "./check.js";
import { hasGradients, learns } from "./data.js";
import { titled } from "./large.js";
import { looks } from "./looks.js";

const OPTIMIZERS = /** @type {const} */ (["sgd", "momentum", "adagrad", "adam"]);
/** The slider's ends, as powers of ten; the field beside it takes all that may be. */
const SLOWEST = -4;
const FASTEST = 1;

/** @typedef {"rate" | "batch" | "steps" | "seed"} Field */
/** What was typed and which optimiser was chosen; null where the session says it. */
const typed = signal(/** @type {{[name in Field | "type" | "open"]?: string}} */ ({}));

export function learn() {
  const now = session.value;
  if (!now) return null;
  if (!learns()) {
    return html`<section class="learn">
        <p class="hint">${t(whyNot(now))}</p>
        ${hasGradients() ? single() : null}
      </section>
      ${hasGradients() ? gradientCheck() : null}`;
  }
  const faults = faultsOf();
  return html`<section class="learn" aria-labelledby="learn-title">
    <h2 id="learn-title">${t("learn.title")}</h2>
    <p class="hint">${t("learn.hint")}</p>
    ${drawnFrom(now)} ${form(faults)} ${buttons(faults)} ${single()} ${progress()} ${picture()} ${opening()} ${opened()}
    ${refused.value ? html`<p class="problem" role="alert">${refused.value}</p>` : null} ${looks()}
    </section>
    ${gradientCheck()}`;
}

/** Why no run can be. @param {Session} now */
function whyNot(now) {
  if (!isProgram(now)) return "learn.nothing";
  if (now.network.clash) return "learn.program.clash";
  return now.network.loss === null ? "learn.program" : "learn.program.nothing";
}

/** What a program's mini-batches are drawn from; a network has its samples. @param {Session} now */
function drawnFrom(now) {
  // Of a step that is opened, only its mini-batch is here.
  if (!isProgram(now) || now.opened) return null;
  const { samples } = now.network;
  const listed = new Intl.ListFormat(language.value).format(samples?.names ?? []);
  const words = samples && { names: listed, count: count(samples.rows) };
  return html`<p class="hint" id="learn-samples">
    ${words ? t("learn.program.samples", words) : t("learn.program.whole")}
  </p>`;
}

/** @param {ReadonlyMap<Field, string>} faults */
function form(faults) {
  const active = isActive(run.value);
  const type = wanted("type");
  return html`<form class="plan" @submit=${(/** @type {Event} */ event) => event.preventDefault()}>
    <label class="field">
      <span>${t("learn.optimizer")}</span>
      <select id="learn-type" ?disabled=${active} @change=${(/** @type {Event} */ event) => put("type", valueOf(event))}>
        ${OPTIMIZERS.map((name) => html`<option value=${name} .selected=${name === type}>${t(`optimizer.${name}`)}</option>`)}
      </select>
    </label>
    <label class="field wide">
      <span>${t("data.rate")}</span>
      <span class="slider">
        <input
          type="range"
          id="learn-slider"
          aria-label=${t("data.rate")}
          aria-valuetext=${wanted("rate")}
          min=${SLOWEST}
          max=${FASTEST}
          step="0.1"
          .value=${String(Math.log10(parseNumber(wanted("rate")) ?? 0.1))}
          @input=${(/** @type {Event} */ event) => put("rate", rateAt(Number(valueOf(event))))}
          @change=${() => sendRate()}
        />
        ${textField("rate", faults, sendRate)}
      </span>
    </label>
    ${hasBatches(session.value) ? field("batch", active, faults) : null} ${field("steps", active, faults)} ${field("seed", active, faults)}
  </form>`;
}

/** @param {Field} name @param {boolean} disabled @param {ReadonlyMap<Field, string>} faults */
function field(name, disabled, faults) {
  return html`<label class="field"><span>${t(`learn.${name}`)}</span> ${textField(name, faults, undefined, disabled)}</label>`;
}

/**
 * @param {Field} name
 * @param {ReadonlyMap<Field, string>} faults
 * @param {() => void} [sent]
 * @param {boolean} [disabled]
 */
function textField(name, faults, sent, disabled = false) {
  const fault = faults.get(name);
  return html`<input
      type="text"
      inputmode="decimal"
      autocomplete="off"
      size="8"
      id=${`learn-${name}`}
      .value=${wanted(name)}
      ?disabled=${disabled}
      aria-label=${t(name === "rate" ? "data.rate" : `learn.${name}`)}
      aria-invalid=${fault ? "true" : "false"}
      @input=${(/** @type {Event} */ event) => put(name, valueOf(event))}
      @change=${() => sent?.()}
    />
    ${fault ? html`<em class="problem" role="alert">${fault}</em>` : null}`;
}

/** @param {ReadonlyMap<Field, string>} faults */
function buttons(faults) {
  const now = run.value;
  const state = now?.state;
  const busy = asking.value || !editable.value;
  if (!isActive(now)) {
    return html`<div class="buttons">
      <button type="button" class="primary" id="learn-run" ?disabled=${busy || faults.size > 0} @click=${begin}>
        ${t("learn.run")}
      </button>
    </div>`;
  }
  return html`<div class="buttons">
    ${
      state === "paused"
        ? html`<button type="button" class="primary" id="learn-resume" ?disabled=${busy} @click=${() => control("resume")}>
            ${t("learn.resume")}
          </button>`
        : html`<button type="button" class="primary" id="learn-pause" ?disabled=${busy} @click=${() => control("pause")}>
            ${t("learn.pause")}
          </button>`
    }
    <button type="button" id="learn-stop" ?disabled=${busy} @click=${() => control("stop")}>${t("learn.stop")}</button>
  </div>`;
}

/** The same in the figure, one step under the microscope. */
function single() {
  return html`<label class="check">
    <input
      type="checkbox"
      id="learn-single"
      .checked=${view.value.update}
      @change=${(/** @type {Event} */ event) =>
        changeView({ update: /** @type {HTMLInputElement} */ (event.target).checked }).catch(
          (error) => (refused.value = messageOf(error)),
        )}
    />
    <span>${t("learn.single")}</span>
  </label>`;
}

function progress() {
  const now = run.value;
  if (!now) return null;
  return html`<div class="progress">
    <progress max=${now.steps} value=${now.step} aria-label=${t("learn.progress")}></progress>
    <p id="learn-state">${stateText(now)}</p>
    ${now.error ? html`<p class="problem" role="alert">${t("learn.failed")}</p>` : null}
  </div>`;
}

/** @param {Run} now */
function stateText(now) {
  const words = [
    t(`learn.state.${now.state}`),
    t("learn.steps.done", { step: count(now.step), steps: count(now.steps) }),
  ];
  if (now.loss !== null) words.push(`${t("learn.loss")} ${short(now.loss)}`);
  if (now.accuracy !== null) words.push(`${t("learn.accuracy")} ${percentText(now.accuracy, language.value)}`);
  // Of the samples that it does not learn from, which alone tell what it has learned.
  const heldOut = curve.value?.test_accuracy.findLast((share) => share !== null) ?? null;
  if (heldOut !== null) words.push(`${t("learn.test_accuracy")} ${percentText(heldOut, language.value)}`);
  const left = now.state === "running" ? now.seconds_left : null;
  if (left !== null && left !== undefined) words.push(t("learn.left", { time: timeText(left) }));
  return words.join(" · ");
}

function picture() {
  const history = curve.value;
  if (!history || history.step.length < 2) return null;
  return titled({ id: "curve", title: t("learn.curve.title"), content: drawnCurve });
}

function drawnCurve() {
  const [history, charts] = [curve.value, bringCharts()];
  if (!history || !charts) return null;
  charts.run.show(history, `${theme.value} ${language.value}`);
  const ends = { first: short(history.loss[0]), last: short(history.loss.at(-1)), steps: count(history.step.at(-1)) };
  return html`<figure class="curve" role="group" aria-label=${t("learn.curve", ends)}>
    ${charts.run.place}
    <figcaption class="hint">${t("learn.click")}</figcaption>
  </figure>`;
}

/** The same by keys as by a click on the curve. */
function opening() {
  const now = run.value;
  if (!now || now.step === 0) return null;
  const text = typed.value.open ?? String(now.step);
  const step = wholeIn(text, 1, now.step);
  return html`<div class="open-step">
    <label class="field">
      <span>${t("learn.open.label")}</span>
      <input
        type="text"
        inputmode="numeric"
        size="8"
        id="learn-open"
        .value=${text}
        aria-invalid=${step === null ? "true" : "false"}
        @input=${(/** @type {Event} */ event) => put("open", valueOf(event))}
      />
    </label>
    <button
      type="button"
      id="learn-open-step"
      ?disabled=${step === null || asking.value || !editable.value}
      @click=${() => step !== null && openStep(step)}
    >
      ${t("learn.open")}
    </button>
    ${
      step === null
        ? html`<em class="problem" role="alert">${allowedMessage(t("learn.open.label"), { type: "integer", minimum: 1, maximum: now.step })}</em>`
        : null
    }
  </div>`;
}

/** Which step the figure shows, and the way back to all samples. */
function opened() {
  const shown = session.value?.opened;
  if (!shown) return null;
  return html`<div class="opened-step" role="status">
    <p>${t("learn.opened", { step: count(shown.step) })}</p>
    <button type="button" id="learn-all" ?disabled=${asking.value || !editable.value} @click=${() => openStep(null)}>
      ${t("learn.all")}
    </button>
  </div>`;
}

/** What a field holds: what was typed, or what the session has. @param {Field | "type"} name */
function wanted(name) {
  const now = session.value;
  const own = typed.value[name];
  if (own !== undefined) return own;
  const optimizer = (isActive(run.value) ? run.value : now)?.optimizer;
  if (name === "type") return optimizer?.type ?? "sgd";
  if (name === "rate") return String(optimizer?.learning_rate ?? 0.1);
  if (name === "batch") return String(now ? batchOf(now) : 1);
  return name === "steps" ? "1000" : String(now?.data?.seed ?? 0);
}

/** Of a program as many as there are: who says nothing learns as by single steps. @param {Session} now */
function batchOf(now) {
  if (isProgram(now)) return now.opened ? (run.value?.batch_size ?? 1) : learnedFrom(now);
  return Math.min(learnedFrom(now), now.data?.batch_size ?? 100);
}

/** Whether there is anything to draw mini-batches from. @param {Session | null} now */
function hasBatches(now) {
  return now !== null && (!isProgram(now) || now.network.samples !== null);
}

/** From how many samples a run learns: all that the data has, of which the figure shows some. @param {Session} now */
function learnedFrom(now) {
  const most = catalogue.value?.limits.samples.maximum ?? Infinity;
  const own = isProgram(now) ? (now.network.samples?.rows ?? 1) : samplesOf(now);
  return Math.min(most, now.data?.samples ?? own);
}

/** Why a field cannot be taken. @returns {Map<Field, string>} */
function faultsOf() {
  /** @type {Map<Field, string>} */
  const faults = new Map();
  const limits = catalogue.value?.limits;
  const now = session.value;
  if (!limits || !now) return faults;
  const rate = parseNumber(wanted("rate"));
  const { exclusiveMinimum: above = 0, maximum = Infinity } = limits.learning_rate;
  if (rate === null || rate <= above || rate > maximum) {
    faults.set("rate", allowedMessage(t("data.rate"), limits.learning_rate));
  }
  const ranges = /** @type {[Field, import("../api.js").Allowed][]} */ ([
    // Of a step that is opened, only its mini-batch is here.
    ["batch", { type: "integer", minimum: 1, maximum: now.opened ? limits.samples.maximum : learnedFrom(now) }],
    ["steps", limits.steps],
    ["seed", limits.seed],
  ]);
  for (const [name, allowed] of ranges) {
    if (wholeIn(wanted(name), allowed.minimum ?? 0, allowed.maximum ?? Infinity) === null) {
      faults.set(name, allowedMessage(t(`learn.${name}`), allowed));
    }
  }
  return faults;
}

async function begin() {
  const now = session.value;
  if (!now) return;
  const type = wanted("type");
  const rate = Number(parseNumber(wanted("rate")));
  // Its own further settings stay, those of another type begin as usual.
  const optimizer =
    type === now.optimizer.type ? { ...now.optimizer, learning_rate: rate } : { type, learning_rate: rate };
  const [batch_size, steps, seed] = [wanted("batch"), wanted("steps"), wanted("seed")].map(Number);
  await start({ optimizer, batch_size, steps, seed });
}

/** Of a run that goes on, the rate changes at once; otherwise the next one begins with it. */
function sendRate() {
  const rate = parseNumber(wanted("rate"));
  if (isActive(run.value) && rate !== null && !faultsOf().has("rate")) void changeRate(rate);
}

/** @param {Field | "type" | "open"} name @param {string} value */
function put(name, value) {
  typed.value = { ...typed.value, [name]: value };
}

/** Two digits are enough to choose by eye. @param {number} power */
function rateAt(power) {
  return String(Number((10 ** power).toPrecision(2)));
}

/** @param {string} text @param {number} low @param {number} high */
function wholeIn(text, low, high) {
  const value = parseNumber(text);
  return value !== null && Number.isInteger(value) && value >= low && value <= high ? value : null;
}

/** @param {number | undefined} value */
function count(value) {
  return value === undefined ? "" : value.toLocaleString(language.value);
}

/** @param {number} seconds */
function timeText(seconds) {
  const whole = Math.max(1, Math.round(seconds));
  return whole < 60 ? t("learn.seconds", { count: whole }) : t("learn.minutes", { count: Math.round(whole / 60) });
}
