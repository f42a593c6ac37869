/**
 * What happens to the session on the server: opening, looking at another level, editing.
 *
 * Counters keep old answers out. `shown` numbers every request for a picture (graph and trace), and
 * every edit uses up a number too: only the answer to the newest may be put on the screen. Edits go
 * out one at a time, since each names the version it is for; from the first of them until the
 * trace of the last, the page is stale.
 * @import { Edit, Network, Session } from "./pagetypes.js"
 * @import { Graph, Level, LossView, Trace, View } from "./types.js"
 */
import { batch } from "@preact/signals-core";
import * as api from "./api.js";
import { takeCarried, whenIdle } from "./carried.js";
import { bring } from "./coming.js";
import { carried, clamp } from "./cursor.js";
import { messageOf } from "./messages.js";
import * as store from "./store.js";
import { remember, tokenOf } from "./tokens.js";
import { samplesOf } from "./values.js";

/** @typedef {import("./pagetypes.js").Cursor | ((trace: import("./types.js").Trace) => import("./pagetypes.js").Cursor)} Where */

let shown = 0;
let edits = 0;
/** Edits of the session on the screen that the server has not taken yet. */
let pending = { unsent: 0 };
/** @type {Promise<unknown>} */
let queue = Promise.resolve();
/** Sessions asked for, and the one on the screen: edits meant for an older one must not touch it. */
let openings = 0;
let opened = 0;
/** Resolves when the server has the session on the screen: what came with the page has none at first. */
let made = async () => {};

/**
 * @param {string} preset
 * @param {{row?: number, where?: Where, view?: Partial<View>}} [options]
 */
export async function openPreset(preset, { row, where, view } = {}) {
  const found = row === undefined ? takeCarried(preset, view ?? {}) : null;
  if (found) return showCarried(preset, found, where);
  await open(() => api.createSession(row === undefined ? { preset } : { preset, row }), where, view);
}

/**
 * @param {Network} network
 * @param {Record<string, unknown>} rest  x, t, seed and so on
 * @param {Where} [where]
 * @param {Session | null} [like]  whose weights it gets
 */
export async function openNetwork(network, rest, where, like = null) {
  if (like) await sessionMade();
  const weights = like && (await api.getParameters(store.session.value?.id ?? like.id));
  const made = await api.createSession({ network, ...rest });
  if (weights) await api.putTensors(made, made.edit_token ?? "", weights);
  await open(async () => (weights ? { ...(await api.getSession(made.id)), edit_token: made.edit_token } : made), where);
}

/**
 * @param {string} id
 * @param {{where?: Where, view?: Partial<View>}} [options]
 */
export async function openSession(id, { where, view } = {}) {
  await open(() => api.getSession(id), where, view);
}

/**
 * A session made by a recipe.
 * @param {import("./tokens.js").Recipe} recipe
 * @param {{where?: Where, view?: Partial<View>, exercise?: {skill: string, seed: number}}} [options]
 */
export async function openRecipe({ base, edits: list }, { where, view, exercise } = {}) {
  await open(
    async () => {
      const made = await api.createSession(/** @type {any} */ (base));
      if (list.length === 0) return made;
      await api.patchSession(made, made.edit_token ?? "", /** @type {Edit[]} */ (list), 0);
      return { ...(await api.getSession(made.id)), edit_token: made.edit_token };
    },
    where,
    view,
    exercise,
  );
}

/** One's own copy of what one may only read; with `code`, as lines of NumPy, from the start. @param {{code?: boolean}} [as] */
export async function fork(as = {}) {
  const current = store.session.value;
  if (!current) return;
  const where = as.code ? { seq: 0, element: 0 } : store.cursor.value;
  await open(() => api.forkSession(current.id, as), where, as.code ? {} : store.view.value);
}

/**
 * @param {() => Promise<Session>} get
 * @param {Where} [where]
 * @param {Partial<View>} [view]
 * @param {{skill: string, seed: number}} [exercise]  that it is the pass of
 */
