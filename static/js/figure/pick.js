/**
 * What of the figure lies under the pointer, whichever painter has drawn it.
 *
 * @import { Figure } from "./painter.js"
 * @import { Part } from "./scene.js"
 * @import { Point } from "./svg.js"
 */
import { positionIn } from "./places.js";

/** How near to a line a click means it, in px of the screen. */
const REACH = 7;

/** @typedef {{key: string, index: number | null}} Picked */

/**
 * @param {Element} target  what the browser has found
 * @param {Figure | null} figure
 * @param {Point} point  in the figure's own px
 * @returns {Picked | null}
 */
export function pickElement(target, figure, [x, y]) {
  const key = target.closest("[data-key]")?.getAttribute("data-key");
  if (key) return { key, index: figure?.labels.get(key)?.positionAt(x, y) ?? null };
  const line = target.closest("[data-edge]")?.getAttribute("data-edge");
  return line ? { key: line, index: null } : null;
}

/**
 * @param {Figure} figure
 * @param {Point} point  in the figure's own px
 * @param {number} k  the scale
 * @returns {Picked | null}
 */
export function pickPart(figure, [x, y], k) {
  const part = partAt(figure, [x, y], k);
  if (!part || part.kind === "group") return null;
  if (part.kind === "node") return part.node.image ? { key: part.node.id, index: null } : null;
  const index = part.kind === "label" ? positionIn(part.label, x, y) : null;
  return { key: part.edge.key, index };
}

/**
 * @param {Figure} figure
 * @param {Point} point  in the figure's own px
 * @param {number} k  the scale
 * @returns {string | null}  the op there
 */
export function pickOp(figure, point, k) {
  const part = partAt(figure, point, k);
  return part?.kind === "node" && part.node.kind === "op" ? part.node.id : null;
}

/**
 * What is nearest, of what can be picked and is near enough.
 * @param {Figure} figure @param {Point} point @param {number} k
 */
function partAt(figure, [x, y], k) {
  const reach = REACH / k;
  const parts = figure.main.scene.within({ x: x - reach, y: y - reach, w: 2 * reach, h: 2 * reach });
  const hits = parts.flatMap((part) => {
    const distance = distanceTo(part, [x, y]);
    return distance === null || distance > reach ? [] : [{ part, distance }];
  });
  hits.sort((a, b) => a.distance - b.distance);
  return hits[0]?.part;
}

/** @param {Part} part @param {Point} point  @returns {number | null}  null: it cannot be picked */
function distanceTo(part, point) {
  if (part.kind === "line") return distanceToLine(part.edge.points, point);
  if (part.kind === "label" || (part.kind === "node" && (part.node.image || part.node.kind === "op"))) {
    const dx = Math.max(part.x - point[0], 0, point[0] - part.x - part.w);
    const dy = Math.max(part.y - point[1], 0, point[1] - part.y - part.h);
    return Math.hypot(dx, dy);
  }
  return null;
}

/** @param {readonly Point[]} points @param {Point} point */
function distanceToLine(points, [x, y]) {
  let least = Infinity;
  for (let i = 1; i < points.length; i++) {
    const [[x0, y0], [x1, y1]] = [points[i - 1], points[i]];
    const length = (x1 - x0) ** 2 + (y1 - y0) ** 2;
    const along = length === 0 ? 0 : ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length;
    const part = Math.min(1, Math.max(0, along));
    least = Math.min(least, Math.hypot(x - x0 - (x1 - x0) * part, y - y0 - (y1 - y0) * part));
  }
  return least;
}

/** Whether the cells of a tensor are shades alone. @param {Figure} figure @param {string} key */
export function isHeat(figure, key) {
  return figure.labels.get(key)?.edge.label?.mode === "heat";
}

/**
 * Which pixel of an input image lies at a point, row-major.
 * @param {Figure} figure
 * @param {string} key
 * @param {Point} point  in the figure's own px
 * @returns {number | null}  null where it is no image, or beside it
 */
export function pixelAt({ graph }, key, [px, py]) {
  const node = graph.nodes.find(({ id, image }) => image && id === key);
  if (!node?.image) return null;
  const [rows, columns] = node.image;
  const column = Math.floor(((px - node.x) / node.w + 0.5) * columns);
  const row = Math.floor(((py - node.y) / node.h + 0.5) * rows);
  return column >= 0 && column < columns && row >= 0 && row < rows ? row * columns + column : null;
}
