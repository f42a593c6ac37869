/**
 * The figure as a table: the same edges, values and gradients, for whoever reads rather than looks.
 *
 * @import { GraphEdge } from "../types.js"
 */
import { html } from "lit-html";
import { cellsKnown } from "../cursor.js";
import { edgeOf, nameOf, partnerOf } from "../figure/names.js";
import { readingOrder } from "../figure/walk.js";
import { range } from "../figure/heat.js";
import { full, short } from "../format.js";
import { cursor, event, graph, selection, stale, table as times } from "../store.js";
import { t } from "../strings.js";
import { asRows, isOmitted } from "../values.js";

const LARGEST = { rows: 16, columns: 8 };

export function table() {
  const drawn = graph.value;
  if (!drawn) return null;
  const forward = readingOrder(drawn).filter((edge) => edge.direction === "forward");
  return html`<p class="state" role="status">${stale.value ? t("stale.now") : ""}</p>
    <div class="scroll">
      <table class="figure-table">
        <caption class="unseen">${t("table.caption")}</caption>
        <thead>
          <tr>
            <th scope="col">${t("table.edge")}</th>
            <th scope="col">${t("table.shape")}</th>
            <th scope="col">${t("table.value")}</th>
            <th scope="col">${t("table.gradient")}</th>
          </tr>
        </thead>
        <tbody>
          ${forward.map(row)}
        </tbody>
      </table>
    </div>`;
}

/** @param {GraphEdge} edge */
function row(edge) {
  const gradient = edgeOf(partnerOf(edge.key));
  const lit = [edge.key, gradient?.key].some((key) => key && event.value?.writes.includes(key));
  return html`<tr class=${lit ? "lit" : ""}>
    <th scope="row">
      <button type="button" class="term" @click=${() => (selection.value = { key: edge.key, index: null })}>
        ${nameOf(edge.key)}
      </button>
      <code>${edge.key}</code>
    </th>
    <td class="shape">${edge.shape_text}</td>
    <td>${numbers(edge.key)}</td>
    ${gradient
      ? html`<td class="gradient">${numbers(gradient.key)}</td>`
      : html`<td class="hint">${t("table.none")}</td>`}
  </tr>`;
}

/**
 * The numbers of a key as far as they are known.
 * @param {string} key
 */
export function numbers(key) {
  if (stale.value) return html`<span class="hint">${t("stale.short")}</span>`;
  const known = times.value ? cellsKnown(times.value, key, cursor.value) : 0;
  const value = times.value?.values.get(key);
  if (known === 0 || value === undefined) return html`<span class="hint">${t("table.empty")}</span>`;
  if (isOmitted(value)) return t("edge.range", { min: short(value.min), max: short(value.max) });
  const rows = asRows(value);
  if (rows.length > LARGEST.rows || rows[0].length > LARGEST.columns) {
    const { min, max } = range(rows.flat().slice(0, known));
    const many = t("edge.many", { count: rows.length * rows[0].length });
    return `${many}, ${t("edge.range", { min: short(min), max: short(max) })}`;
  }
  return html`<table class="numbers">
    <tbody>
      ${rows.map(
        (cells, i) =>
          html`<tr>
            ${cells.map((cell, j) => {
              const shown = i * rows[0].length + j < known;
              return html`<td title=${shown ? full(cell) : ""}>${shown ? short(cell) : ""}</td>`;
            })}
          </tr>`,
      )}
    </tbody>
  </table>`;
}
