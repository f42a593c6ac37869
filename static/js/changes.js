/**
 * A change of numbers on its way to the server and back: sent for the version that it is for, noted
 * with what takes it back, and set into the session that the page has.
 *
 * @import { Edit, Session } from "./pagetypes.js"
 * @import { Changes } from "./session.js"
 * @import { Kind } from "./undo.js"
 */
import * as api from "./api.js";
import { cellsToTell, edited } from "./edited.js";
import { missingFor, noteChange, oppositeOf } from "./undo.js";

/** Tensors of so many cells come with the answer to an edit; of larger ones the page knows what it changed. */
const FEW_CELLS = 64;

/**
 * Another window may have changed the session meanwhile: our cells are set into what it is now.
 * @param {Session} current
 * @param {string} token
 * @param {Changes} changes
 * @param {Kind} kind
 */
export async function patched(current, token, changes, kind) {
  /** @param {Session} before */
  const send = async (before) => {
    const list = typeof changes === "function" ? changes(before) : changes;
    const opposite = oppositeOf(await completed(before, list), list);
    const after = await sent(before, token, list);
    noteChange(current.id, kind, opposite);
    return after;
  };
  try {
    return await send(current);
  } catch (error) {
    if (!(error instanceof api.ApiError) || error.status !== 412) throw error;
    return send(await api.getSession(current.id));
  }
}

/**
 * The session with all numbers that a change of it changes, those left out for their size too.
 * @param {Session} before
 * @param {readonly Edit[] | "update"} edits
 * @returns {Promise<Session>}
 */
export async function completed(before, edits) {
  const links = [...missingFor(before, edits)];
  const values = await Promise.all(links.map(([, link]) => api.getLinked(link)));
  const found = Object.fromEntries(links.map(([name], i) => [name, values[i]]));
  const { x = before.x, t = before.t, grad_output = before.grad_output, ...parameters } = found;
  return { ...before, x, t, grad_output, parameters: { ...before.parameters, ...parameters } };
}

/** @param {Session} before @param {string} token @param {Edit[]} list */
export async function sent(before, token, list) {
  const cells = Math.max(FEW_CELLS, cellsToTell(before, list));
  return edited(before, await api.patchSession(before, token, list, cells), list);
}
