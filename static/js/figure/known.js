/**
 * What is known of a key at the cursor, in the figure's own pass or inside a closed box.
 *
 * The closed loss is one step; inside its boxes is the same pass with the loss opened. All that the
 * step computes there becomes known with it.
 * @import { Value } from "../pagetypes.js"
 * @import { View } from "../types.js"
 */
import { cellsKnown } from "../cursor.js";
import { cursor, innerTable, table, trace, view } from "../store.js";

/** @param {string} key  @returns {number}  cells known, row by row; Infinity: all */
export function knownOf(key) {
  const times = table.value;
  if (!times) return 0;
  if (times.writtenAt.has(key)) return cellsKnown(times, key, cursor.value);
  if (!innerTable.value?.writtenAt.has(key)) return 0;
  const phase = key.endsWith(".grad") ? "backward" : "loss";
  const done = trace.value?.events.findLast((event) => event.layer === "loss" && event.phase === phase);
  return done && done.seq < cursor.value.seq ? Infinity : 0;
}

/** @param {string} key  @returns {Value | undefined} */
export function valueOf(key) {
  const value = table.value?.values.get(key);
  return value === undefined ? innerTable.value?.values.get(key) : value;
}

/** @param {string} key  @returns {View}  the pass in which the key has its numbers */
export function passOf(key) {
  const isInner = !table.value?.writtenAt.has(key) && innerTable.value?.writtenAt.has(key);
  return isInner ? { ...view.value, loss: "opened" } : view.value;
}

/**
 * Whether the pass gives this key a number at all, sooner or later. The closed loss goes past the
 * gradients inside it, and nothing has a gradient with regard to the targets.
 * @param {string} key
 */
export function isEverKnown(key) {
  return Boolean(table.value?.writtenAt.has(key) || innerTable.value?.writtenAt.has(key));
}

/**
 * @param {string} key  of what is never known
 * @returns {string}  why, as the name of its words
 */
export function whyNever(key) {
  const isComputed = (table.value?.writtenAt.get(key.replace(/\.grad$/, "")) ?? -1) >= 0;
  return isComputed && view.value.loss === "closed" && key.startsWith("loss.") ? "table.closed" : "table.none";
}
