/**
 * The numbered equations of figures 5-25 and 5-27, each factor with its shape under it, and for
 * figure 5-26 why the shapes fit.
 *
 * @import { Equation } from "../types.js"
 */
import { html } from "lit-html";
import { readAloud } from "../figure/formula.js";
import { event, graph, pointed } from "../store.js";
import { t } from "../strings.js";
import { isAboutShapes } from "./product.js";
import { equationPicture } from "./shapes.js";

export function equations() {
  const shown = graph.value?.equations ?? [];
  if (shown.length === 0) return null;
  if (isAboutShapes()) {
    // The products themselves stand in the middle of the page.
    return html`<section class="equations" aria-labelledby="equations-title">
      <h2 id="equations-title">${t("equations.shapes")}</h2>
      <p>${t("equations.why")}</p>
    </section>`;
  }
  return html`<section class="equations" aria-labelledby="equations-title">
    <h2 id="equations-title">${t("equations.title")}</h2>
    <ol>
      ${shown.map(item)}
    </ol>
  </section>`;
}

/**
 * The numbered equation of what is made now, in the place of its rule: it is the same, with shapes.
 * It stands with the sentence of the step, where the list may be below the edge of the panel.
 */
export function equationInPlay() {
  const drawn = graph.value;
  const now = drawn?.equations.find(({ edge }) => event.value?.writes.includes(edge));
  if (!drawn || !now || isAboutShapes()) return null;
  const name = `${readAloud(drawn.formulas[now.formula])}: ${now.shapes}`;
  return html`<div class="rule equations in-play">
    <span class="number">${now.number}</span>
    <div class="equation">${equationPicture(now.picture, drawn, name, 1.5)}</div>
  </div>`;
}

/** @param {Equation} equation */
function item({ number, edge, formula, shapes, picture }) {
  const drawn = graph.value;
  if (!drawn) return null;
  const now = event.value?.writes.includes(edge) ?? false;
  const name = `${readAloud(drawn.formulas[formula])}: ${shapes}`;
  return html`<li
    class=${now ? "lit" : ""}
    @pointerenter=${() => (pointed.value = [{ key: edge, index: null }])}
    @pointerleave=${() => (pointed.value = [])}
  >
    <span class="number">${number}</span>
    <div class="equation">${equationPicture(picture, drawn, name, 1.3)}</div>
  </li>`;
}
