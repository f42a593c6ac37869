/**
 * What one looks at: the boxes around what is chosen or in play, from what must be in sight to what
 * would be in sight at best. Pure geometry, in the figure's own px.
 *
 * @import { Graph, GraphEdge, GraphNode, TraceEvent } from "../types.js"
 * @import { Box } from "./places.js"
 */
import { around, boundsOf } from "./places.js";
import { LEGIBLE } from "./zoom.js";

/** Names, shades and boxes still tell something at this scale. */
const NAMES_LEGIBLE = 0.42;

/**
 * An op, then with what it writes, with all boxes that take part in it, and with what it reads.
 * @param {Graph} graph
 * @param {TraceEvent} event
 * @param {{ahead?: boolean}} [options]  ahead: it is still to come, and what it reads is there
 * @returns {Box[]}  each within the next; none where the figure does not draw it
 */
export function boxesInPlay(graph, { node, reads, writes }, { ahead = false } = {}) {
  const [near, far] = ahead ? [reads, writes] : [writes, reads];
  const lit = graph.nodes.filter(({ id, nodes, w }) => w > 0 && (id === node || nodes.includes(node)));
  const ops = lit.map(nodeBox);
  const made = labelsOf(graph, near);
  const at = made[0] ?? ops[0];
  if (!at) return [];
  const op = nearestFirst(ops, at).slice(0, 1);
  const [first] = [...op, ...made];
  return nested([...op, ...nearestFirst(made, first), ...ops, ...nearestFirst(labelsOf(graph, far), first)]);
}

/**
 * The label of a tensor; a line without one is looked at where it runs, an input where it stands.
 * @param {Graph} graph
 * @param {string} key
 * @returns {Box[]}
 */
export function boxesOf(graph, key) {
  const labels = labelsOf(graph, [key]);
  const source = graph.nodes.find(({ id, w }) => id === key && w > 0);
  return labels.length === 0 && source ? [nodeBox(source)] : nested(labels);
}

/** Where a node stands. @param {Graph} graph @param {string} id @returns {Box[]}  none where it is not drawn */
export function boxOf({ nodes }, id) {
  return nodes.filter((node) => node.id === id && node.w > 0).map(nodeBox);
}

/** The scale down to which a figure still says what it is there for. @param {Graph} graph */
export function legibleScale({ edges }) {
  const modes = edges.flatMap(({ label }) => (label ? [label.mode] : []));
  const numbers = modes.filter((mode) => mode === "grid" || mode === "scalar" || mode === "fan");
  return numbers.length * 2 > modes.length ? LEGIBLE : NAMES_LEGIBLE;
}

/** Where the labels of some tensors stand. @param {Graph} graph @param {readonly string[]} keys @returns {Box[]} */
export function labelsOf({ edges, formulas }, keys) {
  return edges.flatMap(({ key, label }) => (label && keys.includes(key) ? [boundsOf(label, formulas)] : []));
}

/** @param {GraphNode} node @returns {Box} */
function nodeBox({ x, y, w, h }) {
  return { x: x - w / 2, y: y - h / 2, w, h };
}

/** @param {readonly Box[]} boxes  @returns {Box[]}  around the first, the first two, and so on */
function nested(boxes) {
  return boxes.map((_, i) => around(boxes.slice(0, i + 1)));
}

/** @param {readonly Box[]} boxes @param {Box} at */
function nearestFirst(boxes, at) {
  return [...boxes].sort((a, b) => distance(a, at) - distance(b, at));
}

/** @param {Box} a @param {Box} b  between their middles */
function distance(a, b) {
  return Math.hypot(a.x + a.w / 2 - b.x - b.w / 2, a.y + a.h / 2 - b.y - b.h / 2);
}
