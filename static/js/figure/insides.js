/**
 * Semantic zoom: what is inside a closed box fades in when the box is large enough on the screen,
 * and out when it has become small. Nothing moves: the inside is drawn into the box.
 *
 * @import { GraphNode } from "../types.js"
 * @import { Drawing } from "./drawing.js"
 * @import { Figure } from "./painter.js"
 * @import { Viewport, Window } from "./zoom.js"
 */
import { effect } from "@preact/signals-core";
import * as api from "../api.js";
import { innerTrace, insidesShown, session, trace, view } from "../store.js";
import { meets } from "./grid.js";
import { svg } from "./svg.js";
import { viewIn } from "./zoom.js";

/** On-screen widths at which an inside comes and goes, in px: apart, so that nothing flickers. */
const COMES = 480;
const GOES = 320;
const FADE = 150;
/** SVG elements that all insides may take together. */
const MOST = 1400;

/** @typedef {{group: SVGGElement, drawing: Drawing, node: GraphNode}} Shown */

/** @param {Viewport} viewport */
export function makeInsides(viewport) {
  /** @type {Figure | null} */
  let figure = null;
  /** @type {Map<string, Shown>} */
  const shown = new Map();

  /** @param {Window} place */
  function update(place) {
    if (!figure) return;
    for (const node of figure.graph.nodes) {
      if (!node.inside || !node.inside_at) continue;
      const width = node.w * place.k;
      const there = shown.get(node.inside);
      if (there && (width < GOES || !isSeen(node, place))) hide(node.inside, there);
      else if (!there && width > COMES && isSeen(node, place)) show(node.inside, node);
    }
  }

  /** @param {string} key @param {GraphNode} node */
  function show(key, node) {
    const inside = figure?.graph.insides[key];
    const at = node.inside_at;
    if (!figure || !inside || !at || figure.insideSize() > MOST) return;
    const group = svg("g", {
      class: "inside",
      "data-inside": key,
      transform: `translate(${at.x} ${at.y}) scale(${at.scale})`,
    });
    group.style.setProperty("--inside-scale", String(at.scale));
    figure.element.append(group);
    const drawing = figure.addInside(inside, group);
    drawing.mountAll();
    shown.set(key, { group, drawing, node });
    box(node)?.classList.add("seen-into");
    fade(group, 0, 1);
    tell();
  }

  /** @param {string} key @param {Shown} one */
  function hide(key, one) {
    shown.delete(key);
    figure?.removeInside(one.drawing);
    box(one.node)?.classList.remove("seen-into");
    fade(one.group, 1, 0).addEventListener("finish", () => one.group.remove());
    tell();
  }

  function tell() {
    insidesShown.value = [...shown.keys()];
  }

  /** @param {GraphNode} node */
  function box(node) {
    return figure?.element.querySelector(`:scope > .nodes > [data-node="${CSS.escape(node.id)}"]`);
  }

  viewport.onChange(update);
  effect(() => {
    const needed = insidesShown.value.some((key) => key.startsWith("loss."));
    if (needed && trace.value && !innerTrace.value) void fetchInner();
  });

  return {
    /** @param {Figure} next */
    put(next) {
      figure = next;
      shown.clear();
      tell();
      update(viewport.place());
    },
  };
}

/** The pass with the loss opened: what happens inside the one step of the closed loss. */
async function fetchInner() {
  const outer = trace.peek();
  const id = session.peek()?.id;
  if (!id) return;
  try {
    const inner = await api.getTrace(id, { ...view.peek(), loss: "opened" });
    if (trace.peek() === outer) innerTrace.value = inner;
  } catch {
    // Its places stay empty; the next look asks again.
  }
}

/** @param {GraphNode} node @param {Window} place */
function isSeen({ x, y, w, h }, place) {
  return meets({ x: x - w / 2, y: y - h / 2, w, h }, viewIn(place));
}

/** @param {Element} element @param {number} from @param {number} to */
function fade(element, from, to) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  return element.animate([{ opacity: from }, { opacity: to }], { duration: still ? 0 : FADE, fill: "forwards" });
}
