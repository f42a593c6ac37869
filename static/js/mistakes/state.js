/**
 * Mistakes in the backward pass on the screen: somebody's own gradient beside the right one, or a
 * mistake at work. What is wrong stands struck in the figure for as long as the numbers are those
 * that it is of.
 *
 * @import { Signal } from "@preact/signals-core"
 * @import { Nested } from "../pagetypes.js"
 * @import { Compared, Hidden, Place, Places, Specimen } from "../types.js"
 */
import { batch, computed, effect, signal } from "@preact/signals-core";
import { ApiError } from "../api.js";
import { litNodes } from "../asking.js";
import { looking } from "../looking.js";
import { messageOf } from "../messages.js";
import { sentence } from "../panels/words.js";
import { sessionMade } from "../session.js";
import { cursor, exercise, hunt, pointed, selection, session, stale, struck, trace } from "../store.js";
import { t } from "../strings.js";
import { goTo } from "../timeline.js";
import { flat, isOmitted, positionOf } from "../values.js";
import { compare, getPlaces, getSpecimen } from "./calls.js";
import { differing } from "./strike.js";
import { readGradient } from "./written.js";

/** Steps of the training with a mistake beside the right one, or fewer where the network is large. */
const STEPS = 50;

/** @type {Signal<"exercises" | "homework" | "zoo" | "find">} */
export const mode = signal("exercises");

/** The mistakes that change something here, and the gradients that can be compared. */
export const places = looking(
  () => (mode.value === "exercises" ? null : ""),
  (id) => getPlaces(id),
  { of: "practice" },
);

/** Numbers that are changed make all that was found out one of others. */
export const numbersNow = computed(() => {
  const now = session.value;
  return now && !stale.value ? [now.id, now.data_version, now.optimizer.learning_rate].join(" ") : "";
});

/** Which gradient was chosen; the one that is chosen in the figure, or the first, where none was. @type {Signal<string | null>} */
const picked = signal(null);
/** What was written, by gradient. @type {Signal<Readonly<Record<string, string>>>} */
export const texts = signal({});
/** Whether something is on its way. */
export const busy = signal(false);
/** Why the last answer did not come. @type {Signal<string | null>} */
export const problem = signal(null);
/** @type {Signal<{of: string, key: string, value: Nested, compared: Compared} | null>} */
const came = signal(null);
/** @type {Signal<{of: string, specimen: Specimen, site: number | null} | null>} */
const caught = signal(null);

/** Gradients of a mistake that was hidden and has been told. @type {Signal<Hidden["gradients"] | null>} */
export const told = signal(null);

/** The gradient that somebody's own is to be compared with. */
export const gradient = computed(() => {
  const all = places.value.value?.gradients ?? [];
  const of = (/** @type {string | undefined | null} */ key) => all.find(({ tensor }) => tensor === key);
  return of(selection.value?.key) ?? of(picked.value) ?? all[0];
});
/** What has come for the numbers on the screen. */
export const compared = computed(() => {
  const now = came.value;
  return now?.of === numbersNow.value && now.key === gradient.value?.tensor ? now : null;
});
export const specimen = computed(() => (caught.value?.of === numbersNow.value ? caught.value : null));

/** @param {string} key */
export function pick(key) {
  batch(() => {
    selection.value = null;
    picked.value = key;
    problem.value = null;
  });
}

/** @param {string} text */
export function write(text) {
  const key = gradient.peek()?.tensor;
  if (key) texts.value = { ...texts.peek(), [key]: text };
}

/** What was written, beside the right numbers. */
export async function compareOwn() {
  const row = gradient.peek();
  if (!row || busy.peek()) return;
  const key = row.tensor;
  const read = readGradient(texts.peek()[key] ?? "", row.shape);
  if (read.fault) {
    problem.value = sentence(read.fault);
    return;
  }
  const { value } = read;
  await ask(async (id, of) => {
    came.value = { of, key, value, compared: await compare(id, key, value) };
    picked.value = key;
  });
}

