/**
 * The numbered equations of figures 5-25 to 5-27, each factor with its shape under it, and for
 * figure 5-26 why the shapes fit.
 *
 * @import { Equation } from "../types.js"
 */
import { html } from "lit-html";
import { event, graph, pointed, session } from "../store.js";
import { t } from "../strings.js";
import { equationPicture } from "./shapes.js";

/** The figure of the book whose one subject is the shapes. */
const SHAPES_FIGURE = "fig-5-26";

export function equations() {
  const shown = graph.value?.equations ?? [];
  if (shown.length === 0) return null;
  const large = session.value?.preset === SHAPES_FIGURE;
  return html`<section class="equations" aria-labelledby="equations-title">
    <h2 id="equations-title">${t(large ? "equations.shapes" : "equations.title")}</h2>
    ${large ? html`<p class="hint">${t("equations.why")}</p>` : null}
    <ol>
      ${shown.map((equation) => item(equation, large))}
    </ol>
  </section>`;
}

/** @param {Equation} equation @param {boolean} large */
function item({ number, edge, formula, shapes, picture, product }, large) {
  const drawn = graph.value;
  if (!drawn) return null;
  const now = event.value?.writes.includes(edge) ?? false;
  const name = `${drawn.formulas[formula].spoken}: ${shapes}`;
  return html`<li
    class=${now ? "lit" : ""}
    @pointerenter=${() => (pointed.value = [{ key: edge, index: null }])}
    @pointerleave=${() => (pointed.value = [])}
  >
    <span class="number">${number}</span>
    <div class="equation">${equationPicture(large ? (product ?? picture) : picture, drawn, name, large ? 1.8 : 1.3)}</div>
  </li>`;
}
