/**
 * Where a figure may stand in its window, and how far it has to move to show a part of itself:
 * pure arithmetic, along one axis at a time.
 *
 * @import { Box } from "./places.js"
 * @import { Place } from "./zoom.js"
 */

export const MARGIN = 16;

/** @typedef {{start: number, end: number}} Span  along one axis, in px of the window */

/**
 * Keep a figure larger than the window from being pushed out of it, and a smaller one inside.
 * @param {number} offset  where it starts
 * @param {number} length
 * @param {number} room  of the window
 * @param {number} [covered]  what stands over the far end of the window
 */
export function heldAlong(offset, length, room, covered = 0) {
  if (length + 2 * MARGIN <= room - covered) return Math.min(Math.max(offset, 0), room - covered - length);
  return Math.min(MARGIN, Math.max(offset, room - covered - length - MARGIN));
}

/**
 * The least movement after which as many as fit are in the window, and some of the next.
 * @param {readonly Span[]} spans  each within the next; the first must be seen, the last would be best
 * @param {number} room
 */
export function shiftAlong(spans, room) {
  const most = spans.findLastIndex((span) => fits(span, room));
  if (most < 0) {
    // Not even the least fits: its middle is shown, unless the window lies within it already.
    const [{ start, end }] = spans;
    return start <= MARGIN && end >= room - MARGIN ? 0 : (room - start - end) / 2;
  }
  const { start, end } = spans[most];
  const [nearest, farthest] = [MARGIN - start, room - MARGIN - end];
  const next = spans[most + 1] ?? spans[most];
  const [before, after] = [start - next.start, next.end - end];
  if (before !== after) return after > before ? nearest : farthest;
  return Math.min(Math.max(0, nearest), farthest);
}

/**
 * The movement that puts as much as fits into the middle of the window.
 * @param {readonly Span[]} spans  as above
 * @param {number} room
 */
export function centredAlong(spans, room) {
  const { start, end } = spans.findLast((span) => fits(span, room)) ?? spans[0];
  return (room - start - end) / 2;
}

/** @param {Span} span @param {number} room */
export function fits({ start, end }, room) {
  return end - start + 2 * MARGIN <= room;
}

/**
 * The part of a window in which as many of some boxes as can be have room: over what stands in its
 * lower right corner, or beside that for what is too high.
 * @param {readonly Span[]} across @param {readonly Span[]} down  of the boxes, each within the next
 * @param {{width: number, height: number}} room  of the window
 * @param {{width: number, height: number}} corner
 */
export function roomFor(across, down, room, corner) {
  const [over, beside] = [room.height - corner.height, room.width - corner.width];
  for (let i = down.length - 1; i >= 0; i--) {
    if (fits(across[i], room.width) && fits(down[i], over)) return { width: room.width, height: over };
    if (fits(across[i], beside) && fits(down[i], room.height)) return { width: beside, height: room.height };
  }
  return room;
}

/**
 * The point of any of some boxes that is nearest to a point, in px of the window.
 * @param {readonly Box[]} boxes  in the figure's own px
 * @param {Place} place
 * @param {{x: number, y: number}} point
 */
export function nearestPoint(boxes, { x, y, k }, point) {
  let least = Infinity;
  let found = null;
  for (const box of boxes) {
    const at = {
      x: Math.min(Math.max(point.x, x + box.x * k), x + (box.x + box.w) * k),
      y: Math.min(Math.max(point.y, y + box.y * k), y + (box.y + box.h) * k),
    };
    const distance = Math.hypot(at.x - point.x, at.y - point.y);
    if (distance < least) [least, found] = [distance, at];
  }
  return found;
}
