/** The same journeys for both pages, and how long their frames take. */

const STEPS = 30;
const FIRST = 1.2;

const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));

/** Places of a zoom from the whole figure to 120 % about a point, and back. */
export function dive({ width, height }) {
  const fit = Math.min((1280 - 32) / width, (800 - 32) / height);
  const point = [width * 0.43, height * 0.57];
  const there = Array.from({ length: STEPS + 1 }, (_, i) => fit * (FIRST / fit) ** (i / STEPS));
  return [...there, ...there.toReversed()].map((k) => ({ k, x: 640 - point[0] * k, y: 400 - point[1] * k }));
}

/** Places of a pan at 120 % through the middle of the figure. */
export function pan({ width, height }) {
  const k = FIRST;
  const room = Math.max(0, Math.min(1200, width * k - 1300));
  return Array.from({ length: 3 * STEPS }, (_, i) => ({
    k,
    x: -((width * k - 1280 - room) / 2) - (room * i) / (3 * STEPS),
    y: -((height * k - 800) / 2) - 40 * Math.sin(i / 9),
  }));
}

/** Milliseconds of every frame of a journey; a rest before it is not counted. */
export async function travel(places, go) {
  go(places[0]);
  await new Promise((resolve) => setTimeout(resolve, 400));
  return frames(places, go);
}

/** Milliseconds of every frame while all numbers change in each: the change, and all until the next. */
export function live(change, rounds = 60) {
  return frames(Array.from({ length: rounds }, (_, round) => round), change);
}

async function frames(steps, go) {
  for (let i = 0; i < 5; i++) await frame();
  const times = [];
  let before = await frame();
  for (const step of steps) {
    go(step);
    await frame();
    const now = performance.now();
    times.push(now - before);
    before = now;
  }
  return times;
}
