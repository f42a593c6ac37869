/**
 * The panel Code: a computation as lines of NumPy. Those of a network of layers can be read, and
 * set free; those of one's own can be changed. A line and what it draws are lit together.
 *
 * @import { FieldError } from "../api.js"
 * @import { Code, Line } from "../types.js"
 * @import { Fault } from "../matrices/refusal.js"
 * @import { CodeEditor } from "../code/editor.js"
 */
import { effect, signal } from "@preact/signals-core";
import { html } from "lit-html";
import { litNodes, litEvent } from "../asking.js";
import { givenBy } from "../code/given.js";
import {
  apply,
  begin,
  clash,
  faults,
  isProgram,
  lines,
  missing,
  reads,
  refused,
  sending,
  setFree,
  unstarted,
} from "../code/state.js";
import { catalogue, editable, event, session, stale, trace } from "../store.js";
import { has, language, t } from "../strings.js";
import { shapeText } from "../format.js";
import { fork } from "../session.js";
import { messageOf } from "../messages.js";
import { backward, exporting } from "./backward.js";
import { valueOf } from "./chosen.js";
import { title } from "./header.js";
import { undoing } from "./undoing.js";
import { sentence } from "./words.js";

/** The editor, once it has come. @type {import("@preact/signals-core").Signal<CodeEditor | null>} */
const editor = signal(null);
const isLost = signal(false);
/** The text that the editor was given, and whether another one stands in it. */
const given = signal({ of: "", code: "" });
const isChanged = signal(false);
/** What is written for names without a value. @type {import("@preact/signals-core").Signal<Readonly<Record<string, string>>>} */
const typed = signal({});
/** Which of them were not understood when they were sent. @type {import("@preact/signals-core").Signal<Readonly<Record<string, string>>>} */
const unread = signal({});
/** Which line was gone to. @type {import("@preact/signals-core").Signal<number | null>} */
const gone = signal(null);
let isComing = false;
let isWatched = false;

export function code() {
  watch();
  const now = session.value;
  const answer = lines.value;
  if (!now) return null;
  const made = editor.value ?? bring();
  // While the lines of a change are on their way, the editor stays, and who writes in it.
  const isThere = answer !== null || given.value.of === now.id;
  return html`<section class="code-panel" aria-labelledby="code-title">
    <h2 id="code-title">${isProgram.value ? title() : t("code.network")}</h2>
    <p class="hint">${t(isProgram.value ? "code.hint" : "code.network.hint")}</p>
    ${
      made && isThere
        ? html`${made.place}
            <p class="hint" id="code-keys">${t(isProgram.value && editable.value ? "code.keys" : "code.keys.read")}</p>
            ${isProgram.value ? [changing(made), after()] : [after(), freeing()]}`
        : html`<p class="hint coming">${t(isLost.value ? "code.lost" : "loading.now")}</p>`
    }
  </section>`;
}

/** What follows from the lines, while they are those of the session. */
function after() {
  return isChanged.value ? null : [backward(), exporting()];
}

/** @param {CodeEditor} made */
function changing(made) {
  if (!editable.value) {
    return html`<p class="hint">${t("data.readonly")}</p>
      <button type="button" @click=${copy}>${t("data.fork")}</button>`;
  }
  const isDue = isChanged.value || missing.value.length > 0;
  return html`
    ${faults.value.map((fault) => told(fault, made))} ${clashing(made)}
    ${refused.value ? html`<p class="problem" role="alert">${refused.value}</p>` : null}
    ${missing.value.length > 0 ? asked() : null}
    <div class="buttons">
      <button type="button" class="primary" id="code-apply" ?disabled=${!isDue || sending.value} @click=${send}>
        ${t("code.apply")}
      </button>
      ${isChanged.value ? html`<button type="button" id="code-back" @click=${back}>${t("code.back")}</button>` : null}
    </div>
    <p class="state" role="status">${stale.value ? t("stale.now") : ""}</p>
    ${start()} ${undoing()}
  `;
}

