/**
 * The numbers of one value or gradient as a small table, as far as they are known.
 *
 * @import { Cell } from "../types.js"
 */
import { html } from "lit-html";
import { tensorAddress, UNMADE } from "../api.js";
import { columnNames } from "../classes.js";
import { cellsKnown } from "../cursor.js";
import { range } from "../figure/heat.js";
import { passOf, whyNever } from "../figure/known.js";
import { tensorOf } from "../figure/names.js";
import { textsOf } from "../figure/texts.js";
import { full, short, shorts } from "../format.js";
import { cursor, session, stale, struck, table as times, trace } from "../store.js";
import { t } from "../strings.js";
import { asRows, flat, isOmitted, matricesOf, shapeOf } from "../values.js";

/** With more cells than this a tensor is told by its range; the rest is one click away. */
const MOST_CELLS = 100;
/** The same beside the sentence of a step, where the next thing should stay in sight. */
export const FEW_CELLS = 50;
/** A row of more numbers is broken into lines, as NumPy prints it. */
const LONG_ROW = 8;

/**
 * The numbers of a key as far as they are known.
 * @param {string} key
 * @param {number} [most]  cells that are listed
 */
export function numbers(key, most = MOST_CELLS) {
  if (stale.value) return hint(t("stale.short"));
  if (!times.value?.writtenAt.has(key)) return hint(trace.value ? t(whyNever(key)) : t("edge.empty"));
  const known = cellsKnown(times.value, key, cursor.value);
  const value = times.value.values.get(key);
  if (known === 0 || value === undefined) return hint(t("edge.empty"));
  if (isOmitted(value)) return summary(key, value, tensorOf(key)?.shape ?? []);
  const rows = asRows(value);
  if (rows.length * rows[0].length > most) {
    return summary(key, range(rows.flat().slice(0, known)), [rows.length, rows[0].length]);
  }
  const texts = textsOf(value);
  const isBroken = rows.length === 1 && rows[0].length > LONG_ROW;
  const columns = isBroken ? lineOf(texts) : rows[0].length;
  const starts = Array.from({ length: Math.ceil(texts.length / columns) }, (_, i) => i * columns);
  const cells = rows.flat();
  const wrong = struck.value?.get(key);
  const wrongTexts = wrong ? shorts(flat(wrong.value)) : [];
  const names = columnNames(key);
  // Of more than two axes each matrix has a line that says which one it is.
  const matrices = shapeOf(value).length > 2 ? matricesOf(value) : [];
  const height = matrices[0]?.rows.length ?? Infinity;
  return html`<table class="numbers">
    ${
      names && !isBroken
        ? html`<thead>
          <tr>
            ${names.map((name) => html`<th scope="col"><span class="class-name" title=${name}>${name}</span></th>`)}
          </tr>
        </thead>`
        : null
    }
    <tbody>
      ${starts.map(
        (start, i) =>
          html`${
            matrices.length > 1 && i % height === 0
              ? html`<tr>
                <th scope="rowgroup" colspan=${columns}>[${matrices[i / height].at.join(", ")}]</th>
              </tr>`
              : null
          }<tr>
            ${isBroken ? html`<th scope="row">${start}</th>` : null}
            ${texts.slice(start, start + columns).map((text, j) => {
              const shown = start + j < known;
              const name = names?.[(start + j) % names.length];
              const exact = shown ? full(cells[start + j]) : "";
              return html`<td title=${name ? `${exact} \u00b7 ${name}` : exact}>
                ${shown && wrong?.cells.includes(start + j) ? html`<del>${wrongTexts[start + j]}</del> ` : null}${shown ? text : ""}
              </td>`;
            })}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** How many of these stand in a line. @param {string[]} texts */
function lineOf(texts) {
  const widest = Math.max(...texts.map(({ length }) => length));
  return widest <= 3 ? 10 : widest <= 7 ? 5 : 4;
}

/** @param {string} text */
function hint(text) {
  return html`<span class="hint">${text}</span>`;
}

/**
 * Too many for a table: how many, between which ends, and where all of them are.
 * @param {string} key
 * @param {{min: Cell, max: Cell}} ends  of those known
 * @param {readonly number[]} shape
 */
function summary(key, { min, max }, shape) {
  const count = shape.reduce((product, size) => product * size, 1);
  const id = session.value?.id;
  return html`${t("edge.many", { count })}, ${t("edge.range", { min: short(min), max: short(max) })}
    ${
      id && id !== UNMADE
        ? html`<a href=${tensorAddress(id, passOf(key), key)} target="_blank" rel="noopener">${t("table.all")}</a>`
        : null
    }`;
}
