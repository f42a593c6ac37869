/**
 * The figure by keyboard: arrow keys walk from numbers to ops and on, Enter asks about either or
 * opens the box behind, Escape goes back.
 *
 * @import { Viewport } from "./zoom.js"
 */
import { batch, signal } from "@preact/signals-core";
import { ask, askedOp, asking, askOp, chosenOp, leave } from "../asking.js";
import { graph, selection, trace } from "../store.js";
import { boxesOf, boxOf } from "./focus.js";
import { turnBehind } from "./openops.js";
import { boxBehind, goUp, openOrClose } from "./opening.js";
import { readingOrder, walk } from "./walk.js";

/**
 * @param {HTMLElement} host
 * @param {Viewport} viewport
 */
export function listenToSteering(host, viewport) {
  /** On which way one walks: an op has both. */
  const way = signal(/** @type {"forward" | "backward"} */ ("forward"));

  /** @param {string} arrow */
  function go(arrow) {
    const drawn = graph.peek();
    if (!drawn) return;
    const op = chosenOp.value ?? askedOp.value;
    const to = walk(drawn, { op, key: selection.value?.key ?? null }, arrow, way.value);
    batch(() => {
      chosenOp.value = to.op;
      // An answer to another question does not stay beside what is chosen now.
      askedOp.value = null;
      selection.value = to.key === null ? null : { key: to.key, index: null };
    });
    const edge = drawn.edges.find(({ key }) => key === to.key);
    if (edge) way.value = edge.direction;
    for (const box of to.op ? boxOf(drawn, to.op) : boxesOf(drawn, to.key ?? "")) viewport.reveal(box);
  }

  /** @returns {boolean}  whether there is anything to enter */
  function enter() {
    const spot = selection.value;
    const op = chosenOp.value;
    if (op) {
      if (trace.value?.events.some(({ node }) => node === op)) askOp(op);
      return true;
    }
    if (!spot) return false;
    const box = graph.value && boxBehind(graph.value, spot.key);
    const turn = box?.opens ? { opens: box.opens, id: box.id } : graph.value && turnBehind(graph.value, spot.key);
    if (turn && spot.index === null) void openOrClose(turn);
    else ask({ key: spot.key, index: spot.index ?? 0 });
    return true;
  }

  host.addEventListener("keydown", (press) => {
    if (press.isComposing || press.keyCode === 229 || press.target !== host || !graph.value) return;
    if (press.ctrlKey || press.metaKey || press.altKey) return;
    if (press.key === "Enter") {
      if (!enter()) return;
    } else if (press.key === "Escape") {
      if (asking.value || askedOp.value || !goUp()) leave();
    } else if (press.key.startsWith("Arrow")) {
      go(press.key);
    } else {
      return;
    }
    press.preventDefault();
    press.stopPropagation();
  });
  host.addEventListener("focus", () => {
    if (selection.value || chosenOp.value || askedOp.value || !graph.value) return;
    selection.value = { key: readingOrder(graph.value)[0].key, index: null };
  });
}
