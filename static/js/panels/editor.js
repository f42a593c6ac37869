/**
 * A tensor as a table of fields. Pasted rows fill it from the field that has the focus; a tensor
 * too large for a table is seen through a window that can be moved.
 *
 * @import { Cell, Edit, Nested } from "../types.js"
 */
import { signal } from "@preact/signals-core";
import { html } from "lit-html";
import { full, parseRows } from "../format.js";
import { messageOf } from "../messages.js";
import { edit } from "../session.js";
import { editable, stale } from "../store.js";
import { t } from "../strings.js";
import { asRows } from "../values.js";
import { commitNumber, fieldKeys } from "./input.js";

const ROWS = 10;
const COLUMNS = 8;
const MAX_EDITS = 100;

/** @type {import("@preact/signals-core").Signal<ReadonlyMap<string, string>>} */
export const problems = signal(new Map());
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
  const problem = problems.value.get(name);
  return html`
    ${large ? mover(name, rows, [top, left]) : null}
    <div class="scroll">
      <table class="editor ${stale.value ? "waiting" : ""}" data-tensor=${name}>
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
    ${problem ? html`<p class="problem" role="alert">${problem}</p>` : null}
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
  const text = full(cell);
  return html`<input
    type="text"
    inputmode="decimal"
    autocomplete="off"
    size="6"
    .value=${text}
    title=${text}
    aria-label=${`${name}[${index.join(", ")}]`}
    data-index=${index.join(",")}
    ?readonly=${!editable.value}
    @change=${(/** @type {Event} */ change) =>
      commitNumber(change, text, (number) =>
        whenSent(name, edit([{ op: "set", tensor: name, index, value: number }])),
      )}
    @keydown=${(/** @type {KeyboardEvent} */ press) => fieldKeys(press, text)}
    @paste=${(/** @type {ClipboardEvent} */ paste) => pasteRows(paste, name, value, [row, column])}
  />`;
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
function pasteRows(paste, name, value, [top, left]) {
  if (!editable.value) return;
  const text = paste.clipboardData?.getData("text/plain") ?? "";
  const pasted = parseRows(text);
  // A single number is typed text like any other.
  if (pasted.length === 0 || (pasted.length === 1 && pasted[0].length === 1)) return;
  paste.preventDefault();
  const rows = asRows(value);
  // A list, such as labels, takes a pasted column as well as a pasted row.
  const block = Array.isArray(value) && !Array.isArray(value[0]) ? [pasted.flat()] : pasted;
  if (block.flat().includes(null)) return note(name, t("invalid.finite", { field: name }));
  const outside = block.some((row, i) => top + i >= rows.length || left + row.length > rows[0].length);
  if (outside) return note(name, t("data.paste.outside"));
  const edits = block.flatMap((row, i) =>
    row.map((number, j) => ({
      op: /** @type {const} */ ("set"),
      tensor: name,
      index: indexFor(value, top + i, left + j),
      value: /** @type {number} */ (number),
    })),
  );
  void whenSent(name, edit(edits.length <= MAX_EDITS ? edits : [replaced(name, value, edits)]));
}

/**
 * Too many cells for a list of edits: the whole tensor with them put in.
 * @param {string} name
 * @param {Nested} value
 * @param {{index: number[], value: number}[]} cells
 * @returns {Edit}
 */
function replaced(name, value, cells) {
  const copy = structuredClone(value);
  for (const cell of cells) {
    const last = /** @type {number} */ (cell.index.at(-1));
    const row = /** @type {Nested[]} */ (cell.index.length === 2 ? /** @type {Nested[]} */ (copy)[cell.index[0]] : copy);
    row[last] = cell.value;
  }
  return { op: "replace", tensor: name, value: copy };
}

/**
 * Shows at a tensor what the server said about an edit of it.
 * @template T
 * @param {string} name
 * @param {Promise<T>} sent
 * @returns {Promise<T | null>}
 */
export async function whenSent(name, sent) {
  note(name, null);
  try {
    return await sent;
  } catch (error) {
    note(name, messageOf(error));
    return null;
  }
}

/** @param {string} name @param {string | null} text */
function note(name, text) {
  const next = new Map(problems.value);
  if (text === null) next.delete(name);
  else next.set(name, text);
  problems.value = next;
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
