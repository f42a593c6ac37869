/**
 * Training on the server, as the page sees it: the run, its curve, and what one can do with it.
 *
 * The server's events tell that something has happened; what it was is read from the run and its
 * history, so that a page that slept, reloaded or came late shows the same as one that watched.
 *
 * @import { Signal } from "@preact/signals-core"
 * @import { History, Run } from "./types.js"
 */
import { batch, computed, effect, signal } from "@preact/signals-core";
import * as api from "./api.js";
import * as calls from "./calls.js";
import { messageOf } from "./messages.js";
import { refresh, sessionMade, showSession } from "./session.js";
import { panel, panelOpen, session, trained } from "./store.js";
import { tokenOf } from "./tokens.js";
import { noteChange } from "./undo.js";

/** As many points as a curve has pixels, about. */
const POINTS = 1000;
/** While a run goes on: how often its curve is read anew, and how often the figure follows, in ms. */
const CURVE_EVERY = 500;
const FIGURE_EVERY = 1000;

/** The newest run of the session on the screen. @type {Signal<Run | null>} */
export const run = signal(null);
/** @type {Signal<History | null>} */
export const curve = signal(null);
/** Why the last thing that was asked for did not happen. @type {Signal<string | null>} */
export const refused = signal(null);
/** Whether something was asked for and has not happened yet. */
export const asking = signal(false);

/** @param {Run | null} one */
export function isActive(one) {
  return one !== null && ["queued", "running", "paused", "interrupted"].includes(one.state);
}

/**
 * @typedef {{
 *   optimizer: {type: string, learning_rate: number}, batch_size: number, steps: number, seed: number,
 *   schedule?: Run["schedule"], evaluate_every?: number | null, stop?: Run["stop"],
 * }} Plan
 */

/** @param {Plan} plan */
export function start(plan) {
  return act(async (id, token) => {
    begun(await calls.startRun(id, token, plan));
    trained.value = id;
  });
}

/** A short run may have ended, and its events come, before the answer that it has begun. @param {Run} told */
function begun(told) {
  if (run.value?.id !== told.id) curve.value = null;
  take(told);
}

/** What an answer says of a run, unless something newer is known of it. @param {Run} told */
function take(told) {
  const now = run.value;
  const isOld = now?.id === told.id && (now.step > told.step || (isActive(told) && !isActive(now)));
  if (!isOld) run.value = told;
}

/** @param {"pause" | "resume" | "stop"} action */
export function control(action) {
  return act(async (id, token) => {
    const now = run.value;
    if (!now) return;
    take(await calls.controlRun(id, token, now.id, action));
    await settled(id);
  });
}

/** @param {number} rate  from the next step on */
export function changeRate(rate) {
  return act(async (id, token) => {
    const now = run.value;
    if (now) take(await calls.patchRun(id, token, now.id, { learning_rate: rate }));
  });
}

/**
 * Put the figure at the very step: its parameters, its mini-batch.
 * @param {number | null} step  null: all samples, and what the run has come to
 */
export function openStep(step) {
  return act(async (id, token) => {
    const now = run.value;
    if (!now) return;
    const opened = await calls.openRunStep(id, token, now.id, step);
    noteChange(id, "new", null);
    // Its update belongs to a step of learning, and the next step lies behind it.
    await showSession(opened, step === null ? {} : { update: true });
  });
}

/**
 * A run once more with another optimiser: from the numbers that it began with, with the same
 * mini-batches, and all else that it was asked for with.
 * @param {Run} former
 * @param {{type: string, learning_rate: number}} optimizer
 */
export function again(former, optimizer) {
  return act(async (id, token) => {
    await calls.openRunStep(id, token, former.id, 1);
    noteChange(id, "new", null);
    begun(await calls.startRun(id, token, { ...planOf(former), optimizer }));
    trained.value = id;
    await refresh();
  });
}

/** What a run was asked for with, but its optimiser. @param {Run} former */
export function planOf({ batch_size, steps, seed, schedule, evaluate_every, stop }) {
  return { batch_size, steps, seed, schedule, evaluate_every, stop };
}

/** @param {(id: string, token: string) => Promise<void>} what */
async function act(what) {
  if (asking.value) return;
  refused.value = null;
  asking.value = true;
  try {
    await sessionMade();
    const id = session.value?.id ?? "";
    await what(id, tokenOf(id) ?? "");
  } catch (error) {
    refused.value = messageOf(error);
  } finally {
    asking.value = false;
  }
}

/** Follow the runs of the session on the screen for as long as the panel shows them. */
export function watchRuns() {
  // The session comes anew with every word of it; who listens to it need not.
  const shown = computed(() => session.value?.id);
  const isOpen = computed(() => panel.value === "learn" && panelOpen.value);
  effect(() => {
    const id = shown.value;
    if (!id || id === api.UNMADE || !isOpen.value) return;
    return listen(id);
  });
}

/**
 * @param {string} id
 * @returns {() => void}  stops listening
 */
function listen(id) {
  if (known !== id) {
    known = id;
    batch(() => {
      owner.value = id;
      run.value = null;
      curve.value = null;
      refused.value = null;
    });
  }
  void latest(id);
  let isBroken = false;
  const events = new EventSource(calls.eventsAddress(id));
  events.addEventListener("state", (event) => void told(id, event.data));
  events.addEventListener("progress", (event) => void told(id, event.data));
  events.addEventListener("gap", () => void latest(id));
  // After a break, or a stop of the server, the browser connects anew by itself; where the session
  // is gone it may not, and whoever is asked then says so.
  events.addEventListener("open", () => isBroken && void latest(id));
  events.addEventListener("error", () => {
    isBroken = true;
    if (events.readyState === EventSource.CLOSED) void latest(id);
  });
  return () => events.close();
}

let known = "";
/** Whose run it is: a session that has just come onto the screen may have others. */
const owner = signal("");
/** The run, if it is one of the session on the screen. */
export const ownRun = computed(() => (owner.value === session.value?.id ? run.value : null));
let readAt = 0;
let shownAt = 0;
let following = false;

/** @param {string} id @param {string} text  of an event */
async function told(id, text) {
  const { run: name, error, ...news } = JSON.parse(text);
  const now = run.value;
  if (id !== known) return;
  if (!now || now.id !== name) return latest(id);
  const before = now.state;
  run.value = { ...now, ...news, error: error ?? null };
  if (before !== news.state && news.state !== "running") return settled(id);
  const time = performance.now();
  if (time - readAt > CURVE_EVERY) await readCurve(id);
  if (time - shownAt > FIGURE_EVERY) await follow();
}

/** The session's newest run, and its curve. @param {string} id */
async function latest(id) {
  try {
    const runs = await calls.getRuns(id);
    if (id !== known) return;
    const newest = runs.at(-1);
    if (newest) take(newest);
    else run.value = null;
    if (newest) trained.value = id;
    await readCurve(id);
  } catch (error) {
    if (id === known) refused.value = messageOf(error);
  }
}

/** A run that has come to rest has written its last word: the figure takes it. @param {string} id */
async function settled(id) {
  await readCurve(id);
  await follow();
}

/** @param {string} id */
async function readCurve(id) {
  const now = run.value;
  if (!now) return;
  readAt = performance.now();
  try {
    const history = await calls.getHistory(id, now.id, POINTS);
    if (id === known && run.value?.id === now.id) curve.value = history;
  } catch {
    // The next event reads it again; until then the curve stays as it is.
  }
}

async function follow() {
  if (following) return;
  following = true;
  shownAt = performance.now();
  try {
    await refresh();
  } finally {
    following = false;
  }
}
