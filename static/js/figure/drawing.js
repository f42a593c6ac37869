/**
 * A list of nodes, edges and groups painted into a `<g>`: the figure itself, or what is inside a
 * closed box. Only the parts that are asked for are mounted; painting touches those alone.
 *
 * Layers from back to front: group boxes, lines, nodes, labels, numbered boxes.
 * @import { Graph } from "../types.js"
 * @import { LabelView } from "./labels.js"
 * @import { PartView } from "./pieces.js"
 * @import { Box } from "./places.js"
 * @import { Part, Pieces } from "./scene.js"
 * @import { Sight } from "./sight.js"
 */
import { meets } from "./grid.js";
import { partView } from "./pieces.js";
import { KINDS, sceneOf } from "./scene.js";
import { svg } from "./svg.js";

const NAMES = { group: "groups", line: "lines", node: "nodes", label: "labels", box: "boxes" };

/** @typedef {ReturnType<typeof paintDrawing>} Drawing */

/**
 * @param {Pieces} pieces
 * @param {Graph} graph  whose formulas they use
 * @param {SVGGElement | SVGSVGElement} parent  the layers are appended to it
 * @param {{prefix?: string}} [options]  labels get an id that begins so
 */
export function paintDrawing(pieces, graph, parent, { prefix } = {}) {
  const scene = sceneOf(pieces, graph.formulas);
  /** @type {Map<Part, PartView>} */
  const mounted = new Map();
  /** @type {Map<string, LabelView[]>} */
  const labels = new Map();
  /** Mounted out of sight, and not painted since something has changed. @type {Set<Part>} */
  const late = new Set();
  /** @type {ReadonlySet<Part>} */
  let pinned = new Set();
  /** @type {Sight | null} */
  let seen = null;
  let size = 0;
  const layers = new Map(KINDS.map((kind) => [kind, layer(svg("g", { class: NAMES[kind] }))]));
  for (const { group } of layers.values()) parent.append(group);

  /** @param {Part} part */
  function mount(part) {
    const view = partView(part, graph);
    const { label } = view;
    if (label) {
      const { key } = label.edge;
      if (prefix !== undefined) label.group.id = prefix + key;
      labels.set(key, [...(labels.get(key) ?? []), label]);
    }
    // For readers of the screen, which are told where one stands.
    if (prefix !== undefined && part.kind === "node") view.element.id = `op-${part.node.id}`;
    if (seen) view.paint?.(seen);
    mounted.set(part, view);
    size += part.size;
    layers.get(part.kind)?.add(part.order, view.element);
  }

  /** @param {Part} part */
  function unmount(part) {
    const view = /** @type {PartView} */ (mounted.get(part));
    const { label } = view;
    if (label) {
      const left = (labels.get(label.edge.key) ?? []).filter((one) => one !== label);
      if (left.length > 0) labels.set(label.edge.key, left);
      else labels.delete(label.edge.key);
    }
    mounted.delete(part);
    late.delete(part);
    size -= part.size;
    layers.get(part.kind)?.remove(part.order, view.element);
  }

  return {
    scene,
    /** SVG elements that are mounted now. */
    size: () => size,
    /** @param {string} key  @returns {readonly LabelView[]}  those mounted now */
    labelsOf: (key) => labels.get(key) ?? [],
    mountAll() {
      for (const part of scene.parts) if (!mounted.has(part)) mount(part);
    },
    /**
     * Keep these parts mounted, wherever one looks, until others are pinned.
     * @param {Iterable<Part>} parts
     */
    pin(parts) {
      pinned = new Set(parts);
      for (const part of pinned) if (!mounted.has(part)) mount(part);
    },
    /**
     * Go towards having mounted what is in view, and then what is around it.
     * @param {Box | null} view  in the drawing's own px; null: nothing but what is pinned
     * @param {Box | null} around
     * @param {{most: number, room: number, tidy: boolean}} limits  parts to mount now; SVG elements
     *   in all; whether parts that are out of sight go away even where there is room for them
     * @returns {{whole: boolean, done: boolean}}  whether all in view is mounted, and all around it
     */
    see(view, around, { most, room, tidy }) {
      const near = view && around ? scene.within(around) : [];
      const inView = near.filter((part) => view && meets(part, view));
      const wanted = new Set([...pinned, ...inView, ...near]);
      const missing = [...wanted].filter((part) => !mounted.has(part));
      const coming = missing.slice(0, most);
      const needed = coming.reduce((sum, part) => sum + part.size, size);
      if (tidy || needed > room) {
        for (const part of [...mounted.keys()]) if (!wanted.has(part)) unmount(part);
      }
      for (const part of coming) mount(part);
      return { whole: inView.every((part) => mounted.has(part)), done: coming.length === missing.length };
    },
    /**
     * @param {Sight} sight
     * @param {Box | null} [view]  what is out of it is painted later; null: all at once
     */
    paint(sight, view = null) {
      seen = sight;
      late.clear();
      for (const [part, one] of mounted) {
        if (!one.paint) continue;
        if (!view || meets(part, view)) one.paint(sight);
        else late.add(part);
      }
    },
    /**
     * Paint what has been left for later.
     * @param {Box | null} view  as far as it is in view; null: all of it
     */
    catchUp(view) {
      for (const part of late) {
        if (view && !meets(part, view)) continue;
        late.delete(part);
        if (seen) mounted.get(part)?.paint?.(seen);
      }
    },
  };
}

/**
 * Elements of a `<g>` in their order, whichever of them are there.
 * @param {SVGGElement} group
 */
function layer(group) {
  /** @type {number[]} */
  const orders = [];

  /** @param {number} order  @returns {number}  where it is, or would be */
  function placeOf(order) {
    let [low, high] = [0, orders.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (orders[middle] < order) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return {
    group,
    /** @param {number} order @param {Element} element */
    add(order, element) {
      const place = placeOf(order);
      group.insertBefore(element, group.children[place] ?? null);
      orders.splice(place, 0, order);
    },
    /** @param {number} order @param {Element} element */
    remove(order, element) {
      orders.splice(placeOf(order), 1);
      element.remove();
    },
  };
}
