/**
 * The small picture of each preset: its graph in a few dots and strokes, 72 x 40. That of a program
 * comes from the server.
 *
 * @import { Preset } from "../types.js"
 */
import { svg } from "lit-html";

/** @typedef {{dots?: number[][], boxes?: number[][], lines?: string[], back?: string[]}} Sketch */

/** @type {Record<string, Sketch>} */
const SKETCHES = {
  "fig-5-24": {
    dots: [
      [26, 18],
      [48, 18],
    ],
    lines: ["M4 8L20 15", "M4 28L20 21", "M32 18H42", "M22 34H48V24", "M54 18H68"],
  },
  "fig-5-25": {
    dots: [
      [26, 16],
      [48, 16],
    ],
    lines: ["M4 6L20 13", "M4 26L20 19", "M32 14H42", "M54 14H68"],
    back: ["M68 20H56", "M42 20H34", "M20 24L6 30", "M48 24V34H24"],
  },
  "fig-5-26": {
    boxes: [
      [4, 15, 14, 6],
      [32, 15, 14, 6],
      [52, 9, 10, 18],
    ],
    lines: ["M22 17H28", "M22 20H28", "M43 25V31H57V31"],
    back: ["M36 12V5H11V12"],
  },
  "fig-5-27": {
    dots: [
      [26, 16],
      [48, 16],
    ],
    boxes: [
      [3, 3, 12, 4],
      [3, 9, 12, 4],
      [58, 11, 12, 4],
      [58, 17, 12, 4],
    ],
    lines: ["M15 8L20 13", "M6 28L20 19", "M32 16H42", "M54 16H58"],
    back: ["M48 24V34H24"],
  },
  "fig-5-28": {
    boxes: [
      [3, 11, 18, 18],
      [27, 9, 8, 22],
      [39, 9, 8, 22],
      [51, 9, 8, 22],
    ],
    lines: ["M21 20H27", "M35 20H39", "M47 20H51", "M59 13H68", "M59 20H68", "M59 27H68"],
    back: ["M8 16H16L11 25"],
  },
  "fig-5-29": {
    dots: [
      [14, 9],
      [14, 20],
      [14, 31],
      [36, 9],
      [36, 20],
      [36, 31],
      [58, 20],
    ],
    lines: [
      "M3 9H9",
      "M3 20H9",
      "M3 31H9",
      "M19 9H31",
      "M19 20H31",
      "M19 31H31",
      "M41 9L54 17",
      "M41 20H53",
      "M41 31L54 23",
      "M63 20H69",
    ],
  },
  "fig-5-30": {
    boxes: [
      [14, 5, 16, 30],
      [40, 5, 16, 30],
    ],
    lines: ["M3 11H14", "M3 20H14", "M3 29H14", "M30 11H40", "M30 20H40", "M30 29H40", "M56 20H68"],
  },
  "two-layer": {
    dots: [
      [8, 14],
      [8, 26],
      [28, 8],
      [28, 20],
      [28, 32],
      [48, 14],
      [48, 26],
    ],
    lines: [
      "M13 14L23 9",
      "M13 14L23 20",
      "M13 26L23 21",
      "M13 26L23 32",
      "M33 8L43 13",
      "M33 20L43 15",
      "M33 20L43 25",
      "M33 32L43 27",
      "M53 20H68",
    ],
  },
};

/** @param {Preset} preset */
export function sketch({ id, sketch: made }) {
  const { dots = [], boxes = [], lines = [], back = [] } = SKETCHES[id] ?? strokes(made);
  return svg`<svg class="sketch" viewBox="0 0 72 40" width="72" height="40" aria-hidden="true">
    ${lines.map((d) => svg`<path class="line" d=${d}></path>`)}
    ${back.map((d) => svg`<path class="back" d=${d}></path>`)}
    ${boxes.map(([x, y, w, h]) => svg`<rect x=${x} y=${y} width=${w} height=${h} rx="2"></rect>`)}
    ${dots.map(([x, y]) => svg`<circle cx=${x} cy=${y} r=${made?.radius ?? 5}></circle>`)}
  </svg>`;
}

/** @param {Preset["sketch"]} made @returns {Sketch} */
function strokes(made) {
  if (!made) return {};
  return { dots: made.dots, lines: made.lines.map(([x, y, toX, toY]) => `M${x} ${y}L${toX} ${toY}`) };
}