/** Up to where the figure comes, and the ways on. @param {CodeEditor} made */
function clashing(made) {
  const now = clash.value;
  if (!now || isChanged.value || faults.value.length > 0) return null;
  const { line, column, message, shapes, fits } = now;
  return html`<div class="problem clash" role="alert" id="code-clash">
    <button type="button" class="term" @click=${() => made.goTo({ line, column })}>${t("code.at", { line, column })}</button>
    <span>${t("code.clash", { shapes: new Intl.ListFormat(language.value).format(shapes.map(shapeText)) })}</span>
    <span class="detail" lang="en">${message}</span>
    ${fits.length > 0 ? html`<p>${t("code.clash.fits")}</p>` : null}
    <div class="buttons">
      ${fits.map(
        (fit) =>
          html`<button type="button" class="fit" ?disabled=${sending.value} @click=${() => take(fit.code)}>
            <code>${fit.expression}</code>
          </button>`,
      )}
    </div>
  </div>`;
}

/** Lines in which the shapes fit, in the place of those that are there. @param {string} code */
async function take(code) {
  editor.peek()?.put(code);
  await send();
}

/** Of an array as the result: where the backward pass would begin. */
function start() {
  const result = unstarted.value;
  if (!result || isChanged.value) return null;
  const about = { name: result.name, shape: shapeText(result.shape) };
  return html`<p class="hint">${t("code.start.hint", about)}</p>
    <button type="button" id="code-start" @click=${begin}>${t("code.start")}</button>`;
}

function freeing() {
  return html`<p class="hint">${t("code.free.hint")}</p>
    ${refused.value ? html`<p class="problem" role="alert">${refused.value}</p>` : null}
    <button type="button" id="code-free" @click=${setFree}>${t("code.free")}</button>`;
}

/** @param {FieldError} fault @param {CodeEditor} made */
function told({ code, message, line, column = 1 }, made) {
  const key = `code.fault.${code}`;
  return html`<div class="problem" role="alert">
    ${
      line === undefined
        ? null
        : html`<button type="button" class="term" @click=${() => made.goTo({ line, column })}>
            ${t("code.at", { line, column })}
          </button>`
    }
    <span>${t(has(key) ? key : "code.fault.other")}</span>
    <span class="detail" lang="en">${message}</span>
  </div>`;
}

/** Fields for what has no value yet. */
function asked() {
  return html`<fieldset class="missing">
    <legend>${t("code.missing")}</legend>
    <p class="hint">${t("code.missing.hint")}</p>
    ${missing.value.map((name) => {
      const fault = unread.value[name];
      return html`<label class="field">
          <code>${name}</code>
          <textarea
            rows="1"
            id=${`code-value-${name}`}
            autocomplete="off"
            spellcheck="false"
            aria-label=${t("code.value", { name })}
            aria-invalid=${fault ? "true" : "false"}
            .value=${typed.value[name] ?? ""}
            @input=${(/** @type {Event} */ input) => write(name, valueOf(input))}
            @keydown=${sendByKey}
          ></textarea>
        </label>
        ${fault ? html`<p class="problem" role="alert">${fault}</p>` : null}`;
    })}
  </fieldset>`;
}

/** @param {string} name @param {string} text */
function write(name, text) {
  typed.value = { ...typed.value, [name]: text };
  const { [name]: _, ...rest } = unread.value;
  unread.value = rest;
}

/** Enter in a field of one line sends; a matrix may be written in several, with Shift. @param {KeyboardEvent} press */
function sendByKey(press) {
  if (press.key !== "Enter" || press.shiftKey || press.isComposing) return;
  press.preventDefault();
  void send();
}

async function send() {
  const text = editor.peek()?.text;
  if (text === undefined || !editable.peek() || !isProgram.peek()) return;
  const wanted = missing.peek().filter((name) => reads(text, name));
  const found = wanted.map((name) => /** @type {const} */ ([name, givenBy(typed.peek()[name] ?? "")]));
  unread.value = Object.fromEntries(
    found.flatMap(([name, one]) => ("fault" in one ? [[name, faultText(one.fault)]] : [])),
  );
  const [wrong] = Object.keys(unread.peek());
  if (wrong !== undefined) return void document.getElementById(`code-value-${wrong}`)?.focus();
  const values = Object.fromEntries(found.flatMap(([name, one]) => ("value" in one ? [[name, one.value]] : [])));
  if (await apply(text, values)) {
    typed.value = {};
    given.value = { ...given.peek(), code: text };
    isChanged.value = editor.peek()?.text !== text;
  } else {
    const [name] = missing.peek();
    const [fault] = faults.peek();
    if (fault?.line !== undefined) editor.peek()?.goTo({ line: fault.line, column: fault.column ?? 1 });
    else if (name !== undefined) document.getElementById(`code-value-${name}`)?.focus();
  }
}