async function open(get, where, view, exercise) {
  const mine = ++openings;
  await coming(async () => {
    const session = await get();
    if (session.edit_token) remember(session.id, session.edit_token);
    if (mine !== openings) return;
    begin(mine);
    if (exercise) store.exercise.value = { ...exercise, of: session.id };
    await look(session, { ...session.view, ...view }, where);
  });
}

/** While it lasts, the page says that it is loading. @param {() => Promise<unknown>} get */
async function coming(get) {
  store.awaited.value++;
  try {
    await get();
  } finally {
    store.awaited.value--;
  }
}

/** @param {number} mine  the opening whose session comes onto the screen */
function begin(mine) {
  opened = mine;
  pending = { unsent: 0 };
  made = async () => {};
  store.asked.value = null;
  edits++;
}

/**
 * The figure that came with the page stands there at once. Its session is made when there is time
 * for it, or as soon as something is asked about it.
 * @param {string} preset
 * @param {import("./carried.js").Carried} found
 * @param {Where} [where]
 */
function showCarried(preset, found, where) {
  const mine = ++openings;
  begin(mine);
  shown++;
  put(found.session, found.view, found, where);
  store.editable.value = true;
  /** @type {Promise<string> | null} */
  let making = null;
  const make = () => {
    making ??= makeCarried(preset, mine).catch((error) => {
      making = null;
      throw error;
    });
    return making;
  };
  api.makeWith(make);
  made = async () => void (await make());
  whenIdle(() => mine === opened && make().catch(() => undefined));
}

/** @param {string} preset @param {number} mine  @returns {Promise<string>}  the session's id */
async function makeCarried(preset, mine) {
  const session = await api.createSession({ preset });
  remember(session.id, session.edit_token ?? "");
  if (mine === opened) {
    batch(() => {
      store.session.value = session;
      if (store.trace.value) store.trace.value = { ...store.trace.value, id: session.id };
    });
  }
  return session.id;
}

/**
 * What is asked for quickly, one after the other, adds up: each change is one of the newest view
 * asked for, not of the one that is still on the screen.
 * @param {Partial<View>} change  another level, the loss opened or closed, another sample
 */
export async function changeView(change) {
  const session = store.session.value;
  if (!session) return;
  const view = { ...wantedView(), ...change };
  store.asked.value = view;
  try {
    await coming(() => look(session, view));
  } catch (error) {
    // The controls go back to what is shown, unless something newer was asked for.
    if (store.asked.value !== view) return;
    store.asked.value = null;
    throw error;
  }
}

/** The view that is shown or on its way. */
export function wantedView() {
  return store.asked.value ?? store.view.value;
}

/**
 * Fetch the picture and the numbers of a session and put both on the screen at once.
 * @param {Session} session
 * @param {View} view
 * @param {Where} [where]  by default at the event that is in play
 * @returns {Promise<boolean>}  false when a newer request has overtaken this one
 */
async function look(session, view, where) {
  const mine = ++shown;
  const current = pending.unsent === 0;
  // Samples can have gone since.
  view = { ...view, sample: Math.min(view.sample, samplesOf(session) - 1) };
  const picture = await pictureOf(session.id, view);
  if (mine !== shown) return false;
  // What had no name when it was asked for has one by now.
  if (session.id === api.UNMADE) session = store.session.value ?? session;
  const { id } = session;
  batch(() => {
    put(session, view, picture, where);
    store.editable.value = tokenOf(id) !== null;
    if (current) store.stale.value = false;
  });
  return true;
}

/**
 * @param {Session} session
 * @param {View} view
 * @param {{graph: Graph, trace: Trace}} picture
 * @param {Where} [where]  by default at the event that is in play
 */
