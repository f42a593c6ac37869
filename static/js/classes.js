/**
 * Classes by the names that somebody gave them: said wherever a class is meant. They may come in a
 * link from anybody, so a name never turns round what is written beside it.
 *
 * @import { Session, Spot } from "./pagetypes.js"
 */
import { tensorOf } from "./figure/names.js";
import { session } from "./store.js";
import { indexOf } from "./values.js";

/** Signs of East Asia are as wide as two others. */
const WIDE = /[\u1100-\u11ff\u2e80-\ud7ff\uf900-\ufaff\uff00-\uffef]/;

/**
 * @param {number} k
 * @param {number} [room]  for so many signs
 * @returns {string | null}  null where classes go by their numbers
 */
export function className(k, room = Infinity) {
  const name = session.value?.classes[k];
  return name === undefined ? null : `\u2068${shortened([...name], room)}\u2069`;
}

/** @param {readonly string[]} signs @param {number} room */
function shortened(signs, room) {
  const widths = signs.map((sign) => (WIDE.test(sign) ? 2 : 1));
  let [left, count] = [room, 0];
  while (count < signs.length && (left -= widths[count]) >= 0) count++;
  return count === signs.length ? signs.join("") : `${signs.slice(0, Math.max(1, count - 1)).join("")}\u2026`;
}

/** "2 (dog)", or "2" where classes have no names. @param {number | string} k */
export function classText(k) {
  const name = k === "" ? null : className(Number(k));
  return name === null ? String(k) : `${k} (${name})`;
}

/**
 * The class that a number is of: of its score, its probability, its target, or of anything in the
 * loss that is computed for each class.
 * @param {Spot} spot
 * @returns {number | null}  null where it is of none, or of one without a name
 */
export function classAt({ key, index }) {
  if (!session.value?.classes.length) return null;
  // In single numbers every class has edges of its own, counted from 1.
  const cell = /^loss\.\w+\.(\d+)\b/.exec(key);
  if (cell) return Number(cell[1]) - 1;
  const shape = tensorOf(key)?.shape ?? [];
  if (index === null || !isByClass(session.value, key, shape)) return null;
  return indexOf(index, shape)[shape.length - 1];
}

/** @param {Spot} spot @returns {string | null} */
export function classNameOf(spot) {
  const k = classAt(spot);
  return k === null ? null : className(k);
}

/**
 * The names of the columns of a tensor that has one for each class.
 * @param {string} key
 * @returns {readonly string[] | null}
 */
export function columnNames(key) {
  const now = session.value;
  if (!now?.classes.length || !isByClass(now, key, tensorOf(key)?.shape ?? [])) return null;
  return now.classes.map((_, k) => className(k) ?? "");
}

/** @param {Session} now @param {string} key @param {readonly number[]} shape */
function isByClass(now, key, shape) {
  const last = now.network.layers.at(-1)?.name;
  const isThere = /^t(\.grad)?$/.test(key) || key.startsWith("loss.") || key.startsWith(`${last}.`);
  return isThere && shape.at(-1) === now.classes.length;
}
