/** Files of tensors, without a panel; that NumPy reads them, tests/browser/test_files.py says. */
import assert from "node:assert/strict";
import test from "node:test";
import { textOf, writeCsv } from "../../static/js/files/csv.js";
import { readNpy, writeNpy } from "../../static/js/files/npy.js";
import { plan } from "../../static/js/files/plan.js";
import { fit, isOneHot } from "../../static/js/matrices/fit.js";
import { readTensors } from "../../static/js/safetensors.js";

/** @param {number[][]} rows @returns {any} */
const matrix = (rows, flat = false) => ({ rows, flat, header: false, comments: 0 });
const ONES = (/** @type {number} */ h, /** @type {number} */ w) =>
  matrix(Array.from({ length: h }, () => Array(w).fill(1)));

test("an .npy file that was written is read as it was", () => {
  const values = [0.1, -1e300, 5e-324, 3, 1 / 3, 0];
  assert.deepEqual(readNpy(writeNpy(values, [2, 3], "<f8")).rows, [values.slice(0, 3), values.slice(3)]);
  const list = readNpy(writeNpy([4, -2], [2], "<i8"));
  assert.deepEqual([list.rows, list.flat], [[[4, -2]], true]);
  // The numbers begin at a multiple of 64 bytes, as NumPy promises.
  assert.equal((writeNpy([1], [1], "<f8").length - 8) % 64, 0);
});

test("an .npy file that is cut short or something else is refused", () => {
  const whole = writeNpy([1, 2], [2], "<f8");
  for (const bytes of [whole.subarray(0, -1), whole.subarray(0, 20), new Uint8Array(3)]) {
    assert.throws(() => readNpy(bytes), { fault: { code: "npy" } });
  }
  const fault = { code: "finite", row: 1, column: 1, text: "NaN" };
  assert.throws(() => readNpy(writeNpy([NaN], [1], "<f8")), { fault });
});

test("a comma in a .csv file can be taken for nothing but a separator", () => {
  assert.equal(
    writeCsv(
      [
        [1, 0.5],
        [1e-7, -2],
      ],
      false,
    ),
    "1.0,0.5\n1e-7,-2.0\n",
  );
  assert.equal(writeCsv([[0, 2, 1]], true), "0\n2\n1\n");
});

test("text is read in the two ways that sheets save it", () => {
  assert.equal(textOf(new TextEncoder().encode("1,2")), "1,2");
  assert.equal(textOf(new Uint8Array([0xff, 0xfe, 0x31, 0, 0x2c, 0])), "1,");
});

const WANTED = {
  inputs: 4,
  outputs: 3,
  tensors: [
    { name: "x", shape: [2, 4] },
    { name: "t", shape: [2] },
    { name: "affine1.W", shape: [4, 3] },
    { name: "affine1.b", shape: [3] },
  ],
};
const planned = (/** @type {Record<string, any>} */ entries) =>
  plan(
    Object.entries(entries).map(([name, one]) => ({ name, matrix: one })),
    WANTED,
  );

test("arrays of a file replace what they fit, more samples with as many targets", () => {
  const { edits, transposed, misfit } = planned({
    x: ONES(5, 4),
    t: matrix([[0, 1, 2, 0, 1]], true),
    "affine1.W": ONES(3, 4),
    "affine1.b": ONES(3, 1),
  });
  assert.equal(misfit, null);
  assert.deepEqual(transposed, ["affine1.W"]);
  const values = edits.map((edit) => ("value" in edit ? edit.value : null));
  assert.deepEqual(values, [ONES(5, 4).rows, [0, 1, 2, 0, 1], ONES(4, 3).rows, [1, 1, 1]]);
  assert.deepEqual(
    planned({
      t: matrix([
        [0, 1, 0],
        [1, 0, 0],
      ]),
    }).edits,
    [{ op: "replace", tensor: "t", value: [1, 0] }],
  );
});

test("what does not fit is named, and then nothing is changed", () => {
  const cases = [
    [{ "affine2.W": ONES(4, 3) }, "unknown"],
    [{ "affine1.b": ONES(1, 4) }, "shape"],
    [
      {
        x: ONES(2, 4),
        t: matrix([
          [1, 1, 0],
          [0, 1, 0],
        ]),
      },
      "onehot",
    ],
    [{ x: ONES(5, 4) }, "rows"],
  ];
  for (const [entries, code] of cases) {
    const { edits, misfit } = planned(/** @type {any} */ (entries));
    assert.deepEqual([edits, misfit?.code], [[], code]);
  }
});

test("a block goes into the whole of a tensor, into a part, or nowhere as it stands", () => {
  const target = { name: "affine1.W", shape: [4, 3], classes: 3 };
  assert.equal(fit(ONES(4, 3), target, [2, 2]).kind, "whole");
  assert.deepEqual(fit(ONES(2, 2), target, [2, 1]), { kind: "part", rows: ONES(2, 2).rows, at: [2, 1] });
  assert.equal(fit(ONES(3, 4), target, [0, 0]).kind, "transposed");
  assert.deepEqual(fit(ONES(3, 3), target, [2, 0]), { kind: "outside", room: [2, 3] });
  const labels = { name: "t", shape: [2], classes: 3 };
  assert.deepEqual(
    fit(
      matrix([
        [0, 0, 1],
        [1, 0, 0],
      ]),
      labels,
      [0, 0],
    ),
    { kind: "whole", value: [2, 0] },
  );
  assert.deepEqual(
    fit(
      matrix([
        [0, 0, 1],
        [1, 0, 2],
      ]),
      labels,
      [0, 0],
    ),
    { kind: "onehot", row: 2 },
  );
  assert.deepEqual(
    [
      [0, 1, 0],
      [0, 0, 0],
      [1, 1, 0],
      [0, 2, 0],
    ].map(isOneHot),
    [true, false, false, false],
  );
});

test("tensors of three types come out of a safetensors file, wherever they begin", () => {
  const header = new TextEncoder().encode(
    JSON.stringify({
      __metadata__: { version: "3" },
      a: { dtype: "F32", shape: [1], data_offsets: [0, 4] },
      b: { dtype: "F64", shape: [2], data_offsets: [4, 20] },
      t: { dtype: "I64", shape: [1], data_offsets: [20, 28] },
    }),
  );
  const file = new ArrayBuffer(8 + header.length + 28);
  const view = new DataView(file);
  view.setBigUint64(0, BigInt(header.length), true);
  new Uint8Array(file).set(header, 8);
  const start = 8 + header.length;
  view.setFloat32(start, 0.5, true);
  view.setFloat64(start + 4, 1 / 3, true);
  view.setFloat64(start + 12, -2, true);
  view.setBigInt64(start + 20, 7n, true);
  const tensors = readTensors(file);
  assert.deepEqual([...tensors.keys()], ["a", "b", "t"]);
  assert.deepEqual(
    [...tensors.values()].map((cells) => [...cells]),
    [[0.5], [1 / 3, -2], [7]],
  );
});
