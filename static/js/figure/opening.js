/**
 * Opening a closed box or an op in its place, and closing it: which is meant, where it stands before and
 * after, and the short motion between the two.
 *
 * The clicked box opens around the place where it is: nothing left of it moves, its row stays, what
 * was right of it is pushed aside. What was in it grows out of the small picture that a closed box
 * has of its inside.
 * @import { Graph, GraphNode, Group } from "../types.js"
 * @import { Turn } from "./openops.js"
 * @import { Place } from "./zoom.js"
 */
import { messageOf } from "../messages.js";
import { changeView, wantedView } from "../session.js";
import { graph, notice, view } from "../store.js";
import { isOp, turnAt } from "./openops.js";

const MOTION = 250;

/** @typedef {{id: string, x: number, y: number, graph: Graph, place: Place}} Anchor */

/** @type {{id: string} | null} */
let wanted = null;

/**
 * The closed box or the op, or the frame of an opened box, at a point of the figure.
 * @param {Graph} drawn
 * @param {readonly [number, number]} point
 * @returns {Turn | null}
 */
export function boxAt(drawn, [x, y]) {
  const node = drawn.nodes.find(
    (one) =>
      (one.opens || one.hides || one.closes) && Math.abs(x - one.x) <= one.w / 2 && Math.abs(y - one.y) <= one.h / 2,
  );
  if (node) return node.opens ? { opens: node.opens, id: node.id } : turnAt(node);
  const frame = frameAt(drawn, { x, y });
  return frame?.closes ? { closes: frame.closes, id: frame.id } : null;
}

/** The frame around a point. @param {Graph} drawn @param {{x: number, y: number}} point */
function frameAt(drawn, { x, y }) {
  return drawn.groups.find((g) => x >= g.x && x <= g.x + g.w && y >= g.y && y <= g.y + g.h);
}

/** @param {Turn} turn */
export async function openOrClose(turn) {
  if ("opens" in turn) await open(turn.opens, turn.id);
  else await close(turn.closes, turn.id);
}

/** @param {string} name  of a layer or an op, or "loss" @param {string} id  of the node that was clicked */
async function open(name, id) {
  const { open: opened } = wantedView();
  await look(id, name === "loss" ? { loss: "opened" } : { open: [...opened, name] });
}

/** @param {string} name @param {string} id */
async function close(name, id) {
  const { level, open: opened } = wantedView();
  if (name === "loss") return look(id, { loss: "closed" });
  // What is opened in a layer closes with it.
  const left = opened.filter((one) => one !== name && !one.startsWith(`${name}.`));
  if (isOp(name) || level === "network" || level === "layer") return look(id, { open: left });
  // Among operations all layers stand opened; with one closed they are boxes that are opened.
  const others = (graph.peek()?.groups ?? []).flatMap(({ closes }) => (closes && closes !== "loss" ? [closes] : []));
  return look(id, { level: "layer", open: [...others.filter((one) => one !== name), ...left.filter(isOp)] });
}

/** Close what was opened last; whether there was anything to close. */
export function goUp() {
  const { level, loss, open: opened } = view.peek();
  const boxes = level === "network" || level === "layer";
  const last = opened.findLast((name) => (isOp(name) ? closer(name) : boxes));
  if (last && isOp(last)) void close(last, closer(last)?.id ?? last);
  else if (boxes && loss === "opened") void close("loss", "loss.softmax");
  else if (last) void close(last, last);
  else return false;
  return true;
}

/** @param {string} name  of an op  @returns {GraphNode | undefined}  where it closes, if it is to be seen opened */
function closer(name) {
  return graph.peek()?.nodes.find(({ closes }) => closes === name);
}

/** @param {string} id @param {Parameters<typeof changeView>[0]} change */
async function look(id, change) {
  wanted = { id: partOf(staying(id)) };
  try {
    await changeView(change);
  } catch (error) {
    notice.value = messageOf(error);
  } finally {
    wanted = null;
  }
}

/** A node that goes as its op closes leaves its place to the one that stays. @param {string} id */
function staying(id) {
  const node = graph.peek()?.nodes.find((one) => one.id === id);
  if (node?.closes === undefined) return id;
  return node.closes === "loss.mean" ? "loss.cross_entropy" : node.closes;
}

/** The boxes of the loss have the ids of its frames but for a colon. @param {string} id */
function partOf(id) {
  return id.replace(":", ".");
}

/**
 * Where the box that is about to open or close stands, before its figure is replaced.
 * @param {Graph | null} drawn
 * @param {Place} place
 * @returns {Anchor | null}
 */
export function anchor(drawn, place) {
  if (!wanted || !drawn) return null;
  const at = spotOf(drawn, wanted.id);
  return at && { id: wanted.id, ...at, graph: drawn, place };
}

/**
 * The place at which nothing left of the box has moved, and the box stands in the same row.
 * @param {Anchor} before
 * @param {Graph} drawn
 * @returns {Place}
 */
