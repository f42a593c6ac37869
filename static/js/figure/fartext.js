/**
 * What the canvas shows beside lines and boxes: heat maps at any scale and, where a figure is
 * legible but too rich to be mounted, its numbers, names and shapes.
 *
 * @import { Formula, Graph } from "../types.js"
 * @import { Box } from "./places.js"
 * @import { Part, Scene } from "./scene.js"
 * @import { Sight } from "./sight.js"
 */
import { heatCanvas, scaleOf } from "./heat.js";
import { cellsShown } from "./heatlabel.js";
import { inksIn } from "./palette.js";
import { nameIn } from "./pieces.js";
import { placesIn } from "./places.js";
import { fitOf, textsOf } from "./texts.js";

/**
 * @param {Scene} scene
 * @param {Graph} graph
 * @param {string} family  font
 */
export function makeFarText(scene, graph, family) {
  /** @type {Map<string, Path2D>} */
  const glyphs = new Map();
  /** @type {Map<Part, {of: unknown[], picture: HTMLCanvasElement | null}>} */
  const pictures = new Map();
  const mapped = scene.parts.filter(
    (part) => (part.kind === "label" && part.label.mode === "heat") || (part.kind === "node" && part.node.image),
  );

  /** @param {CanvasRenderingContext2D} context @param {Formula} formula @param {number} x @param {number} y */
  function writeFormula(context, formula, x, y) {
    for (const [id, gx, gy, width, height] of formula.glyphs) {
      const [vx, vy, vw, vh] = graph.glyphs[id].viewBox.split(" ").map(Number);
      let path = glyphs.get(id);
      if (!path) glyphs.set(id, (path = new Path2D(graph.glyphs[id].d)));
      context.save();
      context.translate(x + gx, y + gy);
      context.scale(width / vw, height / vh);
      context.translate(-vx, -vy);
      context.fill(path);
      context.restore();
    }
    for (const [rx, ry, width, height] of formula.rules) context.fillRect(x + rx, y + ry, width, height);
  }

  /** @param {CanvasRenderingContext2D} context @param {Part} part @param {Sight} sight @param {boolean} names */
  function writeLabel(context, part, sight, names) {
    if (part.kind !== "label") return;
    const { edge, label } = part;
    const colour = sight.palette[edge.direction === "forward" ? "ink" : "red"];
    context.fillStyle = sight.stale ? sight.palette.grey : colour;
    const known = sight.known(edge.key);
    const value = sight.value(edge.key);
    const places = known > 0 && value !== undefined ? placesIn(label) : [];
    if (places.length > 0) {
      const texts = textsOf(value);
      const { size, end } = fitOf(texts, places);
      const isAlone = places.length === 1;
      context.font = `${size}px ${family}`;
      context.textAlign = isAlone ? "center" : "right";
      for (const { position, x, y, width, height } of places) {
        if (position >= known || !texts[position]) continue;
        context.fillText(texts[position], x + width / 2 + (isAlone ? 0 : end), y + height / 2, width);
      }
      context.textAlign = "center";
    }
    if (!names) return;
    context.fillStyle = colour;
    if (label.name) {
      const formula = graph.formulas[label.name.formula];
      writeFormula(context, formula, label.name.x - formula.width / 2, label.name.y);
    }
    context.fillStyle = sight.palette.grey;
    context.font = `12px ${family}`;
    for (const { caption } of label.blocks ?? []) context.fillText(caption.text, caption.x, caption.y - 4);
    if (!label.shape?.text) return;
    context.fillText(label.shape.text, label.shape.x, label.shape.y - 4);
  }

  return {
    /**
     * Make the small pictures of the heat maps and of the input anew where their numbers changed.
     * @param {Sight} sight
     * @returns {boolean}  whether any has
     */
    prepare(sight) {
      let changed = false;
      for (const part of mapped) {
        const place = placeOf(part);
        const value = sight.value(place.key);
        const known = part.kind === "node" ? Infinity : sight.known(place.key);
        const of = [value, known, sight.cells(place.key), sight.palette];
        const kept = pictures.get(part);
        if (kept?.of.every((one, i) => one === of[i])) continue;
        const cells = cellsShown(value, known, sight.cells(place.key));
        const inks = inksIn(sight.palette, place.gradient);
        const picture =
          value === undefined || cells.length === 0
            ? null
            : heatCanvas(cells, place, inks, scaleOf(value, sight.cells(place.key)).high);
        changed ||= Boolean(picture || kept?.picture);
        pictures.set(part, { of, picture });
      }
      return changed;
    },
    /**
     * @param {CanvasRenderingContext2D} context  in the figure's px
     * @param {Sight} sight
     */
    pictures(context, sight) {
      context.imageSmoothingEnabled = false;
      context.globalAlpha = sight.stale ? 0.2 : 1;
      for (const [part, { picture }] of pictures) {
        const { x, y, w, h } = placeOf(part);
        if (picture) context.drawImage(picture, x, y, w, h);
      }
      context.globalAlpha = 1;
    },
    /**
     * @param {CanvasRenderingContext2D} context  in the figure's px
     * @param {Sight} sight
     * @param {Box} view
     * @param {boolean} names  whether the names and shapes of edges are written too
     */
    details(context, sight, view, names) {
      context.textAlign = "center";
      context.textBaseline = "middle";
      for (const part of scene.within(view)) {
        writeLabel(context, part, sight, names);
        if (part.kind !== "node" || part.node.kind === "layer" || part.node.image) continue;
        context.fillStyle = sight.palette.ink;
        if (part.node.kind === "constant") {
          const formula = graph.formulas[part.node.symbol ?? ""];
          writeFormula(context, formula, part.x, part.y + formula.ascent);
        } else {
          context.font = `${nameIn(part.node).length > 3 ? 12 : 17}px ${family}`;
          context.fillText(nameIn(part.node), part.node.x, part.node.y);
        }
      }
    },
  };
}

/** @param {Part} part  a heat map or the input  @returns {Box & {key: string, gradient: boolean, rows: number, columns: number}} */
function placeOf(part) {
  if (part.kind === "label") {
    const { x, y, w, h, rows, cols: columns } = part.label;
    return { x, y, w, h, rows, columns, key: part.edge.key, gradient: part.edge.direction === "backward" };
  }
  const { node } = /** @type {Extract<Part, {kind: "node"}>} */ (part);
  const [rows, columns] = /** @type {[number, number]} */ (node.image);
  return { x: part.x, y: part.y, w: part.w, h: part.h, rows, columns, key: node.id, gradient: false };
}
