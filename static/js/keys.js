/**
 * Keys of the whole page. They are off while the learner types, in an input method too.
 */
import { askBefore, askedOp, asking, leave } from "./asking.js";
import { later, openDialog, present } from "./coming.js";
import { dialogOpen } from "./panels/dialogs.js";
import { goUp } from "./figure/opening.js";
import { goBack, goNext, goTo, togglePlay } from "./timeline.js";
import { atEnd } from "./cursor.js";
import { playing, presenting, selection, trace } from "./store.js";

/** @param {Element} element  whether keys pressed in it are text or its own */
export function isTyping(element) {
  return element.matches("input, textarea, select, [contenteditable], [data-typing]");
}

/** @param {Element} element  whether Space already means something there */
function pressesItself(element) {
  return element.matches("button, a, summary, [role=tab]");
}

/** @param {{fit: () => void, zoomIn: () => void, zoomOut: () => void}} viewport */
export function listenToKeys(viewport) {
  /** @type {Record<string, () => void>} */
  const actions = {
    ArrowRight: goNext,
    ".": goNext,
    ArrowLeft: goBack,
    ",": goBack,
    " ": togglePlay,
    Home: () => goTo({ seq: 0, element: 0 }),
    End: () => trace.value && goTo(atEnd(trace.value)),
    "+": viewport.zoomIn,
    "=": viewport.zoomIn,
    "-": viewport.zoomOut,
    0: viewport.fit,
    n: () => later.value?.nextExercise(),
    p: present,
    "?": () => openDialog("openHelp"),
    Backspace: () => (asking.value || askedOp.value) && askBefore(),
    Escape: () => {
      if (!selection.value && !askedOp.value && goUp()) return;
      leave();
      playing.value = false;
    },
  };
  /** Of what one holds in the hand before a class. @type {Record<string, () => void>} */
  const clicker = { PageDown: goNext, PageUp: goBack };
  document.addEventListener("keydown", (press) => {
    if (press.isComposing || press.keyCode === 229) return;
    if (press.ctrlKey || press.metaKey || press.altKey || press.defaultPrevented) return;
    const at = /** @type {Element} */ (press.target);
    if (isTyping(at) || dialogOpen()) return;
    if (press.key === " " && pressesItself(at)) return;
    if (press.key.startsWith("Arrow") && at.matches("[role=tab], [role=menuitemradio]")) return;
    const action = (presenting.value && clicker[press.key]) || actions[press.key];
    if (!action) return;
    press.preventDefault();
    action();
  });
}
