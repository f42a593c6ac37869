/** Nested lists of numbers, and positions in them. */
import assert from "node:assert/strict";
import test from "node:test";
import {
  asNumber,
  asRows,
  flat,
  indexOf,
  isOmitted,
  outputSize,
  positionOf,
  samplesOf,
  shapeOf,
  shareOf,
} from "../../static/js/values.js";

/** @type {any} */
const OMITTED = { shape: [9, 784], min: 0, max: 1, mean: 0.1, omitted: true, link: null };

test("a position and its index are two names of one cell", () => {
  assert.deepEqual(indexOf(5, [2, 3]), [1, 2]);
  assert.deepEqual(indexOf(0, []), []);
  for (const shape of [[], [4], [2, 3], [2, 3, 4]]) {
    const cells = shape.reduce((product, size) => product * size, 1);
    for (let i = 0; i < cells; i++) assert.equal(positionOf(indexOf(i, shape), shape), i);
  }
});

test("a nested list is told row by row, and what was left out has no cells", () => {
  assert.deepEqual(
    flat([
      [1, 2],
      [3, "NaN"],
    ]),
    [1, 2, 3, "NaN"],
  );
  assert.deepEqual(flat(5), [5]);
  assert.deepEqual(flat(OMITTED), []);
  assert.deepEqual([OMITTED, [1], 0, "NaN"].map(isOmitted), [true, false, false, false]);
});

test("a shape is that of the list, however deep", () => {
  assert.deepEqual(
    [
      5,
      [],
      [1, 2],
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ].map(shapeOf),
    [[], [0], [2], [2, 3]],
  );
});

test("any value can be seen as a table", () => {
  assert.deepEqual([5, [1, 2], [[1], [2]]].map(asRows), [[[5]], [[1, 2]], [[1], [2]]]);
});

test("three words are numbers", () => {
  assert.deepEqual(
    ["NaN", "-Infinity", 2].map((cell) => asNumber(/** @type {any} */ (cell))),
    [NaN, -Infinity, 2],
  );
});

test("samples are counted whether or not their numbers came along", () => {
  assert.equal(samplesOf(/** @type {any} */ ({ x: [[1], [2], [3]] })), 3);
  assert.equal(samplesOf(/** @type {any} */ ({ x: OMITTED })), 9);
});

test("a network makes as many numbers as its last layer with units has", () => {
  const layers = [
    { type: "affine", units: 5 },
    { type: "relu" },
    { type: "affine", units: 3 },
    { type: "tanh", units: null },
  ];
  assert.equal(outputSize({ input_size: 4, layers }), 3);
  assert.equal(outputSize({ input_size: 4, layers: [{ type: "relu" }] }), 4);
});

test("a number has its place between two, however large they are", () => {
  assert.equal(shareOf(1, 0, 4), 0.25);
  assert.equal(shareOf(-1, 3, -5), 0.5);
  assert.equal(shareOf(7, 7, 7), 0);
  assert.equal(shareOf(0, -1.7e308, 1.7e308), 0.5);
  assert.equal(shareOf(1.7e308, -1.7e308, 1.7e308), 1);
});
