/**
 * Beyond the ends of the pass, into another step of learning; and changes taken back and made again.
 *
 * @import { Stride } from "./pagetypes.js"
 * @import { Where } from "./session.js"
 */
import * as api from "./api.js";
import * as calls from "./calls.js";
import { completed, patched, sent } from "./changes.js";
import { atEnd } from "./cursor.js";
import { change } from "./session.js";
import { session } from "./store.js";
import { inRequests, isStep, nextOf, noteChange, noteStep, oppositeOf } from "./undo.js";

const START = { seq: 0, element: 0 };

/** From the end of an update into the next step of learning. @param {Stride} stride */
export async function onward(stride) {
  const where = stride === "step" ? atEnd : START;
  await (session.value?.opened?.unchanged ? along(1, where) : update(where));
}

/** From the start of a pass to the end of the step of learning before it. */
export async function backward() {
  await (session.value?.opened?.unchanged ? along(-1, atEnd) : unlearn(atEnd));
}

/**
 * To a neighbour of the step of a run that is shown, with the mini-batch that it had.
 * @param {1 | -1} way
 * @param {Where} where
 */
async function along(way, where) {
  await change(async (current, token) => {
    const { opened } = current;
    const step = (opened?.step ?? 0) + way;
    if (!opened?.unchanged || step < 1 || step > opened.last) return current;
    noteChange(current.id, "new", null);
    return calls.openRunStep(current.id, token, opened.run, step);
  }, where);
}

/**
 * Take the last change back, or make it again.
 * @param {"undo" | "redo"} kind
 */
export async function again(kind) {
  const now = session.value;
  // A step of learning that follows from what is known is made again, or gone back over, to the last
  // bit of what the optimiser has gathered.
  if (now && isStep(now.id, kind)) {
    if (kind === "redo") return void (await update(undefined, "redo"));
    if (now.cursor.goes_back) return unlearn();
  }
  await change(async (current, token) => {
    const edits = nextOf(current.id, kind);
    if (edits === null) return current;
    const [first, ...rest] = inRequests(edits);
    if (rest.length === 0) return patched(current, token, edits, kind);
    const opposite = oppositeOf(await completed(current, edits), edits);
    let after = current;
    for (const part of [first, ...rest]) after = await sent(after, token, part);
    noteChange(current.id, kind, opposite);
    return after;
  });
}

/**
 * One step of the optimiser, on all parameters.
 * @param {Where} [where]  in the pass after it; by default at the event that is in play
 * @param {"new" | "redo"} [kind]
 * @returns {Promise<{before: number, after: number} | null>}  the loss
 */
export async function update(where, kind = "new") {
  /** @type {{before: number, after: number} | null} */
  let loss = null;
  await change(async (current, token) => {
    const opposite = oppositeOf(await completed(current, "update"), "update");
    loss = (await calls.updateSession(current, token)).loss;
    noteStep(current.id, kind, opposite);
    return api.getSession(current.id);
  }, where);
  return loss;
}

/**
 * Back over the last step of learning.
 * @param {Where} [where]  in the pass before it
 */
export async function unlearn(where) {
  await change(async (current, token) => {
    if (!current.cursor.goes_back) return current;
    const opposite = oppositeOf(await completed(current, "update"), "update");
    await calls.stepBack(current, token);
    // Steps that somebody else has made are no changes of this page.
    if (isStep(current.id, "undo")) noteStep(current.id, "undo", opposite);
    return api.getSession(current.id);
  }, where);
}
