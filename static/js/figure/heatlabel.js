/**
 * The numbers of a large tensor: a heat map with its range and the meaning of its shades, from
 * which a cell can be picked.
 *
 * @import { Cells, Value } from "../pagetypes.js"
 * @import { Cell, GraphEdge, Label } from "../types.js"
 * @import { Numbers } from "./labels.js"
 */
import { full } from "../format.js";
import { flat, isOmitted } from "../values.js";
import { heatPicture, range, scaleOf } from "./heat.js";
import { legendView } from "./legend.js";
import { inksIn } from "./palette.js";
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
  const frame = svg("rect", { class: "heat-frame", ...place });
  const mark = svg("rect", { class: "heat-mark", width: cellWidth, height: cellHeight });
  group.append(svg("rect", { class: "slot", ...place, rx: 3 }), image, frame, mark);
  const legend = label.legend && legendView(label.legend, edge.direction);
  if (legend) group.append(legend.element);
  /** @type {unknown[]} */
  let painted = [];
  /** What the picture was made of last: after an edit many tensors are as they were. */
  /** @type {{of: unknown[], address: string}} */
  let made = { of: [], address: "" };

  /** @param {Cells} numbers @param {unknown[]} of @param {() => string} make */
  function pictured(numbers, of, make) {
    frame.classList.toggle("shown", numbers.length > 0);
    if (numbers.length === 0) return image.removeAttribute("href");
    if (!of.every((one, i) => one === made.of[i])) made = { of, address: make() };
    if (image.getAttribute("href") !== made.address) image.setAttribute("href", made.address);
  }

  return {
    paint(value, known, fetched, { palette }) {
      const now = [value, known, fetched, palette];
      if (now.every((one, i) => one === painted[i])) return;
      painted = now;
      const numbers = cellsShown(value, known, fetched);
      const ends = rangeOf(value, known, numbers);
      const scale = value !== undefined && known > 0 ? scaleOf(value, fetched) : null;
      legend?.paint(scale, ends);
      if (ends) group.setAttribute("data-range", `${full(ends.min)} ${full(ends.max)}`);
      else group.removeAttribute("data-range");
      const high = scale?.high;
      pictured(numbers, [fetched ?? value, known, high, palette], () => {
        const inks = inksIn(palette, edge.direction === "backward");
        return heatPicture(numbers, { rows, columns: cols }, inks, high);
      });
    },
    light(positions, current) {
      const position = current ?? [...positions][0] ?? null;
      mark.setAttribute("class", position === null ? "heat-mark" : "heat-mark shown");
      if (position === null) return;
      mark.setAttribute("x", String(x + (position % cols) * cellWidth));
      mark.setAttribute("y", String(y + Math.floor(position / cols) * cellHeight));
    },
  };
}

/**
 * @param {Value | undefined} value
 * @param {number} known
 * @param {Cells | undefined} fetched
 * @returns {Cells}  those computed so far, row-major; none where they are not here
 */
export function cellsShown(value, known, fetched) {
  if (value === undefined || known === 0) return [];
  const numbers = fetched ?? flat(value);
  return known === Infinity ? numbers : numbers.slice(0, known);
}

/**
 * @param {Value | undefined} value
 * @param {number} known
 * @param {Cells} numbers  those known, where they are here
 * @returns {{min: Cell, max: Cell} | null}
 */
function rangeOf(value, known, numbers) {
  if (value === undefined || known === 0) return null;
  // The trace tells the ends of all of it, whether or not the cells are here.
  if (isOmitted(value) && (known === Infinity || numbers.length === 0)) return value;
  return numbers.length > 0 ? range(numbers) : null;
}
