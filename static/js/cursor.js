/**
 * The cursor over a trace, as pure functions: where a stride leads, and what is known there.
 *
 * A cursor (seq, element) says: every event before `seq` is done, and of event `seq` the first
 * `element` cells, row by row.
 * @import { Cursor, Stride, Value } from "./pagetypes.js"
 * @import { Trace, TraceEvent } from "./types.js"
 */

/** @typedef {{writtenAt: Map<string, number>, values: Map<string, Value>}} Timetable */

const BEFORE_ALL = -1;

/**
 * When each key of a trace becomes known (-1: from the start), and its value.
 * @param {Trace} trace
 * @returns {Timetable}
 */
export function timetable(trace) {
  const writtenAt = new Map();
  const values = new Map();
  for (const [key, value] of Object.entries(trace.inputs)) {
    writtenAt.set(key, BEFORE_ALL);
    values.set(key, value);
  }
  trace.events.forEach((event, seq) => {
    for (const [key, value] of Object.entries(event.values)) {
      writtenAt.set(key, seq);
      values.set(key, value);
    }
  });
  return { writtenAt, values };
}

/**
 * The same with other gradients; those that are not among them are never known.
 * @param {Timetable} times
 * @param {ReadonlyMap<string, Value>} gradients
 * @returns {Timetable}
 */
export function spoilt({ writtenAt, values }, gradients) {
  /** @param {string} key */
  const stays = (key) => !key.endsWith(".grad") || gradients.has(key);
  return {
    writtenAt: new Map([...writtenAt].filter(([key]) => stays(key))),
    values: new Map(
      [...values].filter(([key]) => stays(key)).map(([key, value]) => [key, gradients.get(key) ?? value]),
    ),
  };
}

/**
 * How many cells of a key are known at a cursor; Infinity when all are.
 * @param {Timetable} table
 * @param {string} key
 * @param {Cursor} cursor
 */
export function cellsKnown(table, key, cursor) {
  const seq = table.writtenAt.get(key);
  if (seq === undefined || seq > cursor.seq) return 0;
  return seq < cursor.seq ? Infinity : cursor.element;
}

/**
 * The event in play: the one being revealed, or else the last one done; null at the start.
 * @param {Trace} trace
 * @param {Cursor} cursor
 * @returns {TraceEvent | null}
 */
export function inPlay(trace, cursor) {
  const seq = cursor.element > 0 ? cursor.seq : cursor.seq - 1;
  return trace.events[seq] ?? null;
}

/** @param {Trace} trace @returns {Cursor} */
export function atEnd(trace) {
  return { seq: trace.events.length, element: 0 };
}

/**
 * Where the backward half begins, or the end when there is none.
 * @param {Trace} trace
 * @returns {Cursor}
 */
export function atBackward(trace) {
  const seq = trace.events.findIndex((event) => event.phase === "backward");
  return { seq: seq < 0 ? trace.events.length : seq, element: 0 };
}

/**
 * @param {Trace} trace
 * @param {Cursor} cursor
 * @returns {Cursor}  the nearest cursor that exists in this trace
 */
export function clamp(trace, cursor) {
  const seq = Math.max(0, Math.min(Math.trunc(cursor.seq) || 0, trace.events.length));
  const cells = trace.events[seq]?.elements ?? 1;
  const element = Math.max(0, Math.min(Math.trunc(cursor.element) || 0, cells - 1));
  return { seq, element: seq === cursor.seq ? element : 0 };
}

/**
 * The same place in another trace of the pass: what was in play is in play again, or, where that
 * trace does not have it, the first event after it.
 * @param {Trace} before
 * @param {Trace} after
 * @param {Cursor} cursor  in `before`
 * @returns {Cursor}  in `after`
 */
export function carried(before, after, cursor) {
  const done = inPlay(before, cursor);
  if (!done) return { seq: 0, element: 0 };
  const seq = after.events.findIndex(({ progress }) => progress >= done.progress);
  if (seq < 0) return atEnd(after);
  const { progress, elements } = after.events[seq];
  const cells = progress === done.progress ? Math.min(cursor.element, elements - 1) : 0;
  return cells > 0 ? { seq, element: cells } : { seq: seq + 1, element: 0 };
}

/**
 * How far another trace of the pass has come at the same moment: nothing is known there that takes
 * an event which is not over here.
 * @param {Trace} before
 * @param {Trace} after
 * @param {Cursor} cursor  in `before`
 * @returns {Cursor}  in `after`
 */
export function reached(before, after, cursor) {
  const done = inPlay(before, cursor);
  if (!done) return { seq: 0, element: 0 };
  const { element } = cursor;
  const same = after.events.findIndex(({ progress }) => progress === done.progress);
  if (element > 0 && same >= 0) return { seq: same, element: Math.min(element, after.events[same].elements - 1) };
  // Of an event that is only there as a whole, a part is nothing yet.
  const over = element > 0 ? (before.events[cursor.seq - 1]?.progress ?? -1) : done.progress;
  return { seq: after.events.findLastIndex(({ progress }) => progress <= over) + 1, element: 0 };
}

/**
 * @param {Trace} trace
 * @param {Cursor} cursor
 * @param {Stride} stride
 * @returns {Cursor}
 */
export function next(trace, cursor, stride) {
  const event = trace.events[cursor.seq];
  if (!event) return cursor;
  if (stride === "element" && cursor.element + 1 < event.elements) {
    return { seq: cursor.seq, element: cursor.element + 1 };
  }
  if (stride === "op" || stride === "element") return { seq: cursor.seq + 1, element: 0 };
  const stop = trace.strides[stride].find((seq) => seq > cursor.seq);
  return { seq: stop ?? trace.events.length, element: 0 };
}

/**
 * @param {Trace} trace
 * @param {Cursor} cursor
 * @param {Stride} stride
 * @returns {Cursor}
 */
export function back(trace, cursor, stride) {
  if (stride === "element") {
    if (cursor.element > 0) return { seq: cursor.seq, element: cursor.element - 1 };
    const event = trace.events[cursor.seq - 1];
    return event ? { seq: cursor.seq - 1, element: event.elements - 1 } : cursor;
  }
  const within = cursor.element > 0;
  if (stride === "op") return { seq: within ? cursor.seq : Math.max(0, cursor.seq - 1), element: 0 };
  const stop = trace.strides[stride].findLast((seq) => (within ? seq <= cursor.seq : seq < cursor.seq));
  return { seq: stop ?? 0, element: 0 };
}
