/**
 * The timeline: one cursor over the whole pass, moved here without asking the server. Only from the
 * end of an update into the next step of learning, and back over it, the server makes other numbers.
 *
 * @import { Cursor, Stride } from "./pagetypes.js"
 * @import { Level } from "./types.js"
 */
import { batch, effect, signal } from "@preact/signals-core";
import { html } from "lit-html";
import { bring } from "./coming.js";
import { back, clamp, next } from "./cursor.js";
import { messageOf } from "./messages.js";
import { stopReached } from "./passed.js";
import {
  cursor,
  editable,
  held,
  loading,
  moved,
  notice,
  playing,
  session,
  speed,
  stale,
  stride,
  trace,
} from "./store.js";
import { t } from "./strings.js";
import { title } from "./panels/header.js";
import { mount } from "./mount.js";

/** @type {Stride[]} */
export const STRIDES = ["step", "phase", "layer", "op", "element"];
/** Time to read one step while playing, in ms; a single cell needs less. */
const PACE = { step: 3000, phase: 2400, layer: 1800, op: 1300, element: 450 };

/**
 * The stride that fits what is drawn: between boxes, single ops would change nothing to be seen.
 * @param {Level} level
 * @returns {Stride}
 */
export function strideFor(level) {
  return level === "network" || level === "layer" ? "layer" : "op";
}

/** @param {Cursor} to */
export function goTo(to) {
  if (!trace.value) return;
  const wanted = clamp(trace.value, to);
  // What is asked for is not shown before it has been answered.
  const last = held.value?.upTo ?? Infinity;
  const at = wanted.seq < last ? wanted : { seq: last, element: 0 };
  batch(() => {
    moved.value = true;
    cursor.value = at;
  });
}

export function goNext() {
  if (!trace.value) return;
  if (isAtEnd() && goesOn()) void cross("onward");
  else goBeside("next", next(trace.value, cursor.value, stride.value));
}

export function goBack() {
  if (!trace.value) return;
  const isLeaving = isAtStart() || (stride.value === "step" && isAtEnd());
  if (isLeaving && goesBack()) void cross("backward");
  else goBeside("back", back(trace.value, cursor.value, stride.value));
}

const START = { seq: 0, element: 0 };
/** A step of learning is on its way: what is pressed meanwhile would be about other numbers. */
const crossing = signal(false);

/** @param {"onward" | "backward"} way */
async function cross(way) {
  if (crossing.value || stale.value) return;
  crossing.value = true;
  try {
    await (await bring())[way](stride.value);
    moved.value = true;
  } catch (error) {
    playing.value = false;
    notice.value = messageOf(error);
  } finally {
    crossing.value = false;
  }
}

/** Whether after the last event the next step of learning begins. */
export function goesOn() {
  const opened = session.value?.opened;
  if (held.value) return false;
  if (opened?.unchanged && opened.step >= opened.last) return false;
  return editable.value && trace.value?.events.at(-1)?.phase === "update";
}

/** Whether before the first event lies the end of the step before. */
function goesBack() {
  return editable.value && session.value?.cursor.goes_back === true;
}

/**
 * At either end the button that was pressed is off: its neighbour has the focus then.
 * @param {"next" | "back"} pressed
 * @param {Cursor} to
 */
function goBeside(pressed, to) {
  const had = document.activeElement?.id === pressed;
  goTo(to);
  const button = /** @type {HTMLButtonElement | null} */ (document.getElementById(pressed));
  if (had && button?.disabled) document.getElementById(pressed === "next" ? "back" : "next")?.focus();
}

function isAtStart() {
  return cursor.value.seq === 0 && cursor.value.element === 0;
}

function isAtEnd() {
  return trace.value !== null && cursor.value.seq >= (held.value?.upTo ?? trace.value.events.length);
}

export function togglePlay() {
  if (!playing.value && isAtEnd()) {
    if (goesOn()) goNext();
    else goTo(START);
  }
  playing.value = !playing.value;
}

export function mountTimeline() {
  mount("timeline", timeline);
  effect(() => document.getElementById("timeline")?.setAttribute("aria-label", t("timeline.name")));
  effect(() => {
    const name = session.value ? title() : null;
    document.title = [name, name && position(), t("app.title")].filter(Boolean).join(" \u00b7 ");
  });
  effect(() => {
    if (!playing.value) return;
    if (isAtEnd()) {
      // It plays one step of learning; the next begins where it is played on.
      if (!crossing.value && !stale.value) playing.value = false;
      return;
    }
    // Reading the cursor restarts the wait after every step, also after one made by hand.
    void cursor.value;
    const waiting = setTimeout(goNext, PACE[stride.value] / speed.value);
    return () => clearTimeout(waiting);
  });
}