export function placeAfter({ id, x, y, graph: old, place }, drawn) {
  const row = spotOf(drawn, id)?.y ?? y;
  const stays = old.nodes.filter((node) => node.x + node.w / 2 < x).sort((a, b) => b.x - a.x);
  const now = new Map(drawn.nodes.map((node) => [node.id, node]));
  const beside = stays.find((node) => now.has(node.id));
  const shift = beside ? beside.x - (now.get(beside.id)?.x ?? beside.x) : 0;
  return { k: place.k, x: place.x + shift * place.k, y: place.y + (y - row) * place.k };
}

/** Left side and row of a box, closed or opened. @param {Graph} drawn @param {string} id */
function spotOf(drawn, id) {
  const node = drawn.nodes.find((one) => (one.opens || one.hides || one.closes) && partOf(one.id) === id);
  if (node) return { x: node.x - node.w / 2, y: node.y };
  const frame = drawn.groups.find((one) => one.id === id);
  return frame ? { x: frame.x, y: rowIn(drawn, frame) } : null;
}

/** The row of the chain, in which a frame stands. @param {Graph} drawn @param {Group} frame */
function rowIn(drawn, frame) {
  const isLoss = frame.closes === "loss";
  const end = isLoss && drawn.edges.find((edge) => edge.direction === "forward" && edge.to === null);
  if (end) return end.points[0][1];
  const op = drawn.nodes.find((node) => node.kind === "op" && node.layer === frame.layer);
  return op ? op.y : frame.y + frame.h / 2;
}

/**
 * Let the parts of the new figure come from where they were in the old one.
 * @param {Anchor} before
 * @param {Graph} drawn
 * @param {Place} place  where the new figure is seen
 * @param {Element} element  the new figure
 */
export function animate(before, drawn, place, element) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const dx = (before.place.x - place.x) / place.k;
  const dy = (before.place.y - place.y) / place.k;
  const old = spots(before.graph);
  const now = spots(drawn);
  for (const [selector, prefix] of KINDS) {
    for (const part of element.querySelectorAll(`:scope > g > [data-${selector}]`)) {
      const name = `${prefix} ${part.getAttribute(`data-${selector}`)}`;
      const from = old.get(name);
      const to = now.get(name);
      if (from && to) {
        slide(part, `translate(${from.x + dx - to.x}px, ${from.y + dy - to.y}px)`);
      } else {
        const start = smallPicture(before.graph, drawn, part, dx, dy);
        if (start) slide(part, start);
        part.animate([{ opacity: 0 }, { opacity: 1 }], { duration: MOTION, easing: "ease-out" });
      }
    }
  }
}

/** @type {[string, string][]} */
const KINDS = [
  ["node", "node"],
  ["group", "group"],
  ["key", "label"],
  ["edge", "line"],
];

/** @param {Element} part @param {string} transform */
function slide(part, transform) {
  part.animate([{ transform }, { transform: "none" }], { duration: MOTION, easing: "ease-out" });
}

/** Where parts stand whose place tells how they moved; lines change their form and fade instead. @param {Graph} drawn */
function spots(drawn) {
  /** @type {Map<string, {x: number, y: number}>} */
  const found = new Map();
  for (const { id, x, y } of drawn.nodes) found.set(`node ${id}`, { x, y });
  for (const { id, x, y } of drawn.groups) found.set(`group ${id}`, { x, y });
  for (const { key, label } of drawn.edges) if (label) found.set(`label ${key}`, label);
  return found;
}

/**
 * The transform that puts a part of an opened box into the picture that the closed one had of it.
 * @param {Graph} old @param {Graph} drawn @param {Element} part @param {number} dx @param {number} dy
 */
function smallPicture(old, drawn, part, dx, dy) {
  const box = part.getAttribute("data-group") ?? ownerOf(drawn, part);
  const frame = drawn.groups.find(({ id }) => id === box);
  const node = old.nodes.find((one) => one.inside === box);
  if (!frame || !node?.inside_at) return null;
  const { x, y, scale } = node.inside_at;
  return `translate(${x + dx - frame.x * scale}px, ${y + dy - frame.y * scale}px) scale(${scale})`;
}

/** @param {Graph} drawn @param {Element} part  @returns {string | null}  the frame in which it stands */
function ownerOf(drawn, part) {
  const id = part.getAttribute("data-node");
  const node = id === null ? null : drawn.nodes.find((one) => one.id === id);
  const spot = node ?? labelled(drawn, part.getAttribute("data-key"));
  return (spot && frameAt(drawn, spot)?.id) ?? null;
}

/** @param {Graph} drawn @param {string | null} key */
function labelled(drawn, key) {
  return key === null ? null : (drawn.edges.find((edge) => edge.key === key)?.label ?? null);
}

/** @param {Graph} drawn @param {string | null} key  @returns {GraphNode | null}  the closed box a line leads into */
export function boxBehind(drawn, key) {
  const edge = drawn.edges.find((one) => one.key === key);
  return drawn.nodes.find((node) => node.opens && node.id === edge?.to) ?? null;
}
