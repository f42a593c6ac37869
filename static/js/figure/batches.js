/**
 * The whole figure in few strokes: lines, nodes and places of numbers of the same look are one
 * path. The paths are kept by tiles, so that a step rebuilds those tiles only in which it shows.
 *
 * @import { Part, Scene } from "./scene.js"
 * @import { Palette } from "./palette.js"
 * @import { Sight } from "./sight.js"
 * @import { Box } from "./places.js"
 */
import { meets } from "./grid.js";
import { FILLED_HEAD, isRound } from "./pieces.js";
import { head } from "./svg.js";

const TILE = 1600;
const DIMMED = 0.38;

/**
 * How a batch is drawn, from back to front: widths in the figure's px, and in px of the screen
 * under which they do not go; `dim` where an op is in play elsewhere.
 * @type {Record<string, {stroke?: keyof Palette, fill?: keyof Palette, width?: number, least?: number,
 *   dash?: number[], alpha?: number}>}
 */
const STYLES = {
  group: { stroke: "faint", width: 1, least: 1 },
  chosen: { stroke: "accent-wash", width: 14, least: 5 },
  waiting: { stroke: "faint", width: 1, least: 0.4 },
  backward: { stroke: "red", width: 3, least: 1.4 },
  forward: { stroke: "ink", width: 1.2, least: 0.5 },
  made: { stroke: "ink", width: 2, least: 1.2 },
  head: { fill: "red" },
  empty: { stroke: "faint", fill: "paper", width: 1, least: 0.4 },
  computed: { fill: "ink", alpha: 0.3 },
  gradient: { fill: "red", alpha: 0.34 },
  played: { fill: "accent-wash", stroke: "accent", width: 1.6, least: 1 },
  node: { fill: "paper", stroke: "ink", width: 1.4, least: 0.6 },
  lit: { fill: "paper", stroke: "accent", width: 2.6, least: 2 },
};
/** Batches that step back when something else is in play. */
const STEP_BACK = new Set(["waiting", "backward", "forward", "head", "empty", "computed", "gradient", "node"]);

/** @typedef {{box: Box, parts: Part[], looks: string[], paths: Map<string, Path2D>}} Tile */

/** @param {Scene} scene */
export function makeBatches(scene) {
  const tiles = tilesOf(scene.parts);
  /** @type {Sight | null} */
  let seen = null;

  return {
    /**
     * @param {Sight} sight
     * @returns {boolean}  whether anything looks otherwise than before
     */
    update(sight) {
      if (sight === seen) return false;
      let changed = sight.palette !== seen?.palette;
      seen = sight;
      for (const tile of tiles) changed = rebuild(tile, sight) || changed;
      return changed;
    },
    /**
     * Draw as of the last update.
     * @param {CanvasRenderingContext2D} context  in the figure's px
     * @param {Sight} sight
     * @param {Box} view
     * @param {number} k  the scale
     * @param {boolean} written  whether numbers are to stand in their places, which are then clear
     */
    draw(context, sight, view, k, written) {
      // System colours stand for contrast: nothing steps back.
      const dimmed = matchMedia("(forced-colors: active)").matches ? 1 : DIMMED;
      const shown = tiles.filter((tile) => meets(tile.box, view));
      for (const [name, style] of Object.entries(STYLES)) {
        if (written && (name === "computed" || name === "gradient")) continue;
        for (const variant of STEP_BACK.has(name) ? [`${name} dim`, name] : [name]) {
          context.globalAlpha = (style.alpha ?? 1) * (variant === name ? 1 : dimmed);
          if (style.fill) context.fillStyle = sight.palette[style.fill];
          if (style.stroke) context.strokeStyle = sight.palette[style.stroke];
          context.lineWidth = Math.max(style.width ?? 0, (style.least ?? 0) / k);
          for (const { paths } of shown) {
            const path = paths.get(variant);
            if (path && style.fill) context.fill(path);
            if (path && style.stroke) context.stroke(path);
          }
        }
      }
      context.globalAlpha = 1;
    },
  };
}

