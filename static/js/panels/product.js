/**
 * Figure 5-26 in the middle of the page: its products, large, each growing as one steps. First the
 * factors with their shapes; when the gradient from above has come, the bracket that joins the equal
 * inner sizes; when the product is made, the result and the bracket that leads the outer size to it.
 *
 * @import { Equation } from "../types.js"
 */
import { html } from "lit-html";
import { cellsKnown } from "../cursor.js";
import { readAloud } from "../figure/formula.js";
import { nameOf } from "../figure/names.js";
import { cursor, event, graph, pointed, session, table, trace } from "../store.js";
import { t } from "../strings.js";
import { equationPicture } from "./shapes.js";

/** The figure of the book whose one subject is the shapes. */
const SHAPES_FIGURE = "fig-5-26";

/** Whether the products are the figure itself. */
export function isAboutShapes() {
  return session.value?.preset === SHAPES_FIGURE;
}

export function product() {
  const shown = graph.value?.equations.filter((equation) => equation.product) ?? [];
  if (!isAboutShapes() || shown.length === 0) return null;
  return html`<section class="products" aria-labelledby="products-title">
    <h2 id="products-title" class="unseen">${t("equations.shapes")}</h2>
    ${shown.map(item)}
  </section>`;
}

/** @param {Equation} equation */
function item({ number, edge, formula, shapes, product: picture }) {
  const drawn = graph.value;
  if (!drawn || !picture) return null;
  const now = event.value?.writes.includes(edge) ?? false;
  const stage = stageOf(edge);
  const said =
    stage < 2 ? t("equations.growing", { name: nameOf(edge) }) : `${readAloud(drawn.formulas[formula])}: ${shapes}`;
  return html`<div
    class=${now ? "product lit" : "product"}
    data-stage=${stage}
    @pointerenter=${() => (pointed.value = [{ key: edge, index: null }])}
    @pointerleave=${() => (pointed.value = [])}
  >
    <span class="number">${number}</span>
    ${equationPicture(picture, drawn, said, 2.2, stage)}
  </div>`;
}

/**
 * How far a product has grown: 0 its factors, 1 what comes from above is known, 2 it is made.
 * @param {string} edge
 */
function stageOf(edge) {
  const now = table.value;
  if (!now) return 0;
  if (cellsKnown(now, edge, cursor.value) > 0) return 2;
  const makes = trace.value?.events.find(({ writes }) => writes.includes(edge));
  const above = makes?.reads.find((key) => key.endsWith(".grad"));
  return above && cellsKnown(now, above, cursor.value) === Infinity ? 1 : 0;
}
