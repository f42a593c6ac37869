/**
 * Names of boxes on the canvas, at any scale: in the box, or outside of it where the box is too small.
 *
 * @import { Box } from "./places.js"
 * @import { Part, Scene } from "./scene.js"
 * @import { Sight } from "./sight.js"
 */
import { nameIn } from "./pieces.js";

const NAME_SIZE = 12;
/** For a box that has no room for that. */
const LEAST_NAME_SIZE = 9;
/** From line to line, in sizes. */
const LEADING = 1.05;
/** From a box to its name outside of it. */
const OUTSIDE = 3;

/** @typedef {{x: number, y: number, k: number}} At */

/**
 * @param {Scene} scene
 * @param {string} family  font
 */
export function makeFarNames(scene, family) {
  const titled = scene.parts.filter(
    (part) => (part.kind === "group" && part.group.title) || (part.kind === "node" && part.node.kind === "layer"),
  );

  /**
   * How a box has its name: as large as may be; from bottom to top in a slim one, and one word
   * beneath the other before it has none.
   * @param {CanvasRenderingContext2D} context @param {string} text
   * @param {{across: number, down: number, sizes: number[]}} room
   */
  function nameFit(context, text, { across, down, sizes }) {
    for (const size of sizes) {
      context.font = `${size}px ${family}`;
      for (const lines of [[text], text.split(" ")]) {
        const width = Math.max(...lines.map((line) => context.measureText(line).width));
        const height = size * (1 + (lines.length - 1) * LEADING);
        if (width <= across && height <= down + 4) return { size, lines, turned: false };
        if (width <= down && height <= across + 4) return { size, lines, turned: true };
      }
    }
    return null;
  }

  /**
   * @param {CanvasRenderingContext2D} context @param {number} x @param {number} y  the middle
   * @param {{size: number, lines: string[], turned: boolean}} how
   */
  function write(context, x, y, { size, lines, turned }) {
    context.save();
    context.font = `${size}px ${family}`;
    context.translate(x, y);
    if (turned) context.rotate(-Math.PI / 2);
    lines.forEach((line, i) => context.fillText(line, 0, (i - (lines.length - 1) / 2) * size * LEADING));
    context.restore();
  }

  /**
   * Where names stand whose boxes have no room for them: beneath or above them, where nothing else is.
   * If one has to be turned for that, all are.
   * @param {CanvasRenderingContext2D} context @param {Part[]} boxes @param {At} at
   */
  function outside(context, boxes, { x, y, k }) {
    context.font = `${LEAST_NAME_SIZE}px ${family}`;
    /** @param {Box} room  in px of the screen */
    const isFree = (room) => {
      const here = { x: (room.x - x) / k, y: (room.y - y) / k, w: room.w / k, h: room.h / k };
      return !scene
        .within(here)
        .some((part) => (part.kind === "line" ? crosses(part.edge.points, here) : part.kind !== "group"));
    };
    /** @param {boolean} turned */
    const placed = (turned) => {
      /** @type {(Box & {lines: string[], turned: boolean})[]} */
      const found = [];
      for (const part of boxes) {
        const text = textOf(part);
        const middle = x + (part.x + part.w / 2) * k;
        const rooms = (turned ? [[text]] : [[text], text.split(" ")]).flatMap((lines) => {
          const long = Math.max(...lines.map((line) => context.measureText(line).width)) + 2;
          const high = LEAST_NAME_SIZE * (1 + (lines.length - 1) * LEADING);
          const [w, h] = turned ? [high, long] : [long, high];
          const tops = [y + (part.y + part.h) * k + OUTSIDE, y + part.y * k - OUTSIDE - h];
          return tops.map((top) => ({ x: middle - w / 2, y: top, w, h, lines, turned }));
        });
        const room = rooms.find((one) => isFree(one) && !found.some((other) => overlap(other, one)));
        if (room) found.push(room);
      }
      return found;
    };
    const flat = placed(false);
    return flat.length === boxes.length ? flat : placed(true);
  }

  /**
   * Names of groups and layers, of one size at every scale, where their box has room for them.
   * @param {CanvasRenderingContext2D} context  in px of the screen
   * @param {Sight} sight
   * @param {At} at
   */
  return (context, sight, { x, y, k }) => {
    context.textBaseline = "middle";
    /** @type {Part[]} */
    const small = [];
    for (const part of titled) {
      const [across, down] = [part.w * k - 4, part.h * k - 4];
      if (part.kind === "group") {
        const text = part.group.title ?? "";
        const size = Math.min(NAME_SIZE, part.h * k);
        context.font = `${size}px ${family}`;
        context.fillStyle = sight.palette.grey;
        context.textAlign = "left";
        const fits = context.measureText(text).width <= across && size <= down + 4;
        if (fits) context.fillText(text, x + part.x * k + 4, y + part.y * k + size * 0.75);
        continue;
      }
      context.fillStyle = sight.palette.ink;
      context.textAlign = "center";
      const sizes = [Math.max(NAME_SIZE, 14 * k), LEAST_NAME_SIZE];
      const fit = nameFit(context, textOf(part), { across, down, sizes });
      if (fit) write(context, x + (part.x + part.w / 2) * k, y + (part.y + part.h / 2) * k, fit);
      else small.push(part);
    }
    for (const { lines, turned, ...room } of outside(context, small, { x, y, k })) {
      context.fillStyle = sight.palette.ink;
      context.textAlign = "center";
      write(context, room.x + room.w / 2, room.y + room.h / 2, { size: LEAST_NAME_SIZE, lines, turned });
    }
  };
}

/** @param {Part} part  of a layer */
function textOf(part) {
  return part.kind === "node" ? nameIn(part.node) : "";
}

/**
 * Whether a line runs through a rectangle.
 * @param {readonly (readonly [number, number])[]} points @param {Box} box
 */
function crosses(points, { x, y, w, h }) {
  return points.slice(1).some(([x2, y2], i) => {
    const [x1, y1] = points[i];
    let [from, to] = [0, 1];
    for (const [start, along, low, high] of [
      [x1, x2 - x1, x, x + w],
      [y1, y2 - y1, y, y + h],
    ]) {
      if (along === 0 && (start < low || start > high)) return false;
      if (along === 0) continue;
      const ends = [(low - start) / along, (high - start) / along];
      from = Math.max(from, Math.min(...ends));
      to = Math.min(to, Math.max(...ends));
    }
    return from <= to;
  });
}

/** @param {Box} a @param {Box} b */
function overlap(a, b) {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}
