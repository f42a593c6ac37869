/**
 * Each kind of part as SVG: made without numbers, then only repainted.
 *
 * @import { Graph, GraphEdge, GraphNode, Group } from "../types.js"
 * @import { LabelView } from "./labels.js"
 * @import { Turn } from "./openops.js"
 * @import { Part } from "./scene.js"
 * @import { Sight } from "./sight.js"
 */
import { formulaGroup } from "./formula.js";
import { heatPicture } from "./heat.js";
import { cellsShown } from "./heatlabel.js";
import { labelView } from "./labels.js";
import { turnAt } from "./openops.js";
import { inksIn } from "./palette.js";
import { classWriter, head, roundedPath, shortened, svg } from "./svg.js";

export const OPEN_HEAD = { length: 8, width: 9, filled: false };
export const FILLED_HEAD = { length: 12, width: 12, filled: true };
const BOX = 18;
const TAG = 24;
/** So far beyond the corner of its square stands the sign of a circle. */
const OFF = 12;
/** Width of a letter of a box's name, in px. */
const CHARACTER = 6.3;
/** A map, since a layer may be called as an object's own property is: `constructor`. @type {Map<string, string>} */
const SIGNS = new Map([
  ["-", "\u2212"],
  ["x", "\u00d7"],
]);

/** @typedef {{element: SVGGElement, paint?: (sight: Sight) => void, label?: LabelView}} PartView */

/**
 * @param {Part} part
 * @param {Graph} graph
 * @returns {PartView}
 */
export function partView(part, graph) {
  switch (part.kind) {
    case "group":
      return { element: groupView(part.group) };
    case "line":
      return atClash(lineView(part.edge), part.edge, graph);
    case "node":
      return nodeView(part.node, graph);
    case "label": {
      const label = labelView(part.edge, part.label, graph);
      return atClash({ element: label.group, paint: label.paint, label }, part.edge, graph);
    }
    case "box":
      return { element: boxView(part.edge) };
  }
}

/** What comes in where shapes do not fit stands out. @param {PartView} view @param {GraphEdge} edge @param {Graph} graph */
function atClash(view, { to }, graph) {
  if (graph.nodes.some(({ id, clash }) => clash && id === to)) view.element.setAttribute("data-clash", "");
  return view;
}

/**
 * @param {GraphEdge} edge
 * @returns {PartView}
 */
function lineView(edge) {
  const backward = edge.direction === "backward";
  const form = backward ? FILLED_HEAD : OPEN_HEAD;
  const kind = `edge ${edge.direction}`;
  const element = svg("g", { class: kind, "data-edge": edge.key });
  // A fan of arrows, one for each class, stands with its numbers instead.
  if (edge.label?.mode !== "fan") {
    const line = backward ? shortened(edge.points, form.length - 1) : edge.points;
    element.append(
      svg("path", { class: "hit", d: roundedPath(edge.points) }),
      svg("path", { class: "line", d: roundedPath(line) }),
      svg("path", { class: "head", d: head(edge.points, form) }),
    );
  }
  const mark = classWriter(element, kind);
  return {
    element,
    paint: (sight) => mark(sight.marks(edge.key) + (sight.known(edge.key) === 0 ? " waiting" : "")),
  };
}

/**
 * @param {GraphNode} node
 * @param {Graph} graph
 * @returns {PartView}
 */
