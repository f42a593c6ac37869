/**
 * A stride of several ops in words: a sentence a layer, a sentence a phase, and the rules of what
 * it has made.
 *
 * @import { Cell, TraceEvent } from "../types.js"
 */
import { layerTitle } from "../figure/names.js";
import { short } from "../format.js";
import { acrossAll } from "../passed.js";
import { session } from "../store.js";

/** More rules than these would fill the panel. */
const MOST_RULES = 12;

/**
 * The name of the sentence, and what stands in it for its placeholders.
 * @template T
 * @param {readonly TraceEvent[]} events
 * @param {(key: string) => T} as
 * @returns {{key: string, names: Record<string, string | T | (string | T)[]>}}
 */
export function strideSentence(events, as) {
  const { reads, writes } = acrossAll(events);
  const { phase, layer } = events[0];
  const layers = new Set(events.map((event) => event.layer));
  const learned = learnedBy(events);
  const gradients = writes.filter((key) => /\.[Wb]\.grad$/.test(key));
  const parameters = learned.length > 0 ? learned : gradients;
  const isPhase = layers.size > 1;
  const made = learned.length > 0 || (isPhase && parameters.length > 0) ? parameters : writes;
  // Of this very pass: one sample of a batch by itself has a loss of its own.
  const loss = events.find(({ writes: [made] }) => made === "loss")?.values.loss;
  const type = session.value?.network.layers.find(({ name }) => name === layer)?.type;
  const names = {
    layer: layerTitle(layer),
    a: reads.length > 0 ? as(reads[0]) : "",
    w: reads.length > 1 ? as(reads[1]) : "",
    b: reads.length > 2 ? as(reads[2]) : "",
    out: as(writes[writes.length - 1]),
    loss: loss === undefined ? "" : short(/** @type {Cell} */ (loss)),
    count: String(isPhase && phase === "forward" ? layers.size : made.length),
    list: made.flatMap((key, i) => (i ? [", ", as(key)] : [as(key)])),
  };
  if (isWholeStep(events)) return { key: `passed.step.${learned.length > 0 ? "update" : "pass"}`, names };
  if (phase === "update") return { key: `passed.${isPhase ? "phase" : "layer"}.update`, names };
  const hasNone = phase === "backward" && parameters.length === 0;
  if (isPhase) return { key: `passed.phase.${hasNone ? "inputs" : phase}`, names };
  const isLoss = layer === "loss" && phase === "loss" && writes.includes("loss");
  const kind = isLoss ? "loss" : type === "affine" && phase === "forward" ? "affine" : "layer";
  return { key: `passed.${kind}.${phase === "backward" ? "backward" : "forward"}`, names };
}

/** New parameters among what was made. @param {readonly TraceEvent[]} events */
export function learnedBy(events) {
  return events.filter(({ phase }) => phase === "update").flatMap(({ writes }) => writes.slice(-1));
}

/** Whether they are of several phases. @param {readonly TraceEvent[]} events */
export function isWholeStep(events) {
  return new Set(events.map(({ phase }) => phase)).size > 1;
}

/** The events whose rules say what the stride did. @param {readonly TraceEvent[]} events */
export function strideRules(events) {
  const updates = events.filter(({ phase }) => phase === "update");
  if (updates.length > 0) return updates.slice(0, MOST_RULES);
  const { writes } = acrossAll(events);
  const isPhase = new Set(events.map(({ layer }) => layer)).size > 1;
  const isLast = (/** @type {TraceEvent} */ event, /** @type {number} */ i) => events[i + 1]?.layer !== event.layer;
  const chosen =
    events[0].phase === "backward"
      ? events.filter((event) => event.writes.some((key) => writes.includes(key)))
      : events.filter(isLast);
  const parameters = chosen.filter(({ writes: [made] }) => /\.[Wb]\.grad$/.test(made ?? ""));
  return (isPhase && parameters.length > 0 ? parameters : chosen).slice(0, MOST_RULES);
}
