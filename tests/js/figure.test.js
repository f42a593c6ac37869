/** The figure as plain data: its parts, where they stand, which meet a rectangle, what is lit. */
import assert from "node:assert/strict";
import test from "node:test";
import { makeGrid, meets } from "../../static/js/figure/grid.js";
import { boundsOf, cellsOf, placesIn, positionIn, span } from "../../static/js/figure/places.js";
import { pickPart } from "../../static/js/figure/pick.js";
import { KINDS, sceneOf } from "../../static/js/figure/scene.js";
import { sightOf } from "../../static/js/figure/sight.js";

/** @type {any} */
const GRID = {
  mode: "grid",
  x: 100,
  y: 50,
  w: 90,
  h: 40,
  rows: 2,
  cols: 3,
  cell_w: 30,
  cell_h: 20,
  name: null,
  shape: null,
};
/** @type {any} */
const HEAT = { ...GRID, mode: "heat", rows: 4, cols: 9 };
/** @type {any} */
const FAN = {
  ...GRID,
  mode: "fan",
  fan: {
    rows: [0, 7],
    elided: true,
    lines: [[0, 0, 200, 10]],
    cells: [
      [100, 50, 30, 20],
      [100, 90, 30, 20],
    ],
    ellipsis: [110, 80],
  },
};
const FORMULA = { latex: "x", spoken: "x", width: 20, height: 12, ascent: 9, glyphs: [1, 2], rules: [1] };

test("a grid finds each rectangle that meets another, once", () => {
  // A generator of one's own, so that what fails fails again.
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const boxes = Array.from({ length: 300 }, () => ({
    x: random() * 5000 - 200,
    y: random() * 3000 - 200,
    w: random() ** 4 * 2500,
    h: random() ** 4 * 900,
  }));
  const grid = makeGrid(boxes);
  for (let i = 0; i < 100; i++) {
    const asked = { x: random() * 4000, y: random() * 3000, w: random() * 900, h: random() * 900 };
    const found = grid.within(asked);
    assert.equal(new Set(found).size, found.length);
    assert.deepEqual(new Set(found), new Set(boxes.filter((box) => meets(box, asked))));
  }
});

test("rectangles that touch meet", () => {
  const box = { x: 0, y: 0, w: 10, h: 10 };
  assert.ok(meets(box, { x: 10, y: 10, w: 5, h: 5 }));
  assert.ok(!meets(box, { x: 10.1, y: 0, w: 5, h: 5 }));
});

test("every cell of a label is found at its middle, and none beside it", () => {
  for (const label of [GRID, FAN, { ...GRID, mode: "scalar", rows: 1, cols: 1 }]) {
    const places = placesIn(label);
    assert.equal(places.length, label.mode === "fan" ? 2 : label.rows * label.cols);
    for (const { position, x, y, width, height } of places) {
      assert.equal(positionIn(label, x + width / 2, y + height / 2), position);
    }
    assert.equal(positionIn(label, 99, 60), null);
  }
  assert.equal(positionIn(FAN, 110, 95), 7);
  assert.deepEqual(placesIn(HEAT), []);
  assert.equal(positionIn(HEAT, 189.9, 89.9), 35);
  assert.equal(positionIn(HEAT, 100, 60.1), 9);
  assert.deepEqual([positionIn(HEAT, 190, 60), positionIn(HEAT, 150, 49)], [null, null]);
});

test("of several matrices every cell is found in its own, counted on from the one before", () => {
  /** @type {any} */
  const label = {
    ...GRID,
    rows: 2,
    cols: 3,
    cell_w: 10,
    cell_h: 20,
    w: 80,
    h: 130,
    blocks: [0, 1, 2, 3].map((k) => ({ x: 100 + (k % 2) * 50, y: 60 + Math.floor(k / 2) * 70, caption: {} })),
  };
  assert.equal(cellsOf(label), 24);
  const places = placesIn(label);
  assert.deepEqual(
    places.map(({ position }) => position),
    [...Array(24).keys()],
  );
  for (const { position, x, y } of places) assert.equal(positionIn(label, x + 5, y + 10), position);
  // n=1, c=0, row 1, column 2.
  assert.equal(positionIn(label, 125, 160), 2 * 6 + 5);
  // Between two of them there is none.
  assert.equal(positionIn(label, 140, 70), null);
});

test("a label covers its cells, its name, its shape and its fan", () => {
  assert.deepEqual(boundsOf(GRID, {}), { x: 100, y: 50, w: 90, h: 40 });
  const named = { ...GRID, name: { formula: "x", x: 145, y: 45 }, shape: { text: "(2, 3)", x: 145, y: 110 } };
  const { x, y, w, h } = boundsOf(named, { x: /** @type {any} */ (FORMULA) });
  assert.deepEqual([x, y, w, h], [100, 36, 90, 77]);
  const fan = boundsOf(FAN, {});
  assert.ok(fan.x <= 0 && fan.x + fan.w >= 200);
});

