/**
 * Cells of large tensors, which the trace leaves out: fetched when heat maps of the figure are due,
 * all of them with one request.
 *
 * What the figure shows now is kept, however much it is; the server bounds a pass. What it showed
 * at other levels is kept while there is room, and what was computed from other numbers is not.
 * @import { Cells } from "../pagetypes.js"
 * @import { View } from "../types.js"
 */
import { effect } from "@preact/signals-core";
import * as api from "../api.js";
import { fetchedCells, graph, insidesShown, stale, table, trace, view } from "../store.js";
import { isOmitted } from "../values.js";
import { knownOf, passOf, valueOf } from "./known.js";

const MOST_BYTES = 64 * 2 ** 20;
/** What the server takes and answers at once. */
const AT_ONCE = { names: 64, cells: 4_000_000 };

/** @typedef {{key: string, cells: number}} Due */

/** Keys under way or here, and those that the server could not give, of the pass `asking`. @type {Set<string>} */
const asked = new Set();
let asking = "";

/** Which numbers: of one session after one edit. */
function numbers() {
  return `${trace.value?.id}/${trace.value?.data_version}/`;
}

/** Which pass over them. The loss, opened or closed, changes no number of a tensor. */
function pass() {
  const { level, sample, form } = view.value;
  return `${numbers()}${level === "element" ? sample : ""}/${form}/`;
}

/** @param {string} key  @returns {Cells | undefined} */
export function cellsOf(key) {
  return fetchedCells.value.get(pass() + key);
}

/** Ask for the cells of every heat map that the cursor has reached. */
export function watchLargeTensors() {
  effect(() => {
    if (!graph.value || !table.value || stale.value || trace.value?.id === api.UNMADE) return;
    if (pass() !== asking) asked.clear();
    asking = pass();
    /** The figure's own pass, and that with the loss opened. @type {Map<string, Due[]>} */
    const due = new Map();
    for (const { key, cells } of missing()) {
      const { loss } = passOf(key);
      due.set(loss, [...(due.get(loss) ?? []), { key, cells }]);
    }
    for (const [loss, list] of due) {
      for (const part of parted(list)) void ask(part, { ...view.value, loss: /** @type {View["loss"]} */ (loss) });
    }
  });
}

/** @returns {Due[]}  what is to be seen in heat maps and is not here */
function missing() {
  const drawn = /** @type {NonNullable<typeof graph.value>} */ (graph.value);
  const insides = insidesShown.value.flatMap((name) => drawn.insides[name]?.edges ?? []);
  const pictures = drawn.nodes.filter(({ image }) => image).map(({ id }) => id);
  const maps = [...drawn.edges, ...insides].filter(({ label }) => label?.mode === "heat").map(({ key }) => key);
  return [...new Set([...pictures, ...maps])].flatMap((key) => {
    const value = valueOf(key);
    if (value === undefined || !isOmitted(value) || knownOf(key) === 0) return [];
    // Read also where it was asked for: what is thrown out is asked for again.
    const isHere = cellsOf(key) !== undefined;
    return isHere || asked.has(key) ? [] : [{ key, cells: value.shape.reduce((n, size) => n * size, 1) }];
  });
}

/** @param {readonly Due[]} list  @returns {string[][]}  as few requests as may be */
function parted(list) {
  /** @type {string[][]} */
  const parts = [];
  let room = 0;
  for (const { key, cells } of list) {
    const last = parts.at(-1);
    if (last && cells <= room && last.length < AT_ONCE.names) {
      last.push(key);
      room -= cells;
    } else {
      parts.push([key]);
      room = AT_ONCE.cells - cells;
    }
  }
  return parts;
}

/**
 * @param {readonly string[]} keys
 * @param {View} seen
 */
async function ask(keys, seen) {
  const id = trace.peek()?.id ?? "";
  const version = trace.peek()?.data_version;
  const prefix = asking;
  for (const key of keys) asked.add(key);
  try {
    const { tensors, dataVersion } = await api.getTensors(id, seen, keys);
    // Edited elsewhere meanwhile: these are not the numbers that the figure shows.
    if (dataVersion !== version) return;
    keep(prefix, tensors);
    if (prefix === asking) for (const key of keys) asked.delete(key);
  } catch {
    // The range from the trace still stands; the next visit asks again.
    if (prefix === asking) for (const key of keys) asked.delete(key);
  }
}

/**
 * @param {string} prefix  of the pass
 * @param {ReadonlyMap<string, Cells>} tensors
 */
function keep(prefix, tensors) {
  if (trace.peek()?.id === undefined || !prefix.startsWith(numbers())) return;
  const before = fetchedCells.peek();
  const kept = new Map([...before].filter(([name]) => name.startsWith(numbers())));
  const older = new Map([...before].map(([name, cells]) => [nameInPass(name), cells]));
  for (const [key, cells] of tensors) {
    const name = prefix + key;
    const old = older.get(nameInPass(name));
    // An edit leaves many tensors as they were; the very same cells need no new picture.
    kept.set(name, old && isSame(old, cells) ? old : cells);
  }
  let bytes = [...kept.values()].reduce((sum, cells) => sum + bytesOf(cells), 0);
  for (const [name, cells] of kept) {
    if (bytes <= MOST_BYTES) break;
    if (name.startsWith(asking)) continue;
    kept.delete(name);
    bytes -= bytesOf(cells);
  }
  fetchedCells.value = kept;
}

/** @param {string} name  without session and version */
function nameInPass(name) {
  return name.slice(name.indexOf("/", name.indexOf("/") + 1));
}

/** @param {Cells} a @param {Cells} b */
function isSame(a, b) {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}

/** @param {Cells} cells */
function bytesOf(cells) {
  return "byteLength" in cells ? cells.byteLength : 8 * cells.length;
}
