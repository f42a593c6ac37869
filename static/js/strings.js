/**
 * Every visible string, in the learner's language. The page carries one language; another is
 * fetched when it is chosen.
 *
 * @import { Signal } from "@preact/signals-core"
 */
import { signal } from "@preact/signals-core";

/** @typedef {Record<string, string>} Strings */

const KEPT = "backprop-explorer.language";
const PLACEHOLDER = /\{(\w+)\}/;

const carried = /** @type {HTMLElement} */ (document.getElementById("strings"));
/** @type {Signal<Strings>} */
const strings = signal(JSON.parse(carried.textContent ?? "{}"));
/** @type {Signal<string>} */
export const language = signal(document.documentElement.lang);

/** The languages there are, each under its own name. */
export const LANGUAGES = { en: "English", ko: "\ud55c\uad6d\uc5b4", ja: "\u65e5\u672c\u8a9e" };

/**
 * @param {string} key
 * @param {Record<string, string | number>} [names]  what stands for {name}
 */
export function t(key, names = {}) {
  return tParts(key, names).join("");
}

/**
 * A string cut at its placeholders, so that a term may be a button or a formula.
 * @template T
 * @param {string} key
 * @param {Record<string, T>} names
 * @returns {(string | T)[]}
 */
export function tParts(key, names) {
  if (!has(key)) return [key];
  const text = strings.value[key];
  return text.split(PLACEHOLDER).map((part, i) => (i % 2 ? (names[part] ?? "") : part));
}

/** @param {string} key */
export function has(key) {
  return Object.hasOwn(strings.value, key);
}

/**
 * @param {string | null} wanted  a language's code
 * @param {{keep?: boolean}} [options]  keep: remember it as the learner's choice
 */
export async function speak(wanted, { keep = false } = {}) {
  if (!wanted || !Object.hasOwn(LANGUAGES, wanted)) return;
  if (keep) localStorage.setItem(KEPT, wanted);
  if (wanted === language.value) return;
  const answer = await fetch(`/static/lang/${wanted}.json`);
  if (!answer.ok) return;
  strings.value = await answer.json();
  language.value = wanted;
  document.documentElement.lang = wanted;
}

export function keptLanguage() {
  return localStorage.getItem(KEPT);
}
