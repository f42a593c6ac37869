/**
 * The exercise on the screen, and how far its learner is: answers go to the server to be judged,
 * and what they show of progress stays in this browser.
 *
 * @import { Signal } from "@preact/signals-core"
 * @import { Spot } from "../pagetypes.js"
 * @import { Where } from "../session.js"
 * @import { Item, Judged, View } from "../types.js"
 */
import { batch, computed, effect, signal, untracked } from "@preact/signals-core";
import { ApiError } from "../api.js";
import { hints } from "../asking.js";
import { knownOf } from "../figure/known.js";
import { edgeOf } from "../figure/names.js";
import { messageOf } from "../messages.js";
import { mode } from "../mistakes/state.js";
import { openRecipe } from "../session.js";
import {
  cursor,
  exercise,
  graph,
  held,
  isExercise,
  notice,
  panel,
  panelOpen,
  pointed,
  selection,
  session,
  trace,
} from "../store.js";
import { goTo } from "../timeline.js";
import { positionOf } from "../values.js";
import { heldBy, keysOf, makersOf } from "./asked.js";
import { getExercise, getSkills, judge } from "./calls.js";
import { noteAnswer, progressOf } from "./kept.js";

/** Wrong answers, until the right one is told. */
const TRIES = 2;
const MAX_SEED = 2 ** 31 - 1;

/** All that can be practised; empty until it has come. @type {Signal<readonly Item["skill"][]>} */
export const skills = signal([]);
/** @type {Signal<Item | null>} */
const opened = signal(null);
/** Whether the list of skills is looked at in spite of an exercise. */
export const choosing = signal(false);
/** What was typed last, and what was said of it. @type {Signal<{text: string, judged: Judged} | null>} */
export const verdict = signal(null);
/** What was typed is no number, or no shape. */
export const unread = signal(false);
export const wrongs = signal(0);
export const over = signal(false);
const sending = signal(false);
/** How much is given of this exercise: it stays as it is while it is solved. */
export const stage = signal(0);

/** The exercise on the screen; null where another figure is. */
export const item = computed(() => {
  const [now, one, shown] = [session.value, opened.value, exercise.value];
  return now && one && shown?.of === now.id && shown.skill === one.skill && shown.seed === one.seed ? one : null;
});
/** Whether its numbers are other ones by now. */
export const changed = computed(() => Boolean(item.value && session.value && !isExercise(session.value)));

export function watchPractice() {
  effect(() => {
    const one = changed.value || over.value ? null : item.value;
    held.value = one && trace.value && graph.value ? heldBy(one, stage.value, trace.value, graph.value) : null;
  });
  effect(() => {
    const { seq, element } = cursor.value;
    const last = held.value?.upTo ?? Infinity;
    if (seq > last || (seq === last && element > 0)) goTo(cursor.value);
  });
  effect(() => {
    const judged = verdict.value?.judged;
    hints.value = item.value && !over.value ? untracked(() => lookedAt(judged)) : [];
  });
}

/** @returns {Promise<void>} */
export async function bringSkills() {
  if (skills.value.length > 0) return;
  try {
    skills.value = await getSkills();
  } catch (error) {
    notice.value = messageOf(error);
  }
}

/**
 * @param {{skill: string, seed: number}} which
 * @param {{where?: Where, view?: Partial<View>}} [options]
 * @returns {Promise<boolean>}  false where there is none
 */
export async function openExercise({ skill, seed }, { where, view } = {}) {
  /** @type {Item} */
  let found;
  try {
    found = await getExercise(skill, seed);
  } catch (error) {
    if (error instanceof ApiError && error.status === 422) return false;
    throw error;
  }
  batch(() => {
    opened.value = found;
    stage.value = progressOf(skill).stage;
    verdict.value = null;
    unread.value = over.value = choosing.value = false;
    wrongs.value = 0;
    mode.value = "exercises";
    panel.value = "practice";
    panelOpen.value = true;
  });
  const update = found.learning_rate === null ? {} : { update: true };
  const recipe = { base: /** @type {any} */ (found.session), edits: [] };
  await openRecipe(recipe, {
    // As far as may be seen; what is not, is kept back.
    where: where ?? ((pass) => ({ seq: pass.events.length, element: 0 })),
    view: { ...view, ...update },
    exercise: { skill, seed },
  });
  if (item.value === found) point(found);
  return true;
}

