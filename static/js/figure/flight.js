/**
 * A flight from one place to another: frame by frame, until it has arrived or is ended.
 *
 * @import { Place } from "./zoom.js"
 */

/**
 * One point of the figure stands still on the way, as when zooming about it.
 * @param {Place} from
 * @param {Place} to
 * @param {number} part  of the way
 * @returns {Place}
 */
export function between(from, to, part) {
  const k = from.k * (to.k / from.k) ** part;
  const along = Math.abs(to.k / from.k - 1) < 1e-6 ? part : (k - from.k) / (to.k - from.k);
  return { x: from.x + (to.x - from.x) * along, y: from.y + (to.y - from.y) * along, k };
}

/** @param {(part: number) => void} go  to a part of the way */
export function makeFlight(go) {
  let flight = 0;

  return {
    stop() {
      cancelAnimationFrame(flight);
      flight = 0;
    },
    /**
     * @param {number} ms
     * @returns {Promise<void>}  when it is there, or has been ended
     */
    start(ms) {
      return new Promise((resolve) => {
        const start = performance.now();
        let mine = 0;
        const frame = (/** @type {number} */ now) => {
          if (flight !== mine) return resolve();
          const part = Math.min(1, Math.max(0, (now - start) / ms));
          go(1 - (1 - part) ** 3);
          if (part === 1) {
            flight = 0;
            return resolve();
          }
          flight = mine = requestAnimationFrame(frame);
        };
        flight = mine = requestAnimationFrame(frame);
      });
    },
  };
}
