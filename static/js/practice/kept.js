/**
 * What this browser keeps of practice, by skill. Where it refuses to keep anything, it is remembered
 * as long as the page stands.
 *
 * @import { Signal } from "@preact/signals-core"
 * @import { Progress } from "./progress.js"
 */
import { signal } from "@preact/signals-core";
import { after, BEGINNING, isProgress } from "./progress.js";

const KEPT = "backprop-explorer.practice";

/** @type {Signal<Record<string, Progress>>} */
export const progress = signal(read());

/** @param {string} skill */
export function progressOf(skill) {
  return Object.hasOwn(progress.value, skill) ? progress.value[skill] : BEGINNING;
}

/** @param {string} skill @param {"network" | "program"} surface @param {boolean} right */
export function noteAnswer(skill, surface, right) {
  // Another tab may have gone on meanwhile.
  const before = { ...progress.peek(), ...read() };
  progress.value = { ...before, [skill]: after(before[skill] ?? BEGINNING, surface, right, Date.now()) };
  try {
    localStorage.setItem(KEPT, JSON.stringify(progress.peek()));
  } catch {
    // It is only for oneself.
  }
}

/** @returns {Record<string, Progress>} */
function read() {
  try {
    const found = Object.entries(JSON.parse(localStorage.getItem(KEPT) ?? "{}"));
    return Object.fromEntries(found.filter(([, one]) => isProgress(one)));
  } catch {
    return {};
  }
}
