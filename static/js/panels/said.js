/**
 * What is said at a tensor of the Data panel: what is wrong, what is offered instead, what was done.
 */
import { effect, signal } from "@preact/signals-core";
import { html } from "lit-html";
import { messageOf } from "../messages.js";
import { session, visit } from "../store.js";

/** @typedef {{label: string, take: () => unknown}} Offer */

/** @type {import("@preact/signals-core").Signal<ReadonlyMap<string, string>>} */
export const problems = signal(new Map());
/** @type {import("@preact/signals-core").Signal<ReadonlyMap<string, Offer>>} */
const offers = signal(new Map());
/**
 * What was done, and the version of the numbers that it led to: of others it says nothing true.
 * @type {import("@preact/signals-core").Signal<ReadonlyMap<string, {text: string, version: number | undefined}>>}
 */
const hints = signal(new Map());

/** What was said about another session's numbers is not about these. */
effect(() => {
  void visit.value;
  problems.value = new Map();
  offers.value = new Map();
  hints.value = new Map();
});

/**
 * @param {string} name  of the tensor
 * @param {string | null} problem
 * @param {{offer?: Offer | null, hint?: string | null}} [more]
 */
export function note(name, problem, { offer = null, hint = null } = {}) {
  problems.value = changed(problems.value, name, problem);
  offers.value = changed(offers.value, name, offer);
  hints.value = changed(hints.value, name, hint ? { text: hint, version: session.peek()?.data_version } : null);
}

/**
 * @template T
 * @param {ReadonlyMap<string, T>} map
 * @param {string} name
 * @param {T | null} value
 */
function changed(map, name, value) {
  const next = new Map(map);
  if (value === null || value === "") next.delete(name);
  else next.set(name, value);
  return next;
}

/** @param {string} name */
export function notes(name) {
  const problem = problems.value.get(name);
  const offer = offers.value.get(name);
  const { text: hint = null, version } = hints.value.get(name) ?? {};
  return html`
    ${problem ? html`<p class="problem" role="alert" id="problem-${name}">${problem}</p>` : null}
    ${offer ? html`<p><button type="button" class="offer" @click=${() => take(name, offer)}>${offer.label}</button></p>` : null}
    ${hint && version === session.value?.data_version ? html`<p class="hint" role="status">${hint}</p>` : null}
  `;
}

/** @param {string} name @param {Offer} offer */
function take(name, offer) {
  note(name, null);
  offer.take();
}

/**
 * Shows at a tensor what the server said about an edit of it.
 * @template T
 * @param {string} name
 * @param {Promise<T>} sent
 * @param {string | null} [hint]  what to say where all went well
 * @returns {Promise<T | null>}  null where it was refused
 */
export async function whenSent(name, sent, hint = null) {
  note(name, null);
  try {
    const answer = await sent;
    note(name, null, { hint });
    return answer;
  } catch (error) {
    note(name, messageOf(error));
    return null;
  }
}
