/**
 * The lines of the session on the screen, what is wrong with what was typed instead, and what is
 * still to be given; and the changes that come of it.
 *
 * @import { Nested } from "../pagetypes.js"
 * @import { Code } from "../types.js"
 * @import { FieldError } from "../api.js"
 */
import { computed, effect, signal } from "@preact/signals-core";
import { ApiError } from "../api.js";
import { getCode } from "../calls.js";
import { messageOf } from "../messages.js";
import { edit, fork, openRecipe } from "../session.js";
import { graph, notice, panel, panelOpen, session, stale, visit } from "../store.js";
import { isOmitted, samplesOf, shapeOf } from "../values.js";

/** The lines that there are, and of what. @type {import("@preact/signals-core").Signal<{of: string, answer: Code} | null>} */
const known = signal(null);
/** Names that are read and have no value yet. @type {import("@preact/signals-core").Signal<readonly string[]>} */
export const missing = signal([]);
/** What the server says of the text that was sent. @type {import("@preact/signals-core").Signal<readonly FieldError[]>} */
export const faults = signal([]);
/** What else went wrong. @type {import("@preact/signals-core").Signal<string | null>} */
export const refused = signal(null);
export const sending = signal(false);

/** What a computation of one's own begins with. */
const FIRST = {
  code: "h = np.maximum(X @ W + b, 0)\nL = np.mean((h - T) ** 2)",
  values: {
    X: [
      [1, 2],
      [-1, 0.5],
    ],
    W: [
      [0.5, -1],
      [0.25, 1],
    ],
    b: [0.1, -0.2],
    T: [
      [1, 0],
      [0, 1],
    ],
  },
};

/** Which lines belong to what is on the screen. */
const wanted = computed(() => {
  const now = session.value;
  if (!now || !panelOpen.value || panel.value !== "code") return null;
  const { code } = now.network;
  const shapes = Object.values(now.parameters).map((value) => (isOmitted(value) ? value.shape : shapeOf(value)));
  const starts = now.grad_output !== null;
  return JSON.stringify([
    now.id,
    starts,
    code === undefined ? [now.network, samplesOf(now), now.t !== null] : [code, shapes],
  ]);
});

/** The lines on the screen; null while they are on their way. */
export const lines = computed(() => {
  const found = known.value;
  return found !== null && found.of === wanted.value ? found.answer : null;
});

/** Whether the session holds lines that may be changed. */
export const isProgram = computed(() => session.value?.network.code !== undefined);

effect(() => {
  const of = wanted.value;
  const id = session.peek()?.id;
  if (of === null || id === undefined || stale.value || known.peek()?.of === of) return;
  void fetchLines(id, of);
});
/** What was wrong with one session's lines is not wrong with another's. */
effect(() => {
  void visit.value;
  forget();
});

function forget() {
  missing.value = [];
  faults.value = [];
  refused.value = null;
}

/** @param {string} id @param {string} of */
async function fetchLines(id, of) {
  try {
    const answer = await getCode(id);
    if (wanted.peek() === of) known.value = { of, answer };
  } catch (error) {
    notice.value = messageOf(error);
  }
}

/**
 * Another text in the place of the session's.
 * @param {string} code
 * @param {Record<string, Nested>} values  of names that have had none
 * @returns {Promise<boolean>}  false where it was refused
 */
export async function apply(code, values) {
  if (sending.peek()) return false;
  sending.value = true;
  try {
    // Where shapes clash, the figure shows how far it comes.
    await edit([{ op: "code", code, values, up_to_clash: true }]);
    forget();
    return true;
  } catch (error) {
    tell(error, code);
    return false;
  } finally {
    sending.value = false;
  }
}

/** @param {unknown} error @param {string} code  that was refused */
function tell(error, code) {
  const errors = error instanceof ApiError ? error.errors : [];
  const names = errors.flatMap(({ pointer, code }) => (code === "missing" ? [nameOf(pointer)] : []));
  // One whose value was taken is asked for as long as the whole was not.
  const asked = missing.peek().filter((name) => !names.includes(name) && reads(code, name));
  missing.value = [...asked, ...names];
  faults.value = errors.filter(({ code }) => code !== "missing");
  refused.value = errors.length > 0 ? null : messageOf(error);
}

/** Whether a text has a name in it. @param {string} code @param {string} name */
export function reads(code, name) {
  return new RegExp(`(?<![\\p{L}\\w.])${name}(?![\\p{L}\\w])`, "u").test(code);
}

/** @param {string} pointer  into a list of edits */
function nameOf(pointer) {
  return pointer.split("/")[3] ?? "";
}

/** Where the shapes of the lines on the screen do not fit, and how they would. */
export const clash = computed(() => {
  const at = session.value?.network.clash;
  const answer = lines.value;
  return at && answer ? { ...at, fits: answer.fits } : null;
});

/** The result where it is an array whose gradient is not given, by its name and shape. */
export const unstarted = computed(() => {
  const now = session.value;
  if (!now || now.network.code === undefined || now.network.loss !== null || now.grad_output !== null) return null;
  if (now.network.clash) return null;
  const name = lines.value?.lines.at(-1)?.layers[0];
  const shape = graph.value?.edges.find(({ tensor }) => tensor === name)?.shape;
  return name !== undefined && shape ? { name, shape } : null;
});

/** Let the backward pass begin with 1 in every cell of the result. */
export async function begin() {
  const [now, result] = [session.peek(), unstarted.peek()];
  if (!now || now.network.code === undefined || !result) return;
  /** @param {readonly number[]} shape @returns {Nested} */
  const ones = ([size, ...rest]) => (size === undefined ? 1 : Array.from({ length: size }, () => ones(rest)));
  const { code } = now.network;
  try {
    await edit([{ op: "code", code, values: {}, grad_output: ones(result.shape) }]);
  } catch (error) {
    refused.value = messageOf(error);
  }
}

/** A copy of the network on the screen as lines that may be changed. */
export async function setFree() {
  try {
    await fork({ code: true });
  } catch (error) {
    refused.value = messageOf(error);
  }
}

/** A computation of one's own, from a small one. */
export async function openOwn() {
  await openRecipe({ base: structuredClone(FIRST), edits: [] }, { where: { seq: 0, element: 0 } });
  panel.value = "code";
  panelOpen.value = true;
}
