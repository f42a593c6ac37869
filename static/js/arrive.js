/**
 * Opening what an address names: a preset, or a session; and what stands in for one that is gone.
 *
 * @import { Place } from "./address.js"
 * @import { Where } from "./session.js"
 * @import { Session } from "./pagetypes.js"
 */
import { ApiError, GONE } from "./api.js";
import { bring } from "./coming.js";
import { atBackward } from "./cursor.js";
import { openPreset, openRecipe, openSession } from "./session.js";
import { beside, lesson, notice, stride, view } from "./store.js";
import { t } from "./strings.js";
import { strideFor } from "./timeline.js";
import { forget, keptRecipe, tokenOf } from "./tokens.js";
import { isAsMade } from "./values.js";

const FIRST = "fig-5-25";
/** What a link's numbers stand behind; what follows # is never sent to a server. */
export const MARK = "#s=";

/** Sessions of this page that are as the book has them, to go back to. @type {Map<string, string>} */
const unchanged = new Map();

/** @param {Place} place */
export async function arrive(place) {
  if (place.lesson) return (await bring()).openLesson(place);
  lesson.value = null;
  await arriveAt(place, location.hash);
}

/** @param {Place} place @param {string} hash  what stands behind it, numbers perhaps */
export async function arriveAt(place, hash) {
  beside.value = place.beside ?? false;
  await open(place, hash);
  if (place.find) void (await bring()).startHunt(place.find);
  stride.value = place.stride ?? strideFor(view.value.level);
}

/** @param {Session} now  that is shown */
export function noteUnchanged(now) {
  const { id, preset } = now;
  if (preset !== null && isAsMade(now) && tokenOf(id)) unchanged.set(preset, id);
  else if (preset !== null && unchanged.get(preset) === id) unchanged.delete(preset);
}

/** @param {string} preset  where its story begins @returns {Where} */
export function startOf(preset) {
  if (preset === "fig-5-25" || preset === "fig-5-26" || preset === "fig-5-27") return atBackward;
  return { seq: 0, element: 0 };
}

/** @param {Place} place @param {string} hash */
async function open(place, hash) {
  const wanted = {
    ...(place.level && { level: place.level }),
    ...(place.loss && { loss: place.loss }),
    ...(place.open && { open: place.open }),
    ...(place.form && { form: place.form }),
    ...(place.update && { update: true }),
    ...(place.sample !== null && { sample: place.sample }),
  };
  if (hash.startsWith(MARK)) {
    const { openLink } = await bring();
    if (await openLink(hash, { where: place.cursor ?? undefined, view: wanted })) return;
    const why = notice.value;
    await openPreset(FIRST, { where: startOf(FIRST) });
    notice.value = why;
    return;
  }
  if (place.practice) {
    const { openExercise } = await bring();
    if (await openExercise(place.practice, { where: place.cursor ?? undefined, view: wanted })) return;
    await openPreset(FIRST, { where: startOf(FIRST) });
    notice.value = t("practice.unknown");
    return;
  }
  if (place.session) {
    const options = { where: place.cursor ?? undefined, view: wanted };
    const kept = keptRecipe(place.session);
    const why = await missing(place.session, options);
    if (!why) return;
    if (kept) {
      await openRecipe(kept, options);
      notice.value = t("notice.again");
      return;
    }
    await openPreset(FIRST, { where: startOf(FIRST) });
    notice.value = t(why);
    return;
  }
  const preset = place.preset ?? FIRST;
  const where = place.cursor ?? startOf(preset);
  const again = unchanged.get(preset);
  if (again && !(await missing(again, { where, view: wanted }))) return;
  try {
    await openPreset(preset, { where, view: wanted });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 422 || preset === FIRST) throw error;
    await openPreset(FIRST, { where: startOf(FIRST) });
    notice.value = t("notice.unknown");
  }
}

/**
 * @param {string} id
 * @param {{where?: Where, view?: Partial<import("./types.js").View>}} options
 * @returns {Promise<string>}  the key of why there is no such session any more; empty where there is
 */
async function missing(id, options) {
  try {
    await openSession(id, options);
    return "";
  } catch (error) {
    if (!(error instanceof ApiError) || !GONE.has(error.status)) throw error;
    forget(id);
    return error.status === 404 ? "notice.expired" : "notice.damaged";
  }
}