/** @param {string} fault @param {number | null} site */
export async function catchOne(fault, site) {
  await ask(async (id, of) => {
    /** @param {number} steps */
    const get = async (steps) => {
      caught.value = { of, site, specimen: await getSpecimen(id, fault, site, steps) };
    };
    await get(STEPS).catch((error) => {
      // Of a large network so many steps take too long: then as many as may be.
      const most =
        error instanceof ApiError ? error.errors.find(({ pointer }) => pointer.endsWith("steps"))?.allowed : null;
      if (!most?.maximum) throw error;
      return get(most.maximum);
    });
  });
}

/** The figure as it is without anything wrong. */
export function letGo() {
  batch(() => {
    came.value = null;
    caught.value = null;
    told.value = null;
    problem.value = null;
  });
}

/** @param {(id: string, of: string) => Promise<void>} get */
export async function ask(get) {
  busy.value = true;
  problem.value = null;
  try {
    await sessionMade();
    const of = numbersNow.peek();
    await get(session.peek()?.id ?? "", of);
    // Gradients are seen where the pass has come to its end.
    const end = trace.peek()?.events.length ?? 0;
    if (cursor.peek().seq < end) goTo({ seq: end, element: 0 });
  } catch (error) {
    problem.value = messageOf(error);
  } finally {
    busy.value = false;
  }
}

/** Light in the figure where a mistake is made. @param {Place} place */
export function lead(place) {
  const nodes = nodesOf(place);
  batch(() => {
    selection.value = null;
    pointed.value = nodes.length > 0 ? [] : [{ key: `${place.operand}.grad`, index: null }];
    litNodes.value = nodes;
  });
}

/** The ops of the figure that a place stands for, finer or coarser as they may be drawn. @param {Place} place */
function nodesOf({ node, layer, operand }) {
  const events = trace.peek()?.events ?? [];
  const found = [
    events.filter((event) => event.node === node),
    events.filter((event) => event.writes.includes(`${operand}.grad`) && event.node !== ""),
    events.filter((event) => event.layer === layer),
  ].find(({ length }) => length > 0);
  return [...new Set(found?.map((event) => event.node) ?? [])];
}

/** Look at one cell of a gradient in the figure. @param {string} key @param {readonly number[]} index @param {readonly number[]} shape */
export function lookAt(key, index, shape) {
  batch(() => {
    litNodes.value = [];
    pointed.value = [];
    selection.value = { key, index: shape.length > 0 ? positionOf(index, shape) : 0 };
  });
}

/** What stands struck in the figure follows what has been found out. */
export function watchMistakes() {
  // An exercise that is opened, by a link, say, is what the panel is about.
  effect(() => {
    if (exercise.value) mode.value = "exercises";
  });
  effect(() => {
    if (mode.value === "homework") struck.value = ownNumbers();
    else if (mode.value === "zoo") struck.value = wrongNumbers(specimen.value?.specimen.gradients);
    else struck.value = mode.value === "find" && !hunt.value ? wrongNumbers(told.value ?? undefined) : null;
  });
}

/** @returns {import("../pagetypes.js").Struck | null} */
function ownNumbers() {
  const now = compared.value;
  if (!now || now.compared.largest === null || now.compared.differing === 0) return null;
  const { cells, shape } = now.compared;
  return new Map([[now.key, { value: now.value, cells: cells.map((index) => positionOf(index, shape)) }]]);
}

/**
 * @param {Readonly<Record<string, import("../pagetypes.js").Value>> | undefined} gradients
 * @returns {import("../pagetypes.js").Struck | null}
 */
function wrongNumbers(gradients) {
  if (!gradients) return null;
  const values = new Map(trace.value?.events.flatMap(({ values: made }) => Object.entries(made)) ?? []);
  return new Map(
    Object.entries(gradients).flatMap(([key, value]) => {
      if (isOmitted(value)) return [];
      const cells = differing(value, values.get(key));
      return cells.length > 0 && flat(value).length > 0 ? [[key, { value, cells }]] : [];
    }),
  );
}

/** What a mistake is called. @param {string} id */
export function faultName(id) {
  return t(`fault.${id}`);
}
