/**
 * The rest of the page: what its first picture does without, and the words that only that part
 * says. It comes when somebody stirs, so that it is there when they press the first button.
 *
 * @import { Signal } from "@preact/signals-core"
 */
import { signal } from "@preact/signals-core";
import { html } from "lit-html";
import { ApiError } from "./api.js";
import { messageOf } from "./messages.js";
import { notice } from "./store.js";
import { bringWords, t } from "./strings.js";

/** @typedef {typeof import("./later.js")} Later */

/** Null until it has come. @type {Signal<Later | null>} */
export const later = signal(null);
/** @type {Promise<Later> | null} */
let coming = null;

/** Of all that a learner does first. */
const STIRRINGS = ["pointermove", "pointerdown", "keydown", "focusin", "dragover"];

/** A browser without a window says of its pointer, unasked, that it rests in the corner. @param {Event} event */
function rests(event) {
  return event instanceof PointerEvent && event.type === "pointermove" && !(event.clientX || event.clientY);
}

/** @param {() => void} act  done once, as soon as the page is used at all */
export function whenUsed(act) {
  const once = (/** @type {Event} */ event) => {
    if (rests(event)) return;
    for (const one of STIRRINGS) removeEventListener(one, once, true);
    act();
  };
  for (const one of STIRRINGS) addEventListener(one, once, true);
}

/** What has not come is asked for again the next time. @returns {Promise<Later>} */
export function bring() {
  coming ??= fetched().catch((error) => {
    coming = null;
    throw error;
  });
  return coming;
}

async function fetched() {
  const [module] = await Promise.all([import("./later.js"), bringWords()]).catch(() => {
    throw new ApiError(0, "offline", "no answer");
  });
  module.start();
  later.value = module;
  document.body.dataset.whole = "true";
  return module;
}

/**
 * What the rest shows, or that it is on its way.
 * @param {(rest: Later) => unknown} show
 */
export function fromLater(show) {
  if (later.value) return show(later.value);
  bring().catch((error) => (notice.value = messageOf(error)));
  return html`<p class="hint coming">${t("loading.now")}</p>`;
}

/** Stand before a class, or no longer. */
export async function present() {
  try {
    (await bring()).present();
  } catch (error) {
    notice.value = messageOf(error);
  }
}

/** @param {"openHelp" | "openShare" | "openExport" | "openNetworkForm"} name  of what opens a dialog */
export async function openDialog(name) {
  try {
    await (await bring())[name]();
  } catch (error) {
    notice.value = messageOf(error);
  }
}
