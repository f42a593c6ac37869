/**
 * What is to be seen at one moment: asked by the parts of the figure while they are painted, and
 * looked up once for all of them.
 *
 * @import { Cells, Held, Spot, Struck, Value } from "../pagetypes.js"
 * @import { TraceEvent } from "../types.js"
 * @import { Palette } from "./palette.js"
 */

/**
 * @typedef {{
 *   event: TraceEvent & {nodes?: readonly string[]} | null, known: (key: string) => number,
 *   value: (key: string) => Value | undefined, cells: (key: string) => Cells | undefined,
 *   stale: boolean, selection: Spot | null, op: string | null, pointed: readonly Spot[], current: Spot | null,
 *   palette: Palette, held: Held | null, struck: Struck | null,
 * }} Look
 * @typedef {Look & {
 *   marks: (key: string) => string, whole: (key: string) => boolean,
 *   pointedCells: (key: string) => ReadonlySet<number>, currentCell: (key: string) => number | null,
 *   lit: (nodes: readonly string[]) => boolean | undefined,
 *   given: (key: string) => ReadonlySet<number>, askedCell: (key: string) => number | null, veiled: (key: string) => boolean,
 * }} Sight
 */

/** @type {ReadonlySet<number>} */
const NONE = new Set();

/** @param {Look} look @returns {Sight} */
export function sightOf(look) {
  const { event, selection, current } = look;
  const reads = new Set(event?.reads);
  const writes = new Set(event?.writes);
  /** @type {Map<string, Set<number>>} */
  const pointed = new Map();
  const whole = new Set();
  for (const { key, index } of look.pointed) {
    if (index === null) whole.add(key);
    else pointed.set(key, (pointed.get(key) ?? new Set()).add(index));
  }
  const quiet = event === null && selection === null;
  return {
    ...look,
    /** The classes that an edge's line and label share, each with a space before it. */
    marks(key) {
      if (quiet) return "";
      const made = writes.has(key) ? " made" : "";
      return (reads.has(key) ? " lit" : "") + made + (selection?.key === key ? " selected" : "");
    },
    given: (key) => look.held?.given.get(key) ?? NONE,
    askedCell: (key) => look.held?.asked.get(key) ?? null,
    veiled: (key) => look.held?.asked.get(key) === null,
    whole: (key) => whole.has(key),
    pointedCells: (key) => pointed.get(key) ?? NONE,
    currentCell(key) {
      if (selection?.key === key && selection.index !== null) return selection.index;
      return current?.key === key ? current.index : null;
    },
    // An update is no op of the figure: where the parameter is inside a box, the box stands for it.
    lit: (nodes) =>
      event !== null &&
      (nodes.includes(event.node) ||
        event.nodes?.some((node) => nodes.includes(node)) ||
        (event.phase === "update" && nodes.length > 1 && nodes.every((node) => node.startsWith(`${event.layer}.`)))),
  };
}
