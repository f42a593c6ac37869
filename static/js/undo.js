/**
 * Undo and redo: for each session of this page, the edits that take its last changes back. They
 * are ordinary edits; undoing is a change like any other, whose own opposite redoes it.
 *
 * @import { Edit, Nested, Session, Value } from "./pagetypes.js"
 */
import { computed, signal } from "@preact/signals-core";
import { session } from "./store.js";
import { flat, isOmitted, samplesOf, shapeOf } from "./values.js";

/** So many changes can be taken back, as long as their old numbers are not too many to keep. */
const MOST_CHANGES = 200;
const MOST_CELLS = 4_000_000;
const RATE = "learning_rate";
const OF_SAMPLES = /** @type {const} */ (["x", "t", "grad_output"]);

/** @typedef {{undo: readonly Edit[][], redo: readonly Edit[][]}} Past */

/** @type {import("@preact/signals-core").Signal<ReadonlyMap<string, Past>>} */
export const pasts = signal(new Map());
/** @type {Past} */
const NOTHING = { undo: [], redo: [] };

const past = computed(() => pasts.value.get(session.value?.id ?? "") ?? NOTHING);
export const canUndo = computed(() => past.value.undo.length > 0);
export const canRedo = computed(() => past.value.redo.length > 0);

/** @typedef {"new" | "undo" | "redo"} Kind */

/**
 * The edits that the next undo or redo of a session consists of.
 * @param {string} id
 * @param {"undo" | "redo"} kind
 * @returns {Edit[] | null}
 */
export function nextOf(id, kind) {
  return pasts.peek().get(id)?.[kind].at(-1) ?? null;
}

/**
 * Note a change that the server has taken.
 * @param {string} id
 * @param {Kind} kind
 * @param {Edit[] | null} opposite  null: it cannot be taken back, nor can what was before it
 */
export function noteChange(id, kind, opposite) {
  const { undo, redo } = pasts.peek().get(id) ?? NOTHING;
  const [from, to] = kind === "redo" ? [redo, undo] : [undo, redo];
  /** @type {Past} */
  let next = NOTHING;
  if (opposite !== null && opposite.length === 0) return;
  if (kind === "new") next = { undo: opposite ? bounded([...undo, opposite]) : [], redo: [] };
  else {
    const changed = { left: from.slice(0, -1), right: opposite ? bounded([...to, opposite]) : [] };
    next = kind === "undo" ? { undo: changed.left, redo: changed.right } : { undo: changed.right, redo: changed.left };
  }
  pasts.value = new Map([...pasts.peek(), [id, next]]);
}

/** Changes that were steps of learning: known by the very edits that take them back. */
export const steps = new WeakSet();

/**
 * Note a step of learning that the server has made, or gone back over.
 * @param {string} id
 * @param {Kind} kind
 * @param {Edit[] | null} opposite
 */
export function noteStep(id, kind, opposite) {
  if (opposite) steps.add(opposite);
  noteChange(id, kind, opposite);
}

/**
 * Whether what is undone or redone next is a step of learning.
 * @param {string} id
 * @param {"undo" | "redo"} kind
 */
export function isStep(id, kind) {
  const next = nextOf(id, kind);
  return next !== null && steps.has(next);
}

/** The newest changes. @param {readonly Edit[][]} list @param {number} [most]  of their cells */
export function bounded(list, most = MOST_CELLS) {
  let cells = 0;
  let first = list.length;
  while (first > 0 && list.length - first < MOST_CHANGES) {
    cells += list[first - 1].reduce((sum, edit) => sum + cellsOf(edit), 0);
    if (cells > most) break;
    first--;
  }
  return list.slice(first);
}

/** @param {Edit} edit */
function cellsOf(edit) {
  if (edit.op === "insert_row") return edit.x?.length ?? 1;
  if (edit.op === "code") {
    return Object.values(edit.values).reduce((/** @type {number} */ sum, value) => sum + sizeOf(shapeOf(value)), 1);
  }
  return edit.op === "replace" ? sizeOf(shapeOf(edit.value)) : 1;
}

