/**
 * The figure as SVG: one drawing with what all of its parts share (outlines of glyphs, shades of
 * scales) and the marks of the whole (an op is in play, the numbers are stale).
 *
 * Insides of closed boxes are further drawings in the same figure; a key may then have a label in
 * more than one of them, and the figure's own comes first.
 * @import { Graph } from "../types.js"
 * @import { Drawing } from "./drawing.js"
 * @import { LabelView } from "./labels.js"
 * @import { Box } from "./places.js"
 * @import { Pieces } from "./scene.js"
 * @import { Look, Sight } from "./sight.js"
 */
import { paintDrawing } from "./drawing.js";
import { glyphSymbols } from "./formula.js";
import { legendShades } from "./legend.js";
import { sightOf } from "./sight.js";
import { classWriter, svg } from "./svg.js";

/** A figure that takes fewer SVG elements than this is mounted as a whole, for readers and searches. */
const WHOLE = 2500;

/** @typedef {ReturnType<typeof paintFigure>} Figure */

/** @param {Graph} graph */
export function paintFigure(graph) {
  const { width, height } = graph;
  const element = svg("svg", { class: "figure", width, height, viewBox: `0 0 ${width} ${height}` });
  element.append(glyphSymbols(graph.glyphs), legendShades());
  const shared = element.querySelectorAll("*").length;
  const main = paintDrawing(graph, graph, element, { prefix: "edge-" });
  const mark = classWriter(element, "figure");
  /** @type {Set<Drawing>} */
  const insides = new Set();
  /** @type {Sight | null} */
  let sight = null;
  const whole = main.scene.size + shared < WHOLE;
  if (whole) main.mountAll();

  return {
    element,
    graph,
    main,
    /** Whether all of it is mounted at all times. */
    whole,
    /** SVG elements that all drawings share. */
    shared,
    labels: {
      /** @param {string} key  @returns {LabelView | undefined}  the outer one first, of those mounted */
      get(key) {
        for (const drawing of [main, ...insides]) {
          const [label] = drawing.labelsOf(key);
          if (label) return label;
        }
      },
    },
    /**
     * Paint the inside of a closed box; its parts are mounted by the drawing's own methods.
     * @param {Pieces} pieces
     * @param {SVGGElement} parent  stands where the inside is to be seen
     */
    addInside(pieces, parent) {
      const drawing = paintDrawing(pieces, graph, parent);
      if (sight) drawing.paint(sight);
      insides.add(drawing);
      return drawing;
    },
    /** @param {Drawing} drawing  its elements are the caller's to remove */
    removeInside(drawing) {
      insides.delete(drawing);
    },
    /** SVG elements mounted in insides. */
    insideSize: () => [...insides].reduce((sum, drawing) => sum + drawing.size(), 0),
    /**
     * @param {Look} look
     * @param {Box | null} [view]  of a figure that is not whole, what is out of it may come later
     */
    paint(look, view = null) {
      sight = sightOf(look);
      mark((look.event ? " playing" : "") + (look.stale ? " stale" : ""));
      main.paint(sight, view);
      for (const drawing of insides) drawing.paint(sight);
      return sight;
    },
  };
}
