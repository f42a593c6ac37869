/**
 * The figure as SVG: made once from a drawing without numbers, then only repainted.
 *
 * Layers from back to front: group boxes, lines, nodes, labels. Each edge's line and label share
 * their classes (lit, made, dim), so what is in play stands out as one thing.
 * @import { Cell, Cursor, Graph, GraphEdge, GraphNode, Group, Spot, TraceEvent, Value } from "../types.js"
 * @import { LabelView } from "./labels.js"
 */
import { flat } from "../values.js";
import { formulaGroup, glyphSymbols } from "./formula.js";
import { heatPicture, inksOf } from "./heat.js";
import { labelView } from "./labels.js";
import { head, roundedPath, shortened, svg } from "./svg.js";

const OPEN_HEAD = { length: 8, width: 9, filled: false };
const FILLED_HEAD = { length: 12, width: 12, filled: true };
/** @type {Record<string, string>} */
const SIGNS = { "-": "\u2212", x: "\u00d7", dot: "dot" };

/**
 * @typedef {{
 *   event: TraceEvent | null, known: (key: string) => number,
 *   value: (key: string) => Value | undefined, cells: (key: string) => readonly Cell[] | undefined,
 *   stale: boolean, selection: Spot | null, pointed: readonly Spot[], current: Spot | null,
 * }} Look
 * @typedef {{
 *   element: SVGSVGElement, labels: Map<string, LabelView>, paint: (look: Look) => void,
 * }} Figure
 */

/**
 * @param {Graph} graph
 * @returns {Figure}
 */
export function paintFigure(graph) {
  const { width, height } = graph;
  const element = svg("svg", { class: "figure", width, height, viewBox: `0 0 ${width} ${height}` });
  const nodes = graph.nodes.filter((node) => node.w > 0);
  const nodeViews = nodes.map((node) => ({ node, ...nodeView(node, graph) }));
  const edgeViews = graph.edges.map((edge) => ({ edge, line: lineView(edge) }));
  /** @type {Map<string, LabelView>} */
  const labels = new Map();
  for (const edge of graph.edges) {
    if (edge.label) labels.set(edge.key, labelView(edge, edge.label, graph));
  }
  element.append(
    glyphSymbols(graph.glyphs),
    svg("g", { class: "groups" }, ...graph.groups.map(groupView)),
    svg("g", { class: "lines" }, ...edgeViews.map(({ line }) => line)),
    svg("g", { class: "nodes" }, ...nodeViews.map((view) => view.element)),
    svg("g", { class: "labels" }, ...[...labels.values()].map((view) => view.group)),
    svg("g", { class: "boxes" }, ...graph.edges.filter((edge) => edge.box && edge.box_at).map(boxView)),
  );

  /** @param {Look} look */
  function paint(look) {
    const { event } = look;
    element.classList.toggle("playing", event !== null);
    element.classList.toggle("stale", look.stale);
    for (const view of nodeViews) {
      view.element.classList.toggle("lit", event !== null && view.node.nodes.includes(event.node));
      view.paint?.(look);
    }
    for (const { edge, line } of edgeViews) {
      const label = labels.get(edge.key);
      for (const part of label ? [line, label.group] : [line]) {
        part.classList.toggle("lit", event?.reads.includes(edge.key) ?? false);
        part.classList.toggle("made", event?.writes.includes(edge.key) ?? false);
        part.classList.toggle("selected", look.selection?.key === edge.key);
      }
      const known = look.known(edge.key);
      line.classList.toggle("waiting", known === 0);
      if (!label) continue;
      const pointed = look.pointed.filter((spot) => spot.key === edge.key);
      label.paint(look.value(edge.key), known, look.cells(edge.key));
      label.group.classList.toggle("pointed", pointed.some((spot) => spot.index === null));
      label.light(
        new Set(pointed.flatMap((spot) => (spot.index === null ? [] : [spot.index]))),
        currentCell(look, edge.key),
      );
    }
  }
  return { element, labels, paint };
}

/** @param {Look} look @param {string} key */
function currentCell(look, key) {
  if (look.selection?.key === key && look.selection.index !== null) return look.selection.index;
  return look.current?.key === key ? look.current.index : null;
}

/** @param {GraphEdge} edge */
function lineView(edge) {
  const backward = edge.direction === "backward";
  const form = backward ? FILLED_HEAD : OPEN_HEAD;
  // A fan of arrows, one for each class, stands with its numbers instead.
  if (edge.label?.mode === "fan") return svg("g", { class: `edge ${edge.direction}`, "data-edge": edge.key });
  const line = backward ? shortened(edge.points, form.length - 1) : edge.points;
  return svg(
    "g",
    { class: `edge ${edge.direction}`, "data-edge": edge.key },
    svg("path", { class: "hit", d: roundedPath(edge.points) }),
    svg("path", { class: "line", d: roundedPath(line) }),
    svg("path", { class: "head", d: head(edge.points, form) }),
  );
}

/**
 * @param {GraphNode} node
 * @param {Graph} graph
 * @returns {{element: SVGGElement, paint?: (look: Look) => void}}
 */
function nodeView(node, graph) {
  const { id, kind, op, symbol, title, x, y, w, h } = node;
  const element = svg("g", { class: `node ${kind}`, "data-node": id });
  const corner = { x: x - w / 2, y: y - h / 2 };
  if (node.image) return imageView(node, element);
  if (kind === "constant") {
    const formula = graph.formulas[symbol ?? ""];
    element.append(formulaGroup(formula, { x: corner.x, y: corner.y + formula.ascent }));
    return { element };
  }
  const round = kind === "op" && Math.abs(w - h) < 1;
  const name = (kind === "layer" ? title : symbol) ?? title ?? op ?? "";
  element.append(
    round
      ? svg("circle", { cx: x, cy: y, r: w / 2 })
      : svg("rect", { ...corner, width: w, height: h, rx: 8 }),
    svg(
      "text",
      { x, y, dy: "0.35em", "text-anchor": "middle", class: name.length > 5 ? "long" : null },
      SIGNS[name] ?? name,
    ),
  );
  return { element };
}

/**
 * The input as the picture it is.
 * @param {GraphNode} node
 * @param {SVGGElement} element
 */
function imageView({ id, x, y, w, h, image }, element) {
  const [rows, columns] = /** @type {[number, number]} */ (image);
  const place = { x: x - w / 2, y: y - h / 2, width: w, height: h };
  const picture = svg("image", { ...place, class: "heat" });
  element.append(picture, svg("rect", { ...place, class: "frame" }));
  element.setAttribute("data-key", id);
  return {
    element,
    /** @param {Look} look */
    paint(look) {
      const value = look.value(id);
      const cells = value === undefined ? [] : (look.cells(id) ?? flat(value));
      if (cells.length === 0) return;
      picture.setAttribute("href", heatPicture(cells, { rows, columns }, inksOf(element, false)));
    },
  };
}

/** @param {Group} group */
function groupView({ id, kind, title, x, y, w, h }) {
  return svg(
    "g",
    { class: `group ${kind}`, "data-group": id },
    svg("rect", { x, y, width: w, height: h, rx: 12 }),
    title ? svg("text", { x: x + 12, y: y + 19 }, title) : "",
  );
}

/** @param {GraphEdge} edge */
function boxView({ box, box_at: at }) {
  const [x, y] = /** @type {[number, number]} */ (at);
  return svg(
    "g",
    { class: "box" },
    svg("rect", { x: x - 9, y: y - 9, width: 18, height: 18 }),
    svg("text", { x, y, dy: "0.35em", "text-anchor": "middle" }, String(box)),
  );
}
