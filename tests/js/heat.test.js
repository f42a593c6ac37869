/** The scale of a heat map, and the limits of a picture. */
import assert from "node:assert/strict";
import test from "node:test";
import { range, scaleOf } from "../../static/js/figure/heat.js";
import { fits } from "../../static/js/panels/png.js";

/** @type {any} */
const OMITTED = { shape: [9, 9], min: -2, max: 7, mean: 0, omitted: true, link: null };

test("a scale without numbers below 0 begins at 0, any other lies evenly about it", () => {
  assert.deepEqual(
    scaleOf([
      [0, 2],
      [5, 1],
    ]),
    { low: 0, high: 5 },
  );
  assert.deepEqual(scaleOf([1, -4, 3]), { low: -4, high: 4 });
  assert.deepEqual(scaleOf(OMITTED), { low: -7, high: 7 });
  assert.deepEqual(scaleOf([-1, "NaN", "Infinity"]), { low: -1, high: 1 });
});

test("where an end is no number, the scale is that of the cells that are", () => {
  assert.deepEqual(scaleOf({ ...OMITTED, min: "NaN", max: "NaN" }, [1, "NaN", 3]), { low: 0, high: 3 });
});

test("a NaN does not go unseen in a range", () => {
  assert.deepEqual(range([3, -1, 2]), { min: -1, max: 3 });
  assert.deepEqual(range([3, "NaN", 2]), { min: NaN, max: NaN });
  assert.deepEqual(range([3, "-Infinity"]), { min: -Infinity, max: 3 });
});

test("sides and area of a picture are bounded", () => {
  const sizes = [
    [16384, 10],
    [16385, 10],
    [10, 16385],
    [16384, 16357],
    [16384, 16358],
  ];
  assert.deepEqual(
    sizes.map(([width, height]) => fits({ width, height })),
    [true, false, false, true, false],
  );
});