test("a line's rectangle has room on every side", () => {
  assert.deepEqual(
    span(
      [
        [10, 40],
        [30, 20],
      ],
      8,
    ),
    { x: 2, y: 12, w: 36, h: 36 },
  );
});

/** @type {any} */
const PIECES = {
  groups: [{ id: "affine1", title: "Affine", x: 0, y: 0, w: 300, h: 200, closes: "affine1" }],
  nodes: [
    { id: "affine1.dot", kind: "op", nodes: ["affine1.dot"], x: 60, y: 60, w: 44, h: 44 },
    { id: "one", kind: "constant", symbol: "x", nodes: ["one"], x: 20, y: 20, w: 10, h: 10 },
    { id: "end", kind: "op", nodes: [], x: 500, y: 60, w: 0, h: 0 },
  ],
  edges: [
    {
      id: "out",
      key: "affine1.dot",
      points: [
        [82, 60],
        [500, 60],
      ],
      label: GRID,
    },
    {
      id: "back",
      key: "affine1.dot.grad",
      points: [
        [500, 160],
        [82, 160],
      ],
      label: null,
      box: 3,
      box_at: [300, 170],
    },
  ],
};
const SCENE = sceneOf(PIECES, { x: /** @type {any} */ (FORMULA) });

test("a scene has every part from back to front, and finds them by name and by place", () => {
  const kinds = SCENE.parts.map(({ kind }) => kind);
  assert.deepEqual(
    kinds,
    [...kinds].sort((a, b) => KINDS.indexOf(a) - KINDS.indexOf(b)),
  );
  assert.deepEqual(
    SCENE.parts.map(({ order }) => order),
    kinds.map((_, i) => i),
  );
  // A node without a size is where a line ends, not a part.
  assert.equal(kinds.filter((kind) => kind === "node").length, 2);
  assert.equal(
    SCENE.size,
    SCENE.parts.reduce((sum, { size }) => sum + size, 0),
  );
  assert.deepEqual(
    SCENE.partsOf("affine1.dot").map(({ kind }) => kind),
    ["line", "node", "label"],
  );
  assert.deepEqual(SCENE.partsOf("nothing"), []);
  const [node] = SCENE.parts.filter(({ kind }) => kind === "node");
  assert.deepEqual([node.x, node.y, node.w, node.h], [38, 38, 44, 44]);
  assert.ok(SCENE.within({ x: 120, y: 60, w: 1, h: 1 }).some(({ kind }) => kind === "label"));
});

test("a click means the nearest cell or line, within the reach of a finger at any scale", () => {
  /** @type {any} */
  const figure = { main: { scene: SCENE } };
  assert.deepEqual(pickPart(figure, [115, 75], 1), { key: "affine1.dot", index: 3 });
  assert.deepEqual(pickPart(figure, [250, 165], 1), { key: "affine1.dot.grad", index: null });
  assert.equal(pickPart(figure, [250, 165], 2), null);
  assert.equal(pickPart(figure, [250, 120], 1), null);
});

test("what an event reads and makes is lit, what is chosen is marked, all else is quiet", () => {
  /** @type {any} */
  const look = {
    event: { node: "affine1.dot", reads: ["x", "affine1.W"], writes: ["affine1.dot"] },
    selection: { key: "x", index: 4 },
    current: { key: "affine1.dot", index: 2 },
    pointed: [
      { key: "affine1.W", index: 1 },
      { key: "affine1.W", index: 3 },
      { key: "t", index: null },
    ],
  };
  const sight = sightOf(look);
  assert.deepEqual(["x", "affine1.W", "affine1.dot", "t"].map(sight.marks), [" lit selected", " lit", " made", ""]);
  assert.deepEqual([...sight.pointedCells("affine1.W")], [1, 3]);
  assert.deepEqual([...sight.pointedCells("x")], []);
  assert.deepEqual([sight.whole("t"), sight.whole("affine1.W")], [true, false]);
  assert.deepEqual(["x", "affine1.dot", "t"].map(sight.currentCell), [4, 2, null]);
  assert.deepEqual([sight.lit(["affine1.dot"]), sight.lit(["other"])], [true, false]);
  const quiet = sightOf({ ...look, event: null, selection: null });
  assert.deepEqual([quiet.marks("x"), quiet.lit(["affine1.dot"])], ["", false]);
});
