/**
 * Browser Back and Forward: every figure, every network and every first edit is an entry of its
 * own; steps and views only rewrite the entry that is there.
 *
 * @import { Place } from "./address.js"
 * @import { Session } from "./pagetypes.js"
 */
import { effect, signal } from "@preact/signals-core";
import * as address from "./address.js";
import { noteUnchanged } from "./arrive.js";
import { isOp } from "./figure/openops.js";
import { messageOf } from "./messages.js";
import {
  beside,
  cursor,
  exercise,
  hunt,
  isExercise,
  lesson,
  notice,
  session,
  stride,
  trace,
  trained,
  view,
} from "./store.js";
import { refresh } from "./session.js";
import { language } from "./strings.js";
import { keep, own } from "./tokens.js";
import { isAsMade } from "./values.js";

/** Places on their way here, asked for by Back or Forward: until they are, nothing is written. */
const coming = signal(0);

/**
 * @param {boolean} withLanguage  whether the address names it from the start
 * @param {(place: Place) => Promise<void>} open
 */
export function watchVisits(withLanguage, open) {
  const firstLanguage = language.peek();
  /** @type {string | null} */
  let at = null;
  effect(() => {
    const now = session.value;
    if (!now || !trace.value || coming.value > 0) return;
    const visit = `${now.id} ${isOwnNumbers(now)} ${lesson.value?.id}`;
    const chosen = withLanguage || language.value !== firstLanguage;
    const search = addressOf(now, chosen ? language.value : null);
    if (at !== null && visit !== at && search !== location.search) history.pushState(null, "", search);
    else if (search !== location.search || location.hash) history.replaceState(null, "", search);
    at = visit;
  });
  addEventListener("popstate", async () => {
    const search = location.search;
    if (search === written()) return;
    coming.value++;
    try {
      await open(address.read(search));
    } catch (error) {
      notice.value = messageOf(error);
    } finally {
      at = null;
      coming.value--;
    }
  });
  /** What the entry on the screen says: a jump inside the page is no other place. */
  function written() {
    const now = session.peek();
    return now && addressOf(now, new URLSearchParams(location.search).get("lang"));
  }
  effect(() => {
    const now = session.value;
    if (!now) return;
    noteUnchanged(now);
    if (isOwnNumbers(now)) keep(now);
  });
  // Another tab has gone on with the session that is shown here.
  effect(() => {
    const shown = session.peek();
    const there = own.value.find(({ id }) => id === shown?.id);
    if (shown && there && there.version > shown.version) refresh();
  });
}

/** What changes meanwhile, a figure and its lesson, becomes one entry. @param {() => Promise<void>} arriving */
export async function asOneVisit(arriving) {
  coming.value++;
  try {
    await arriving();
  } finally {
    coming.value--;
  }
}

/** A preset is named as such until something of it is changed; then only the session has them. @param {Session} now */
export function isOwnNumbers(now) {
  return (!isAsMade(now) && !isExercise(now)) || trained.value === now.id;
}

/** The place on the screen, without its session: of a link that brings the numbers itself. @param {Session} now */
export function sharedAddress(now) {
  const query = new URLSearchParams(addressOf(now, language.value));
  query.delete("session");
  query.delete("preset");
  query.delete("practice");
  return `?${query}`;
}

/** @param {Session} now @param {string | null} lang */
function addressOf(now, lang) {
  const { level, loss, sample, open, form, update } = view.value;
  const boxes = level === "network" || level === "layer";
  return address.write({
    panels: /** @type {any} */ (document.body.dataset.panels ?? null),
    lesson: lesson.value?.id,
    practice: isExercise(now) ? exercise.value : null,
    find: hunt.value?.seed ?? null,
    preset: now.preset,
    session: isOwnNumbers(now) ? now.id : null,
    level,
    loss: now.network.loss && (!boxes || loss === "opened") ? loss : null,
    // A layer is opened among boxes, an op wherever there is more than one sample.
    open: boxes ? open : level === "op" ? open.filter(isOp) : [],
    form: loss === "opened" ? form : null,
    beside: now.network.loss !== null && beside.value,
    update: update || null,
    sample,
    cursor: cursor.value,
    stride: stride.value,
    lang,
  });
}
