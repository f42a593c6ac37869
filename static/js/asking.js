/**
 * A number, or a whole tensor, that the learner asks about: its answer stands in the place of the
 * step's text until the cursor moves or the question is left. Going from a number to one that it
 * was made of leaves a trail, by which one can go back.
 *
 * @import { ReadonlySignal, Signal } from "@preact/signals-core"
 * @import { Spot } from "./pagetypes.js"
 * @import { TraceEvent } from "./types.js"
 */
import { batch, computed, effect, signal } from "@preact/signals-core";
import { acrossAll, passed } from "./passed.js";
import { cursor, event, held, hunt, innerTrace, panel, panelOpen, pointed, selection, trace } from "./store.js";

/** Of a longer trail the oldest questions are forgotten. */
const LONGEST = 12;

export const asking = signal(false);
/** An op of the figure that is asked about instead. @type {Signal<string | null>} */
export const askedOp = signal(null);
/** The op on which one stands by keyboard, asked about or not. @type {Signal<string | null>} */
export const chosenOp = signal(null);
/** Ops that a line of code stands for, while somebody looks at it. @type {Signal<readonly string[]>} */
export const litNodes = signal([]);
/** Earlier questions on the way to this one, oldest first. @type {Signal<readonly Spot[]>} */
export const trail = signal([]);
/** The cells that the number asked about was made of, once that is known. @type {Signal<readonly Spot[]>} */
export const causes = signal([]);

/**
 * What is lit in the figure: the op that made the number asked about, or else the op in play.
 * @type {ReadonlySignal<TraceEvent & {nodes?: readonly string[]} | null>}
 */
export const litEvent = computed(() => {
  const nodes = askedOp.value === null ? litNodes.value : [askedOp.value];
  const ofOps = trace.value?.events.filter(({ node }) => nodes.includes(node)) ?? [];
  if (ofOps.length > 0) return { ...ofOps[0], ...acrossAll(ofOps), nodes };
  const spot = asking.value ? selection.value : null;
  if (!spot) return event.value && passed.value ? { ...event.value, ...acrossAll(passed.value) } : event.value;
  for (const pass of [trace.value, innerTrace.value]) {
    const maker = pass?.events.find(({ writes }) => writes.includes(spot.key));
    if (maker) return maker;
  }
  return null;
});
/** What to look at again after a wrong answer. @type {Signal<readonly Spot[]>} */
export const hints = signal([]);
/** Cells that are marked: those pointed at, or else what the number asked about was made of. */
export const marked = computed(() => {
  if (pointed.value.length > 0) return pointed.value;
  return asking.value ? causes.value : hints.value;
});

effect(() => {
  if (selection.value === null) forget();
});
let place = "";
effect(() => {
  const { seq, element } = cursor.value;
  const before = place;
  place = `${seq}.${element}`;
  // Whoever steps on reads the step; what was asked stands below it, with its trail.
  if (place === before) return;
  asking.value = false;
  askedOp.value = null;
  litNodes.value = [];
});

function forget() {
  batch(() => {
    asking.value = false;
    trail.value = [];
    causes.value = [];
  });
}

/** What an op does, on both ways. @param {string} node */
export function askOp(node) {
  withFocus("chosen-title", () => {
    selection.value = null;
    askedOp.value = node;
    if (chosenOp.value !== node) chosenOp.value = null;
    panel.value = "explain";
    panelOpen.value = true;
  });
}

/**
 * @param {Spot} spot
 * @param {{hop?: boolean, stay?: boolean}} [options]  hop: named in the answer to the question before;
 *   stay: what has the focus keeps it
 */
export function ask(spot, { hop = false, stay = false } = {}) {
  if (held.value?.asked.has(spot.key)) return answerIt();
  if (hunt.value?.values.has(spot.key)) return aimAt(spot);
  const from = selection.value;
  const seen = trail.value.findIndex((earlier) => isSame(earlier, spot));
  const follows = from && asking.value && (hop || causes.value.some((cause) => isSame(cause, spot)));
  withFocus(stay ? null : "chosen-title", () => {
    if (seen >= 0) trail.value = trail.value.slice(0, seen);
    else if (follows && !isSame(from, spot)) trail.value = [...trail.value, from].slice(-LONGEST);
    else if (!follows && !(from && isSame(from, spot))) trail.value = [];
    selection.value = spot;
    askedOp.value = null;
    chosenOp.value = null;
    asking.value = true;
    panel.value = "explain";
    panelOpen.value = true;
  });
}

/** While a mistake is looked for, a gradient is chosen, not derived. @param {Spot} spot */
function aimAt(spot) {
  batch(() => {
    selection.value = spot;
    panel.value = "practice";
    panelOpen.value = true;
  });
}

/** What the page itself asks is answered, not asked. */
function answerIt() {
  panel.value = "practice";
  panelOpen.value = true;
  document.getElementById("answer")?.focus();
}

/** Back to the question before, or from the first to the step. */
export function askBefore() {
  const before = trail.value.at(-1);
  if (before) ask(before);
  else leave();
}

/** Back to the step. */
export function leave() {
  withFocus("step-title", () => {
    selection.value = null;
    askedOp.value = null;
    chosenOp.value = null;
  });
}

/**
 * What had the focus in the panel may be gone after a change: then the new heading has it, and the
 * panel is read from its top.
 * @param {string | null} heading  null where what had it is still there
 * @param {() => void} change
 */
function withFocus(heading, change) {
  const place = document.getElementById("panel");
  const had = place?.contains(document.activeElement) ?? false;
  batch(() => {
    pointed.value = [];
    change();
  });
  if (place) place.scrollTop = 0;
  if (had && heading !== null) document.getElementById(heading)?.focus({ preventScroll: true });
}

/** @param {Spot} one @param {Spot} other */
function isSame(one, other) {
  return one.key === other.key && one.index === other.index;
}
