/**
 * The one state of the page, as signals. Views read it; only session.js and the controls write it.
 *
 * @import { Signal } from "@preact/signals-core"
 * @import { Catalogue, Cells, Cursor, Held, Session, Spot, Stride, Struck, Value } from "./pagetypes.js"
 * @import { Graph, Preset, Trace, View } from "./types.js"
 */
import { computed, signal } from "@preact/signals-core";
import { inPlay, spoilt, timetable } from "./cursor.js";

/** Those that the page brings: networks. @type {Signal<Preset[]>} */
export const presets = signal([]);
/** Those that are programs, once somebody has looked for one. @type {Signal<Preset[]>} */
export const programs = signal([]);
/** Every limit, as the server tells it. @type {Signal<Catalogue | null>} */
export const catalogue = signal(null);
/** @type {Signal<Session | null>} */
export const session = signal(null);
/** Counts the sessions that came onto the screen; one that gets its name later is the same. */
export const visit = signal(0);
/** @type {Signal<Graph | null>} */
export const graph = signal(null);
/** @type {Signal<Trace | null>} */
export const trace = signal(null);
/** @type {Signal<View>} */
export const view = signal({
  level: "op",
  loss: "closed",
  sample: 0,
  single: false,
  open: [],
  form: "book",
  update: false,
});

/** Figures and views on their way to the screen; the first is the one that the address names. */
export const awaited = signal(1);
export const loading = computed(() => awaited.value > 0);

/** The view that was asked for and is not on the screen yet. @type {Signal<View | null>} */
export const asked = signal(null);

/** @type {Signal<Cursor>} */
export const cursor = signal({ seq: 0, element: 0 });
/** @type {Signal<Stride>} */
export const stride = signal("op");
export const playing = signal(false);
/** False while the figure stands as it was opened: nothing is in play before the first move. */
export const moved = signal(false);

/**
 * Which tensor or cell the learner picked, and which spots a term points at while hovered.
 * @type {Signal<Spot | null>}
 */
export const selection = signal(null);
/** @type {Signal<Spot[]>} */
export const pointed = signal([]);

/** True from an edit until the numbers made from it are here: nothing shown may pass as current. */
export const stale = signal(false);
/** True when this page holds the session's edit token. */
export const editable = signal(false);
/** The session on the screen that the server does not have any more. @type {Signal<string | null>} */
export const gone = signal(null);
/** The session that has had a run: its numbers are its own from then on. @type {Signal<string | null>} */
export const trained = signal(null);
/** The exercise on the screen, and its session. @type {Signal<{skill: string, seed: number, of: string} | null>} */
export const exercise = signal(null);
/** What is asked for: while it is, the cursor stays before it. @type {Signal<Held | null>} */
export const held = signal(null);
/** @type {Signal<string | null>} */
export const notice = signal(null);
/**
 * Gradients that are in the place of the true ones while a hidden mistake is looked for.
 * @type {Signal<{seed: number, values: ReadonlyMap<string, Value>} | null>}
 */
export const hunt = signal(null);
/** Wrong numbers that stand beside the true ones, by key. @type {Signal<Struck | null>} */
export const struck = signal(null);

/** The lesson that is open. @type {Signal<import("./types.js").Lesson | null>} */
export const lesson = signal(null);
/** Whether the page stands before a class, and how many times as fast it plays then. */
export const presenting = signal(false);
export const speed = signal(1);

/** @type {Signal<"explain" | "data" | "table" | "code" | "learn" | "practice">} */
export const panel = signal("explain");
export const panelOpen = signal(true);
/** Whether the loss is shown opened and closed at once. */
export const beside = signal(false);
/** Whether the map of a figure larger than its window is unfolded. */
export const overviewOpen = signal(true);
/** @type {Signal<"system" | "light" | "dark">} */
export const theme = signal("system");

/**
 * Cells too many for the trace, fetched when a heat map needs them; see figure/large.js for the keys.
 * @type {Signal<ReadonlyMap<string, Cells>>}
 */
export const fetchedCells = signal(new Map());

/**
 * Closed boxes whose inside is shown, and the pass with the loss opened where one of them needs it.
 * @type {Signal<readonly string[]>}
 */
export const insidesShown = signal([]);
/** @type {Signal<Trace | null>} */
export const innerTrace = signal(null);
export const innerTable = computed(() => (innerTrace.value ? timetable(innerTrace.value) : null));

export const table = computed(() => {
  if (!trace.value) return null;
  const times = timetable(trace.value);
  return hunt.value ? spoilt(times, hunt.value.values) : times;
});
export const event = computed(() => (trace.value && moved.value ? inPlay(trace.value, cursor.value) : null));

/** At the element stride, the cell that was revealed last. */
export const revealed = computed(() => {
  const made = event.value?.writes[0];
  if (stride.value !== "element" || !event.value || made === undefined) return null;
  const { element } = cursor.value;
  return { key: made, index: element > 0 ? element - 1 : event.value.elements - 1 };
});
/** What the explanation is about, beside the step itself. */
export const subject = computed(() => selection.value ?? revealed.value);

/** Whether a session holds the numbers of the exercise, as it has them. @param {Session} now */
export function isExercise(now) {
  return exercise.value?.of === now.id && now.data_version === 1;
}
