/** Progress with a skill, and what of a pass stays blank. */
import assert from "node:assert/strict";
import test from "node:test";
import { givenCells, givenShape } from "../../static/js/practice/asked.js";
import { after, BEGINNING, isDue, isProgress } from "../../static/js/practice/progress.js";

const DAY = 24 * 60 * 60 * 1000;

/** @param {import("../../static/js/practice/progress.js").Progress} from @param {string} answers @param {number} now */
function answered(from, answers, now) {
  return [...answers].reduce(
    (before, one) => after(before, one.toLowerCase() === "n" ? "network" : "program", one === one.toUpperCase(), now),
    from,
  );
}

test("three in a row on both surfaces is mastery, and a slip begins its row again", () => {
  assert.equal(answered(BEGINNING, "NNNPP", 0).returns, null);
  assert.equal(answered(BEGINNING, "NNNPPP", 0).returns, 0);
  assert.equal(answered(BEGINNING, "NNnNPPP", 0).returns, null);
  assert.equal(answered(BEGINNING, "NNnNPPPNN", 0).returns, 0);
});

test("what is mastered comes back after one, three and seven days, and a miss undoes it", () => {
  let now = answered(BEGINNING, "NPNPNP", 0);
  for (const days of [1, 3, 7]) {
    const due = /** @type {number} */ (now.due);
    assert.ok(!isDue(now, due - 1) && isDue(now, due));
    assert.deepEqual(answered(now, "N", due - 1).due, due);
    const missed = answered(now, "n", due);
    assert.equal(missed.returns, null);
    assert.equal(missed.due, null);
    now = answered(now, "P", due);
    assert.equal(now.due, days === 7 ? null : due + { 1: 3, 3: 7 }[days] * DAY);
  }
  assert.equal(now.returns, 3);
});

test("less is given with every right answer, and more again after a wrong one", () => {
  assert.deepEqual(
    ["", "N", "NP", "NPN", "NPNn"].map((answers) => answered(BEGINNING, answers, 0).stage),
    [0, 1, 2, 2, 1],
  );
  assert.deepEqual([...givenCells([1, 0], [2, 2], 0)], [0, 1, 3]);
  assert.deepEqual([...givenCells([1, 0], [2, 2], 1)], [0, 1]);
  assert.deepEqual([...givenCells([2], [4], 1)], [1, 3]);
  assert.deepEqual([...givenCells([1, 0], [2, 2], 2)], []);
  assert.deepEqual([...givenCells([], [], 0)], []);
  assert.deepEqual(
    [0, 1, 2].map((stage) => givenShape([2, 3], stage)),
    ["(2, \u25a1)", "(\u25a1, \u25a1)", null],
  );
  assert.equal(givenShape([3], 0), null);
});

test("what was kept is only believed where it can be progress", () => {
  assert.ok(isProgress(answered(BEGINNING, "NPNPNP", 5)));
  for (const wrong of [
    null,
    3,
    {},
    { ...BEGINNING, stage: 9 },
    { ...BEGINNING, rows: null },
    { ...BEGINNING, due: "x" },
  ]) {
    assert.ok(!isProgress(wrong));
  }
});
