/**
 * Walking the figure by keyboard: right and left follow the arrows of the graph, up and down change
 * the branch or go between a value and its gradient.
 *
 * @import { Graph, GraphEdge } from "../types.js"
 */
import { short } from "../format.js";
import { graph, stale, trace } from "../store.js";
import { t } from "../strings.js";
import { flat, isOmitted } from "../values.js";
import { isEverKnown, knownOf, valueOf, whyNever } from "./known.js";
import { nameOf, partnerOf } from "./names.js";
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
 * @param {Graph} graph
 * @param {string | null} key
 * @param {string} arrow  the key pressed
 * @returns {GraphEdge}
 */
export function walk(graph, key, arrow) {
  const order = readingOrder(graph);
  const from = order.find((edge) => edge.key === key);
  if (!from) return order[0];
  const next = arrow === "ArrowRight" || arrow === "ArrowLeft" ? along(order, from, arrow) : across(order, from, arrow);
  return next ?? from;
}

/** @param {GraphEdge[]} order @param {GraphEdge} from @param {string} arrow */
function along(order, from, arrow) {
  const same = order.filter((edge) => edge.direction === from.direction);
  // Gradients run the other way: going right on one is going against it.
  const [left, right] =
    from.direction === "forward" ? /** @type {const} */ (["from", "to"]) : /** @type {const} */ (["to", "from"]);
  const [out, into] = arrow === "ArrowRight" ? [right, left] : [left, right];
  const joined = same.filter((edge) => from[out] !== null && edge[into] === from[out]);
  const { y } = middle(from);
  joined.sort((a, b) => Math.abs(middle(a).y - y) - Math.abs(middle(b).y - y));
  return joined[0] ?? same[same.indexOf(from) + (arrow === "ArrowRight" ? 1 : -1)];
}

/** @param {GraphEdge[]} order @param {GraphEdge} from @param {string} arrow */
function across(order, from, arrow) {
  const down = arrow === "ArrowDown" ? 1 : -1;
  const partner = order.find((edge) => edge.key === partnerOf(from.key));
  if (partner && (down === 1) === (from.direction === "forward")) return partner;
  const { x, y } = middle(from);
  const beyond = order
    .filter((edge) => edge !== partner && (middle(edge).y - y) * down > 8)
    .sort((a, b) => cost(a) - cost(b));
  return beyond[0];

  /** @param {GraphEdge} edge */
  function cost(edge) {
    return Math.abs(middle(edge).y - y) + 2 * Math.abs(middle(edge).x - x);
  }
}

/**
 * An edge in one sentence, for the ear.
 * @param {GraphEdge} edge
 */
export function describe(edge) {
  const box = graph.value && boxBehind(graph.value, edge.key);
  const opens = box ? `, ${t("edge.opens", { name: box.title ?? "" })}` : turned(edge.key);
  const kind = t(edge.direction === "forward" ? "edge.value" : "edge.gradient", { name: nameOf(edge.key) });
  return `${kind}, ${t("edge.shape", { shape: edge.shape_text })}, ${numbersOf(edge.key)}${opens}`;
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
