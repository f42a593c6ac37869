/**
 * The figure as a table: the same edges, values and gradients, for whoever reads rather than looks.
 *
 * @import { GraphEdge } from "../types.js"
 */
import { html } from "lit-html";
import { ask } from "../asking.js";
import { edgeOf, nameOf, partnerOf } from "../figure/names.js";
import { readingOrder } from "../figure/walk.js";
import { scrolling } from "../scroll.js";
import { event, graph, stale } from "../store.js";
import { t } from "../strings.js";
import { numbers } from "./numbers.js";

export function table() {
  const drawn = graph.value;
  if (!drawn) return null;
  const forward = readingOrder(drawn).filter((edge) => edge.direction === "forward");
  return html`<p class="state" role="status">${stale.value ? t("stale.now") : ""}</p>
    ${scrolling(
      html`<table class="figure-table">
        <caption class="unseen">${t("table.caption")}</caption>
        <thead>
          <tr>
            <th scope="col">${t("table.name")}</th>
            <th scope="col">${t("table.shape")}</th>
            <th scope="col">${t("table.value")}</th>
            <th scope="col">${t("table.gradient")}</th>
          </tr>
        </thead>
        <tbody>
          ${forward.map(row)}
        </tbody>
      </table>`,
      t("table.caption"),
    )}`;
}

/** @param {GraphEdge} edge */
function row(edge) {
  const gradient = edgeOf(partnerOf(edge.key));
  const lit = [edge.key, gradient?.key].some((key) => key && event.value?.writes.includes(key));
  return html`<tr class=${lit ? "lit" : ""}>
    <th scope="row">
      <button type="button" class="term" @click=${() => ask({ key: edge.key, index: null })}>
        ${nameOf(edge.key)}
      </button>
      <code>${edge.key.split(".").map((part, i) => (i === 0 ? part : html`.<wbr />${part}`))}</code>
    </th>
    <td class="shape">${edge.shape_text}</td>
    <td>${numbers(edge.key)}</td>
    <td class=${gradient ? "gradient" : ""}>${numbers(partnerOf(edge.key))}</td>
  </tr>`;
}
