/**
 * The rows of a mini-batch by name: which samples of the data set they are, each with its picture.
 * Of points the picture is where they lie.
 *
 * @import { Cells, Session, Spot } from "../pagetypes.js"
 * @import { Cell } from "../types.js"
 */
import { html, svg } from "lit-html";
import { ask } from "../asking.js";
import { classText } from "../classes.js";
import { heatPicture } from "../figure/heat.js";
import { cellsOf } from "../figure/large.js";
import { tensorOf } from "../figure/names.js";
import { inksIn, readPalette, scheme } from "../figure/palette.js";
import { number } from "../messages.js";
import { catalogue, pointed, session, stale, theme } from "../store.js";
import { t } from "../strings.js";
import { asNumber, flat, isOmitted } from "../values.js";

/** Rows that are shown; of the others any number tells which it is of. */
const MOST_ROWS = 120;
/** How far the plane of points goes, either way. */
const REACH = 1.6;

/** The mini-batch on the screen; null where the samples are no rows of a data set. */
export function batchSection() {
  const now = session.value;
  if (!now?.source || !now.data) return null;
  const { rows } = now.source;
  const shown = rows.slice(0, MOST_ROWS);
  return html`<section class="batch" aria-labelledby="batch-title">
    <h2 id="batch-title">${t("batch.title")}</h2>
    <p class="hint">${t("batch.hint", { name: t(nameKey(now)), count: number(rows.length), samples: number(now.data.samples) })}</p>
    <ul class=${isDigits(now) ? "pictures" : ""}>
      ${shown.map(
        (_, row) => html`<li>
          <button
            type="button"
            data-row=${row}
            title=${rowTitle(row)}
            aria-label=${rowTitle(row)}
            @click=${() => ask({ key: "x", index: row * now.network.input_size + marked(row) })}
            @pointerenter=${() => point(now, row)}
            @focus=${() => point(now, row)}
            @pointerleave=${unpoint}
            @blur=${unpoint}
          >
            ${picture(row)} ${isDigits(now) ? null : html`<span>${sampleName(row)}</span>`}
          </button>
        </li>`,
      )}
    </ul>
    ${rows.length > shown.length ? html`<p class="hint">${t("batch.more", { count: number(rows.length - shown.length) })}</p>` : null}
  </section>`;
}

/** @param {Session} now */
function nameKey(now) {
  const { dataset } = now.source ?? { dataset: "" };
  return isDigits(now) || isPoints(now) ? `network.data.${dataset}` : "network.data.own";
}

/** @param {Session} now */
function isDigits(now) {
  return now.source?.dataset === catalogue.value?.digits.name;
}

/** @param {Session} now */
function isPoints(now) {
  return Boolean(catalogue.value?.planes.some(({ name }) => name === now.source?.dataset));
}

/** Which sample a row of the mini-batch is, in words. @param {number} row */
function sampleName(row) {
  const now = /** @type {Session} */ (session.value);
  const names = { label: classText(labelOf(now, row)), number: number(now.source?.rows[row]) };
  return t(isDigits(now) ? "batch.digit" : "batch.sample", names);
}

/** @param {number} row */
function rowTitle(row) {
  return t("batch.row", { row, sample: sampleName(row) });
}

/** @param {Session} now @param {number} row */
function labelOf(now, row) {
  const targets = now.t;
  if (targets === null || isOmitted(targets) || !Array.isArray(targets)) return "?";
  const target = targets[row];
  return String(Array.isArray(target) ? target.indexOf(1) : target);
}

/**
 * Which sample a number of the figure belongs to, with its picture; null where it is of none.
 * @param {Spot} spot
 */
export function sampleOf(spot) {
  const row = rowOf(spot);
  return row === null ? null : html`<p class="sample-of">${picture(row)} <span>${rowTitle(row)}</span></p>`;
}

/** The same for beside the pointer. @param {Spot} spot @returns {string} */
export function sampleText(spot) {
  const row = rowOf(spot);
  return row === null ? "" : rowTitle(row);
}

/** The row of the mini-batch that a number is of. @param {Spot} spot @returns {number | null} */
function rowOf({ key, index }) {
  const now = session.value;
  const shape = tensorOf(key)?.shape;
  if (!now?.source || !now.data || index === null || shape?.length !== 2 || shape[0] !== now.source.rows.length)
    return null;
  const tensor = key.replace(/\.(grad|new|change)$/, "");
  return tensor in now.parameters ? null : Math.floor(index / shape[1]);
}

/** A small picture of one sample; null where there is none. @param {number} row */
function picture(row) {
  const now = /** @type {Session} */ (session.value);
  const cells = inputs(now);
  if (cells === null || stale.value) return null;
  if (isDigits(now)) {
    const address = pictures(cells, now.network.input_size)[row];
    return address ? html`<img alt="" width="28" height="28" src=${address} />` : null;
  }
  if (!isPoints(now)) return null;
  const [x, y] = [cells[2 * row], cells[2 * row + 1]].map(asNumber);
  return svg`<svg class="point" viewBox="${-REACH} ${-REACH} ${2 * REACH} ${2 * REACH}" width="28" height="28" aria-hidden="true">
    <path d="M${-REACH} 0H${REACH}M0 ${-REACH}V${REACH}"></path>
    <circle cx=${clamped(x)} cy=${-clamped(y)} r="0.22" class=${`class-${Number(labelOf(now, row)) % 2}`}></circle>
  </svg>`;
}

/** @param {number} at */
function clamped(at) {
  return Math.min(REACH, Math.max(-REACH, at));
}

/** @param {Session} now @returns {Cells | null}  x, as far as it is here */
function inputs(now) {
  return isOmitted(now.x) ? (cellsOf("x") ?? null) : /** @type {Cell[]} */ (flat(now.x));
}

/** Pictures of all rows of x, made once. @type {{cells: Cells | null, look: string, made: string[]}} */
let kept = { cells: null, look: "", made: [] };

/** @param {Cells} cells @param {number} size */
function pictures(cells, size) {
  const look = `${theme.value} ${scheme.value}`;
  if (kept.cells === cells && kept.look === look) return kept.made;
  const side = Math.round(Math.sqrt(size));
  const probe = /** @type {HTMLElement} */ (document.querySelector("canvas.far") ?? document.body);
  const inks = inksIn(readPalette(probe), false);
  const count = Math.min(MOST_ROWS, Math.floor(cells.length / size));
  const made = Array.from({ length: count }, (_, row) =>
    heatPicture(cells.slice(row * size, (row + 1) * size), { rows: side, columns: side }, inks, 1),
  );
  kept = { cells, look, made };
  return made;
}

/** A place of a row that says something: where there is most ink, or the first. @param {number} row */
function marked(row) {
  const now = /** @type {Session} */ (session.value);
  const cells = inputs(now);
  const size = now.network.input_size;
  if (cells === null || !isDigits(now)) return 0;
  let best = 0;
  for (let i = 1; i < size; i++) if (asNumber(cells[row * size + i]) > asNumber(cells[row * size + best])) best = i;
  return best;
}

/** Light the row in the figure. @param {Session} now @param {number} row */
function point(now, row) {
  pointed.value = [{ key: "x", index: row * now.network.input_size + marked(row) }];
}

function unpoint() {
  pointed.value = [];
}
