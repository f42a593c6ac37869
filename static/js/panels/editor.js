/**
 * A tensor as a table of fields. Pasted rows fill it from the field that has the focus; a tensor
 * too large for a table is seen through a window that can be moved.
 *
 * @import { Cell, Nested } from "../types.js"
 */
import { signal } from "@preact/signals-core";
import { html } from "lit-html";
import { edit } from "../session.js";
import { editable, stale } from "../store.js";
import { t } from "../strings.js";
import { asRows } from "../values.js";
import { briefly, fieldProblems, isTyping, numberField } from "./input.js";
import { notes, whenSent } from "./said.js";

const ROWS = 10;
const COLUMNS = 8;
/** Signs that narrow fields have room for: five columns of them fit beside the figure. */
const NARROW = 5;

/**
 * Where the window on each large tensor stands: first row, first column.
 * @type {import("@preact/signals-core").Signal<ReadonlyMap<string, [number, number]>>}
 */
const windows = signal(new Map());

/**
 * @param {string} name
 * @param {Nested} value
 */
export function tableEditor(name, value) {
  const rows = asRows(value);
  const [top, left] = windows.value.get(name) ?? [0, 0];
  const height = Math.min(ROWS, rows.length);
  const width = Math.min(COLUMNS, rows[0]?.length ?? 0);
  const large = rows.length > ROWS || (rows[0]?.length ?? 0) > COLUMNS;
  const shown = rows.slice(top, top + height).map((row) => row.slice(left, left + width));
  const narrow = shown.every((row) => row.every((cell) => briefly(cell).length <= NARROW));
  return html`
    ${large ? mover(name, rows, [top, left]) : null}
    <div class="scroll">
      <table class="editor ${narrow ? "narrow" : ""} ${stale.value ? "waiting" : ""}" data-tensor=${name}>
        <thead>
          <tr>
            <td></td>
            ${shown[0]?.map((_, j) => html`<th scope="col">${left + j}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${shown.map(
            (row, i) => html`<tr>
              <th scope="row">${top + i}</th>
              ${row.map((cell, j) => html`<td>${field(name, value, [top + i, left + j], cell)}</td>`)}
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${fieldProblems(name, (index) => cellAt(value, index))} ${notes(name)}
  `;
}

/**
 * @param {string} name
 * @param {Nested} value
 * @param {[number, number]} place
 * @param {Cell} cell
 */
function field(name, value, [row, column], cell) {
  const index = indexFor(value, row, column);
  return numberField({
    tensor: name,
    index,
    value: cell,
    label: `${name}[${index.join(", ")}]`,
    send: (number) => whenSent(name, edit([{ op: "set", tensor: name, index, value: number }])),
    paste: (event) => pasteRows(event, name, value, [row, column]),
  });
}

/** @param {Nested} value @param {readonly number[]} index */
function cellAt(value, index) {
  const found = index.reduce((/** @type {any} */ part, i) => (Array.isArray(part) ? part[i] : undefined), value);
  return /** @type {Cell | undefined} */ (found);
}

/** @param {Nested} value @param {number} row @param {number} column */
function indexFor(value, row, column) {
  if (!Array.isArray(value)) return [];
  return Array.isArray(value[0]) ? [row, column] : [column];
}

/**
 * @param {ClipboardEvent} paste
 * @param {string} name
 * @param {Nested} value
 * @param {[number, number]} from
 */
async function pasteRows(paste, name, value, from) {
  const text = paste.clipboardData?.getData("text/plain") ?? "";
  if (!editable.value || isTyping(paste, text)) return;
  paste.preventDefault();
  // Reading what people paste takes more words than the first page should weigh.
  const { pasteText } = await import("./paste.js");
  pasteText(text, name, value, from);
}

/** @param {string} name @param {Cell[][]} rows @param {[number, number]} at */
function mover(name, rows, [top, left]) {
  /** @param {number} row @param {number} column */
  const move = (row, column) => {
    const to = /** @type {[number, number]} */ ([
      Math.max(0, Math.min(row, rows.length - ROWS)),
      Math.max(0, Math.min(column, rows[0].length - COLUMNS)),
    ]);
    windows.value = new Map([...windows.value, [name, to]]);
  };
  /** @param {string} label @param {number} value @param {(value: number) => void} set @param {number} max */
  const input = (label, value, set, max) => html`<label
    >${label}
    <input
      type="number"
      min="0"
      max=${max}
      .value=${String(value)}
      @change=${(/** @type {Event} */ change) => set(Number(/** @type {HTMLInputElement} */ (change.target).value) || 0)}
  /></label>`;
  return html`<div class="mover">
    ${rows.length > ROWS ? input(t("data.fromRow"), top, (row) => move(row, left), rows.length - ROWS) : null}
    ${rows[0].length > COLUMNS
      ? input(t("data.fromColumn"), left, (column) => move(top, column), rows[0].length - COLUMNS)
      : null}
  </div>`;
}
