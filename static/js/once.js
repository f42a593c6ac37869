/**
 * What is made from the same things again is the same again: a panel is drawn anew with every word
 * of a run, ten times a second, and its pictures need not be.
 *
 * @template {readonly unknown[]} A
 * @template T
 * @param {(...from: A) => T} make
 * @returns {(...from: A) => T}
 */
export function once(make) {
  /** @type {A | null} */
  let before = null;
  /** @type {T} */
  let made;
  return (...from) => {
    if (before === null || from.length !== before.length || from.some((one, i) => one !== before?.[i])) {
      made = make(...from);
      before = from;
    }
    return made;
  };
}
