/**
 * A table of one's own in the form for a network: a CSV file, chosen or dropped, which of its
 * columns holds the labels, and what is wrong in which line.
 *
 * @import { OwnDataset } from "../pagetypes.js"
 */
import { signal } from "@preact/signals-core";
import { html } from "lit-html";
import { ApiError } from "../api.js";
import { createDataset } from "../calls.js";
import { messageOf, number } from "../messages.js";
import { catalogue } from "../store.js";
import { has, t } from "../strings.js";
import { valueOf } from "./chosen.js";

/** @typedef {(table: OwnDataset | null) => void} Take  null: there is none any more */

/** The file, the names in its first line, and with what it was sent. */
const file = signal(/** @type {File | null} */ (null));
const names = signal(/** @type {string[]} */ ([]));
const sent = { label: /** @type {string | null} */ (null), seed: 0, scale: false };
const fault = signal("");
const sending = signal(false);
let newest = 0;

/**
 * @param {OwnDataset | null} table
 * @param {{missing: string | undefined, take: Take}} options  missing: what is said where there is none
 */
export function tableChoice(table, { missing, take }) {
  const said = fault.value || (table || sending.value ? "" : (missing ?? ""));
  return html`<div class="own-table">
    <label class="file">
      <input
        type="file"
        id="table"
        class="unseen"
        accept=".csv,.tsv,.txt,text/csv"
        aria-invalid=${said ? "true" : "false"}
        @change=${(/** @type {Event} */ change) => chosen(/** @type {HTMLInputElement} */ (change.target), take)}
      />
      <span>${t("csv.choose")}</span>
    </label>
    <p class="hint">${file.value ? file.value.name : t("csv.hint")}</p>
    ${said ? html`<em class="problem" role="alert">${said}</em>` : null} ${names.value.length > 1 ? readings(take) : null}
    ${table ? about(table) : null}
  </div>`;
}

/** How it is read, and can be read otherwise. @param {Take} take */
function readings(take) {
  return html`<label class="field">
      <span>${t("csv.label")}</span>
      <select id="table-label" @change=${(/** @type {Event} */ event) => again({ label: valueOf(event) }, take)}>
        ${names.value.map((name) => html`<option value=${name} .selected=${name === sent.label}>${name}</option>`)}
      </select>
    </label>
    <label class="check">
      <input
        type="checkbox"
        id="table-scale"
        .checked=${sent.scale}
        @change=${(/** @type {Event} */ event) => again({ scale: /** @type {HTMLInputElement} */ (event.target).checked }, take)}
      />
      <span>${t("csv.scale")}</span>
    </label>`;
}

/** @param {OwnDataset} table */
function about({ columns, splits, class_names: classes }) {
  return html`<p class="hint" id="table-about" role="status">
    ${t("csv.about", {
      train: number(splits.train),
      test: number(splits.test),
      columns: number(columns.length),
      classes: shortened(classes),
    })}
  </p>`;
}

/** @param {readonly string[]} classes */
function shortened(classes) {
  const shown = classes.slice(0, 8).join(", ");
  return classes.length > 8 ? `${shown}, \u2026 (${number(classes.length)})` : shown;
}

/** @param {HTMLInputElement} input @param {Take} take */
function chosen(input, take) {
  const [first] = input.files ?? [];
  // The same file may be chosen again, once it has been changed.
  input.value = "";
  if (first) void read(first, take);
}

/** Of a drag over the form: whether it brings a file. @param {DragEvent} event */
export function overTable(event) {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  // What the page behind the form takes is no matter here.
  event.stopPropagation();
  event.dataTransfer.dropEffect = "copy";
}

/** @param {DragEvent} event @param {Take} take */
export function dropTable(event, take) {
  const [first] = event.dataTransfer?.files ?? [];
  if (!first) return;
  event.preventDefault();
  event.stopPropagation();
  void read(first, take);
}

/** So much of a file is looked at for its names. */
const HEAD_BYTES = 64_000;

/** @param {File} next @param {Take} take */
async function read(next, take) {
  file.value = next;
  const head = await next.slice(0, HEAD_BYTES).text();
  if (file.value !== next) return;
  const [columns, first = []] = cellsOf(head);
  names.value = [...new Set(columns.filter(Boolean))];
  // Whatever is no number is a label; where all are, it stands last, as the server has it.
  const worded = columns.find((_, k) => first[k] && Number.isNaN(Number(first[k])));
  await again({ label: worded || columns.at(-1) || null }, take);
}

/** The cells of the first two lines: only for a first choice, the server reads for good. @param {string} text */
function cellsOf(text) {
  const lines = text.replace("\ufeff", "").split(/\r?\n/, 2);
  const mark = [",", ";", "\t"].reduce((best, one) => (count(lines[0], one) > count(lines[0], best) ? one : best));
  return lines.map((line) => line.split(mark).map((cell) => cell.trim().replace(/^"(.*)"$/, "$1")));
}

/** @param {string} line @param {string} mark */
function count(line, mark) {
  return line.split(mark).length;
}

/**
 * The file once more, read in another way.
 * @param {Partial<typeof sent>} change
 * @param {Take} take
 */
async function again(change, take) {
  Object.assign(sent, change);
  const mine = ++newest;
  const now = file.value;
  if (!now) return;
  fault.value = "";
  const most = catalogue.value?.limits.file_bytes.maximum ?? Infinity;
  if (now.size > most) {
    fault.value = t("csv.bytes", { limit: number(most / 2 ** 20) });
    return take(null);
  }
  sending.value = true;
  try {
    const table = await createDataset(now, sent);
    if (mine === newest) take(table);
  } catch (error) {
    if (mine !== newest) return;
    fault.value = faultText(error);
    take(null);
  } finally {
    if (mine === newest) sending.value = false;
  }
}

/**
 * The table split by this seed, if the one there is was split by another.
 * @param {OwnDataset} table
 * @param {number} seed
 * @returns {Promise<OwnDataset>}
 */
export async function splitBy(table, seed) {
  if (sent.seed === seed || !file.value) return table;
  sent.seed = seed;
  return createDataset(file.value, { ...sent, label: table.label });
}

/** What is wrong, where, in words. @param {unknown} error */
function faultText(error) {
  if (!(error instanceof ApiError)) throw error;
  const [first] = error.errors;
  if (!first || !has(`csv.fault.${first.code}`)) return messageOf(error);
  const { line, column, code, allowed = {} } = first;
  const count = number(allowed.maxItems ?? allowed.minItems);
  const place =
    line === undefined ? "" : t(column === undefined ? "csv.line" : "csv.cell", { line, column: column ?? 0 });
  return [place, t(`csv.fault.${code}`, { count })].filter(Boolean).join(" ");
}
