/**
 * Cells of large tensors, which the trace leaves out: fetched when a heat map of the figure is due.
 */
import { effect } from "@preact/signals-core";
import * as api from "../api.js";
import { fetchedCells, graph, insidesShown, session, stale, table, trace, view } from "../store.js";
import { flat, isOmitted } from "../values.js";
import { knownOf, passOf, valueOf } from "./known.js";

/** @type {Set<string>} */
const asked = new Set();

/** @param {string} key */
function stamp(key) {
  const { level, sample, form } = view.value;
  return [trace.value?.id, trace.value?.version, level === "element" ? sample : "", form, key].join("/");
}

/** @param {string} key */
export function cellsOf(key) {
  return fetchedCells.value.get(stamp(key));
}

/** Ask for the cells of every heat map that the cursor has reached. */
export function watchLargeTensors() {
  effect(() => {
    if (!graph.value || !table.value || stale.value) return;
    const insides = insidesShown.value.flatMap((name) => graph.value?.insides[name]?.edges ?? []);
    for (const { label, key } of [...graph.value.edges, ...insides]) {
      const value = valueOf(key);
      if (label?.mode !== "heat" || value === undefined || !isOmitted(value)) continue;
      if (knownOf(key) > 0) void ask(key);
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
    const cells = flat(await api.getTensor(id, passOf(key), key));
    const kept = [...fetchedCells.peek()].slice(-32);
    fetchedCells.value = new Map([...kept, [name, cells]]);
  } catch {
    // The range from the trace still stands; the next visit asks again.
    asked.delete(name);
  }
}
