/**
 * Where the numbers of a label stand: pure geometry, in the figure's own px.
 *
 * @import { Formula, Label } from "../types.js"
 */

/** Width of a figure of the small texts under a label, in px. */
const CHARACTER = 6.2;
const TEXT_HEIGHT = 11;

/**
 * @typedef {{position: number, x: number, y: number, width: number, height: number}} Place
 * @typedef {{x: number, y: number, w: number, h: number}} Box
 */

/**
 * @param {Label} label
 * @returns {Place[]}  of every cell that has its own place; a heat map has none
 */
export function placesIn(label) {
  if (label.mode === "fan") {
    const { cells, rows } = /** @type {NonNullable<Label["fan"]>} */ (label.fan);
    return cells.map(([x, y, width, height], i) => ({ position: rows[i], x, y, width, height }));
  }
  if (label.mode !== "scalar" && label.mode !== "grid") return [];
  const { rows, cols, cell_w: width, cell_h: height } = label;
  return matricesOf(label).flatMap(({ x, y }, at) =>
    Array.from({ length: rows * cols }, (_, k) => ({
      position: at * rows * cols + k,
      x: x + (k % cols) * width,
      y: y + Math.floor(k / cols) * height,
      width,
      height,
    })),
  );
}

/** Every matrix, by its corner: of two axes, the one that there is. @param {Label} label */
export function matricesOf(label) {
  return label.blocks ?? [{ x: label.x, y: label.y }];
}

/** How many numbers belong to a label. @param {Label} label */
export function cellsOf(label) {
  return label.mode === "name" ? 0 : label.rows * label.cols * matricesOf(label).length;
}

/**
 * The cell at a point, row-major; null where there is none.
 * @param {Label} label
 * @param {number} px
 * @param {number} py
 */
export function positionIn(label, px, py) {
  if (label.mode === "heat") {
    const column = Math.floor(((px - label.x) / label.w) * label.cols);
    const row = Math.floor(((py - label.y) / label.h) * label.rows);
    const inside = column >= 0 && column < label.cols && row >= 0 && row < label.rows;
    return inside ? row * label.cols + column : null;
  }
  const hit = placesIn(label).find(
    ({ x, y, width, height }) => px >= x && px < x + width && py >= y && py < y + height,
  );
  return hit ? hit.position : null;
}

/**
 * All that a label covers, its name, shape and legend with it.
 * @param {Label} label
 * @param {Record<string, Formula>} formulas
 * @returns {Box}
 */
export function boundsOf(label, formulas) {
  const boxes = label.mode === "name" ? [] : [{ x: label.x, y: label.y, w: label.w, h: label.h }];
  const { name, shape, legend, fan } = label;
  if (name) {
    const { width, height, ascent } = formulas[name.formula];
    boxes.push({ x: name.x - width / 2, y: name.y - ascent, w: width, h: Math.max(height, ascent) });
  }
  if (shape) boxes.push(line(shape, shape.text.length * CHARACTER));
  if (legend) boxes.push(line(legend, legend.w));
  for (const [x0, y0, x1, y1] of fan?.lines ?? [])
    boxes.push(
      span(
        [
          [x0, y0],
          [x1, y1],
        ],
        8,
      ),
    );
  return around(boxes);
}

/**
 * @param {readonly (readonly [number, number])[]} points
 * @param {number} by  room on every side
 * @returns {Box}
 */
export function span(points, by) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x);
    bottom = Math.max(bottom, y);
  }
  return { x: left - by, y: top - by, w: right - left + 2 * by, h: bottom - top + 2 * by };
}

/** @param {{x: number, y: number}} at  the middle of the baseline @param {number} width @returns {Box} */
function line({ x, y }, width) {
  return { x: x - width / 2, y: y - TEXT_HEIGHT, w: width, h: TEXT_HEIGHT + 3 };
}

/** @param {readonly Box[]} boxes @returns {Box}  the least box around them all */
export function around(boxes) {
  return span(
    boxes.flatMap(({ x, y, w, h }) => [/** @type {[number, number]} */ ([x, y]), [x + w, y + h]]),
    0,
  );
}
