/**
 * Zoom and pan: a CSS transform on the figure's wrapper, so nothing is laid out anew.
 *
 * A place {x, y, k} says that the figure's point p stands at x + p k in the window. Zooming never
 * moves or changes what is drawn; who draws by the place listens to its changes.
 */
import { listenToGestures } from "./gestures.js";

const LARGEST = 16;
const SMALLEST = 0.05;
const STEP = 1.25;
const MARGIN = 16;
/** Numbers are set at 12 px: below this scale they could not be read. */
const LEGIBLE = 0.68;
/** The scale of a figure that has to be panned anyway. */
const COMFORTABLE = 0.85;
const LARGEST_FIT = 1.5;
/** How long after its last event a gesture counts as ended, in ms. */
const RESTS_AFTER = 150;

/** @typedef {{x: number, y: number, w: number, h: number}} Box */
/** @typedef {{x: number, y: number, k: number}} Place */
/** @typedef {Place & {width: number, height: number}} Window  with the size of what clips, in px */
/** @typedef {ReturnType<typeof makeViewport>} Viewport */

/**
 * @param {HTMLElement} host  what clips
 * @param {HTMLElement} stage  what is moved
 */
export function makeViewport(host, stage) {
  let [x, y, k] = [0, 0, 1];
  let size = { width: 1, height: 1 };
  let room = { width: host.clientWidth, height: host.clientHeight };
  let fitted = true;
  let moving = false;
  let resting = 0;
  let flight = 0;
  /** @type {Set<(place: Window, moving: boolean) => void>} */
  const listeners = new Set();

  /** @returns {Window} */
  const place = () => ({ x, y, k, ...room });

  function tell() {
    for (const listener of listeners) listener(place(), moving);
  }

  /** Keep a figure larger than the window from being pushed out of it. */
  function hold() {
    ({ x, y } = held({ x, y, k }));
    stage.style.transform = `translate(${x}px, ${y}px) scale(${k})`;
    const scale = k.toFixed(3);
    if (host.dataset.scale !== scale) host.dataset.scale = scale;
    tell();
  }

  /** @param {Place} to  @returns {Place} */
  function held(to) {
    return {
      x: heldAlong(to.x, size.width * to.k, room.width),
      y: heldAlong(to.y, size.height * to.k, room.height),
      k: to.k,
    };
  }

  /** A gesture goes on: the figure is moved as one picture, and drawn crisp when it has ended. */
  function move() {
    stopFlight();
    stir();
  }

  function stir() {
    fitted = false;
    moving = true;
    stage.style.willChange = "transform";
    clearTimeout(resting);
    resting = setTimeout(rest, RESTS_AFTER);
  }

  function rest() {
    moving = false;
    stage.style.willChange = "";
    tell();
  }

  function stopFlight() {
    cancelAnimationFrame(flight);
    flight = 0;
  }

  /** @param {number} by @param {number} atX @param {number} atY */
  function zoom(by, atX, atY) {
    const to = Math.min(LARGEST, Math.max(Math.min(SMALLEST, whole()), k * by));
    x = atX - ((atX - x) * to) / k;
    y = atY - ((atY - y) * to) / k;
    k = to;
    fitted = false;
    hold();
  }

  /** @param {number} by  about the middle of the window */
  function step(by) {
    stopFlight();
    zoom(by, room.width / 2, room.height / 2);
  }

  /** The scale at which all of the figure is in the window. */
  function whole() {
    const [across, down] = [room.width - 2 * MARGIN, room.height - 2 * MARGIN];
    return Math.min(LARGEST_FIT, across / size.width, down / size.height);
  }

  /** All of the figure, or, where that would be too small to read, its left middle. */
  function fit() {
    stopFlight();
    k = whole() < LEGIBLE ? COMFORTABLE : whole();
    x = Math.max(MARGIN, (room.width - size.width * k) / 2);
    y = (room.height - size.height * k) / 2;
    fitted = true;
    hold();
  }

  /**
   * Move as little as needed to bring a part of the figure into the window.
   * @param {Box} box  in the figure's own px
   */
  function reveal(box) {
    x += shift(x + box.x * k, box.w * k, room.width);
    y += shift(y + box.y * k, box.h * k, room.height);
    hold();
  }

  /**
   * Fly to a place; a gesture on the way ends the flight where it is.
   * @param {Place} to
   * @param {number} [ms]  0, or for whoever wants no motion: at once
   * @returns {Promise<void>}  when it is there, or has been ended
   */
  function moveTo(to, ms = 0) {
    stopFlight();
    const from = { x, y, k };
    const end = held(to);
    /** @param {number} part  of the way */
    const go = (part) => {
      k = from.k * (end.k / from.k) ** part;
      // One point of the figure stands still on the way, as when zooming about it.
      const along = Math.abs(end.k / from.k - 1) < 1e-6 ? part : (k - from.k) / (end.k - from.k);
      x = from.x + (end.x - from.x) * along;
      y = from.y + (end.y - from.y) * along;
      hold();
    };
    fitted = false;
    if (ms <= 0 || matchMedia("(prefers-reduced-motion: reduce)").matches) {
      go(1);
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const start = performance.now();
      let mine = 0;
      const frame = (/** @type {number} */ now) => {
        if (flight !== mine) return resolve();
        const part = Math.min(1, Math.max(0, (now - start) / ms));
        stir();
        go(1 - (1 - part) ** 3);
        if (part === 1) {
          flight = 0;
          return resolve();
        }
        flight = mine = requestAnimationFrame(frame);
      };
      flight = mine = requestAnimationFrame(frame);
    });
  }

  const gestures = listenToGestures(host, {
    zoom(by, atX, atY) {
      move();
      zoom(by, atX, atY);
    },
    pan(byX, byY) {
      move();
      x += byX;
      y += byY;
      hold();
    },
  });
  new ResizeObserver(() => {
    room = { width: host.clientWidth, height: host.clientHeight };
    if (fitted) fit();
    else hold();
  }).observe(host);

  return {
    fit,
    reveal,
    place,
    moveTo,
    zoomIn: () => step(STEP),
    zoomOut: () => step(1 / STEP),
    /**
     * @param {(place: Window, moving: boolean) => void} listener  called on every change of the
     *   place, and once more when a gesture has ended
     */
    onChange: (listener) => void listeners.add(listener),
    /**
     * Another size of the figure.
     * @param {number} width
     * @param {number} height
     * @param {{keep?: boolean}} [options]  keep: stay at the place as far as it exists
     */
    resize(width, height, { keep = false } = {}) {
      size = { width, height };
      if (keep) hold();
      else fit();
    },
    dragged: gestures.dragged,
    /** @param {MouseEvent} event  @returns {[number, number]} in the figure's own px */
    point(event) {
      const frame = host.getBoundingClientRect();
      return [(event.clientX - frame.left - x) / k, (event.clientY - frame.top - y) / k];
    },
  };
}

/** @param {Window} place  @returns {Box}  what of the figure is in the window */
export function viewIn({ x, y, k, width, height }) {
  return { x: -x / k, y: -y / k, w: width / k, h: height / k };
}

/** @param {number} offset @param {number} length @param {number} room */
function heldAlong(offset, length, room) {
  if (length + 2 * MARGIN <= room) return Math.min(Math.max(offset, 0), room - length);
  return Math.min(MARGIN, Math.max(offset, room - length - MARGIN));
}

/** @param {number} start @param {number} length @param {number} room */
function shift(start, length, room) {
  if (start < MARGIN || length + 2 * MARGIN > room) return MARGIN - start;
  return Math.min(0, room - MARGIN - start - length);
}
