/**
 * The names of the classes: typed or pasted beside the targets, and written there at each of them.
 */
import { signal } from "@preact/signals-core";
import { html } from "lit-html";
import { className } from "../classes.js";
import { edit } from "../session.js";
import { editable, session } from "../store.js";
import { t } from "../strings.js";
import { asRows, isOmitted, outputSize } from "../values.js";
import { note, notes, problems, whenSent } from "./said.js";

/** As many as the server takes, and as long. */
const MOST_CLASSES = 256;
const MOST_SIGNS = 30;
/** Where it is said what is wrong with them. */
const PLACE = "classes";

/** What parts one name from the next, and how it is found: the last of these that a text has in it. */
const MARKS = /** @type {const} */ ([
  [", ", /[,\u3001\uff0c]/],
  ["; ", /[;\uff1b]/],
  [" | ", /[|\uff5c]/],
]);

/**
 * What is typed and is not what the session has, `before` being that.
 * @type {import("@preact/signals-core").Signal<{id: string, before: string, text: string} | null>}
 */
const typed = signal(null);
/** Enter and leaving the field mean it once. */
let onItsWay = "";

/** The field for the names of all classes. */
export function classesField() {
  const now = session.value;
  if (!now?.network.loss || now.t === null) return null;
  const count = outputSize(now.network);
  if (count > MOST_CLASSES || (!editable.value && now.classes.length === 0)) return null;
  const before = written(now.classes);
  const draft = typed.value?.id === now.id && typed.value.before === before ? typed.value.text : null;
  const isWrong = problems.value.has(PLACE);
  return html`<div class="class-names">
    <label class="field"
      ><span>${t("classes.label")}</span>
      <input
        id="class-names"
        type="text"
        autocomplete="off"
        spellcheck="false"
        dir="auto"
        .value=${draft ?? before}
        aria-invalid=${isWrong ? "true" : "false"}
        aria-describedby=${isWrong ? `problem-${PLACE}` : "class-names-hint"}
        ?readonly=${!editable.value}
        @input=${(/** @type {Event} */ event) => (typed.value = { id: now.id, before, text: field(event).value })}
        @blur=${(/** @type {Event} */ event) => commit(field(event).value, before, count)}
        @keydown=${(/** @type {KeyboardEvent} */ press) => keys(press, before, count)}
        @paste=${pasteLines}
    /></label>
    ${editable.value ? html`<p class="hint" id="class-names-hint">${t("classes.hint")}</p>` : null}
    ${notes(PLACE)}
  </div>`;
}

/** In a table of targets: the name under each label, or at the head of each column. */
export function namesInTargets() {
  const now = session.value;
  if (!now || now.classes.length === 0 || now.t === null || isOmitted(now.t)) return {};
  return asRows(now.t) === now.t ? { heading: named } : { under: named };
}

/** @param {unknown} k */
function named(k) {
  const name = className(Number(k));
  return name && html`<span class="class-name" title=${name}>${name}</span>`;
}

/** Enter commits, Escape takes back. @param {KeyboardEvent} press @param {string} before @param {number} count */
function keys(press, before, count) {
  if (press.isComposing || press.keyCode === 229) return;
  if (press.key === "Enter") void commit(field(press).value, before, count);
  if (press.key !== "Escape") return;
  forget();
  field(press).value = before;
}

/** A column of a spreadsheet or the lines of a list become one line. @param {ClipboardEvent} paste */
function pasteLines(paste) {
  const lines = (paste.clipboardData?.getData("text/plain") ?? "").split(/[\r\n\t]+/).filter((line) => line.trim());
  if (lines.length < 2 || !editable.value) return;
  paste.preventDefault();
  const input = field(paste);
  const text = written(lines.map((line) => line.trim()));
  input.setRangeText(text, input.selectionStart ?? 0, input.selectionEnd ?? 0, "end");
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

/** @param {string} text @param {string} before @param {number} count */
async function commit(text, before, count) {
  const request = `${before}\n${text}`;
  if (!editable.value || text === before || onItsWay === request) return;
  const names = namesIn(text);
  if (written(names) === before) return forget();
  if (names.length > 0 && names.length !== count)
    return note(PLACE, t("classes.count", { count, found: names.length }));
  const long = names.find((name) => [...name].length > MOST_SIGNS);
  if (long) return note(PLACE, t("classes.long", { name: `\u2068${long}\u2069`, most: MOST_SIGNS }));
  onItsWay = request;
  const done = await whenSent(PLACE, edit([{ op: "classes", names }]));
  onItsWay = "";
  // Something newer may have been typed meanwhile.
  if (done !== null && typed.value?.text === text) typed.value = null;
}

function forget() {
  typed.value = null;
  note(PLACE, null);
}

/** So that the same names are read again. @param {readonly string[]} names */
function written(names) {
  const lines = MARKS.map(([mark]) => names.join(mark));
  return lines.find((line) => JSON.stringify(namesIn(line)) === JSON.stringify(names)) ?? lines[0];
}

/** @param {string} text */
function namesIn(text) {
  const [, mark] = MARKS.findLast(([, one]) => one.test(text)) ?? MARKS[0];
  return text
    .split(mark)
    .map((name) => name.trim())
    .filter(Boolean);
}

/** @param {Event} event */
function field(event) {
  return /** @type {HTMLInputElement} */ (event.currentTarget);
}
