/**
 * Cells of large tensors, which the trace leaves out: fetched when a heat map of the figure is due.
 */
import { effect } from "@preact/signals-core";
import * as api from "../api.js";
import { cursor, fetchedCells, graph, session, stale, table, trace } from "../store.js";
import { cellsKnown } from "../cursor.js";
import { flat, isOmitted } from "../values.js";

/** @type {Set<string>} */
const asked = new Set();

/** @param {string} key */
function stamp(key) {
  return `${trace.value?.id}/${trace.value?.version}/${key}`;
}

/** @param {string} key */
export function cellsOf(key) {
  return fetchedCells.value.get(stamp(key));
}

/** Ask for the cells of every heat map that the cursor has reached. */
export function watchLargeTensors() {
  effect(() => {
    if (!graph.value || !table.value || stale.value) return;
    for (const { label, key } of graph.value.edges) {
      const value = table.value.values.get(key);
      if (label?.mode !== "heat" || value === undefined || !isOmitted(value)) continue;
      if (cellsKnown(table.value, key, cursor.value) > 0) void ask(key);
    }
  });
}

/** @param {string} key */
async function ask(key) {
  const name = stamp(key);
  const id = session.peek()?.id;
  if (!id || asked.has(name)) return;
  asked.add(name);
  try {
    const cells = flat(await api.getTensor(id, key));
    const kept = [...fetchedCells.peek()].slice(-32);
    fetchedCells.value = new Map([...kept, [name, cells]]);
  } catch {
    // The range from the trace still stands; the next visit asks again.
    asked.delete(name);
  }
}