/** @param {Fault | "empty" | "large"} fault */
function faultText(fault) {
  return typeof fault === "string" ? t(`code.value.${fault}`) : sentence(fault);
}

function back() {
  editor.peek()?.put(given.peek().code);
  isChanged.value = false;
  faults.value = [];
  missing.value = [];
}

async function copy() {
  try {
    await fork();
  } catch (error) {
    refused.value = messageOf(error);
  }
}

function bring() {
  void fetchEditor();
  return null;
}

async function fetchEditor() {
  if (isComing) return;
  isComing = true;
  isLost.value = false;
  try {
    const { CodeEditor } = await import("../code/editor.js");
    editor.value = new CodeEditor({
      changed,
      moved: (line) => (gone.value = line),
      apply: () => void send(),
      leave,
      offered: () => catalogue.peek()?.program ?? { functions: [], methods: [], constants: [] },
    });
  } catch {
    // The next look asks again.
    isComing = false;
    isLost.value = true;
  }
}

function changed() {
  isChanged.value = editor.peek()?.text !== given.peek().code;
  faults.value = [];
  gone.value = null;
}

/** Out of the editor, to what comes after it. */
function leave() {
  const next = ["code-apply", "code-free", "code-title"].map((id) => document.getElementById(id));
  const found = next.find((one) => one && !(/** @type {HTMLButtonElement} */ (one).disabled));
  if (found?.id === "code-title") found.tabIndex = -1;
  found?.focus();
}

/** The editor follows the session, and the figure the editor. */
function watch() {
  if (isWatched) return;
  isWatched = true;
  effect(() => {
    const [made, answer, now] = [editor.value, lines.value, session.value];
    if (!made || !answer || !now) return;
    made.name(t("code.editor"), !isProgram.value || !editable.value);
    const of = now.id;
    const before = given.peek();
    if (before.of === of && before.code === answer.code) return;
    // What is being written stays where the numbers of its own session change.
    given.value = { of, code: answer.code };
    if (before.of === of && made.text === answer.code) isChanged.value = false;
    else {
      made.put(answer.code);
      isChanged.value = false;
    }
    gone.value = null;
  });
  effect(() => {
    const answer = lines.value;
    const at = gone.value;
    const line = at === null ? null : answer?.lines.find((one) => one.line <= at && at <= one.end);
    litNodes.value = line && !isChanged.value ? nodesOf(line) : [];
  });
  effect(() => {
    const [made, answer] = [editor.value, lines.value];
    if (!made || !answer) return;
    const lit = litNodes.value.length > 0 ? null : (event.value ?? null);
    const playing = isChanged.value || !lit ? [] : answer.lines.filter((line) => isOf(line, lit, answer));
    const chosen = litNodes.value.length > 0 && gone.value !== null ? [gone.value] : [];
    made.mark({
      playing: playing.flatMap(rowsOf),
      chosen,
      faults: [...faults.value, ...(isChanged.value || !clash.value ? [] : [clash.value])].flatMap(
        ({ line, column = null }) => (line === undefined ? [] : [{ line, column }]),
      ),
    });
  });
}

/** @param {Line} line */
function rowsOf({ line, end }) {
  return Array.from({ length: end - line + 1 }, (_, k) => line + k);
}

/**
 * The ops of the pass on the screen that a line stands for: its own, or, where they are closed, those of its
 * layers.
 * @param {Line} line
 */
function nodesOf({ nodes, layers }) {
  const events = trace.value?.events ?? [];
  const own = events.filter(({ node }) => nodes.includes(node));
  const found = own.length > 0 ? own : events.filter(({ layer }) => layers.includes(layer));
  return [...new Set(found.map(({ node }) => node))];
}

/** @param {Line} line @param {{node: string, layer: string}} played @param {Code} answer */
function isOf({ nodes, layers }, { node, layer }, answer) {
  const isKnown = answer.lines.some((one) => one.nodes.includes(node));
  return isKnown ? nodes.includes(node) : layers.includes(layer);
}
