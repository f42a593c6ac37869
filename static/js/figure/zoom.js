/**
 * Zoom and pan: a CSS transform on the figure's wrapper, so nothing is laid out anew.
 *
 * A place {x, y, k} says that the figure's point p stands at x + p k in the window. Zooming never
 * moves or changes what is drawn; who draws by the place listens to its changes.
 *
 * @import { Box } from "./places.js"
 */
import { signal } from "@preact/signals-core";
import { centredAlong, fits, heldAlong, MARGIN, nearestPoint, roomFor, shiftAlong } from "./bounds.js";
import { between, makeFlight } from "./flight.js";
import { listenToGestures } from "./gestures.js";
import { makeSizes } from "./sizes.js";

const LARGEST = 16;
const SMALLEST = 0.05;
const STEP = 1.25;
/** The scale of a figure that has to be panned. */
const READABLE = 0.85;
const LARGEST_FIT = 1.5;
/** Numbers are set at 12 px: below this scale they are hard to read. */
export const LEGIBLE = 0.68;
/** How long after its last event a gesture counts as ended, in ms. */
const RESTS_AFTER = 150;

/** @typedef {{x: number, y: number, k: number}} Place */
/** @typedef {Place & {width: number, height: number}} Window  with the size of what clips, in px */
/**
 * How the place was chosen, and is chosen anew when the window changes: as a figure is opened (all
 * of it where that can be read), all of it, as large as can be read, or by hand.
 * @typedef {"opened" | "whole" | "readable" | "hand"} Choice
 */
/** @typedef {ReturnType<typeof makeViewport>} Viewport */

/**
 * @param {HTMLElement} host  what clips
 * @param {HTMLElement} stage  what is moved
 */