/** The most cells that one request of edits may bring, whose body has at most a megabyte. */
const MOST_SENT = 40_000;
/** What was changed, by what takes it back. @type {WeakMap<readonly Edit[], readonly Edit[]>} */
const madeBy = new WeakMap();
/** Beyond so many cells, a tensor is brought back whole. */
const MOST_SINGLE = 30;

/**
 * What a change changes: cells of a tensor by their indices, or all of it.
 * @param {Session} before
 * @param {readonly Edit[] | "update"} edits  update: a step of the optimiser
 * @returns {Map<string, readonly number[][] | "all">}
 */
export function changedBy(before, edits) {
  const parameters = Object.keys(before.parameters);
  /** @type {Map<string, number[][] | "all">} */
  const found = new Map();
  if (edits === "update") return new Map(parameters.map((name) => [name, "all"]));
  for (const edit of edits) {
    if (edit.op === "reset") for (const name of ["x", "t", "grad_output", ...parameters, RATE]) found.set(name, "all");
    // What stays keeps its numbers, but which names stay is the server's to say.
    if (edit.op === "code") for (const name of ["grad_output", ...parameters]) found.set(name, "all");
    if (edit.op === "load") for (const name of ["x", "t"]) found.set(name, "all");
    if (edit.op === "insert_row" || edit.op === "delete_row") for (const name of OF_SAMPLES) found.set(name, "all");
    if (edit.op === "replace") found.set(edit.tensor, "all");
    if (edit.op !== "set") continue;
    const known = found.get(edit.tensor) ?? [];
    if (known !== "all") found.set(edit.tensor, [...known, edit.index]);
  }
  return found;
}

/**
 * The edits that bring back what the session was. Pure.
 * @param {Session} before
 * @param {readonly Edit[] | "update"} edits
 * @returns {Edit[] | null}  null where the old numbers are not known here, or cannot be sent
 */
export function oppositeOf(before, edits) {
  const opposite = oppositeOfCode(before, edits) ?? oppositeOfRow(before, edits) ?? oppositeOfCells(before, edits);
  if (edits === "update") return opposite;
  // Where the numbers are too many to be told, what made them is done once more.
  const made = opposite ?? madeBy.get(edits)?.slice() ?? null;
  if (made !== null) madeBy.set(made, edits);
  return made;
}

/**
 * The lines that there were, with all their numbers.
 * @param {Session} before
 * @param {readonly Edit[] | "update"} edits
 * @returns {Edit[] | null}  null where this is no such change, or where the numbers cannot be sent
 */
function oppositeOfCode(before, edits) {
  const { code, clash } = before.network;
  // A preset's first numbers come with its first lines.
  const isReset = edits !== "update" && edits.some(({ op }) => op === "reset");
  if (edits === "update" || code === undefined) return null;
  if (!isReset && !edits.some(({ op }) => op === "code")) return null;
  const { parameters, grad_output } = before;
  const all = [grad_output, ...Object.values(parameters)];
  if (all.some((value) => value !== null && (isOmitted(value) || !canBeSent(value)))) return null;
  const values = /** @type {Record<string, Nested>} */ ({ ...parameters });
  /** @type {Edit[]} */
  const rate = isReset ? [{ op: "set", tensor: RATE, index: [], value: before.optimizer.learning_rate }] : [];
  const lines = { code, values, grad_output: /** @type {Nested | null} */ (grad_output), up_to_clash: Boolean(clash) };
  return [{ op: "code", ...lines }, ...rate];
}

/**
 * A sample that came goes, one that went comes back, however many there are.
 * @param {Session} before
 * @param {readonly Edit[] | "update"} edits
 * @returns {Edit[] | null}  null where this is no such change, or where a data set makes the samples again
 */
function oppositeOfRow(before, edits) {
  if (edits === "update" || edits.length !== 1 || before.source !== null) return null;
  const [edit] = edits;
  if (edit.op === "insert_row") return [{ op: "delete_row", row: edit.row ?? samplesOf(before) }];
  if (edit.op !== "delete_row") return null;
  /** @type {Record<string, Nested>} */
  const rows = {};
  for (const name of OF_SAMPLES) {
    const value = before[name];
    if (value === null) continue;
    if (isOmitted(value)) return null;
    rows[name] = /** @type {Nested[]} */ (value)[edit.row];
  }
  const isTold = Object.values(rows).every(canBeSent);
  return isTold ? [/** @type {Edit} */ ({ op: "insert_row", row: edit.row, ...rows })] : null;
}