/** Any one of a skill. @param {string} skill */
export async function begin(skill) {
  await show({ skill, seed: Math.floor(Math.random() * MAX_SEED) });
}

/** The one after this, where this one is done. */
export async function nextExercise() {
  const now = item.value;
  if (now && over.value) await show({ skill: now.skill, seed: now.seed < MAX_SEED ? now.seed + 1 : 0 });
}

/** The same with its own numbers. */
export async function reopen() {
  if (item.value) await show(item.value);
}

/** @param {{skill: string, seed: number}} which */
async function show(which) {
  try {
    await openExercise(which);
  } catch (error) {
    notice.value = messageOf(error);
  }
}

/** @param {string} text  as it was typed */
export async function check(text) {
  const now = item.value;
  if (!now || sending.value || over.value || text.trim() === "") return;
  const judged = await judgedBy(text, wrongs.value + 1 >= TRIES);
  if (!judged || item.value !== now) return;
  batch(() => {
    verdict.value = { text: text.trim(), judged };
    if (judged.few_digits) return;
    if (!judged.right) wrongs.value++;
    if (judged.right || wrongs.value >= TRIES) end(now);
  });
}

/** The right answer, without one of one's own. */
export async function tell() {
  const now = item.value;
  if (!now || sending.value || over.value) return;
  const judged = await judgedBy(now.kind === "shape" ? "()" : "0", true);
  if (!judged || item.value !== now) return;
  batch(() => {
    wrongs.value++;
    verdict.value = { text: "", judged: { ...judged, right: false, few_digits: false, faults: [] } };
    end(now);
  });
}

/** @param {string} text @param {boolean} reveal @returns {Promise<Judged | null>} */
async function judgedBy(text, reveal) {
  const now = item.value;
  if (!now) return null;
  sending.value = true;
  unread.value = false;
  try {
    return await judge(now, text, reveal);
  } catch (error) {
    if (error instanceof ApiError && error.status === 422) unread.value = true;
    else notice.value = messageOf(error);
    return null;
  } finally {
    sending.value = false;
  }
}

/** Right, or told: the numbers are seen, and the answer among them. @param {Item} now */
function end(now) {
  over.value = true;
  // Even and odd ones are the two forms of a skill.
  noteAnswer(now.skill, now.seed % 2 === 0 ? "network" : "program", wrongs.value === 0);
  const [pass, drawn] = [trace.value, graph.value];
  if (!pass || !drawn) return;
  held.value = null;
  const keys = keysOf(now.tensor, drawn);
  const last = makersOf(pass, keys).at(-1);
  if (last) goTo({ seq: last.seq + 1, element: 0 });
  point(now);
}

/** The figure shows where what is asked for stands, where that is one place. @param {Item} now */
function point({ tensor, kind, index }) {
  const keys = graph.value ? keysOf(tensor, graph.value) : [];
  const shape = edgeOf(keys[0])?.shape;
  pointed.value = [];
  if (keys.length !== 1 || !shape) return;
  selection.value = { key: keys[0], index: kind === "shape" ? null : positionOf(index, shape) };
}

/** Where these numbers stand in the figure. @param {Judged | undefined} judged @returns {Spot[]} */
function lookedAt(judged) {
  return (judged?.look_at ?? []).flatMap(({ tensor, index }) => seen(tensor, index));
}

/**
 * What is blank itself stands for what it is made of.
 * @param {string} key @param {readonly number[] | null} index
 * @returns {Spot[]}
 */
function seen(key, index) {
  const shape = edgeOf(key)?.shape;
  if (shape && knownOf(key) > 0) {
    return [{ key, index: index && index.length === shape.length ? positionOf(index, shape) : null }];
  }
  const maker = trace.value?.events.find(({ writes }) => writes.includes(key));
  const isHandedOn = maker?.reads.length === 1 && String(edgeOf(maker.reads[0])?.shape) === String(shape);
  return (maker?.reads ?? []).flatMap((read) => seen(read, isHandedOn ? index : null));
}
