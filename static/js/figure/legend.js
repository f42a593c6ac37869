/**
 * What the shades of a heat map stand for: a strip of them with the two ends of the scale.
 *
 * @import { Label } from "../types.js"
 * @import { Scale } from "./heat.js"
 */
import { short } from "../format.js";
import { squeeze, svg } from "./svg.js";

const STRIP = { width: 30, height: 8 };
const GAP = 4;
/** Width of one character at the size that the ends are set in, in px. */
const CHARACTER = 5.7;

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
  const [low, zero, high] = ["", "", ""].map((text) => document.createTextNode(text));
  const left = { x: x - STRIP.width / 2 - GAP, y, "text-anchor": "end" };
  const right = { x: x + STRIP.width / 2 + GAP, y, "text-anchor": "start" };
  const strip = svg("rect", { class: "strip", x: x - STRIP.width / 2, y: y - STRIP.height, ...STRIP });
  const ends = [svg("text", left, low), svg("text", right, high)];
  const element = svg("g", { class: "legend" }, strip, ends[0], svg("text", { x, y, "text-anchor": "middle" }, zero), ends[1]);
  const room = (w - STRIP.width) / 2 - GAP;
  return {
    element,
    /** @param {Scale | null} scale  null: nothing is known yet */
    paint(scale) {
      element.setAttribute("class", scale ? "legend" : "legend unknown");
      low.data = scale ? short(scale.low) : "";
      high.data = scale ? short(scale.high) : "";
      zero.data = scale && scale.low < 0 ? "0" : "";
      const signed = scale && scale.low < 0 ? "-signed" : "";
      strip.setAttribute("fill", `url(#scale-${direction}${signed})`);
      for (const end of ends) squeeze(end, room, CHARACTER);
    },
  };
}
