/**
 * The loss opened and closed at once: under the figure stands the other of the two, with the same
 * numbers, at the event that is in play. The server paints it, so it is a picture: all of it is in
 * sight, and one button makes it the figure that is worked with.
 *
 * @import { Trace, View } from "../types.js"
 */
import { batch, computed, effect, signal } from "@preact/signals-core";
import { html } from "lit-html";
import { getTrace, UNMADE } from "../api.js";
import { getFigure } from "../calls.js";
import { reached } from "../cursor.js";
import { scheme } from "../figure/palette.js";
import { messageOf } from "../messages.js";
import { mount } from "../mount.js";
import { changeView } from "../session.js";
import { beside, cursor, graph, moved, notice, session, stale, theme, trace, view } from "../store.js";
import { language, t } from "../strings.js";
import { position } from "../timeline.js";
import { isProgram } from "../values.js";

/** The other view's pass, and what it was made of. @type {import("@preact/signals-core").Signal<{of: string, trace: Trace} | null>} */
const other = signal(null);
/** The picture's own size, once it is here. */
const size = signal({ width: 3, height: 1 });
/** The address of the picture that is shown: the last one that came, until the next is here. */
const shown = signal("");

const isPossible = computed(() => {
  const now = session.value;
  return beside.value && Boolean(now?.network.loss && !isProgram(now) && graph.value);
});
const otherView = computed(() => {
  const { loss, ...rest } = view.value;
  return /** @type {View} */ ({ ...rest, loss: loss === "opened" ? "closed" : "opened" });
});
/** Which pass is wanted; none while numbers are on their way. */
const wanted = computed(() => {
  const now = trace.value;
  if (!isPossible.value || stale.value || !now || now.id === UNMADE) return null;
  return [now.id, now.data_version, JSON.stringify(otherView.value)].join(" ");
});

let mounted = false;

export function mountBeside() {
  if (mounted) return;
  mounted = true;
  effect(() => {
    const of = wanted.value;
    if (of !== null && other.peek()?.of !== of) void fetchTrace(of, otherView.peek());
  });
  effect(show);
  effect(() => {
    document.body.classList.toggle("with-beside", isPossible.value);
    // Both at one scale, as far as they have the width for it.
    const own = graph.value?.height ?? 1;
    const part = size.value.height / (size.value.height + own);
    const percent = Math.round(100 * Math.min(0.6, Math.max(0.3, part)));
    document.body.style.setProperty("--beside", `${percent}%`);
  });
  mount("beside", content);
}

/** @param {string} of @param {View} seen */
async function fetchTrace(of, seen) {
  try {
    const found = await getTrace(trace.peek()?.id ?? "", seen);
    if (wanted.peek() === of) other.value = { of, trace: found };
  } catch (error) {
    notice.value = messageOf(error);
  }
}

/** A picture takes the place of the one before when it is here: nothing flickers. */
function show() {
  const now = trace.value;
  if (wanted.value === null || other.value?.of !== wanted.value || !now) return;
  const { seq, element } = reached(now, other.value.trace, cursor.value);
  const painted = {
    cursor: element ? `${seq}.${element}` : String(seq),
    theme: isDark() ? "dark" : "light",
    numbers: true,
    equations: false,
    lit: moved.value,
    lang: language.value,
  };
  let isWanted = true;
  void paint(now.id, otherView.value, painted, () => isWanted);
  return () => (isWanted = false);
}

/**
 * @param {string} id @param {View} seen
 * @param {import("../api.js").Painted} painted
 * @param {() => boolean} isWanted  whether nothing newer has been asked for
 */
async function paint(id, seen, painted, isWanted) {
  try {
    const { svg } = await getFigure(id, seen, painted);
    if (!isWanted()) return;
    const picture = new Image();
    picture.src = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
    await picture.decode();
    const before = shown.peek();
    batch(() => {
      size.value = { width: picture.naturalWidth, height: picture.naturalHeight };
      shown.value = picture.src;
    });
    if (before) URL.revokeObjectURL(before);
  } catch (error) {
    if (isWanted()) notice.value = messageOf(error);
  }
}

/** Whether ink is light on dark at the moment. */
export function isDark() {
  void scheme.value;
  return theme.value === "system" ? matchMedia("(prefers-color-scheme: dark)").matches : theme.value === "dark";
}

function content() {
  if (!isPossible.value) return null;
  const { loss } = otherView.value;
  const name = t(`beside.${loss}`);
  const isOld = stale.value || (wanted.value !== null && other.value?.of !== wanted.value);
  return html`<div class="beside-line">
      <h2 id="beside-title">${name}</h2>
      <button type="button" id="swap" class="quiet" @click=${swap}>${t("beside.swap")}</button>
    </div>
    <div class="beside-picture ${isOld ? "waiting" : ""}" tabindex="0" role="group" aria-labelledby="beside-title">
      ${shown.value ? html`<img src=${shown.value} alt=${`${name}. ${position()}`} />` : null}
    </div>`;
}

async function swap() {
  try {
    await changeView({ loss: otherView.value.loss });
    document.getElementById("swap")?.focus();
  } catch (error) {
    notice.value = messageOf(error);
  }
}