function nodeView(node, graph) {
  const { id, kind, symbol, x, y, w, h } = node;
  const element = svg("g", { class: `node ${kind}`, "data-node": id });
  const mark = classWriter(element, `node ${kind}`);
  /** @param {Sight} sight */
  const paint = (sight) => mark((sight.lit(node.nodes) ? " lit" : "") + (sight.op === id ? " selected" : ""));
  const corner = { x: x - w / 2, y: y - h / 2 };
  if (node.image) {
    const picture = imageView(node, element);
    return {
      element,
      paint(sight) {
        paint(sight);
        picture(sight);
      },
    };
  }
  if (kind === "constant") {
    const formula = graph.formulas[symbol ?? ""];
    element.append(formulaGroup(formula, { x: corner.x, y: corner.y + formula.ascent }));
    return { element, paint };
  }
  const name = nameIn(node);
  const text = svg(
    "text",
    { x, y, dy: "0.35em", "text-anchor": "middle", class: name.length > 3 ? "long" : null },
    name,
  );
  // How much larger it may be written where all is small.
  if (kind === "layer") text.style.setProperty("--most", String(Math.max(1, (w - 16) / (name.length * CHARACTER))));
  element.append(
    isRound(node) ? svg("circle", { cx: x, cy: y, r: w / 2 }) : svg("rect", { ...corner, width: w, height: h, rx: 8 }),
    text,
  );
  if (node.clash) {
    element.setAttribute("data-clash", "");
    element.append(svg("text", { class: "unequal", x: x + w / 2 + 2, y: y - h / 2 + 2 }, "\u2260"));
  }
  if (node.opens) element.append(tag(x + w / 2, y - h / 2, "+", { opens: node.opens, id }));
  const turn = turnAt(node);
  if (turn && kind === "layer") element.append(tag(x + w / 2, y + h / 2 - TAG, "1/N", turn));
  else if (turn && isRound(node)) element.append(tag(x + w / 2 + OFF, y - h / 2 - OFF, signOf(turn), turn));
  return { element, paint };
}

/** @param {GraphNode} node  @returns {string} what is written in it */
export function nameIn({ kind, symbol, title, op }) {
  const name = (kind === "layer" ? title : symbol) ?? title ?? op ?? "";
  return SIGNS.get(name) ?? name;
}

/** @param {GraphNode} node */
export function isRound({ kind, w, h }) {
  return kind === "op" && Math.abs(w - h) < 1;
}

/**
 * The input as the picture it is.
 * @param {GraphNode} node
 * @param {SVGGElement} element
 * @returns {(sight: Sight) => void}
 */
function imageView({ id, x, y, w, h, image }, element) {
  const [rows, columns] = /** @type {[number, number]} */ (image);
  const place = { x: x - w / 2, y: y - h / 2, width: w, height: h };
  const picture = svg("image", { ...place, class: "heat" });
  element.append(picture, svg("rect", { ...place, class: "frame" }));
  element.setAttribute("data-key", id);
  /** @type {unknown[]} */
  let painted = [];
  return ({ value, cells, palette }) => {
    const now = [value(id), cells(id), palette];
    if (now.every((one, i) => one === painted[i])) return;
    painted = now;
    const shown = cellsShown(value(id), Infinity, cells(id));
    if (shown.length === 0) return;
    picture.setAttribute("href", heatPicture(shown, { rows, columns }, inksIn(palette, false)));
  };
}

/** @param {Turn} turn */
function signOf(turn) {
  return "opens" in turn ? "+" : "\u2212";
}

/**
 * A place to click, in the upper right corner of a box that opens or closes, or beside an op.
 * @param {number} right @param {number} top @param {string} sign @param {Turn} turn
 */
function tag(right, top, sign, turn) {
  const middle = { x: right - TAG / 2, y: top + TAG / 2, dy: "0.35em", "text-anchor": "middle" };
  return svg(
    "g",
    {
      class: sign.length > 1 ? "tag small" : "tag",
      "aria-hidden": "true",
      "data-at": turn.id,
      ...("opens" in turn ? { "data-opens": turn.opens } : { "data-closes": turn.closes }),
    },
    svg("rect", { x: right - TAG, y: top, width: TAG, height: TAG }),
    svg("text", middle, sign),
  );
}

/** @param {Group} group */
function groupView({ id, kind, title, closes, x, y, w, h }) {
  return svg(
    "g",
    { class: `group ${kind}`, "data-group": id },
    svg("rect", { x, y, width: w, height: h, rx: 12 }),
    title ? svg("text", { x: x + 12, y: y + 19 }, title) : "",
    closes ? tag(x + w, y, "\u2212", { closes, id }) : "",
  );
}

/** @param {GraphEdge} edge */
function boxView({ box, box_at: at }) {
  const [x, y] = /** @type {[number, number]} */ (at);
  return svg(
    "g",
    { class: "box" },
    svg("rect", { x: x - BOX / 2, y: y - BOX / 2, width: BOX, height: BOX }),
    svg("text", { x, y, dy: "0.35em", "text-anchor": "middle" }, String(box)),
  );
}
