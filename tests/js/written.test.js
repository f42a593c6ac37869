/** A text as somebody's own gradient. */
import assert from "node:assert/strict";
import test from "node:test";
import { differing } from "../../static/js/mistakes/strike.js";
import { readGradient } from "../../static/js/mistakes/written.js";

/** @param {string} text @param {number[]} shape */
const read = (text, shape) => readGradient(text, shape).value;

test("numbers in any form get the axes that the gradient has", () => {
  assert.deepEqual(read("[[1, 2], [3, 4]]", [2, 2]), [
    [1, 2],
    [3, 4],
  ]);
  assert.deepEqual(read("1/2 1e-3\n-3 4", [2, 2]), [
    [0.5, 0.001],
    [-3, 4],
  ]);
  assert.deepEqual(read("[1. 2. 3.]", [3]), [1, 2, 3]);
  assert.deepEqual(read("[1. 2. 3.]", [1, 3]), [[1, 2, 3]]);
  assert.deepEqual(read("2.5", []), 2.5);
  assert.deepEqual(read("1 2\n3 4\n5 6\n7 8", [2, 2, 2]), [
    [
      [1, 2],
      [3, 4],
    ],
    [
      [5, 6],
      [7, 8],
    ],
  ]);
});

test("what has another shape keeps it, since that is a mistake of its own", () => {
  assert.deepEqual(read("1 2\n3 4\n5 6", [2, 3]), [
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  assert.deepEqual(read("1 2\n3 4", [2]), [
    [1, 2],
    [3, 4],
  ]);
  assert.deepEqual(read("[1, 2, 3, 4, 5, 6]", [2, 3]), [1, 2, 3, 4, 5, 6]);
});

test("what is no number is refused with its place", () => {
  assert.ok(readGradient("1 2\n3 x", [2, 2]).fault);
  assert.ok(readGradient("", [2, 2]).fault);
});

test("cells differ where their numbers do by more than rounding", () => {
  assert.deepEqual(
    differing(
      [
        [1, 2],
        [3, 4],
      ],
      [
        [1, 2.5],
        [3 + 1e-12, "NaN"],
      ],
    ),
    [1, 3],
  );
  assert.deepEqual(differing([[Number.NaN]], [["NaN"]]), []);
});
