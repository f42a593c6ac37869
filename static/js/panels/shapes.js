/**
 * An equation with the shapes under its factors and the brackets of figure 5-26: equal inner sizes
 * are joined, the outer sizes are led to the result. The server has laid it out.
 *
 * @import { EquationPicture, Graph, PlacedFormula } from "../types.js"
 */
import { formulaGroup } from "../figure/formula.js";
import { head, svg } from "../figure/svg.js";

const HEAD = { length: 5, width: 6, filled: false };

/**
 * @param {EquationPicture} picture
 * @param {Graph} graph  whose formulas it uses
 * @param {string} name  for screen readers
 * @param {number} scale
 * @param {number} [stage]  how far it has grown: 0 without brackets, 1 with the inner one, 2 all of
 *   it; until then a slot stands for the result, its last part
 */
export function equationPicture({ width, height, formulas, texts, lines }, graph, name, scale, stage = 2) {
  const result = formulas[formulas.length - 1];
  const end = stage < 2 ? (formulas[formulas.length - 2]?.x ?? 0) : Infinity;
  const parts = stage < 2 ? formulas.slice(0, -1) : formulas;
  const kinds = [[], ["inner"], ["inner", "outer"]][stage];
  const picture = svg(
    "svg",
    {
      class: "equation-picture",
      role: "img",
      "aria-label": name,
      width: width * scale,
      height: height * scale,
      viewBox: `0 0 ${width} ${height}`,
    },
    ...parts.map(({ formula, x, y }) => formulaGroup(graph.formulas[formula], { x, y })),
    ...(stage < 2 ? [slot(result, graph)] : []),
    ...texts.filter(({ x }) => x < end).map(({ text, x, y }) => svg("text", { x, y, "text-anchor": "middle" }, text)),
    ...lines
      .filter(({ kind }) => kinds.includes(kind))
      .map(({ kind, points, head: hasHead }) => {
        const line = `M${points.map((point) => point.join(" ")).join("L")}`;
        return svg("path", { class: kind, d: hasHead ? line + head(points, HEAD) : line });
      }),
  );
  // By which a style sheet makes it less wide where it may not be as high.
  picture.style.setProperty("--ratio", String(width / height));
  return picture;
}

/** The place of what is not computed yet. @param {PlacedFormula} placed @param {Graph} graph */
function slot({ formula, x, y }, graph) {
  const { width, height, ascent } = graph.formulas[formula];
  return svg("rect", { class: "slot", x, y: y - ascent, width, height, rx: 3 });
}
