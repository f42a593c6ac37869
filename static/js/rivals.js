/**
 * Sessions whose runs stand beside those of the one on the screen: of a link, of this browser, or made
 * from it with other initial weights or another activation. To read them takes their name alone.
 *
 * @import { Session } from "./pagetypes.js"
 * @import { Run } from "./types.js"
 */
import { signal } from "@preact/signals-core";
import * as address from "./address.js";
import * as api from "./api.js";
import * as calls from "./calls.js";
import { isActive, planOf } from "./learning.js";
import { messageOf } from "./messages.js";
import { catalogue, session } from "./store.js";
import { t } from "./strings.js";
import { keep, remember } from "./tokens.js";
import { isOmitted } from "./values.js";

/** As many are kept beside the one on the screen. */
const MOST = 4;
/** How often a run that goes on is looked at, in ms. */
const EVERY = 500;
/** Of a normal distribution, where the session has had another. */
const STD = 0.01;

/** @typedef {{session: Session, runs: Run[]}} Rival */

/** @type {import("@preact/signals-core").Signal<readonly Rival[]>} */
export const rivals = signal([]);
/** Why the last one could not be had. @type {import("@preact/signals-core").Signal<string | null>} */
export const refusedRival = signal(null);
export const askingRival = signal(false);

/** What a link or a name stands for. @param {string} text @returns {string | null} */
export function sessionIn(text) {
  const bare = text.trim();
  if (/^[A-Za-z0-9_-]{8,128}$/.test(bare)) return bare;
  try {
    return address.read(new URL(bare, location.href).search).session;
  } catch {
    return null;
  }
}

/** A session to compare with. @param {string} text  its link or its name */
export function addRival(text) {
  return ask(async () => {
    const id = sessionIn(text);
    if (id === null) throw new Refusal(t("compare.rival.unread"));
    if (id === session.peek()?.id) throw new Refusal(t("compare.rival.same"));
    const [found, runs] = await Promise.all([api.getSession(id, 1), calls.getRuns(id)]);
    if (!runs.some(({ step }) => step > 0)) throw new Refusal(t("compare.rival.untrained"));
    put({ session: found, runs });
  });
}

/**
 * The network on the screen once more, with other initial weights or another activation, and trained
 * as a run of it was: with the same samples, the same mini-batches, the same seeds.
 * @param {Run} former
 * @param {{initializer: string, activation: string | null}} wanted  null: as they are
 * @returns {Promise<Run | null>}
 */
export async function makeRival(former, wanted) {
  /** @type {Run | null} */
  let begun = null;
  await ask(async () => {
    const now = session.peek();
    if (!now) return;
    const made = await api.createSession(bodyOf(now, former, wanted));
    const token = made.edit_token ?? "";
    remember(made.id, token);
    keep(made);
    begun = await calls.startRun(made.id, token, { ...planOf(former), optimizer: former.optimizer });
    put({ session: made, runs: [begun] });
  });
  return begun;
}

/** @param {string} id */
export function dropRival(id) {
  rivals.value = rivals.peek().filter(({ session: { id: one } }) => one !== id);
}

/** @param {Session} now @param {Run} former @param {{initializer: string, activation: string | null}} wanted */
function bodyOf(now, former, { initializer, activation }) {
  const { input_size, layers, loss, dtype } = now.network;
  const kinds = activations();
  const network = {
    input_size,
    dtype,
    loss,
    layers: layers.map((layer) => (activation && kinds.includes(layer.type) ? { type: activation } : layer)),
  };
  const first = now.initializer;
  const std = first?.type === "normal" ? first.std : STD;
  const drawn = initializer === "normal" ? { type: initializer, std } : initializer;
  return { network, initializer: drawn, seed: first?.seed ?? 0, optimizer: former.optimizer, ...samplesOf(now) };
}

/** @param {Session} now */
function samplesOf(now) {
  if (now.data) {
    const { dataset, split, samples, batch_size, seed, noise } = now.data;
    return { data: { dataset, split, samples, batch_size, seed, ...(noise > 0 ? { noise } : {}) } };
  }
  if (isOmitted(now.x) || (now.t !== null && isOmitted(now.t))) throw new Refusal(t("compare.rival.large"));
  return { x: now.x, t: now.t };
}

/** The types of layers that are functions of one number. */
export function activations() {
  return (catalogue.value?.layers ?? []).filter(({ activation }) => activation).map(({ name }) => name);
}

/** @param {Rival} rival */
function put(rival) {
  const others = rivals.peek().filter(({ session: { id } }) => id !== rival.session.id);
  rivals.value = [...others, rival].slice(-MOST);
  void follow(rival.session.id);
}

/** Look at a session's runs for as long as one goes on. @param {string} id */
async function follow(id) {
  for (;;) {
    const rival = rivals.peek().find(({ session: one }) => one.id === id);
    if (!rival || !rival.runs.some((run) => isActive(run) && run.state !== "paused")) return;
    await new Promise((resolve) => setTimeout(resolve, EVERY));
    try {
      const runs = await calls.getRuns(id);
      rivals.value = rivals.peek().map((one) => (one.session.id === id ? { ...one, runs } : one));
    } catch {
      return;
    }
  }
}

class Refusal extends Error {}

/** @param {() => Promise<void>} what */
async function ask(what) {
  if (askingRival.peek()) return;
  askingRival.value = true;
  refusedRival.value = null;
  try {
    await what();
  } catch (error) {
    refusedRival.value = error instanceof Refusal ? error.message : messageOf(error);
  } finally {
    askingRival.value = false;
  }
}
