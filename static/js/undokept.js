/**
 * What can be taken back survives a reload of its tab: kept as the page is left, the newest changes
 * of the newest sessions. Where a session's numbers have changed since, in another tab perhaps, the
 * old ones would be put where they do not belong, so its past begins anew.
 *
 * @import { Edit } from "./pagetypes.js"
 */
import { effect } from "@preact/signals-core";
import { session } from "./store.js";
import { bounded, pasts, steps } from "./undo.js";

const KEPT = "backprop-explorer.undo";
/** A tab may keep some five million signs, for all that the page keeps. */
const MOST_SIGNS = 1_000_000;
const MOST_CELLS = 20_000;

/**
 * Changes as edits, and whether each was a step of learning; of which numbers of the session.
 * @typedef {{edits: Edit[], step: boolean}[]} Changes
 * @typedef {{version: number, undo: Changes, redo: Changes}} Kept
 */

export function keepUndo() {
  // A figure inside another page shares what a tab keeps with others there.
  if (document.body.dataset.panels) return;
  const kept = new Map(read());
  /** @type {Map<string, number>} */
  const versions = new Map();
  effect(() => {
    const now = session.value;
    if (!now) return;
    versions.set(now.id, now.data_version);
    const before = kept.get(now.id);
    kept.delete(now.id);
    if (before?.version === now.data_version && !pasts.peek().has(now.id)) bringBack(now.id, before);
  });
  addEventListener("pagehide", () => {
    const here = [...pasts.peek()].map(([id, { undo, redo }]) => {
      const version = versions.get(id) ?? 0;
      return /** @type {[string, Kept]} */ ([id, { version, undo: changesOf(undo), redo: changesOf(redo) }]);
    });
    write([...kept, ...here]);
  });
}

/** @param {string} id @param {Kept} past */
function bringBack(id, { undo, redo }) {
  /** @param {Changes} changes */
  const editsOf = (changes) =>
    changes.map(({ edits, step }) => {
      if (step) steps.add(edits);
      return edits;
    });
  pasts.value = new Map([...pasts.peek(), [id, { undo: editsOf(undo), redo: editsOf(redo) }]]);
}

/** @param {readonly Edit[][]} list @returns {Changes} */
function changesOf(list) {
  return bounded(list, MOST_CELLS).map((edits) => ({ edits, step: steps.has(edits) }));
}

/** The newest come last, and stay where not all have room. @param {[string, Kept][]} list */
function write(list) {
  /** @type {string[]} */
  const texts = [];
  let signs = 0;
  for (const entry of list.toReversed()) {
    const text = JSON.stringify(entry);
    signs += text.length;
    if (signs > MOST_SIGNS) break;
    texts.unshift(text);
  }
  try {
    sessionStorage.setItem(KEPT, `[${texts.join(",")}]`);
  } catch {
    // Without room there is nothing to take back after a reload.
  }
}

/** What is stored may be anything; what is no past is left out. @returns {[string, Kept][]} */
function read() {
  try {
    const list = JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
    return list.filter(isPast);
  } catch {
    return [];
  }
}

/** @param {any} entry @returns {entry is [string, Kept]} */
function isPast(entry) {
  const [id, past] = Array.isArray(entry) ? entry : [];
  const lists = [past?.undo, past?.redo];
  return (
    typeof id === "string" &&
    lists.every((list) => Array.isArray(list) && list.every((change) => Array.isArray(change?.edits)))
  );
}
