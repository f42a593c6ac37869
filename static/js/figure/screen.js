/**
 * Which painter shows the figure, and what of it is mounted: SVG as far as it can be read, from
 * afar one canvas. Both draw the same view, and one fades into the other.
 *
 * @import { Figure } from "./painter.js"
 * @import { Box } from "./places.js"
 * @import { Sight } from "./sight.js"
 * @import { Viewport, Window } from "./zoom.js"
 */
import { makeFar } from "./far.js";
import { oncePerFrame } from "./frames.js";
import { viewIn } from "./zoom.js";

/** The numbers, set at 12 px, are about 5 px high at this scale. */
const LEGIBLE = 0.42;
/** A painter that shows keeps showing a little beyond the border to the other. */
const KEEPS = 0.05;
/** The figure never has more SVG elements than this, unless it is being printed. */
const MOST = 2950;
const MOUNTED_PER_FRAME = 150;
/** The fade of figure.css, in ms. */
const FADE = 120;
/** How far around the window it is mounted, in windows: as far as there is room for. */
const MARGINS = [0.5, 0.35, 0.25, 0.15, 0.08, 0.03, 0];
/** Numbers that changed out of sight are written when nothing has changed for so long, in ms. */
const LATER = 120;

/**
 * @param {HTMLElement} host
 * @param {Viewport} viewport
 */
export function makeScreen(host, viewport) {
  const far = makeFar(host);
  /** @type {Figure | null} */
  let figure = null;
  /** @type {Sight | null} */
  let sight = null;
  let isFar = false;
  let fadedAt = 0;
  let moving = false;
  /** The place that is looked after already. */
  let settled = "";
  /** All in it is mounted. @type {Box | null} */
  let covered = null;
  let later = 0;
  let printing = false;
  const frames = oncePerFrame(update);
  host.dataset.painter = "near";

  function update() {
    if (!figure || printing) return;
    const place = viewport.place();
    if (figure.whole) show(tooSmall(place));
    else show(cull(figure, place));
    const fading = performance.now() - fadedAt < FADE;
    if (fading && !isFar) frames.ask();
    if (sight && (isFar || fading)) {
      far.draw(figure, sight, place, { legible: place.k >= LEGIBLE, moving });
    }
  }

  /** @param {Window} place */
  function tooSmall({ k }) {
    return k < LEGIBLE * (isFar ? 1 : 1 - KEEPS);
  }

  /** @param {boolean} now */
  function show(now) {
    if (now === isFar) return;
    isFar = now;
    fadedAt = performance.now();
    host.dataset.painter = now ? "far" : "near";
  }

  /**
   * Mount what is to be seen.
   * @param {Figure} figure
   * @param {Window} place
   * @returns {boolean}  whether it is to be seen from afar
   */
  function cull({ main, shared, insideSize }, place) {
    const room = MOST - shared - insideSize();
    const limits = { most: moving ? MOUNTED_PER_FRAME : Infinity, room, tidy: !moving };
    const view = viewIn(place);
    const now = `${place.x} ${place.y} ${place.k} ${room}`;
    if (!isFar) main.catchUp(view);
    if (now === settled) return isFar;
    // On the way there is nothing to do while one stays where all is mounted.
    if (moving && !isFar && covered && contains(covered, view)) return tooSmall(place);
    if (tooSmall(place) || sizeIn(main.scene.within(view)) > room * (isFar ? 1 - KEEPS : 1)) {
      // What was mounted may soon be looked at again; it goes when the movement has ended.
      if (!moving) main.see(null, null, limits);
      covered = null;
      settled = moving ? "" : now;
      return true;
    }
    const around = MARGINS.map((by) => wider(view, by)).find((box) => sizeIn(main.scene.within(box)) <= room);
    const { whole, done } = main.see(view, around ?? view, limits);
    covered = done ? (around ?? view) : null;
    settled = done && !moving ? now : "";
    if (!done) frames.ask();
    return isFar && !whole;
  }

  /** Paper has room for all of it. @param {boolean} now */
  function print(now) {
    printing = now;
    settled = "";
    covered = null;
    if (now) {
      figure?.main.mountAll();
      show(false);
    } else {
      frames.ask();
    }
  }

  viewport.onChange((_, now) => {
    moving = now;
    frames.ask();
  });
  addEventListener("beforeprint", () => print(true));
  addEventListener("afterprint", () => print(false));
  matchMedia("print").addEventListener("change", ({ matches }) => print(matches));

  return {
    /** An element that takes the colours of the figure. */
    probe: far.canvas,
    isFar: () => isFar,
    /** @param {Figure} next */
    put(next) {
      figure = next;
      sight = null;
      settled = "";
      covered = null;
      if (printing) figure.main.mountAll();
      frames.ask();
      frames.now();
    },
    /**
     * Mount what must be there wherever one looks: what is chosen and what is in play.
     * @param {string[]} keys  of edges, and names of ops
     */
    pin(keys) {
      if (figure && !figure.whole) figure.main.pin(keys.flatMap(figure.main.scene.partsOf));
    },
    /** What of the figure has to be painted at once; null: all of it. */
    view: () => (figure && !figure.whole && !printing ? viewIn(viewport.place()) : null),
    /** @param {Sight} next */
    paint(next) {
      sight = next;
      if (isFar) frames.ask();
      clearTimeout(later);
      if (figure && !figure.whole) later = setTimeout(() => figure?.main.catchUp(null), LATER);
    },
  };
}

/** @param {Box} box @param {number} by  parts of its size on every side  @returns {Box} */
function wider({ x, y, w, h }, by) {
  return { x: x - w * by, y: y - h * by, w: w * (1 + 2 * by), h: h * (1 + 2 * by) };
}

/** @param {Box} a @param {Box} b */
function contains(a, b) {
  return a.x <= b.x && a.y <= b.y && a.x + a.w >= b.x + b.w && a.y + a.h >= b.y + b.h;
}

/** @param {readonly {size: number}[]} parts */
function sizeIn(parts) {
  return parts.reduce((sum, part) => sum + part.size, 0);
}
