/**
 * What one looks at while a network learns: asked of the server as long as it is in sight, and again
 * when the numbers have changed.
 *
 * @import { Signal } from "@preact/signals-core"
 */
import { effect, signal } from "@preact/signals-core";
import { call, UNMADE } from "./api.js";
import { messageOf } from "./messages.js";
import { panel, panelOpen, session, stale } from "./store.js";
import { large } from "./panels/large.js";

/** How often what is light, and what is heavy, is asked for while a run goes on, in ms. */
const SOON = 300;
export const SELDOM = 3000;

/**
 * @template T
 * @typedef {{of: string, value: T | null, problem: string | null}} Look  the last answer that came
 */

/**
 * @template T
 * @param {() => string | null} wanted  names what is wanted beside the session's numbers; null: nothing is
 * @param {(id: string) => Promise<T>} get
 * @param {number | {of: "learn" | "practice"}} [options]  no more often than once in so many ms; in which panel it is looked at
 * @returns {Signal<Look<T>>}
 */
export function looking(wanted, get, options = SOON) {
  const every = typeof options === "number" ? options : SOON;
  const place = typeof options === "number" ? "learn" : options.of;
  /** @type {Signal<Look<T>>} */
  const found = signal({ of: "", value: null, problem: null });
  let isBusy = false;
  let at = -Infinity;
  let waiting = 0;
  const name = () => {
    const now = session.value;
    const isInSight = large.value !== null || (panel.value === place && panelOpen.value);
    if (!now || now.id === UNMADE || stale.value || !isInSight) return null;
    const more = wanted();
    return more === null
      ? null
      : [now.id, now.data_version, now.optimizer.type, now.optimizer.learning_rate, more].join(" ");
  };
  /** @param {string} of */
  async function read(of) {
    if (isBusy || waiting) return;
    const left = at + every - performance.now();
    if (left > 0) {
      waiting = window.setTimeout(() => {
        waiting = 0;
        again();
      }, left);
      return;
    }
    isBusy = true;
    at = performance.now();
    const id = of.split(" ")[0];
    try {
      found.value = { of, value: await get(id), problem: null };
    } catch (error) {
      found.value = { of, value: null, problem: messageOf(error) };
    } finally {
      isBusy = false;
      again();
    }
  }
  /** What has changed meanwhile is asked for now. */
  function again() {
    const next = name();
    if (next !== null && next !== found.peek().of) void read(next);
  }
  effect(() => {
    const of = name();
    if (of === null || found.peek().of === of) return;
    // Numbers of another session pass for nobody's.
    if (found.peek().of.split(" ")[0] !== of.split(" ")[0]) found.value = { of: "", value: null, problem: null };
    void read(of);
  });
  return found;
}

/**
 * @param {string} id
 * @param {string | null} run  whose history counts too
 * @returns {Promise<import("./types.js").Health>}
 */
export async function getHealth(id, run) {
  return (await call(`/sessions/${id}/health${run ? `?run=${run}` : ""}`)).json();
}

/**
 * @param {string} id
 * @param {number} size  cells in a row
 * @returns {Promise<import("./types.js").Regions>}
 */
export async function getRegions(id, size) {
  return (await call(`/sessions/${id}/regions?size=${size}`)).json();
}

/**
 * @param {string} id
 * @param {number} count  at most
 * @returns {Promise<import("./types.js").Doubtful>}
 */
export async function getDoubtful(id, count) {
  return (await call(`/sessions/${id}/doubtful?count=${count}`)).json();
}
