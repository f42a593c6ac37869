/**
 * What the shades of a heat map stand for: a strip of them between the least and the greatest number.
 *
 * @import { Cell, Label } from "../types.js"
 * @import { Scale } from "./heat.js"
 */
import { short } from "../format.js";
import { asNumber, shareOf } from "../values.js";
import { squeeze, svg } from "./svg.js";

const STRIP = { width: 24, height: 9 };
const GAP = 3;
/** Where all cells are equal their shade still has a width. */
const LEAST_STRETCH = 0.001;
/** Width of one character at the size that the ends are set in, in px. */
const CHARACTER = 6.8;

/**
 * The colours of the strips, once in the page: a gradient for each direction, from 0 or through 0.
 */
export function legendShades() {
  const made = ["forward", "backward"].flatMap((direction) => [
    shade(`scale-${direction}`, ["stop-paper", `stop-${direction}`]),
    shade(`scale-${direction}-signed`, ["stop-below", "stop-paper", `stop-${direction}`]),
  ]);
  return svg("defs", {}, ...made);
}

/** @param {string} id @param {string[]} stops  their classes, evenly apart */
function shade(id, stops) {
  const made = stops.map((name, i) => svg("stop", { class: name, offset: i / (stops.length - 1) }));
  return svg("linearGradient", { id }, ...made);
}

/**
 * @param {NonNullable<Label["legend"]>} place
 * @param {string} direction
 */
export function legendView({ x, y, w }, direction) {
  const [low, high] = ["", ""].map((text) => document.createTextNode(text));
  const left = { x: x - STRIP.width / 2 - GAP, y, "text-anchor": "end" };
  const right = { x: x + STRIP.width / 2 + GAP, y, "text-anchor": "start" };
  const place = { x: x - STRIP.width / 2, y: y - STRIP.height, ...STRIP };
  const shades = svg("rect", { width: 1, height: 1 });
  // As a part of all shades: what is left of it and right of it is cut off.
  const part = svg("svg", { class: "shades", ...place, preserveAspectRatio: "none" }, shades);
  const ends = [svg("text", left, low), svg("text", right, high)];
  const element = svg("g", { class: "legend" }, part, svg("rect", { class: "strip", ...place }), ...ends);
  const room = (w - STRIP.width) / 2 - GAP;
  return {
    element,
    /**
     * @param {Scale | null} scale  of the whole tensor; null: nothing is known yet
     * @param {{min: Cell, max: Cell} | null} range  the least and the greatest so far
     */
    paint(scale, range) {
      element.setAttribute("class", scale && range ? "legend" : "legend unknown");
      low.data = range ? short(range.min) : "";
      high.data = range ? short(range.max) : "";
      for (const end of ends) squeeze(end, room, CHARACTER);
      if (!scale || !range) return;
      const { low: least, high: most } = scale;
      const [min, max] = [asNumber(range.min), asNumber(range.max)];
      const start = shareOf(Number.isFinite(min) ? min : least, least, most);
      const stop = Math.max(shareOf(Number.isFinite(max) ? max : most, least, most), start + LEAST_STRETCH);
      part.setAttribute("viewBox", `${start.toFixed(4)} 0 ${(stop - start).toFixed(4)} 1`);
      shades.setAttribute("fill", `url(#scale-${direction}${scale.low < 0 ? "-signed" : ""})`);
    },
  };
}
