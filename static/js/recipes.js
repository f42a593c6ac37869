/**
 * What makes the numbers on the screen again: kept for every session of one's own, here and (where
 * it is short) in this browser, so that a session that the server has lost is not lost.
 *
 * @import { Edit, Session } from "./pagetypes.js"
 * @import { Recipe } from "./tokens.js"
 */
import { effect } from "@preact/signals-core";
import { getRecipe } from "./calls.js";
import { openRecipe } from "./session.js";
import { cursor, isExercise, session, stale, view } from "./store.js";
import { keep } from "./tokens.js";
import { isAsMade, isOmitted, isProgram } from "./values.js";

/** Signs of a recipe that is kept in the browser. */
const MOST_KEPT = 20_000;
const SOON = 300;

/** By session, and of what. @type {Map<string, {of: string, recipe: Recipe}>} */
const known = new Map();

export function watchRecipes() {
  effect(() => {
    const now = session.value;
    if (!now || stale.value || isAsMade(now) || isExercise(now)) return;
    if (known.get(now.id)?.of === madeOf(now)) return;
    const timer = setTimeout(() => void fetchOf(now), SOON);
    return () => clearTimeout(timer);
  });
}

/** What a recipe makes: these numbers, and these names. @param {Session} now */
function madeOf({ data_version, classes }) {
  return JSON.stringify([data_version, classes]);
}

/** @param {Session} now */
async function fetchOf(now) {
  try {
    const { recipe, version } = await getRecipe(now.id);
    if (session.peek()?.id !== now.id || version !== session.peek()?.version) return;
    known.set(now.id, { of: madeOf(now), recipe });
    if (JSON.stringify(recipe).length <= MOST_KEPT) keep(now, recipe);
  } catch {
    // The next change asks again.
  }
}

/** Go on with the numbers on the screen, whose session is gone, in a new one. @returns {Promise<boolean>} */
export async function goOn() {
  const now = session.peek();
  const recipe = now && recipeHere(now);
  if (!recipe) return false;
  await openRecipe(recipe, { where: cursor.peek(), view: view.peek() });
  return true;
}

/** @param {Session} now @returns {Recipe | null}  null where not all its numbers are here */
function recipeHere(now) {
  const fetched = known.get(now.id);
  if (fetched?.of === madeOf(now)) return fetched.recipe;
  const row = now.source?.rows[0];
  /** @type {Edit[]} */
  const names = now.classes.length > 0 ? [{ op: "classes", names: [...now.classes] }] : [];
  if (now.preset !== null && now.data_version === 1) {
    return { base: { preset: now.preset, ...(row !== undefined && { row }) }, edits: names };
  }
  if (isProgram(now)) return programHere(now);
  const { x, t, grad_output, parameters } = now;
  const numbers = { x, t, grad_output, ...parameters };
  const given = Object.entries(numbers).filter(([, value]) => value !== null);
  if (given.some(([, value]) => value !== null && isOmitted(value))) return null;
  /** @type {Edit[]} */
  const edits = given.map(([tensor, value]) => /** @type {Edit} */ ({ op: "replace", tensor, value }));
  edits.push({ op: "set", tensor: "learning_rate", index: [], value: now.optimizer.learning_rate });
  edits.push(...names);
  if (now.preset !== null) return { base: { preset: now.preset }, edits };
  const some = Object.fromEntries(given.filter(([name]) => !(name in parameters)));
  return { base: { network: now.network, parameters, ...some, optimizer: now.optimizer }, edits: names };
}

/** @param {Session} now @returns {Recipe | null} */
function programHere({ network, parameters, grad_output, optimizer }) {
  if ([grad_output, ...Object.values(parameters)].some((value) => value !== null && isOmitted(value))) return null;
  const more = { ...(grad_output === null ? {} : { grad_output }), ...(network.clash ? { up_to_clash: true } : {}) };
  return { base: { code: network.code, values: parameters, ...more, optimizer }, edits: [] };
}