function put(session, view, { graph, trace }, where) {
  batch(() => {
    const other = store.session.value?.id !== session.id;
    // Where no place is asked for, one stays at the event that is in play.
    const before = where === undefined && !other ? store.trace.value : null;
    const placed = (typeof where === "function" ? where(trace) : where) ?? store.cursor.value;
    if (other || store.graph.value !== graph) {
      const kept = store.selection.value;
      const stays = !other && kept !== null && graph.edges.some(({ key }) => key === kept.key);
      if (!stays) store.selection.value = null;
      store.pointed.value = [];
    }
    if (other) {
      store.visit.value++;
      store.playing.value = false;
      // A link to a place in the pass shows what is in play there.
      store.moved.value = typeof where === "object" && where.seq > 0;
    }
    store.session.value = session;
    store.view.value = view;
    store.asked.value = null;
    store.graph.value = graph;
    store.trace.value = trace;
    store.innerTrace.value = null;
    store.cursor.value = clamp(trace, before ? carried(before, trace, store.cursor.value) : placed);
    store.notice.value = null;
    if (store.gone.value !== session.id) store.gone.value = null;
  });
}

/** @typedef {Edit[] | ((session: Session) => Edit[])} Changes  where they depend on the numbers, made from the newest */

/**
 * Numbers hardly ever change the drawing: the one on the screen stays, the very same object, for
 * as long as the trace says that it holds.
 * @param {string} id
 * @param {View} view
 */
async function pictureOf(id, view) {
  const [graph, before] = [store.graph.value, store.trace.value];
  if (graph && before?.id === id && JSON.stringify(store.view.value) === JSON.stringify(view)) {
    const trace = await api.getTrace(id, view);
    if (trace.drawing === before.drawing) return { graph, trace };
    return { graph: await api.getGraph(id, view), trace };
  }
  const [drawn, trace] = await Promise.all([api.getGraph(id, view), api.getTrace(id, view)]);
  return { graph: drawn, trace };
}

/**
 * Change numbers. Resolves when the server has them (not when the figure has followed).
 * @param {Changes} changes
 */
export async function edit(changes) {
  await change(async (current, token) => (await bring()).patched(current, token, changes, "new"));
}

/**
 * Send a change after all earlier ones, then let the figure follow.
 * @param {(current: Session, token: string) => Promise<Session>} send
 * @param {Where} [where]  the figure stands then; by default at the event that is in play
 */
export async function change(send, where) {
  const mine = ++edits;
  const session = opened;
  const waiting = pending;
  shown++;
  waiting.unsent++;
  store.stale.value = true;
  const sent = queue.then(async () => {
    if (session === opened) await made();
    const current = store.session.value;
    const token = current && tokenOf(current.id);
    if (!current || !token || session !== opened) return;
    const changed = await send(current, token);
    if (session === opened) store.session.value = changed;
  });
  queue = sent.catch(() => undefined);
  try {
    await sent;
  } finally {
    waiting.unsent--;
    void follow(mine, where);
  }
}

/** Another tab has changed the session: its numbers come here too, unless this one has some under way. */
export async function refresh() {
  const current = store.session.value;
  if (!current || pending.unsent > 0 || store.stale.value) return;
  const mine = ++edits;
  shown++;
  store.stale.value = true;
  try {
    const now = await api.getSession(current.id);
    if (mine === edits) store.session.value = now;
  } catch (error) {
    store.notice.value = messageOf(error);
  } finally {
    void follow(mine);
  }
}

/** Resolves when the server has the session on the screen. */
export async function sessionMade() {
  await made();
}

/**
 * The session on the screen as it is now, after something else than an edit has changed all of it;
 * the cursor goes to the start.
 * @param {Session} session
 * @param {Partial<View>} [view]  what is to be seen otherwise
 */
export async function showSession(session, view) {
  edits++;
  await look(session, { ...wantedView(), ...view }, { seq: 0, element: 0 });
}

/**
 * @param {number} mine  the edit whose numbers are wanted; a newer one brings its own
 * @param {Where} [where]
 */
async function follow(mine, where) {
  const session = store.session.value;
  if (mine !== edits || !session) return;
  try {
    await look(session, wantedView(), where);
  } catch (error) {
    if (mine !== edits) return;
    store.asked.value = null;
    store.notice.value = messageOf(error);
  }
}
