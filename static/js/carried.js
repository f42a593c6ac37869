/**
 * What came with the page: the figure that its address names and the whole pass of it, on the
 * screen before anything is asked for. The server has no session of it until one is made.
 *
 * @import { Session } from "./pagetypes.js"
 * @import { Graph, Preset, Trace, View } from "./types.js"
 */

/** @typedef {{session: Session, view: View, graph: Graph, trace: Trace}} Carried */

/** Once another figure has been shown, this one is a figure like others. */
let taken = false;

/** @returns {Preset[]} */
export function carriedPresets() {
  return read("presets") ?? [];
}

/**
 * @param {string} preset
 * @param {Partial<View>} wanted  what its view has otherwise than by default
 * @returns {Carried | null}  null where something else was carried, or nothing, or it is used up
 */
export function takeCarried(preset, wanted) {
  if (taken) return null;
  taken = true;
  /** @type {Carried | null} */
  const found = read("first");
  if (found?.session.preset !== preset) return null;
  const view = { ...found.session.view, ...wanted };
  const names = /** @type {(keyof View)[]} */ (Object.keys(view));
  return names.every((name) => String(view[name]) === String(found.view[name])) ? found : null;
}

/** @param {() => unknown} act  when the page has been painted and there is nothing else to do */
export function whenIdle(act) {
  // A frame begins with its callbacks; what comes after them comes after its painting.
  requestAnimationFrame(() =>
    setTimeout(() =>
      whenSeen(() => {
        if (typeof requestIdleCallback === "function") requestIdleCallback(act, { timeout: 1000 });
        else act();
      }),
    ),
  );
}

/**
 * Painting is not yet being seen: the browser tells when the first picture has come to the screen.
 * @param {() => void} then  called once, after a second at the latest
 */
function whenSeen(then) {
  if (!PerformanceObserver.supportedEntryTypes?.includes("paint")) return then();
  let done = false;
  const observer = new PerformanceObserver((list) => {
    if (list.getEntriesByName("first-contentful-paint").length > 0) finish();
  });
  function finish() {
    observer.disconnect();
    if (!done) then();
    done = true;
  }
  observer.observe({ type: "paint", buffered: true });
  setTimeout(finish, 1000);
}

/** @param {string} id */
function read(id) {
  const text = document.getElementById(id)?.textContent;
  return text ? JSON.parse(text) : null;
}
