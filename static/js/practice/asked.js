/**
 * What of a pass is blank while something of it is asked for. Pure.
 *
 * All that the line or the layer makes that the answer is made by is blank, or the number beside it
 * would be the answer; of the tensor that is asked for, more and more.
 *
 * @import { Held } from "../pagetypes.js"
 * @import { Graph, Item, Trace, TraceEvent } from "../types.js"
 */
import { positionOf, sizeOf } from "../values.js";
import { LAST_STAGE } from "./progress.js";

/**
 * The keys of the figure under which the tensor stands: one for each use where it is used twice.
 * @param {string} tensor
 * @param {Graph} graph
 */
export function keysOf(tensor, graph) {
  const isGradient = tensor.endsWith(".grad");
  const name = isGradient ? tensor.slice(0, -".grad".length) : tensor;
  const found = graph.edges.filter((edge) => edge.tensor === name && edge.key.endsWith(".grad") === isGradient);
  return found.length > 0 ? found.map(({ key }) => key) : [tensor];
}

/** The events that make it. @param {Trace} trace @param {readonly string[]} keys */
export function makersOf(trace, keys) {
  return trace.events.filter(({ writes }) => writes.some((key) => keys.includes(key)));
}

/**
 * How many events may be over: none of those of the layers that make it.
 * @param {Trace} trace
 * @param {readonly TraceEvent[]} makers
 */
export function before(trace, makers) {
  const firsts = makers.map(({ layer, phase }) =>
    trace.events.findIndex((one) => one.layer === layer && one.phase === phase && !one.rule_name.startsWith("seed.")),
  );
  return Math.min(trace.events.length, ...firsts);
}

/**
 * @param {Item} item
 * @param {number} stage  how far one is: from one blank cell to all
 * @param {Trace} trace
 * @param {Graph} graph
 * @returns {Held}
 */
export function heldBy({ tensor, index, kind }, stage, trace, graph) {
  const keys = keysOf(tensor, graph);
  const upTo = before(trace, makersOf(trace, keys));
  /** @type {Map<string, Set<number>>} */
  const given = new Map();
  /** @type {Map<string, number | null>} */
  const asked = new Map();
  for (const key of keys) {
    const shape = graph.edges.find((edge) => edge.key === key)?.shape;
    const isWhole = kind === "number" && shape?.length === index.length;
    asked.set(key, kind === "shape" ? null : isWhole ? positionOf(index, shape) : 0);
    if (isWhole) given.set(key, givenCells(index, shape, stage));
  }
  return { upTo, given, asked };
}

/**
 * All but the cell that is asked for; then all but its row, or of one row every other; then none.
 * @param {readonly number[]} index
 * @param {readonly number[]} shape
 * @param {number} stage
 */
export function givenCells(index, shape, stage) {
  const asked = positionOf(index, shape);
  const columns = shape.at(-1) ?? 1;
  const cells = Array.from({ length: sizeOf(shape) }, (_, i) => i).filter((i) => i !== asked);
  if (stage >= LAST_STAGE) return new Set(/** @type {number[]} */ ([]));
  if (stage === 0) return new Set(cells);
  const isOneRow = sizeOf(shape) === columns;
  const row = Math.floor(asked / columns);
  return new Set(cells.filter((i) => (isOneRow ? (i - asked) % 2 !== 0 : Math.floor(i / columns) !== row)));
}

/**
 * Of a shape the axes that are told: the first, then how many, then nothing.
 * @param {readonly number[]} shape
 * @param {number} stage
 * @returns {string | null}
 */
export function givenShape(shape, stage) {
  if (stage >= LAST_STAGE || shape.length < 2) return null;
  const [first, ...rest] = shape.map(String);
  return `(${[stage === 0 ? first : "\u25a1", ...rest.map(() => "\u25a1")].join(", ")})`;
}
