/**
 * Samples come and go together with their targets and the gradient given for them, in one edit.
 *
 * @import { Edit, NestedCells, Session, Value } from "../pagetypes.js"
 */
import { html } from "lit-html";
import { ApiError } from "../api.js";
import { number } from "../messages.js";
import { edit } from "../session.js";
import { catalogue, editable, presets, session } from "../store.js";
import { t } from "../strings.js";
import { isOmitted, isProgram, samplesOf } from "../values.js";
import { note, whenSent } from "./said.js";

/**
 * The edits that put other samples into a session. Where targets, or the gradient given from
 * above, are not given, those there are stay; missing ones repeat the last.
 * @param {Session} now
 * @param {NestedCells} x
 * @param {NestedCells} [targets]
 * @returns {Edit[]}
 */
export function samplesEdit(now, x, targets) {
  /** @param {Value} value */
  const fitted = (value) => {
    const rows = rowsOf(value);
    return x.map((_, i) => rows[Math.min(i, rows.length - 1)]);
  };
  /** @type {Edit[]} */
  const found = [{ op: "replace", tensor: "x", value: x }];
  if (now.t !== null) found.push({ op: "replace", tensor: "t", value: targets ?? fitted(now.t) });
  if (now.grad_output !== null) found.push({ op: "replace", tensor: "grad_output", value: fitted(now.grad_output) });
  return found;
}

/** @param {Value} value @returns {NestedCells} */
function rowsOf(value) {
  // Another window changed the session, and its new numbers are too many to come along.
  if (isOmitted(value) || !Array.isArray(value)) throw new ApiError(412, "stale", "numbers left out");
  return value;
}

/** Whether the session on the screen can have another number of samples. */
export function samplesChange() {
  const now = session.value;
  return Boolean(now && editable.value && !isProgram(now) && !now.view.single && !showsDigit(now));
}

/** A figure of one digit has its own way to another one. @param {Session} now */
function showsDigit(now) {
  return presets.value.some(({ id, rows }) => id === now.preset && rows !== null);
}

/** Under the table of inputs: the button for one more, or why there is none. */
export function moreSamples() {
  const now = session.value;
  if (!now || !editable.value) return null;
  if (now.view.single) return html`<p class="hint" id="samples-why">${t("samples.single")}</p>`;
  if (!samplesChange()) return null;
  const most = catalogue.value?.limits.samples.maximum ?? Infinity;
  const isFull = samplesOf(now) >= most;
  return html`<p class="more">
    <button type="button" id="add-sample" ?disabled=${isFull} @click=${add}>${t("samples.add")}</button>
    ${isFull ? html`<span class="hint">${t("samples.limit", { count: number(most) })}</span>` : null}
  </p>`;
}

/** In a row of the table of inputs. @param {number} row */
export function removeSample(row) {
  const only = samplesOf(/** @type {Session} */ (session.value)) < 2;
  const name = t("samples.remove", { row });
  return html`<td class="remove">
    <button
      type="button"
      class="quiet"
      data-remove=${row}
      aria-label=${name}
      title=${only ? t("samples.last") : name}
      ?disabled=${only}
      @click=${() => remove(row)}
    >\u00d7</button>
  </td>`;
}

async function add() {
  let row = 0;
  const done = await whenSent(
    "x",
    edit((now) => {
      row = samplesOf(now);
      return [{ op: "insert_row" }];
    }),
  );
  if (done !== null) note("x", null, { hint: t("samples.added", { row }) });
}

/** @param {number} row */
async function remove(row) {
  const done = await whenSent("x", edit([{ op: "delete_row", row }]));
  if (done === null) return;
  note("x", null, { hint: t("samples.removed", { row }) });
  // The button of the last row is gone, and with it the place of who uses the keyboard.
  if (document.activeElement === document.body) document.getElementById("add-sample")?.focus();
}
