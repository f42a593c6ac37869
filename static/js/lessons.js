/**
 * The lesson that is open: fetched in the learner's language, with its figure opened at its place,
 * the prediction judged by the server, and the change noticed when it has been made.
 *
 * @import { Place } from "./address.js"
 * @import { Lesson, LessonRow, Predicted } from "./types.js"
 */
import { batch, effect, signal } from "@preact/signals-core";
import { read } from "./address.js";
import { ApiError } from "./api.js";
import { getLesson, getLessons, judgePrediction } from "./calls.js";
import { arriveAt, MARK } from "./arrive.js";
import { messageOf } from "./messages.js";
import { lesson, notice, panel, panelOpen, session, stale, table, view, visit } from "./store.js";
import { language, t } from "./strings.js";
import { asOneVisit } from "./visits.js";
import { asNumber, flat, isOmitted, positionOf, shapeOf } from "./values.js";

/** Where the panel lies under the figure, a lesson needs its room. */
const NARROW = "(max-width: 1000px) and (min-height: 641px), (max-width: 559px)";
/** How near to a number is equal to it; the server asks the same. */
const EQUAL = 1e-9;

/** All there are, in their order. @type {import("@preact/signals-core").Signal<LessonRow[]>} */
export const lessons = signal([]);
/** What is said of the prediction. @type {import("@preact/signals-core").Signal<Predicted | "unread" | null>} */
export const judged = signal(null);
/** What the prediction was. */
export const predicted = signal("");
/** Whether the change has been made. */
export const changed = signal(false);
/** The coming of its figure onto the screen; another one is not what the lesson is about. */
const ours = signal(-1);

/** Whether the figure on the screen is the lesson's. */
export function isAtFigure() {
  return ours.value === visit.value;
}

let brought = "";
/** @type {Promise<void>} */
let bringing = Promise.resolve();

/** Whoever asks while it is on its way waits for the same. @returns {Promise<void>} */
export function bringLessons() {
  const spoken = language.value;
  if (brought !== spoken) bringing = list(spoken);
  return bringing;
}

/** @param {string} spoken */
async function list(spoken) {
  brought = spoken;
  try {
    const told = await getLessons(spoken);
    if (language.peek() === spoken) lessons.value = told;
  } catch (error) {
    brought = "";
    notice.value = messageOf(error);
  }
}

/**
 * Open the lesson that a place names, at the figure that it names beside it, or at the lesson's own.
 * @param {Place} place
 */
export async function openLesson(place) {
  const found = await fetched(place.lesson ?? "");
  if (!found) {
    lesson.value = null;
    await arriveAt({ ...place, lesson: null }, location.hash);
    notice.value = t("lesson.unknown");
    return;
  }
  const isElsewhere = Boolean(place.session || place.preset) || location.hash.startsWith(MARK);
  await show(found, isElsewhere ? { place, hash: location.hash } : figureOf(found, place));
}

/** @param {string} id */
export async function goToLesson(id) {
  try {
    const found = await fetched(id);
    if (found) await show(found, figureOf(found, read("")));
    else notice.value = t("lesson.unknown");
    document.getElementById("lesson-title")?.focus();
  } catch (error) {
    notice.value = messageOf(error);
  }
}

/** Its figure again, as it was. */
export async function backToFigure() {
  const now = lesson.peek();
  if (now) await goToLesson(now.id);
}

export function closeLesson() {
  lesson.value = null;
  document.getElementById("choose")?.focus();
}

/** @param {string} id @returns {Promise<Lesson | null>}  null where there is none in the list */
async function fetched(id) {
  await bringLessons();
  return lessons.peek().some((row) => row.id === id) ? getLesson(id, language.peek()) : null;
}

/** @param {Lesson} found @param {Place} from  what is kept of it @returns {{place: Place, hash: string}} */
function figureOf(found, from) {
  const [search, packed] = found.view.split("#");
  return { place: { ...read(search), lang: from.lang, panels: from.panels }, hash: packed ? `#${packed}` : "" };
}

/** @param {Lesson} found @param {{place: Place, hash: string}} at */
async function show(found, { place, hash }) {
  await asOneVisit(async () => {
    await arriveAt(place, hash);
    shown(found);
  });
}

/** @param {Lesson} found  whose figure has come */
function shown(found) {
  batch(() => {
    lesson.value = found;
    judged.value = null;
    predicted.value = "";
    changed.value = false;
    ours.value = visit.peek();
    if (!document.body.dataset.panels) {
      panel.value = "explain";
      panelOpen.value = !matchMedia(NARROW).matches;
    }
  });
}

/** What it looks after from now on. */
export function watchLessons() {
  effect(() => {
    const now = lesson.value;
    const spoken = language.value;
    if (!now) return;
    void bringLessons();
    if (told?.id === now.id && told.language !== spoken) void translate(now.id, spoken);
    told = { id: now.id, language: spoken };
  });
  effect(() => {
    if (!changed.value && !stale.value && isAtFigure() && isMet()) changed.value = true;
  });
}

/** In which language the lesson on the screen is. @type {{id: string, language: string} | null} */
let told = null;

/** @param {string} id @param {string} spoken */
async function translate(id, spoken) {
  try {
    const found = await getLesson(id, spoken);
    if (lesson.peek()?.id === id && language.peek() === spoken) lesson.value = found;
  } catch (error) {
    notice.value = messageOf(error);
  }
}

/** Whether what is to be changed is so. */
function isMet() {
  const wanted = lesson.value?.condition;
  const value = wanted && table.value?.values.get(wanted.tensor);
  if (!wanted || value === undefined || value === null || isOmitted(value)) return false;
  const shape = shapeOf(value);
  if (wanted.sign === "shape") return String(shape) === String(wanted.shape);
  const all = flat(value);
  const cells = wanted.index === null ? all : [all[positionOf(wanted.index, shape)]];
  const number = asNumber(wanted.number);
  const near = EQUAL * Math.max(1, Math.abs(number));
  return cells.every((cell) => {
    const one = asNumber(cell);
    if (wanted.sign === "=") return Math.abs(one - number) <= near;
    return wanted.sign === "<" ? one < number : one > number;
  });
}

/** @param {string} answer @param {boolean} reveal  whether the right one is told, too */
export async function predict(answer, reveal = false) {
  const wanted = lesson.peek()?.prediction;
  const now = session.peek();
  if (!wanted || !now) return;
  const index = wanted.kind === "shape" ? null : wanted.index;
  predicted.value = answer;
  try {
    judged.value = await judgePrediction(now.id, view.peek(), { tensor: wanted.tensor, index, answer, reveal });
  } catch (error) {
    const isUnread = error instanceof ApiError && error.errors.some(({ pointer }) => pointer === "/answer");
    if (isUnread) judged.value = "unread";
    else notice.value = messageOf(error);
  }
}