function timeline() {
  const events = trace.value?.events ?? [];
  const { seq } = cursor.value;
  const start = !trace.value || (isAtStart() && !goesBack());
  const end = !trace.value || (isAtEnd() && !goesOn());
  return html`
    <div class="timeline-buttons">
      <button type="button" id="back" ?disabled=${start} @click=${goBack}>
        ${icon("M15 5l-7 7 7 7")}<span>${t("timeline.back")}</span>
      </button>
      <button type="button" id="next" class="primary" ?disabled=${end} @click=${goNext}>
        <span>${t("timeline.next")}</span>${icon("M9 5l7 7-7 7")}
      </button>
      <button type="button" id="play" aria-pressed=${playing.value} ?disabled=${!trace.value} @click=${togglePlay}>
        ${playing.value ? icon("M8 6v12M16 6v12") : icon("M8 5l11 7-11 7z")}<span
          >${t(playing.value ? "timeline.pause" : "timeline.play")}</span
        >
      </button>
    </div>
    <div class="timeline-track">
      <input
        type="range"
        id="slider"
        min="0"
        max=${events.length}
        step="1"
        .value=${String(seq)}
        aria-label=${t("timeline.slider")}
        aria-valuetext=${place()}
        @input=${slide}
      />
      ${phases()}
    </div>
    <label class="timeline-stride">
      <span>${t("timeline.stride")}</span>
      <select id="stride" @change=${chooseStride}>
        ${STRIDES.map(
          (name) => html`<option value=${name} ?selected=${name === stride.value}>${t(`stride.${name}`)}</option>`,
        )}
      </select>
    </label>
  `;
}

/** Where the cursor stands, in words; counted in strides of the size that is chosen. */
export function position() {
  if (!trace.value) return loading.value ? t("loading.now") : "";
  const place = withCells(t("timeline.position", stopReached(trace.value, cursor.value.seq, stride.value)));
  const made = session.value?.cursor.step ?? 0;
  return made > 0 ? `${t("update.step", { n: made + 1 })} \u00b7 ${place}` : place;
}

/** The same as the slider counts it, which has a place for every event. */
function place() {
  if (!trace.value) return position();
  return withCells(t("timeline.position", { step: cursor.value.seq, steps: trace.value.events.length }));
}

/** @param {string} step */
function withCells(step) {
  const { seq, element } = cursor.value;
  const cells = trace.value?.events[seq]?.elements ?? 0;
  return element ? `${step} \u00b7 ${t("timeline.cells", { cell: element, cells })}` : step;
}

/** The phases under the slider, each as wide as it has steps, cut where another layer begins. */
function phases() {
  const events = trace.value?.events ?? [];
  const names = /** @type {const} */ (["forward", "loss", "backward", "update"]);
  return html`<div class="phases" aria-hidden="true">
    ${names.map((name) => {
      const own = events.filter((event) => event.phase === name);
      if (own.length === 0) return null;
      return html`<div class="phase-part ${name}" .style=${`flex: ${own.length} 0 0`}>
        <div class="phase-bar">${stretches(own).map((length) => html`<i .style=${`flex: ${length} 0 0`}></i>`)}</div>
        <span>${t(`phase.${name}`)}</span>
      </div>`;
    })}
  </div>`;
}

/** Lengths of the runs of steps within one layer. @param {readonly {layer: string | null}[]} events */
function stretches(events) {
  /** @type {number[]} */
  const lengths = [];
  events.forEach((event, i) => {
    if (i > 0 && event.layer === events[i - 1].layer) lengths[lengths.length - 1] += 1;
    else lengths.push(1);
  });
  return lengths;
}

/** @param {string} d */
export function icon(d) {
  return html`<svg class="icon" viewBox="0 0 24 24" width="18" height="18" aria-hidden="true">
    <path d=${d}></path>
  </svg>`;
}

/** @param {Event} input */
function slide(input) {
  const slider = /** @type {HTMLInputElement} */ (input.target);
  goTo({ seq: Number(slider.value), element: 0 });
  slider.value = String(cursor.value.seq);
}

/** @param {Event} change */
function chooseStride(change) {
  stride.value = /** @type {Stride} */ (/** @type {HTMLSelectElement} */ (change.target).value);
}
