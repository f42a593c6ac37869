/**
 * The figure from afar: one canvas that draws all of it, where its texts could not be read or
 * where it would be too rich to be mounted as SVG.
 *
 * @import { Figure } from "./painter.js"
 * @import { Sight } from "./sight.js"
 * @import { Window } from "./zoom.js"
 */
import { makeBatches } from "./batches.js";
import { makeFarNames } from "./farnames.js";
import { makeFarText } from "./fartext.js";
import { viewIn } from "./zoom.js";

/** @param {HTMLElement} host */
export function makeFar(host) {
  const canvas = document.createElement("canvas");
  canvas.className = "far";
  canvas.setAttribute("aria-hidden", "true");
  host.append(canvas);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  /** @type {{batches: ReturnType<typeof makeBatches>, text: ReturnType<typeof makeFarText>, names: ReturnType<typeof makeFarNames>} | null} */
  let drawn = null;
  /** @type {Figure | null} */
  let prepared = null;
  /** What the canvas shows, apart from the look of its parts. */
  let shown = "";

  /** @param {number} width @param {number} height @param {number} ratio */
  function fill(width, height, ratio) {
    const [columns, rows] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width === columns && canvas.height === rows) return;
    canvas.width = columns;
    canvas.height = rows;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }

  return {
    canvas,
    /**
     * @param {Figure} figure
     * @param {Sight} sight
     * @param {Window} place
     * @param {{legible: boolean, moving: boolean}} how  legible: with numbers; names when it rests
     */
    draw(figure, sight, place, { legible, moving }) {
      if (figure !== prepared) {
        const { scene } = figure.main;
        const family = getComputedStyle(host).fontFamily;
        drawn = {
          batches: makeBatches(scene),
          text: makeFarText(scene, figure.graph, family),
          names: makeFarNames(scene, family),
        };
        prepared = figure;
        shown = "";
      }
      if (!drawn) return;
      const ratio = devicePixelRatio || 1;
      const now = `${Object.values(place)} ${ratio} ${legible} ${moving} ${sight.stale}`;
      const changed = [drawn.batches.update(sight), drawn.text.prepare(sight)].includes(true);
      // Numbers that change without being written here change nothing.
      if (!changed && now === shown && !legible) return;
      shown = now;
      const { x, y, k } = place;
      fill(place.width, place.height, ratio);
      const view = viewIn(place);
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, canvas.width, canvas.height);
      context.setTransform(ratio * k, 0, 0, ratio * k, ratio * x, ratio * y);
      drawn.batches.draw(context, sight, view, k, legible);
      drawn.text.pictures(context, sight);
      if (legible) drawn.text.details(context, sight, view, !moving);
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      drawn.names(context, sight, place);
    },
  };
}