export function makeViewport(host, stage) {
  let [x, y, k] = [0, 0, 1];
  let size = { width: 1, height: 1 };
  let room = { width: host.clientWidth, height: host.clientHeight };
  /** What stands over the lower right corner of the window. */
  let covered = { width: 0, height: 0 };
  let legible = LEGIBLE;
  /** @type {Choice} */
  let choice = "opened";
  /** What one looks at, from what must be in sight to what would be best. @type {readonly Box[]} */
  let focus = [];
  /** What is drawn: where nothing is looked at, one zooms in on the nearest of these. @type {readonly Box[]} */
  let landmarks = [];
  let wantsWhole = false;
  let moving = false;
  let resting = 0;
  /** @type {{from: Place, to: Place}} */
  let way = { from: { x, y, k }, to: { x, y, k } };
  /** Which size the next press on Fit gives. @type {import("@preact/signals-core").Signal<"whole" | "readable">} */
  const nextFit = signal("whole");
  /** @type {Set<(place: Window, moving: boolean) => void>} */
  const listeners = new Set();
  const setSizes = makeSizes(stage);
  const flight = makeFlight((part) => {
    stir();
    put(between(way.from, way.to, part));
  });

  /** @returns {Window} */
  const place = () => ({ x, y, k, ...room });

  function tell() {
    if (!moving) setSizes(k);
    for (const listener of listeners) listener(place(), moving);
  }

  /** @param {Place} to  taken as far as the figure stays in the window */
  function put(to) {
    ({ x, y, k } = held(to));
    stage.style.transform = `translate(${x}px, ${y}px) scale(${k})`;
    const scale = k.toFixed(3);
    if (host.dataset.scale !== scale) host.dataset.scale = scale;
    nextFit.value = whole() < LEGIBLE && k <= whole() * 1.001 ? "readable" : "whole";
    tell();
  }

  /** @param {Place} to  @returns {Place} */
  function held(to) {
    return {
      x: heldAlong(to.x, size.width * to.k, room.width, size.width * to.k > room.width ? covered.width : 0),
      y: heldAlong(to.y, size.height * to.k, room.height, isLarger(to.k) ? covered.height : 0),
      k: to.k,
    };
  }

  /** @param {number} scale  whether the figure is larger than the window there */
  function isLarger(scale) {
    return size.width * scale > room.width || size.height * scale > room.height;
  }

  /** A gesture goes on: the figure is moved as one picture, and drawn crisp when it has ended. */
  function move() {
    flight.stop();
    stir();
  }

  function stir() {
    choice = "hand";
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

  /** @param {number} by @param {number} atX @param {number} atY */
  function zoom(by, atX, atY) {
    const to = Math.min(LARGEST, Math.max(Math.min(SMALLEST, whole()), k * by));
    choice = "hand";
    put({ x: atX - ((atX - x) * to) / k, y: atY - ((atY - y) * to) / k, k: to });
  }

  /** @param {number} by  about what one looks at, if it is in sight, else about what is nearest */
  function step(by) {
    flight.stop();
    const eye = { x: room.width / 2, y: room.height / 2 };
    const looked = focus.length > 0 && isInSight(focus[0]);
    const at = looked ? centre(focus[0]) : (nearestPoint(landmarks, { x, y, k }, eye) ?? eye);
    zoom(by, at.x, at.y);
    if (looked) put(moved(focus, shiftAlong));
  }

  /** @param {Box} box */
  function centre(box) {
    return { x: x + (box.x + box.w / 2) * k, y: y + (box.y + box.h / 2) * k };
  }

  /** @param {Box} box  whether its middle is in the window */
  function isInSight(box) {
    const at = centre(box);
    const isUnder = isLarger(k) && at.x > room.width - covered.width && at.y > room.height - covered.height;
    return at.x >= 0 && at.x <= room.width && at.y >= 0 && at.y <= room.height && !isUnder;
  }

  /** The scale at which all of the figure is in the window. */
  function whole() {
    const [across, down] = [room.width - 2 * MARGIN, room.height - 2 * MARGIN];
    return Math.max(0.001, Math.min(LARGEST_FIT, across / size.width, down / size.height));
  }

  /** @param {Choice} how */
  function choose(how) {
    choice = how;
    flight.stop();
    k = how === "whole" || (how === "opened" && (wantsWhole || whole() >= legible)) ? whole() : READABLE;
    x = (room.width - size.width * k) / 2;
    y = (room.height - size.height * k) / 2;
    if (isLarger(k)) {
      x = MARGIN;
      if (focus.length > 0) ({ x, y } = moved(focus, centredAlong));
    }
    put({ x, y, k });
  }

  /**
   * Where the figure stands when it is moved so that some boxes are seen.
   * @param {readonly Box[]} boxes @param {typeof shiftAlong} by  @returns {Place}
   */
  function moved(boxes, by) {
    const across = boxes.map((box) => ({ start: x + box.x * k, end: x + (box.x + box.w) * k }));
    const down = boxes.map((box) => ({ start: y + box.y * k, end: y + (box.y + box.h) * k }));
    // Over a figure of which all is in the window nothing stands.
    const { width, height } = isLarger(k) ? roomFor(across, down, room, covered) : room;
    return { x: x + by(across, width), y: y + by(down, height), k };
  }

  /** @param {readonly Box[]} boxes  move as little as needed to bring as many as fit into the window */
  function reveal(boxes) {
    if (boxes.length > 0 && isLarger(k)) put(moved(boxes, shiftAlong));
  }

  /**
   * Fly to a place; a gesture on the way ends the flight where it is.
   * @param {Place} to
   * @param {number} [ms]  0, or for whoever wants no motion: at once
   * @returns {Promise<void>}  when it is there, or has been ended
   */
  function moveTo(to, ms = 0) {
    flight.stop();
    choice = "hand";
    if (ms <= 0 || matchMedia("(prefers-reduced-motion: reduce)").matches) {
      put(to);
      return Promise.resolve();
    }
    way = { from: { x, y, k }, to: held(to) };
    return flight.start(ms);
  }

  /** The window has another size, or more of it is covered. @param {() => void} change */
  function rearrange(change) {
    const seen = focus.length > 0 && isInSight(focus[0]);
    change();
    if (choice !== "hand") return choose(choice);
    put({ x, y, k });
    if (seen) reveal(focus);
  }

  const gestures = listenToGestures(host, {
    zoom(by, atX, atY) {
      move();
      zoom(by, atX, atY);
    },
    pan(byX, byY) {
      move();
      put({ x: x + byX, y: y + byY, k });
    },
  });
  new ResizeObserver(() => {
    const [width, height] = [host.clientWidth, host.clientHeight];
    if (width !== room.width || height !== room.height) rearrange(() => (room = { width, height }));
  }).observe(host);

  return {
    place,
    moveTo,
    nextFit,
    /** All of the figure, and when it is all there, as large as can be read. */
    fit: () => choose(nextFit.peek()),
    /** @param {Box} box  in the figure's own px: move as little as needed to bring it into the window */
    reveal: (box) => reveal([box]),
    /**
     * Look at a part of the figure, now and when the window changes.
     * @param {readonly Box[]} boxes  in the figure's own px, each within the next
     * @param {{still?: boolean}} [options]  still: do not move for it now
     */
    lookAt(boxes, { still = false } = {}) {
      focus = boxes;
      if (!still) reveal(focus);
    },
    /** @param {number} width @param {number} height  of what stands over the lower right corner, in px */
    cover(width, height) {
      if (width === covered.width && height === covered.height) return;
      rearrange(() => (covered = { width, height }));
    },
    /** @param {boolean} wants  whether a figure is opened with all of it in sight, however small */
    preferWhole(wants) {
      if (wants === wantsWhole) return;
      wantsWhole = wants;
      choose("opened");
    },
    zoomIn: () => step(STEP),
    zoomOut: () => step(1 / STEP),
    /**
     * @param {(place: Window, moving: boolean) => void} listener  called on every change of the
     *   place, and once more when a gesture has ended
     */
    onChange: (listener) => void listeners.add(listener),
    /**
     * Another figure, or another size of it.
     * @param {number} width
     * @param {number} height
     * @param {{keep?: boolean, legible?: number, drawn?: readonly Box[], focus?: readonly Box[]}} [options]
     *   keep: stay at the place as far as it exists; legible: the least scale at which all of it is
     *   opened; drawn: what there is to be seen; focus: what is looked at first
     */
    resize(width, height, { keep = false, legible: least = LEGIBLE, drawn = [], focus: first = [] } = {}) {
      size = { width, height };
      legible = least;
      landmarks = drawn;
      focus = first;
      if (keep) put({ x, y, k });
      else choose("opened");
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
