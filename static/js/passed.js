/**
 * What a stride of several ops has passed, told as one thing: its events, what it needed from
 * before, and what it has made that is left of it.
 *
 * @import { Trace, TraceEvent } from "./types.js"
 * @import { Stride } from "./pagetypes.js"
 */
import { computed } from "@preact/signals-core";
import { cursor, event, stride, trace } from "./store.js";

/**
 * The events that the stride before a stop has passed; null where one op alone is told.
 * @param {Trace} trace
 * @param {{seq: number, element: number}} cursor
 * @param {Stride} stride
 * @returns {TraceEvent[] | null}
 */
export function passedBy(trace, { seq, element }, stride) {
  if (stride === "op" || stride === "element" || element > 0) return null;
  const stops = trace.strides[stride];
  if (!stops.includes(seq)) return null;
  const from = stops.findLast((stop) => stop < seq) ?? seq;
  const events = trace.events.slice(from, seq);
  return events.length > 1 ? events : null;
}

export const passed = computed(() =>
  trace.value && event.value ? passedBy(trace.value, cursor.value, stride.value) : null,
);

/**
 * What comes into a stride from outside, and what comes out of it: gradients that are given stand
 * outside.
 * @param {readonly TraceEvent[]} events
 * @returns {{reads: string[], writes: string[]}}
 */
export function acrossAll(events) {
  const made = events.filter(({ rule_name: name }) => name !== "seed.given").flatMap(({ writes }) => writes);
  const read = events.flatMap(({ reads }) => reads);
  const [inside, used] = [new Set(made), new Set(read)];
  return {
    reads: [...used].filter((key) => !inside.has(key)),
    writes: [...inside].filter((key) => !used.has(key)),
  };
}

/**
 * Which stop of how many a stride has reached, or is on its way to.
 * @param {Trace} trace
 * @param {number} seq
 * @param {Stride} stride
 */
export function stopReached(trace, seq, stride) {
  if (stride === "op" || stride === "element") return { step: seq, steps: trace.events.length };
  const stops = trace.strides[stride].filter((stop) => stop > 0);
  return { step: stops.filter((stop) => stop < seq).length + (seq > 0 ? 1 : 0), steps: stops.length };
}
