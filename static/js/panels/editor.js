/**
 * A tensor as a table of fields. Pasted rows fill it from the field that has the focus; a tensor
 * too large for a table is seen through a window that can be moved.
 *
 * @import { Nested } from "../pagetypes.js"
 * @import { Cell } from "../types.js"
 */
import { signal } from "@preact/signals-core";
import { html } from "lit-html";
import { dataCell } from "../figure/names.js";
import { edit } from "../session.js";
import { editable, stale } from "../store.js";
import { t } from "../strings.js";
import { asRows, shapeOf } from "../values.js";
import { briefly, fieldProblems, isTyping, numberField } from "./input.js";
import { pasteText } from "./paste.js";
import { note, notes, whenSent } from "./said.js";
import { wholeField } from "./whole.js";

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
 * The first indices of the matrix that is shown of a tensor of more axes.
 * @type {import("@preact/signals-core").Signal<ReadonlyMap<string, readonly number[]>>}
 */
const leading = signal(new Map());

/**
 * What may stand beside the numbers: a cell before those of a row, in sight however many there are;
 * words at the head of a column; words under a number.
 * @typedef {{
 *   rowTools?: (row: number) => unknown, heading?: (column: number) => unknown, under?: (cell: Cell) => unknown,
 * }} Beside
 */

/**
 * @param {string} name
 * @param {Nested} value
 * @param {Beside} [beside]
 */
export function tableEditor(name, value, beside = {}) {
  const before = shapeOf(value).slice(0, -2);
  const wanted = leading.value.get(name) ?? [];
  const at = before.map((size, axis) => Math.min(wanted[axis] ?? 0, size - 1));
  return html`${before.length > 0 ? matrixChoice(name, before, at) : null} ${matrixEditor(name, value, at, beside)}`;
}

/**
 * Which matrix of a tensor of more axes is shown.
 * @param {string} name @param {readonly number[]} sizes @param {readonly number[]} at
 */
function matrixChoice(name, sizes, at) {
  return html`<div class="mover">
    ${sizes.map((size, axis) =>
      wholeField({
        id: `${name}-axis${axis}`,
        label: t("data.axis", { axis }),
        value: at[axis],
        minimum: 0,
        maximum: size - 1,
        put: (index) => (leading.value = new Map([...leading.value, [name, at.with(axis, index)]])),
      }),
    )}
  </div>`;
}

/**
 * @param {string} name
 * @param {Nested} value
 * @param {readonly number[]} at  the first indices of the matrix that is shown
 * @param {Beside} beside
 */
function matrixEditor(name, value, at, { rowTools, heading, under }) {
  const rows = asRows(/** @type {Nested} */ (cellAt(value, at)));
  const wanted = windows.value.get(name) ?? [0, 0];
  // Rows can have gone since.
  const top = Math.max(0, Math.min(wanted[0], rows.length - ROWS));
  const left = Math.max(0, Math.min(wanted[1], (rows[0]?.length ?? 0) - COLUMNS));
  const height = Math.min(ROWS, rows.length);
  const width = Math.min(COLUMNS, rows[0]?.length ?? 0);
  const large = rows.length > ROWS || (rows[0]?.length ?? 0) > COLUMNS;
  const shown = rows.slice(top, top + height).map((row) => row.slice(left, left + width));
  const narrow = shown.every((row) => row.every((cell) => briefly(cell).length <= NARROW));
  return html`
    ${large ? mover(name, rows, [top, left]) : null}
    <div class="scroll">
      <table
        class="editor ${narrow ? "narrow" : ""} ${stale.value ? "waiting" : ""}"
        data-tensor=${name}
        @keydown=${(/** @type {KeyboardEvent} */ press) => press.key === "Escape" && note(name, null)}
      >
        <thead>
          <tr>
            <td></td>
            ${rowTools ? html`<td></td>` : null} ${shown[0]?.map((_, j) => html`<th scope="col">${left + j}${heading?.(left + j)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${shown.map(
            (row, i) => html`<tr>
              <th scope="row">${top + i}</th>
              ${rowTools ? rowTools(top + i) : null}
              ${row.map((cell, j) => html`<td>${field(name, value, at, [top + i, left + j], cell)}${under?.(cell)}</td>`)}
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
 * @param {readonly number[]} at
 * @param {[number, number]} place
 * @param {Cell} cell
 */
function field(name, value, at, [row, column], cell) {
  const index = [...at, ...indexFor(/** @type {Nested} */ (cellAt(value, at)), row, column)];
  return numberField({
    tensor: name,
    index,
    value: cell,
    label: dataCell(name, index),
    send: (number) => whenSent(name, edit([{ op: "set", tensor: name, index, value: number }])),
    paste: (event) => pasteRows(event, name, value, at, [row, column]),
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
 * @param {readonly number[]} at
 * @param {[number, number]} from
 */
function pasteRows(paste, name, value, at, from) {
  const text = paste.clipboardData?.getData("text/plain") ?? "";
  if (!editable.value || isTyping(paste, text)) return;
  paste.preventDefault();
  pasteText(text, name, value, from, at);
}

/** @param {string} name @param {Cell[][]} rows @param {[number, number]} at */
function mover(name, rows, [top, left]) {
  /** @param {number} row @param {number} column */
  const move = (row, column) => (windows.value = new Map([...windows.value, [name, [row, column]]]));
  /** @param {string} axis @param {number} value @param {number} maximum @param {(value: number) => void} put */
  const along = (axis, value, maximum, put) =>
    maximum > 0
      ? wholeField({ id: `${name}-${axis}`, label: t(`data.from${axis}`), value, minimum: 0, maximum, put })
      : null;
  return html`<div class="mover">
    ${along("Row", top, rows.length - ROWS, (row) => move(row, left))}
    ${along("Column", left, rows[0].length - COLUMNS, (column) => move(top, column))}
  </div>`;
}
