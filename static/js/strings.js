/**
 * Every visible string, in the learner's language. The page carries one language, as far
 * as its first picture goes; the rest comes with the rest of the page, another when it is chosen.
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
/** The page brings those that its first picture needs. */
let isWhole = false;
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
  const answer = await wordsOf(wanted);
  if (!answer.ok) return;
  strings.value = await answer.json();
  isWhole = true;
  language.value = wanted;
  document.documentElement.lang = wanted;
}

/** Bring the words that did not come with the page. */
export async function bringWords() {
  const spoken = language.peek();
  if (isWhole) return;
  const answer = await wordsOf(spoken);
  if (!answer.ok) throw new Error(answer.statusText);
  const words = await answer.json();
  if (isWhole) return;
  strings.value = words;
  isWhole = true;
}

/** @param {string} code  of a language */
function wordsOf(code) {
  return fetch(`/static/lang/${code}.json`);
}

export function keptLanguage() {
  return localStorage.getItem(KEPT);
}
