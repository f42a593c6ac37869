/**
 * Zoom and pan: a CSS transform on the figure's wrapper, so nothing is laid out anew.
 *
 * Scroll or drag pans; Ctrl+wheel, a pinch, the buttons and the keys zoom, about the pointer where
 * there is one. Zooming never moves or changes what is drawn.
 */

const LARGEST = 4;
const SMALLEST = 0.1;
const STEP = 1.25;
const MARGIN = 16;
/** Numbers are set at 12 px: below this scale they could not be read. */
const LEGIBLE = 0.68;
/** The scale of a figure that has to be panned anyway. */
const COMFORTABLE = 0.85;
const LARGEST_FIT = 1.5;
const DRAG_STARTS = 4;

/** @typedef {{x: number, y: number, w: number, h: number}} Box */

/**
 * @param {HTMLElement} host  what clips
 * @param {HTMLElement} stage  what is moved
 */
export function makeViewport(host, stage) {
  let [x, y, k] = [0, 0, 1];
  let size = { width: 1, height: 1 };
  /** @type {Map<number, {x: number, y: number}>} */
  const pointers = new Map();
  let moved = 0;
  let fitted = true;

  function apply() {
    stage.style.transform = `translate(${x}px, ${y}px) scale(${k})`;
    host.dataset.scale = k.toFixed(3);
  }

  /** Keep a figure larger than the window from being pushed out of it. */
  function hold() {
    x = held(x, size.width * k, host.clientWidth);
    y = held(y, size.height * k, host.clientHeight);
    apply();
  }

  /** @param {number} by @param {number} [atX] @param {number} [atY] */
  function zoom(by, atX = host.clientWidth / 2, atY = host.clientHeight / 2) {
    const to = Math.min(LARGEST, Math.max(SMALLEST, k * by));
    x = atX - ((atX - x) * to) / k;
    y = atY - ((atY - y) * to) / k;
    k = to;
    fitted = false;
    hold();
  }

  /** All of the figure, or, where that would be too small to read, its left middle. */
  function fit() {
    const room = {
      width: (host.clientWidth - 2 * MARGIN) / size.width,
      height: (host.clientHeight - 2 * MARGIN) / size.height,
    };
    const whole = Math.min(LARGEST_FIT, room.width, room.height);
    k = whole < LEGIBLE ? COMFORTABLE : whole;
    x = Math.max(MARGIN, (host.clientWidth - size.width * k) / 2);
    y = (host.clientHeight - size.height * k) / 2;
    fitted = true;
    hold();
  }

  /**
   * Move as little as needed to bring a part of the figure into the window.
   * @param {Box} box  in the figure's own px
   */
  function reveal(box) {
    x += shift(x + box.x * k, box.w * k, host.clientWidth);
    y += shift(y + box.y * k, box.h * k, host.clientHeight);
    hold();
  }

  /** @param {PointerEvent | WheelEvent} event */
  function at(event) {
    const frame = host.getBoundingClientRect();
    return { x: event.clientX - frame.left, y: event.clientY - frame.top };
  }

  host.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const place = at(event);
      if (event.ctrlKey || event.metaKey) {
        zoom(Math.exp(-event.deltaY / 300), place.x, place.y);
        return;
      }
      x -= event.shiftKey ? event.deltaY : event.deltaX;
      y -= event.shiftKey ? 0 : event.deltaY;
      fitted = false;
      hold();
    },
    { passive: false },
  );
  host.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    pointers.set(event.pointerId, at(event));
    if (pointers.size === 1) moved = 0;
  });
  host.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = at(event);
    moved += Math.hypot(now.x - before.x, now.y - before.y);
    if (moved < DRAG_STARTS) return;
    if (!host.hasPointerCapture(event.pointerId)) host.setPointerCapture(event.pointerId);
    const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, p]) => p);
    pointers.set(event.pointerId, now);
    fitted = false;
    if (other) {
      const by =
        Math.hypot(now.x - other.x, now.y - other.y) /
        Math.max(1, Math.hypot(before.x - other.x, before.y - other.y));
      zoom(by, (now.x + other.x) / 2, (now.y + other.y) / 2);
      return;
    }
    x += now.x - before.x;
    y += now.y - before.y;
    hold();
  });
  for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) {
    host.addEventListener(name, (event) => pointers.delete(event.pointerId));
  }
  new ResizeObserver(() => (fitted ? fit() : hold())).observe(host);

  return {
    fit,
    reveal,
    zoomIn: () => zoom(STEP),
    zoomOut: () => zoom(1 / STEP),
    /** @param {number} width @param {number} height */
    resize(width, height) {
      size = { width, height };
      fit();
    },
    /** Whether the pointer that has just gone up was dragging. */
    dragged: () => moved >= DRAG_STARTS,
    /** @param {MouseEvent} event  @returns {[number, number]} in the figure's own px */
    point(event) {
      const frame = host.getBoundingClientRect();
      return [(event.clientX - frame.left - x) / k, (event.clientY - frame.top - y) / k];
    },
  };
}

/** @param {number} offset @param {number} length @param {number} room */
function held(offset, length, room) {
  if (length + 2 * MARGIN <= room) return Math.min(Math.max(offset, 0), room - length);
  return Math.min(MARGIN, Math.max(offset, room - length - MARGIN));
}

/** @param {number} start @param {number} length @param {number} room */
function shift(start, length, room) {
  if (start < MARGIN || length + 2 * MARGIN > room) return MARGIN - start;
  return Math.min(0, room - MARGIN - start - length);
}