/** @param {readonly Part[]} parts @returns {Tile[]} */
function tilesOf(parts) {
  /** @type {Map<string, Tile>} */
  const tiles = new Map();
  for (const part of parts) {
    const name = `${Math.floor((part.x + part.w / 2) / TILE)} ${Math.floor((part.y + part.h / 2) / TILE)}`;
    const tile = tiles.get(name);
    const { x, y, w, h } = part;
    if (!tile) {
      tiles.set(name, { box: { x, y, w, h }, parts: [part], looks: [], paths: new Map() });
      continue;
    }
    tile.parts.push(part);
    const [left, top] = [Math.min(tile.box.x, x), Math.min(tile.box.y, y)];
    const right = Math.max(tile.box.x + tile.box.w, x + w);
    const bottom = Math.max(tile.box.y + tile.box.h, y + h);
    tile.box = { x: left, y: top, w: right - left, h: bottom - top };
  }
  return [...tiles.values()];
}

/** @param {Tile} tile @param {Sight} sight  @returns {boolean}  whether it looks otherwise now */
function rebuild(tile, sight) {
  let same = tile.looks.length > 0;
  tile.parts.forEach((part, i) => {
    const look = lookOf(part, sight);
    if (look === tile.looks[i]) return;
    tile.looks[i] = look;
    same = false;
  });
  if (same) return false;
  tile.paths = new Map();
  tile.parts.forEach((part, i) => {
    for (const name of tile.looks[i].split("+")) {
      let path = tile.paths.get(name);
      if (!path) tile.paths.set(name, (path = new Path2D()));
      trace(part, name, path);
    }
  });
  return true;
}

/** @param {Part} part @param {Sight} sight  @returns {string}  its batches, joined by + */
function lookOf(part, sight) {
  if (part.kind === "group") return "group";
  const playing = sight.event !== null;
  if (part.kind === "node") {
    return sight.lit(part.node.nodes) || sight.op === part.node.id ? "lit" : playing ? "node dim" : "node";
  }
  const { key, direction, label } = part.edge;
  if (part.kind === "box") return "gradient";
  const marks = sight.marks(key);
  if (!playing && !marks && part.kind === "line" && label?.mode !== "fan") {
    return direction === "forward" ? "forward" : sight.known(key) === 0 ? "waiting" : "backward+head";
  }
  const known = sight.known(key);
  const dim = playing && !marks.includes("lit") && !marks.includes("made") ? " dim" : "";
  if (part.kind === "label") {
    if (part.label.mode === "name") return "none";
    if (marks || sight.whole(key)) return "played";
    return (known === 0 ? "empty" : direction === "forward" ? "computed" : "gradient") + dim;
  }
  const chosen = marks.includes("selected") ? "chosen+" : "";
  if (direction === "forward") return chosen + (marks.includes("made") ? "made" : `forward${dim}`);
  if (known === 0) return `${chosen}waiting${dim}`;
  return label?.mode === "fan" ? `${chosen}backward${dim}` : `${chosen}backward${dim}+head${dim}`;
}

/** @param {Part} part @param {string} name @param {Path2D} path */
function trace(part, name, path) {
  if (name === "none") return;
  if (part.kind === "line") {
    if (name.startsWith("head")) {
      path.addPath(new Path2D(head(part.edge.points, FILLED_HEAD)));
      return;
    }
    const lines = part.edge.label?.fan?.lines.map(([x0, y0, x1, y1]) => [
      [x0, y0],
      [x1, y1],
    ]);
    for (const points of lines ?? [part.edge.points]) {
      points.forEach(([x, y], i) => (i === 0 ? path.moveTo(x, y) : path.lineTo(x, y)));
    }
  } else if (part.kind === "node" && isRound(part.node)) {
    const { x, y, w } = part.node;
    path.moveTo(x + w / 2, y);
    path.arc(x, y, w / 2, 0, 2 * Math.PI);
  } else if (part.kind === "label") {
    const { fan, x, y, w, h } = part.label;
    for (const [cx, cy, cw, ch] of fan?.cells ?? [[x, y, w, h]]) path.rect(cx, cy, cw, ch);
  } else if (part.kind !== "node" || part.node.kind !== "constant") {
    path.roundRect(part.x, part.y, part.w, part.h, part.kind === "box" ? 0 : 8);
  }
}
