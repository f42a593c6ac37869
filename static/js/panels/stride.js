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
  const parameters = writes.filter((key) => /\.[Wb]\.grad$/.test(key));
  const isPhase = layers.size > 1;
  const made = isPhase && parameters.length > 0 ? parameters : writes;
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
  if (isPhase) return { key: `passed.phase.${phase}`, names };
  const isLoss = layer === "loss" && phase === "loss" && writes.includes("loss");
  const kind = isLoss ? "loss" : type === "affine" && phase === "forward" ? "affine" : "layer";
  return { key: `passed.${kind}.${phase === "backward" ? "backward" : "forward"}`, names };
}

/** The events whose rules say what the stride did. @param {readonly TraceEvent[]} events */
export function strideRules(events) {
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
