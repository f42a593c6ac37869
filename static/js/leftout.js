/**
 * Tensors that the session's answer leaves out for their size: fetched whole when they are looked
 * at. From then on the page follows them by its own edits.
 *
 * @import { Session, Value } from "./pagetypes.js"
 */
import { effect } from "@preact/signals-core";
import * as api from "./api.js";
import { panel, panelOpen, session, stale } from "./store.js";
import { isOmitted } from "./values.js";

/** More cells than this are no matter for a table. */
export const MOST_CELLS = 1_000_000;
const WITH_PICTURE = "fig-5-28";

/** @type {Set<string>} */
const asked = new Set();

export function watchLeftOut() {
  effect(() => {
    const now = session.value;
    if (!now || stale.value || now.id === api.UNMADE) return;
    const looksAtAll = panelOpen.value && panel.value === "data";
    if (looksAtAll || now.preset === WITH_PICTURE) {
      put(now, "x", now.x, (x) => ({ x }));
    }
    if (!looksAtAll) return;
    put(now, "t", now.t, (t) => ({ t }));
    put(now, "grad_output", now.grad_output, (grad_output) => ({ grad_output }));
    for (const [name, value] of Object.entries(now.parameters)) {
      put(now, name, value, (found, { parameters }) => ({ parameters: { ...parameters, [name]: found } }));
    }
  });
}

/** @param {Value} value  whether it can come whole */
export function canCome(value) {
  return isOmitted(value) && value.link !== null && value.shape.reduce((n, size) => n * size, 1) <= MOST_CELLS;
}

/**
 * @param {Session} now
 * @param {string} name
 * @param {Value | null} value
 * @param {(found: Value, session: Session) => Partial<Session>} place  where it belongs
 */
async function put(now, name, value, place) {
  const request = `${now.id}/${now.data_version}/${name}`;
  if (value === null || !isOmitted(value) || value.link === null || !canCome(value) || asked.has(request)) return;
  asked.add(request);
  try {
    const found = await api.getLinked(value.link);
    const current = session.peek();
    // What was edited meanwhile is asked for again.
    if (current?.id !== now.id || current.data_version !== now.data_version || stale.peek()) return;
    session.value = { ...current, ...place(found, current) };
  } catch {
    // The table says that it waits; the next look asks again.
  } finally {
    asked.delete(request);
  }
}
