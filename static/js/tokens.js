/**
 * One's own sessions: their edit tokens, and of those with numbers of one's own, what the menu
 * offers to go back to. They are kept in this browser, for all its tabs, and never in the address:
 * a link gives reading, not writing. Sessions that are as the book has them are not worth keeping.
 *
 * @import { Edit, Session } from "./pagetypes.js"
 * @import * as told from "./types.js"
 */
import { signal } from "@preact/signals-core";

const KEPT = "backprop-explorer.own";
const MOST = 40;

/**
 * @typedef {{
 *   id: string, token: string, preset: string | null, version: number, changed: number,
 *   sizes?: number[], recipe?: unknown,
 * }} Own  sizes: units of a network of one's own, none of a program; changed: when, in milliseconds since 1970; recipe: what makes it again
 */

/**
 * As the server tells it, or as it is made here of what is on the screen.
 * @typedef {{base: Record<string, any>, edits: (Edit | told.Recipe["edits"][number])[], digest?: string}} Recipe
 */

/** Tokens of this page, also of sessions that are not kept. @type {Map<string, string>} */
const tokens = new Map();

/** Newest first. @type {import("@preact/signals-core").Signal<readonly Own[]>} */
export const own = signal(read());

addEventListener("storage", (change) => {
  if (change.key === KEPT || change.key === null) own.value = read();
});

/** @param {string} id @param {string} token */
export function remember(id, token) {
  tokens.set(id, token);
}

/** @param {string} id */
export function tokenOf(id) {
  return tokens.get(id) ?? own.peek().find((one) => one.id === id)?.token ?? null;
}

/**
 * Keep a session with numbers of one's own; of too many, the oldest go.
 * @param {Session} session
 * @param {unknown} [recipe]  what would make it again; without it, the one from before stays
 */
export function keep({ id, preset, version, network }, recipe) {
  const token = tokenOf(id);
  if (token === null) return;
  const before = read();
  const old = before.find((one) => one.id === id);
  if (old?.version === version && recipe === undefined) return;
  const isProgram = network.code !== undefined;
  const sizes = isProgram ? undefined : [network.input_size, ...network.layers.flatMap(({ units }) => units ?? [])];
  const kept = { id, token, preset, version, changed: Date.now(), sizes, recipe: recipe ?? old?.recipe };
  write([kept, ...before.filter((one) => one !== old)].slice(0, MOST));
}

/** What this browser has kept of a session. @param {string} id @returns {Recipe | null} */
export function keptRecipe(id) {
  const kept = own.peek().find((one) => one.id === id)?.recipe;
  return isRecipe(kept) ? kept : null;
}

/** @param {any} kept @returns {kept is Recipe} */
export function isRecipe(kept) {
  const isObject = typeof kept === "object" && kept !== null && !Array.isArray(kept);
  return isObject && typeof kept.base === "object" && kept.base !== null && Array.isArray(kept.edits);
}

/** A session that is no more. @param {string} id */
export function forget(id) {
  tokens.delete(id);
  if (own.peek().some((one) => one.id === id)) write(read().filter((one) => one.id !== id));
}

/** @param {readonly Own[]} list */
function write(list) {
  own.value = list;
  try {
    localStorage.setItem(KEPT, JSON.stringify(list));
  } catch {
    // Storage is full or not allowed: this page has them nevertheless.
  }
}

/** What is stored may be anything; what is no entry is left out. @returns {Own[]} */
function read() {
  try {
    const list = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    return Array.isArray(list) ? list.filter(isOwn) : [];
  } catch {
    return [];
  }
}

/** @param {any} one @returns {one is Own} */
function isOwn(one) {
  return (
    typeof one?.id === "string" &&
    /^[A-Za-z0-9_-]{1,128}$/.test(one.id) &&
    typeof one.token === "string" &&
    (one.preset === null || typeof one.preset === "string") &&
    typeof one.version === "number" &&
    typeof one.changed === "number" &&
    (one.sizes === undefined ||
      (Array.isArray(one.sizes) && one.sizes.every((/** @type {unknown} */ n) => typeof n === "number")))
  );
}
