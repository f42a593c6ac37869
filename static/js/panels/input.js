/**
 * A field for one number: short while it is only looked at, with all its digits while it has the
 * focus. What is typed is checked here, sent on Enter or when the field is left, and stays in the
 * field, in red and with words, where it is refused; Escape brings the number back.
 *
 * @import { Cell } from "../types.js"
 */
import { signal } from "@preact/signals-core";
import { html, nothing } from "lit-html";
import { dataCell } from "../figure/names.js";
import { full, short } from "../format.js";
import { parseNumber } from "../matrices/numbers.js";
import { editable, visit } from "../store.js";
import { typedSentence } from "./words.js";

/** As many signs as a field of the table is wide. */
const SIGNS = 9;

/**
 * What stands in a field and is not the session's number: `before` is that number's text, and once
 * it changes, the draft is a thing of the past. `wrong`: no number; `refused`: the server said no.
 * @typedef {{text: string, before: string, state: "sent" | "wrong" | "refused"}} Draft
 */
/** @type {import("@preact/signals-core").Signal<ReadonlyMap<string, Draft>>} */
const drafts = signal(new Map());
/** @type {import("@preact/signals-core").Signal<string | null>} */
const focused = signal(null);

/**
 * @typedef {{
 *   tensor: string, index: readonly number[], value: Cell, label?: string, labelledby?: string,
 *   send: (value: number) => Promise<unknown>, paste?: (event: ClipboardEvent) => void,
 * }} Field  send: gives null where the server refused
 */

/** @param {Field} field */
export function numberField({ tensor, index, value, label, labelledby, send, paste }) {
  const key = keyOf(tensor, index);
  const text = full(value);
  const brief = briefly(value);
  const draft = draftOf(key, text);
  const invalid = draft !== null && draft.state !== "sent";
  const described = !invalid ? nothing : draft.state === "wrong" ? wordsId(tensor, index) : `problem-${tensor}`;
  return html`<input
    type="text"
    inputmode="decimal"
    autocomplete="off"
    size="6"
    class=${brief !== text && !draft ? "rounded" : ""}
    .value=${draft ? draft.text : focused.value === key ? text : brief}
    title=${text}
    aria-label=${label ?? nothing}
    aria-labelledby=${labelledby ?? nothing}
    aria-invalid=${invalid ? "true" : "false"}
    aria-describedby=${described}
    data-index=${index.join(",")}
    data-tensor=${labelledby ? tensor : nothing}
    ?readonly=${!editable.value}
    @focus=${(/** @type {FocusEvent} */ event) => {
      focused.value = key;
      if (brief !== text && !draft) target(event).select();
    }}
    @blur=${() => (focused.value = null)}
    @change=${(/** @type {Event} */ event) => commit(target(event), key, text, value, send)}
    @keydown=${(/** @type {KeyboardEvent} */ press) => keys(press, key, text)}
    @paste=${paste ?? nothing}
  />`;
}

/**
 * The words for what is wrong in the fields of a tensor.
 * @param {string} tensor
 * @param {(index: number[]) => Cell | undefined} valueAt
 */
export function fieldProblems(tensor, valueAt) {
  const start = keyOf(tensor, []);
  const wrong = [...drafts.value].filter(([key, { state }]) => key.startsWith(start) && state === "wrong");
  return wrong.map(([key, { text, before }]) => {
    const index = key.slice(start.length).split(",").filter(Boolean).map(Number);
    if (full(valueAt(index)) !== before) return null;
    const place = index.length > 0 ? html`<b>${dataCell(tensor, index)}</b> ` : null;
    return html`<p class="problem" role="alert" id=${wordsId(tensor, index)}>${place}${typedSentence(text)}</p>`;
  });
}

/**
 * Whether a paste goes into what is being typed, like any text: part of a number, in a field that
 * no longer shows its own number.
 * @param {ClipboardEvent} paste
 * @param {string} text
 */
export function isTyping(paste, text) {
  const field = /** @type {HTMLInputElement} */ (paste.target);
  const whole = field.selectionStart === 0 && field.selectionEnd === field.value.length;
  return field.value !== field.title && field.value !== "" && !whole && /^[-+.\de]*$/i.test(text);
}

/**
 * All digits where they fit, else four of them with their exponent, or as many as fit.
 * @param {Cell} value
 */
export function briefly(value) {
  const text = full(value);
  if (text.length <= SIGNS || typeof value === "string") return text;
  const four = short(value).replaceAll("\u2212", "-");
  return four.length <= SIGNS ? four : value.toExponential(value < 0 ? 1 : 2).replace("e+", "e");
}

/**
 * @param {HTMLInputElement} field
 * @param {string} key
 * @param {string} before
 * @param {Cell} value  that it had
 * @param {(value: number) => Promise<unknown>} send
 */
async function commit(field, key, before, value, send) {
  const text = field.value;
  const earlier = draftOf(key, before);
  if (earlier?.text === text && earlier.state !== "refused") return;
  const number = parseNumber(text);
  if (number === null) return keep(key, { text, before, state: "wrong" });
  if (number === value) {
    keep(key, null);
    field.value = focused.value === key ? before : briefly(value);
    return;
  }
  /** @type {Draft} */
  const draft = { text, before, state: "sent" };
  keep(key, draft);
  const answer = await send(number);
  // Something newer may have been typed meanwhile.
  if (drafts.value.get(key) === draft) keep(key, answer === null ? { ...draft, state: "refused" } : null);
}

/**
 * Enter commits, Escape takes back. In an input method Enter only ends the composition.
 * @param {KeyboardEvent} press
 * @param {string} key
 * @param {string} before
 */
function keys(press, key, before) {
  if (press.isComposing || press.keyCode === 229) return;
  const field = target(press);
  if (press.key === "Enter") field.dispatchEvent(new Event("change", { bubbles: true }));
  if (press.key !== "Escape") return;
  keep(key, null);
  field.value = before;
  field.blur();
}

/** @param {string} tensor @param {readonly number[]} index */
function keyOf(tensor, index) {
  return `${visit.value}/${tensor}/${index.join(",")}`;
}

/** @param {string} tensor @param {readonly number[]} index */
function wordsId(tensor, index) {
  return `words-${tensor}-${index.join("-")}`;
}

/** @param {string} key @param {string} text  of the session's number now */
function draftOf(key, text) {
  const draft = drafts.value.get(key);
  return draft && draft.before === text ? draft : null;
}

/** @param {string} key @param {Draft | null} draft */
function keep(key, draft) {
  const next = new Map(drafts.value);
  if (draft) next.set(key, draft);
  else next.delete(key);
  drafts.value = next;
}

/** @param {Event} event */
function target(event) {
  return /** @type {HTMLInputElement} */ (event.target);
}
