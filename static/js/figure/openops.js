/**
 * Ops that open, as layers do: + of an Affine, before which Repeat then stands, and the mean of the
 * closed loss, which is then 1/N after it. The drawing says in which node one is hidden and to which
 * nodes an opened one belongs; its name has a dot, which no layer's has.
 *
 * @import { Graph, GraphNode } from "../types.js"
 */

/** @typedef {{opens: string, id: string} | {closes: string, id: string}} Turn  what opens or closes, and at which node */

/** @param {string} name  of what is opened */
export function isOp(name) {
  return name.includes(".");
}

/** @param {string} name  of an op that opens  @returns {string} the node that it shows, as the figure names it */
export function shownBy(name) {
  return name === "loss.mean" ? "1/N" : "Repeat";
}

/** @param {GraphNode | undefined} node  @returns {Turn | null}  what of an op opens or closes at a node */
export function turnAt(node) {
  if (node?.hides) return { opens: node.hides, id: node.id };
  return node?.closes ? { closes: node.closes, id: node.id } : null;
}

/** @param {Graph} drawn @param {string} node  of an event  @returns {Turn | null} */
export function turnOf(drawn, node) {
  return turnAt(drawn.nodes.find((one) => (one.hides || one.closes) && one.nodes.includes(node)));
}

/** @param {Graph} drawn @param {string | null} key  @returns {Turn | null}  what opens or closes at an end of an arrow */
export function turnBeside(drawn, key) {
  const edge = drawn.edges.find((one) => one.key === key);
  return turnAt(drawn.nodes.find((one) => (one.hides || one.closes) && (one.id === edge?.to || one.id === edge?.from)));
}

/** @param {Graph} drawn @param {string | null} key  @returns {Turn | null}  of the op into which what is given leads: b */
export function turnBehind(drawn, key) {
  const edge = drawn.edges.find((one) => one.key === key && one.direction === "forward");
  const begin = drawn.nodes.find(({ id }) => id === edge?.from);
  const node = drawn.nodes.find(({ id }) => id === edge?.to);
  return begin?.kind === "source" && node?.kind === "op" ? turnAt(node) : null;
}

/** @param {Graph} before @param {Graph | null} drawn  @returns {string | undefined}  the node that an op shows and did not */
export function appeared(before, drawn) {
  const old = new Set(before.nodes.map(({ id }) => id));
  return drawn?.nodes.find(({ id, closes }) => closes && !old.has(id))?.id;
}
