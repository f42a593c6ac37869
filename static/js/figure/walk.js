/**
 * Walking the figure by keyboard: right and left follow the arrows of the graph, from a tensor to
 * the op at its end and on; up and down change the branch or go between a value and its gradient.
 *
 * @import { Graph, GraphEdge, GraphNode } from "../types.js"
 */
import { later } from "../coming.js";
import { short } from "../format.js";
import { graph, held, stale, trace } from "../store.js";
import { t } from "../strings.js";
import { flat, isOmitted } from "../values.js";
import { isEverKnown, knownOf, valueOf, whyNever } from "./known.js";
import { nameOf, opTitle, partnerOf } from "./names.js";
import { shownBy, turnBehind } from "./openops.js";
import { boxBehind } from "./opening.js";
import { textsOf } from "./texts.js";

const LARGEST_SPOKEN = 12;

/** @param {Graph} graph  @returns {GraphEdge[]} left to right, then top to bottom */
export function readingOrder(graph) {
  const labelled = graph.edges.filter((edge) => edge.label);
  return labelled.sort((a, b) => middle(a).x - middle(b).x || middle(a).y - middle(b).y);
}

/** @param {GraphEdge} edge */
function middle({ label, points }) {
  if (label) return { x: label.x + label.w / 2, y: label.y + label.h / 2 };
  const [x, y] = points[Math.floor(points.length / 2)];
  return { x, y };
}

/**
 * Where one stands: at a tensor or at an op; at neither before the first step.
 * @typedef {{key: string | null, op: string | null}} Stop
 */

/**
 * @param {Graph} graph
 * @param {Stop} at
 * @param {string} arrow  the key pressed
 * @param {"forward" | "backward"} way  on which one goes on from an op
 * @returns {Stop}
 */
export function walk(graph, at, arrow, way) {
  const order = readingOrder(graph);
  const isAlong = arrow === "ArrowRight" || arrow === "ArrowLeft";
  const node = graph.nodes.find(({ id, kind }) => id === at.op && kind === "op");
  if (node) {
    const next = isAlong ? beside(order, node, arrow, way) : beyond(order, node, arrow)[0];
    return next ? edgeStop(next) : at;
  }
  const from = order.find((edge) => edge.key === at.key);
  if (!from) return edgeStop(order[0]);
  if (!isAlong) return edgeStop(across(order, from, arrow) ?? from);
  const [out] = ends(from.direction, arrow);
  const op = graph.nodes.find(({ id, kind }) => id === from[out] && kind === "op");
  return op ? { key: null, op: op.id } : edgeStop(along(order, from, arrow) ?? from);
}

/** @param {GraphEdge} edge  @returns {Stop} */
function edgeStop({ key }) {
  return { key, op: null };
}

/**
 * Which end of an edge one leaves by, and which end of the next one comes in by. Gradients run the
 * other way: going right on one is going against it.
 * @param {"forward" | "backward"} direction @param {string} arrow
 * @returns {["from" | "to", "from" | "to"]}
 */
function ends(direction, arrow) {
  return (direction === "forward") === (arrow === "ArrowRight") ? ["to", "from"] : ["from", "to"];
}

/**
 * The edge of an op at one of its sides, as straight on as may be.
 * @param {GraphEdge[]} order @param {GraphNode} node @param {string} arrow @param {"forward" | "backward"} way
 */
function beside(order, node, arrow, way) {
  const of = /** @param {"forward" | "backward"} direction */ (direction) =>
    order.filter((edge) => edge.direction === direction && edge[ends(direction, arrow)[1]] === node.id);
  const [own, other] = [of(way), of(way === "forward" ? "backward" : "forward")];
  return nearest(own.length > 0 ? own : other, node.y);
}

/** @param {GraphEdge[]} edges @param {number} y */
function nearest(edges, y) {
  return [...edges].sort((a, b) => Math.abs(middle(a).y - y) - Math.abs(middle(b).y - y))[0];
}

/** @param {GraphEdge[]} order @param {GraphEdge} from @param {string} arrow */
function along(order, from, arrow) {
  const same = order.filter((edge) => edge.direction === from.direction);
  const [out, into] = ends(from.direction, arrow);
  const joined = same.filter((edge) => from[out] !== null && edge[into] === from[out]);
  return nearest(joined, middle(from).y) ?? same[same.indexOf(from) + (arrow === "ArrowRight" ? 1 : -1)];
}

/** @param {GraphEdge[]} order @param {GraphEdge} from @param {string} arrow */
function across(order, from, arrow) {
  const down = arrow === "ArrowDown" ? 1 : -1;
  const partner = order.find((edge) => edge.key === partnerOf(from.key));
  if (partner && (down === 1) === (from.direction === "forward")) return partner;
  return beyond(
    order.filter((edge) => edge !== partner),
    middle(from),
    arrow,
  )[0];
}

/**
 * What lies above or below, the nearest first.
 * @param {GraphEdge[]} order @param {{x: number, y: number}} at @param {string} arrow
 */
function beyond(order, { x, y }, arrow) {
  const down = arrow === "ArrowDown" ? 1 : -1;
  /** @param {GraphEdge} edge */
  const cost = (edge) => Math.abs(middle(edge).y - y) + 2 * Math.abs(middle(edge).x - x);
  return order.filter((edge) => (middle(edge).y - y) * down > 8).sort((a, b) => cost(a) - cost(b));
}

/** An op in one sentence, for the ear. @param {string} id */
export function describeOp(id) {
  return t("op.name", { name: opTitle(id) });
}

/**
 * An edge in one sentence, for the ear.
 * @param {GraphEdge} edge
 */
export function describe(edge) {
  const box = graph.value && boxBehind(graph.value, edge.key);
  const opens = box ? `, ${t("edge.opens", { name: box.title ?? "" })}` : turned(edge.key);
  const kind = t(edge.direction === "forward" ? "edge.value" : "edge.gradient", { name: nameOf(edge.key) });
  if (held.value?.asked.has(edge.key)) return `${kind}, ${t("practice.blank")}`;
  const ofClass = later.value?.classNameOf({ key: edge.key, index: null });
  return `${kind}${ofClass ? `, ${ofClass}` : ""}, ${t("edge.shape", { shape: edge.shape_text })}, ${numbersOf(edge.key)}${opens}`;
}

/** What Enter shows or hides. @param {string} key */
function turned(key) {
  const turn = graph.value && turnBehind(graph.value, key);
  if (!turn) return "";
  const name = shownBy("opens" in turn ? turn.opens : turn.closes);
  return `, ${"opens" in turn ? t("edge.shows", { name }) : t("edge.hides", { name })}`;
}

/** @param {string} key */
export function numbersOf(key) {
  if (stale.value) return t("stale.now");
  if (trace.value && !isEverKnown(key)) return t(whyNever(key));
  const known = knownOf(key);
  const value = valueOf(key);
  if (known === 0 || value === undefined) return t("edge.empty");
  if (isOmitted(value)) return t("edge.range", { min: short(value.min), max: short(value.max) });
  const count = flat(value).slice(0, known).length;
  if (count > LARGEST_SPOKEN) return t("edge.many", { count });
  return textsOf(value).slice(0, known).join(", ");
}
