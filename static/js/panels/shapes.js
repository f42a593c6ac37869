/**
 * An equation with the shapes under its factors and the brackets of figure 5-26: equal inner sizes
 * are joined, the outer sizes are led to the result. The server has laid it out.
 *
 * @import { EquationPicture, Graph } from "../types.js"
 */
import { formulaGroup } from "../figure/formula.js";
import { head, svg } from "../figure/svg.js";

const HEAD = { length: 5, width: 6, filled: false };

/**
 * @param {EquationPicture} picture
 * @param {Graph} graph  whose formulas it uses
 * @param {string} name  for screen readers
 * @param {number} scale
 */
export function equationPicture({ width, height, formulas, texts, lines }, graph, name, scale) {
  return svg(
    "svg",
    {
      class: "equation-picture",
      role: "img",
      "aria-label": name,
      width: width * scale,
      height: height * scale,
      viewBox: `0 0 ${width} ${height}`,
    },
    ...formulas.map(({ formula, x, y }) => formulaGroup(graph.formulas[formula], { x, y })),
    ...texts.map(({ text, x, y }) => svg("text", { x, y, "text-anchor": "middle" }, text)),
    ...lines.map(({ kind, points, head: hasHead }) => {
      const line = `M${points.map((point) => point.join(" ")).join("L")}`;
      return svg("path", { class: kind, d: hasHead ? line + head(points, HEAD) : line });
    }),
  );
}
