/**
 * Gradients against their definition, as the page asks for them: of all parameters at once, or of
 * the one number that is asked about. The server computes; here is what has come, and for what.
 *
 * @import { Signal } from "@preact/signals-core"
 * @import { Spot } from "./pagetypes.js"
 * @import { Check, Nudged } from "./types.js"
 */
import { computed, effect, signal } from "@preact/signals-core";
import * as api from "./api.js";
import * as calls from "./calls.js";
import { passOf } from "./figure/known.js";
import { tensorOf } from "./figure/names.js";
import { messageOf } from "./messages.js";
import { sessionMade } from "./session.js";
import { session, stale, subject, trace } from "./store.js";
import { tokenOf } from "./tokens.js";
import { indexOf } from "./values.js";

/** The usual step of the check, as a power of ten. */
const USUAL = -4;

/** The power of ten that h is. */
export const power = signal(USUAL);
export const step = computed(() => Number(`1e${power.value}`));
/** Whether a check is on its way. */
export const checking = signal(false);
/** Why the last one did not happen. @type {Signal<string | null>} */
export const refused = signal(null);
/** The last one that came, and of which numbers it is. @type {Signal<{of: string, check: Check} | null>} */
const came = signal(null);

/** Numbers that are changed make a check one of others. */
const numbersNow = computed(() => {
  const now = session.value;
  return now && !stale.value ? `${now.id}/${now.data_version}` : "";
});
/** What the check of the numbers on the screen has found. */
export const found = computed(() => (came.value?.of === numbersNow.value ? came.value.check : null));

export async function check() {
  if (checking.value) return;
  refused.value = null;
  checking.value = true;
  try {
    await sessionMade();
    const of = await numbersShown();
    const id = session.value?.id ?? "";
    came.value = { of, check: await calls.checkGradients(id, tokenOf(id) ?? "", step.value) };
  } catch (error) {
    refused.value = messageOf(error);
  } finally {
    checking.value = false;
  }
}

/**
 * Which numbers they are, once the figure has followed a change: a check that is asked for meanwhile
 * is one of those that come.
 * @returns {Promise<string>}
 */
function numbersShown() {
  return new Promise((resolve) => {
    const end = effect(() => {
      const of = numbersNow.value;
      if (!of) return;
      resolve(of);
      queueMicrotask(() => end());
    });
  });
}

/** Whether the nudge is unfolded; it stays so from one number to the next. */
export const nudging = signal(false);
/** @type {Signal<{name: string, nudged: Nudged | null, problem: string | null} | null>} */
export const nudge = signal(null);

/**
 * Ask for the nudge of the gradient that is selected, as long as it is unfolded.
 * @param {(spot: Spot) => boolean} isKnown
 */
export function watchNudge(isKnown) {
  effect(() => {
    const spot = subject.value;
    if (!nudging.value || !spot || !isNudged(spot) || !isKnown(spot)) return;
    if (stale.value || trace.value?.id === api.UNMADE) return;
    const name = nameAmongPasses(spot);
    if (nudge.peek()?.name !== name) void request(spot, name);
  });
}

/** Whether a number is one cell of a gradient. @param {Spot} spot */
export function isNudged({ key, index }) {
  return index !== null && key.endsWith(".grad");
}

/** Names a number among all passes. @param {Spot} spot */
export function nameAmongPasses({ key, index }) {
  const { level, loss, sample, form, open } = passOf(key);
  return [trace.value?.id, trace.value?.version, level, loss, sample, form, open, key, index].join("/");
}

/** @param {Spot} spot @param {string} name */
async function request({ key, index }, name) {
  const id = session.peek()?.id;
  if (!id || index === null) return;
  nudge.value = { name, nudged: null, problem: null };
  try {
    const nudged = await calls.getNudge(id, passOf(key), key, indexOf(index, tensorOf(key)?.shape ?? []));
    if (nudge.value?.name === name) nudge.value = { name, nudged, problem: null };
  } catch (error) {
    if (nudge.value?.name === name) nudge.value = { name, nudged: null, problem: messageOf(error) };
  }
}
