/**
 * What fingers and wheels say: scroll or drag pans; Ctrl+wheel or a pinch zooms, about the pointer.
 */

const DRAG_STARTS = 4;

/**
 * @param {HTMLElement} host
 * @param {{
 *   zoom: (by: number, atX: number, atY: number) => void, pan: (byX: number, byY: number) => void,
 * }} moves  in px of the host
 */
export function listenToGestures(host, { zoom, pan }) {
  /** @type {Map<number, {x: number, y: number}>} */
  const pointers = new Map();
  let moved = 0;

  /** @param {PointerEvent | WheelEvent} event */
  function at(event) {
    const frame = host.getBoundingClientRect();
    return { x: event.clientX - frame.left, y: event.clientY - frame.top };
  }

  host.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      if (event.ctrlKey || event.metaKey) {
        const place = at(event);
        zoom(Math.exp(-event.deltaY / 300), place.x, place.y);
      } else if (event.shiftKey) {
        pan(-event.deltaY, 0);
      } else {
        pan(-event.deltaX, -event.deltaY);
      }
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
    if (other) {
      const by =
        Math.hypot(now.x - other.x, now.y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y));
      zoom(by, (now.x + other.x) / 2, (now.y + other.y) / 2);
    } else {
      pan(now.x - before.x, now.y - before.y);
    }
  });
  for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) {
    host.addEventListener(name, (event) => pointers.delete(event.pointerId));
  }

  return {
    /** Whether the pointer that has just gone up was dragging. */
    dragged: () => moved >= DRAG_STARTS,
  };
}
