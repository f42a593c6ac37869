/**
 * A drawing as a list of parts with their rectangles: what both painters, culling and hit tests
 * work on. Pure data, no DOM.
 *
 * @import { Formula, GraphEdge, GraphNode, Group, Label } from "../types.js"
 * @import { Box } from "./places.js"
 */
import { makeGrid } from "./grid.js";
import { boundsOf, span } from "./places.js";

/** Room around a line in which it can be hit. */
const REACH = 8;
/** SVG elements of the sign that opens or closes a box. */
const TAG = 3;
/** So far it stands beyond the corner of an op. */
const SIGN = 12;
const NUMBERED = 9;

/**
 * A piece of the figure; `size` is how many SVG elements it takes, `order` its place from back to
 * front among its kind.
 * @typedef {{order: number, size: number} & Box & (
 *   {kind: "group", group: Group} | {kind: "node", node: GraphNode} | {kind: "line", edge: GraphEdge}
 *   | {kind: "label", edge: GraphEdge, label: Label} | {kind: "box", edge: GraphEdge}
 * )} Part
 * @typedef {{nodes: GraphNode[], edges: GraphEdge[], groups: Group[]}} Pieces
 * @typedef {ReturnType<typeof sceneOf>} Scene
 */

/** From back to front. */
export const KINDS = /** @type {const} */ (["group", "line", "node", "label", "box"]);

/**
 * @param {Pieces} pieces
 * @param {Record<string, Formula>} formulas
 */
export function sceneOf({ nodes, edges, groups }, formulas) {
  /** @type {Part[]} */
  const parts = [];
  /** @param {Record<string, any> & Box} part */
  const add = (part) => parts.push(/** @type {Part} */ (/** @type {unknown} */ ({ ...part, order: parts.length })));
  for (const group of groups) {
    const size = (group.title ? 3 : 2) + (group.closes ? TAG : 0);
    add({ kind: "group", group, size, ...box(group) });
  }
  for (const edge of edges) {
    add({ kind: "line", edge, size: edge.label?.mode === "fan" ? 1 : 4, ...span(edge.points, REACH) });
  }
  for (const node of nodes) {
    if (node.w === 0) continue;
    const own = node.kind === "constant" ? 1 + formulaSize(formulas[node.symbol ?? ""]) : 3;
    const signs = (node.opens ? 1 : 0) + (node.hides || node.closes ? 1 : 0);
    add({ kind: "node", node, size: own + TAG * signs, ...nodeBox(node) });
  }
  for (const edge of edges) {
    const { label } = edge;
    if (label) add({ kind: "label", edge, label, size: labelSize(label, formulas), ...boundsOf(label, formulas) });
  }
  for (const edge of edges) {
    if (edge.box && edge.box_at) add({ kind: "box", edge, size: 3, ...span([edge.box_at], NUMBERED) });
  }
  /** @type {Map<string, Part[]>} */
  const byKey = new Map();
  for (const part of parts) {
    for (const name of namesOf(part)) {
      const list = byKey.get(name);
      if (list) list.push(part);
      else byKey.set(name, [part]);
    }
  }
  const grid = makeGrid(parts);
  return {
    parts,
    size: parts.reduce((sum, part) => sum + part.size, 0),
    /**
     * Every part of an edge with this key, and the node that stands for the op with this name.
     * @param {string} key
     */
    partsOf: (key) => byKey.get(key) ?? [],
    within: grid.within,
  };
}

/** With the sign that stands beside an op. @param {GraphNode} node @returns {Box} */
function nodeBox({ kind, x, y, w, h, hides, closes }) {
  const off = kind === "op" && (hides || closes) ? SIGN : 0;
  return { x: x - w / 2, y: y - h / 2 - off, w: w + off, h: h + off };
}

/** @param {Part} part @returns {Iterable<string>} */
function namesOf(part) {
  if (part.kind === "group") return [];
  return part.kind === "node" ? new Set([part.node.id, ...part.node.nodes]) : [part.edge.key];
}

/** @param {Box} rectangle @returns {Box} */
function box({ x, y, w, h }) {
  return { x, y, w, h };
}

/** @param {Formula} formula */
function formulaSize(formula) {
  return 1 + formula.glyphs.length + formula.rules.length;
}

/** @param {Label} label @param {Record<string, Formula>} formulas */
function labelSize(label, formulas) {
  const name = label.name ? formulaSize(formulas[label.name.formula]) : 0;
  return 1 + numbersSize(label) + name + (label.shape?.text ? 1 : 0);
}

/** @param {Label} label */
function numbersSize({ mode, rows, cols, fan, legend }) {
  if (mode === "scalar") return 4;
  if (mode === "grid") return 2 + 3 * rows * cols;
  if (mode === "heat") return legend ? 11 : 6;
  return fan ? 3 * fan.lines.length + 4 * fan.cells.length + (fan.ellipsis ? 1 : 0) : 0;
}
