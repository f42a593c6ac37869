/** The cursor over a trace; that its strides are the engine's, test_cursor.py says. */
import assert from "node:assert/strict";
import test from "node:test";
import {
  atBackward,
  atEnd,
  back,
  cellsKnown,
  clamp,
  inPlay,
  next,
  reached,
  timetable,
} from "../../static/js/cursor.js";

/** @type {any} */
const TRACE = {
  inputs: { x: [1, 2], "": 0 },
  events: [
    { phase: "forward", node: "a", elements: 3, values: { a: [1, 2, 3] } },
    { phase: "forward", node: "b", elements: 1, values: { b: 4 } },
    { phase: "backward", node: "b", elements: 2, values: { "a.grad": [5, 6], "b.grad": 7 } },
  ],
  strides: { phase: [0, 2, 3], layer: [0, 1, 2, 3] },
};

test("a cell is known once the cursor has passed it, the inputs from the start", () => {
  const table = timetable(TRACE);
  const at = (/** @type {string} */ key, /** @type {number} */ seq, element = 0) =>
    cellsKnown(table, key, { seq, element });
  assert.equal(at("x", 0), Infinity);
  assert.deepEqual([at("a", 0), at("a", 0, 2), at("a", 1)], [0, 2, Infinity]);
  assert.deepEqual([at("a.grad", 2), at("a.grad", 2, 1), at("b.grad", 3)], [0, 1, Infinity]);
  assert.equal(at("c", 3), 0);
  assert.equal(table.values.get("b"), 4);
});

test("the event in play is the one that is being shown, or else the last", () => {
  assert.equal(inPlay(TRACE, { seq: 0, element: 0 }), null);
  assert.equal(inPlay(TRACE, { seq: 0, element: 1 })?.node, "a");
  assert.equal(inPlay(TRACE, { seq: 1, element: 0 })?.node, "a");
  assert.equal(inPlay(TRACE, atEnd(TRACE))?.phase, "backward");
});

test("the backward half begins at its first event, or at the end where there is none", () => {
  assert.deepEqual(atBackward(TRACE), { seq: 2, element: 0 });
  const forward = { ...TRACE, events: TRACE.events.slice(0, 2) };
  assert.deepEqual(atBackward(forward), atEnd(forward));
});

test("a place that this trace does not have becomes the nearest that it has", () => {
  const cases = [
    [
      [0, 2],
      [0, 2],
    ],
    [
      [0, 3],
      [0, 2],
    ],
    [
      [1, 5],
      [1, 0],
    ],
    [
      [9, 1],
      [3, 0],
    ],
    [
      [-4, 2],
      [0, 0],
    ],
    [
      [NaN, NaN],
      [0, 0],
    ],
    [
      [2.9, 1.9],
      [2, 0],
    ],
  ];
  for (const [[seq, element], [s, e]] of cases) {
    assert.deepEqual(clamp(TRACE, { seq, element }), { seq: s, element: e });
  }
});

test("at either end a stride stays", () => {
  for (const stride of /** @type {const} */ (["phase", "layer", "op", "element"])) {
    assert.deepEqual(next(TRACE, atEnd(TRACE), stride), atEnd(TRACE));
    assert.deepEqual(back(TRACE, { seq: 0, element: 0 }, stride), { seq: 0, element: 0 });
  }
});

test("another trace has reached what is over here, and nothing beyond it", () => {
  /** @param {[number, number][]} list  progress and cells @returns {any} */
  const made = (list) => ({ events: list.map(([progress, elements]) => ({ progress, elements })) });
  const opened = made([
    [1, 3],
    [1.5, 3],
    [2, 1],
    [3, 4],
  ]);
  const closed = made([
    [2, 1],
    [3, 4],
  ]);
  const at = (/** @type {any} */ from, /** @type {any} */ to, /** @type {number} */ seq, element = 0) => {
    const found = reached(from, to, { seq, element });
    return [found.seq, found.element];
  };
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((seq) => at(opened, closed, seq)),
    [
      [0, 0],
      [0, 0],
      [0, 0],
      [1, 0],
      [2, 0],
    ],
  );
  assert.deepEqual(at(closed, opened, 1), [3, 0]);
  // A part of an event that both have, and of one that only one has.
  assert.deepEqual(at(opened, closed, 3, 2), [1, 2]);
  assert.deepEqual(at(opened, closed, 1, 2), [0, 0]);
});
