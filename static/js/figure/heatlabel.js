/**
 * The numbers of a large tensor: a heat map with its range, from which a cell can be picked.
 *
 * @import { Cell, GraphEdge, Label, Value } from "../types.js"
 * @import { Numbers } from "./labels.js"
 */
import { full, short } from "../format.js";
import { flat, isOmitted } from "../values.js";
import { heatPicture, inksOf, range } from "./heat.js";
import { svg } from "./svg.js";

/**
 * @param {GraphEdge} edge
 * @param {Label} label
 * @param {SVGGElement} group
 * @returns {Numbers}
 */
export function heatNumbers(edge, label, group) {
  const { x, y, w: width, h: height, rows, cols } = label;
  const [cellWidth, cellHeight] = [width / cols, height / rows];
  const place = { x, y, width, height };
  const image = svg("image", { ...place, preserveAspectRatio: "none", class: "heat" });
  const mark = svg("rect", { class: "heat-mark", width: cellWidth, height: cellHeight });
  const shown = document.createTextNode("");
  const title = document.createTextNode("");
  const at = label.range ?? { x: x + width / 2, y: y + height + 11 };
  group.append(
    svg("rect", { class: "slot", ...place, rx: 3 }),
    svg("g", {}, svg("title", {}, title), image, mark),
    svg("text", { class: "range", ...at, "text-anchor": "middle" }, shown),
  );
  let painted = "";

  return {
    paint(value, known, fetched) {
      group.classList.toggle("empty", known < rows * cols);
      const numbers = cellsShown(value, known, fetched);
      const ends = numbers.length > 0 ? range(numbers) : rangeOfOmitted(value, known);
      shown.data = ends ? `${short(ends.min)} \u2026 ${short(ends.max)}` : "";
      title.data = ends ? `${full(ends.min)} \u2026 ${full(ends.max)}` : "";
      if (ends) group.setAttribute("data-range", `${full(ends.min)} ${full(ends.max)}`);
      else group.removeAttribute("data-range");
      const inks = inksOf(group, edge.direction === "backward");
      const address = numbers.length > 0 ? heatPicture(numbers, { rows, columns: cols }, inks) : "";
      if (address === painted) return;
      painted = address;
      if (address) image.setAttribute("href", address);
      else image.removeAttribute("href");
    },
    light(positions, current) {
      const position = current ?? [...positions][0] ?? null;
      mark.classList.toggle("shown", position !== null);
      if (position === null) return;
      mark.setAttribute("x", String(x + (position % cols) * cellWidth));
      mark.setAttribute("y", String(y + Math.floor(position / cols) * cellHeight));
    },
    positionAt(px, py) {
      const column = Math.floor((px - x) / cellWidth);
      const row = Math.floor((py - y) / cellHeight);
      const inside = column >= 0 && column < cols && row >= 0 && row < rows;
      return inside ? row * cols + column : null;
    },
  };
}

/** @param {Value | undefined} value @param {number} known @param {readonly Cell[] | undefined} fetched */
function cellsShown(value, known, fetched) {
  if (value === undefined || known === 0) return [];
  const numbers = fetched ?? flat(value);
  return known === Infinity ? numbers : numbers.slice(0, known);
}

/** @param {Value | undefined} value @param {number} known */
function rangeOfOmitted(value, known) {
  return value !== undefined && known > 0 && isOmitted(value) ? value : null;
}
