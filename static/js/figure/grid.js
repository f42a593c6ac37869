/**
 * Which rectangles meet a rectangle, answered from a grid of square cells.
 *
 * @import { Box } from "./places.js"
 */

const CELL = 400;

/**
 * @template {Box} T
 * @param {readonly T[]} items
 */
export function makeGrid(items) {
  /** @type {Map<number, T[]>} */
  const cells = new Map();
  for (const item of items) {
    for (const name of names(item)) {
      const cell = cells.get(name);
      if (cell) cell.push(item);
      else cells.set(name, [item]);
    }
  }

  return {
    /**
     * @param {Box} box
     * @returns {T[]}  each that meets it, once
     */
    within(box) {
      /** @type {Set<T>} */
      const found = new Set();
      for (const name of names(box)) {
        for (const item of cells.get(name) ?? []) if (meets(item, box)) found.add(item);
      }
      return [...found];
    },
  };
}

/** @param {Box} a @param {Box} b */
export function meets(a, b) {
  return a.x <= b.x + b.w && b.x <= a.x + a.w && a.y <= b.y + b.h && b.y <= a.y + a.h;
}

/** @param {Box} box */
function* names({ x, y, w, h }) {
  for (let row = at(y); row <= at(y + h); row++) {
    for (let column = at(x); column <= at(x + w); column++) yield row * 65536 + column;
  }
}

/** @param {number} offset  figures begin at 0; what sticks out belongs to the first cell */
function at(offset) {
  return Math.max(0, Math.floor(offset / CELL));
}