/**
 * Cell by cell, or whole tensors.
 * @param {Session} before
 * @param {readonly Edit[] | "update"} edits
 * @returns {Edit[] | null}
 */
function oppositeOfCells(before, edits) {
  /** @type {Edit[]} */
  const found = [];
  const changed = changedBy(before, edits);
  // Other lines have other names: only the lines before bring back what there was.
  if (edits !== "update" && edits.some(({ op }) => op === "code")) return null;
  const { source } = before;
  const isSource = source !== null && (changed.has("x") || changed.has("t"));
  if (isSource) found.push(/** @type {Edit} */ ({ op: "load", ...source }));
  for (const [name, cells] of changed) {
    const value = valueOf(before, name);
    if (value === null || (isSource && (name === "x" || name === "t"))) continue;
    if (isOmitted(value)) return null;
    if (cells !== "all" && cells.length < MOST_SINGLE) {
      for (const index of cells)
        found.push({ op: "set", tensor: name, index: [...index], value: cellAt(value, index) });
    } else if (canBeSent(value)) found.push({ op: "replace", tensor: name, value });
    else return null;
  }
  if (edits !== "update" && edits.some(({ op }) => op === "classes"))
    found.push({ op: "classes", names: [...before.classes] });
  if (found.some((edit) => edit.op === "set" && typeof edit.value !== "number")) return null;
  if (before.view.single && changed.get("x") === "all") found.push({ op: "view", single: true });
  return found;
}

/**
 * Tensors that a change changes and the page does not have, though it could ask for them.
 * @param {Session} before
 * @param {readonly Edit[] | "update"} edits
 * @returns {Map<string, string>}  links by name
 */
export function missingFor(before, edits) {
  /** @type {Map<string, string>} */
  const links = new Map();
  if (oppositeOfRow(before, edits)) return links;
  for (const name of changedBy(before, edits).keys()) {
    const value = valueOf(before, name);
    if (value === null || !isOmitted(value) || (before.source !== null && (name === "x" || name === "t"))) continue;
    if (value.link === null || sizeOf(value.shape) > MOST_SENT) return new Map();
    links.set(name, value.link);
  }
  return links;
}

/** Edits in as many requests as their numbers need. @param {readonly Edit[]} edits @returns {Edit[][]} */
export function inRequests(edits) {
  /** @type {Edit[][]} */
  const requests = [[]];
  let cells = 0;
  for (const edit of edits) {
    cells += cellsOf(edit);
    // Samples and what belongs to them change at once or not at all.
    const belongs = "tensor" in edit && ["t", "grad_output"].includes(edit.tensor);
    if (cells > MOST_SENT && !belongs && requests[0].length > 0) {
      requests.push([]);
      cells = cellsOf(edit);
    }
    requests[requests.length - 1].push(edit);
  }
  return requests;
}

/** @param {Session} session @param {string} name @returns {Value | null} */
function valueOf(session, name) {
  if (name === RATE) return session.optimizer.learning_rate;
  // In a program, x is a name as any other.
  if (Object.hasOwn(session.parameters, name)) return session.parameters[name];
  if (name === "x" || name === "t" || name === "grad_output") return session[name];
  return session.parameters[name] ?? null;
}

/** Whether all are numbers, and not too many. @param {Nested} value */
function canBeSent(value) {
  const cells = flat(value);
  return cells.length <= MOST_SENT && cells.every((cell) => typeof cell === "number");
}

/** @param {Nested} value @param {readonly number[]} index */
function cellAt(value, index) {
  return /** @type {number} */ (index.reduce((/** @type {any} */ part, i) => part?.[i], value));
}

/** @param {readonly number[]} shape */
function sizeOf(shape) {
  return shape.reduce((n, size) => n * size, 1);
}
