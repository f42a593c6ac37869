/**
 * One hidden mistake to be found: the figure has the gradients of a pass with it, a few numbers may
 * be nudged to see their true slope, and a guess is judged by the server, which alone knows it.
 *
 * @import { Signal } from "@preact/signals-core"
 * @import { Spot } from "../pagetypes.js"
 * @import { Cell, Found, Hidden } from "../types.js"
 */
import { batch, computed, effect, signal } from "@preact/signals-core";
import { getNudge } from "../calls.js";
import { changeView } from "../session.js";
import { hunt, panel, panelOpen, selection, session, table, view } from "../store.js";
import { asNumber, flat, indexOf, isOmitted, shapeOf } from "../values.js";
import { getHidden, judgeHidden } from "./calls.js";
import { ask, letGo, mode, numbersNow, problem, told } from "./state.js";

/** Numbers whose slope may be asked for. */
const NUDGES = 5;
/** Seeds that are drawn here; a link may have any. */
const SEEDS = 1_000_000;
/** So near, relatively, a slope is the gradient that is shown. */
const NEAR = 1e-4;

/** @typedef {Spot & {shown: number, slope: number, agrees: boolean}} Tried */

/** What is hidden, and in which numbers. @type {Signal<{of: string, hidden: Hidden} | null>} */
const came = signal(null);
/** @type {Signal<readonly Tried[]>} */
export const tried = signal([]);
/** @type {Signal<Found | null>} */
export const verdict = signal(null);
/** Which mistake is suspected, in which layer. @type {Signal<{fault: string, layer: string} | null>} */
export const suspect = signal(null);

/** What is looked for, or has been found, in the numbers on the screen. */
export const hidden = computed(() => (came.value?.of === numbersNow.value ? came.value.hidden : null));
/** Whether it is still to be found. */
export const isOpen = computed(() => hidden.value !== null && (verdict.value?.id ?? null) === null);
export const left = computed(() => NUDGES - tried.value.length);
/** The one number that is chosen, where it is one that may be wrong. */
export const aimed = computed(() => {
  const spot = selection.value;
  const value = spot && hunt.value?.values.get(spot.key);
  if (!spot || value === undefined || value === null || isOmitted(value)) return null;
  const shape = shapeOf(value);
  const index = spot.index ?? (shape.length === 0 ? 0 : null);
  return { key: spot.key, shape, index, shown: index === null ? null : flat(value)[index] };
});

/** @param {number} [seed]  which mistake; any where there is none */
export async function startHunt(seed = 1 + Math.floor(Math.random() * SEEDS)) {
  letGo();
  batch(() => {
    mode.value = "find";
    panel.value = "practice";
    panelOpen.value = true;
    selection.value = null;
    tried.value = [];
    verdict.value = null;
    suspect.value = null;
  });
  await ask(async (id, of) => {
    const { level, loss, open } = view.peek();
    if (level !== "op" || loss !== "closed" || open.length > 0)
      await changeView({ level: "op", loss: "closed", open: [] });
    came.value = { of, hidden: await getHidden(id, seed) };
  });
}

export function endHunt() {
  batch(() => {
    came.value = null;
    told.value = null;
    verdict.value = null;
    tried.value = [];
    problem.value = null;
  });
}

/** The true slope at the number that is chosen, for one nudge. */
export async function spend() {
  const spot = aimed.peek();
  if (!spot || spot.index === null || left.peek() <= 0 || wasTried(spot.key, spot.index)) return;
  const { key, index, shape, shown } = spot;
  await ask(async (id) => {
    const { nudges } = await getNudge(id, view.peek(), key, indexOf(index, shape));
    const best = nudges.reduce((least, one) => (errorOf(one) < errorOf(least) ? one : least));
    const [ours, slope] = [asNumber(/** @type {Cell} */ (shown)), asNumber(best.numerical)];
    // What is 0 to the digits that a difference has is 0.
    const agrees = Math.abs(ours - slope) <= Math.max(NEAR * Math.max(Math.abs(ours), Math.abs(slope)), 1e-8);
    tried.value = [...tried.peek(), { key, index, shown: ours, slope, agrees }];
  });
}

/** @param {{error: Cell, kink: boolean}} nudge */
function errorOf({ error, kink }) {
  return kink ? Infinity : asNumber(error);
}

/** @param {string} key @param {number} index */
export function wasTried(key, index) {
  return tried.value.some((one) => one.key === key && one.index === index);
}

/** @param {{fault: string, layer: string}} guess @param {boolean} reveal */
export async function judge({ fault, layer }, reveal) {
  const seed = hidden.peek()?.seed;
  if (seed === undefined) return;
  await ask(async (id) => {
    const found = await judgeHidden(id, { seed, fault, layer, reveal });
    batch(() => {
      verdict.value = found;
      if (found.id) told.value = hidden.peek()?.gradients ?? null;
    });
  });
}

/** The wrong gradients take the place of the true ones until the mistake is told. */
export function watchHunt() {
  effect(() => {
    const now = isOpen.value && mode.value === "find" ? hidden.value : null;
    if (now?.seed === hunt.peek()?.seed) return;
    hunt.value = now && { seed: now.seed, values: new Map(Object.entries(now.gradients)) };
  });
  effect(() => {
    void table.value;
    // Numbers that are changed end it.
    if (came.value && numbersNow.value && came.value.of !== numbersNow.value) endHunt();
  });
}
