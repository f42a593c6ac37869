/**
 * What stands at one edge: its name, its shape and its numbers (a scalar, a grid in brackets, an
 * arrow for each class, a heat map, or none where the numbers stand in a picture).
 *
 * Before a number is computed its place is an empty dashed slot: never a 0.
 * @import { Cell, Graph, GraphEdge, Label, Value } from "../types.js"
 */
import { flat } from "../values.js";
import { cellView, lightCells, writeCell } from "./cells.js";
import { formulaGroup } from "./formula.js";
import { heatNumbers } from "./heatlabel.js";
import { head, svg } from "./svg.js";

/**
 * @typedef {{
 *   paint: (value: Value | undefined, known: number, cells: readonly Cell[] | undefined) => void,
 *   light: (positions: ReadonlySet<number>, current: number | null) => void,
 *   positionAt: (x: number, y: number) => number | null,
 * }} Numbers
 * @typedef {Numbers & {edge: GraphEdge, group: SVGGElement}} LabelView
 * @typedef {{position: number, x: number, y: number, width: number, height: number}} Place
 */

const FAN_HEAD = { length: 7, width: 7, filled: false };

/**
 * @param {GraphEdge} edge
 * @param {Label} label
 * @param {Graph} graph
 * @returns {LabelView}
 */
export function labelView(edge, label, graph) {
  const group = svg("g", { class: `label ${edge.direction} ${label.mode}`, "data-key": edge.key });
  const numbers = numbersView(edge, label, group);
  if (label.name) {
    const formula = graph.formulas[label.name.formula];
    const left = label.name.x - formula.width / 2;
    group.append(formulaGroup(formula, { x: left, y: label.name.y }));
  }
  if (label.shape) {
    const at = { class: "shape", x: label.shape.x, y: label.shape.y, "text-anchor": "middle" };
    group.append(svg("text", at, label.shape.text));
  }
  return { edge, group, ...numbers };
}

/**
 * @param {GraphEdge} edge
 * @param {Label} label
 * @param {SVGGElement} group
 * @returns {Numbers}
 */
function numbersView(edge, label, group) {
  if (label.mode === "heat") return heatNumbers(edge, label, group);
  if (label.mode === "fan") return fanNumbers(edge, label, group);
  if (label.mode === "name") return { paint() {}, light() {}, positionAt: () => null };
  const { x, y, w, h } = label;
  group.append(svg("rect", { class: "slot", x, y, width: w, height: h, rx: 3 }));
  if (label.mode === "grid") group.append(svg("path", { class: "bracket", d: brackets(label) }));
  return placedNumbers(gridPlaces(label), label.rows * label.cols, group);
}

/** @param {Label} label */
function brackets({ x, y, w, h }) {
  const lip = 4;
  return (
    `M${x + lip} ${y}H${x}V${y + h}H${x + lip}` +
    `M${x + w - lip} ${y}H${x + w}V${y + h}H${x + w - lip}`
  );
}

/** @param {Label} label @returns {Place[]} */
function gridPlaces({ x, y, rows, cols, cell_w: width, cell_h: height }) {
  return Array.from({ length: rows * cols }, (_, position) => ({
    position,
    x: x + (position % cols) * width,
    y: y + Math.floor(position / cols) * height,
    width,
    height,
  }));
}

/**
 * An arrow for each class with its number over it, the middle ones elided (figure 5-28).
 * @param {GraphEdge} edge
 * @param {Label} label
 * @param {SVGGElement} group
 */
function fanNumbers(edge, label, group) {
  const fan = /** @type {NonNullable<Label["fan"]>} */ (label.fan);
  for (const [x0, y, x1, y1] of fan.lines) {
    const line = svg("g", { class: `edge ${edge.direction}` });
    line.append(svg("path", { class: "line", d: `M${x0} ${y}L${x1} ${y1}` }));
    line.append(svg("path", { class: "head", d: head([[x0, y], [x1, y1]], FAN_HEAD) }));
    group.append(line);
  }
  fan.cells.forEach(([x, y, width, height]) => {
    group.append(svg("rect", { class: "slot", x, y, width, height, rx: 3 }));
  });
  if (fan.ellipsis) {
    const [x, y] = fan.ellipsis;
    group.append(svg("text", { class: "ellipsis", x, y, dy: "0.35em", "text-anchor": "middle" }, "\u22ee"));
  }
  const places = fan.cells.map(([x, y, width, height], i) => ({ position: fan.rows[i], x, y, width, height }));
  return placedNumbers(places, label.rows * label.cols, group);
}

/**
 * @param {Place[]} places  of the cells that are shown
 * @param {number} total  cells of the whole tensor
 * @param {SVGGElement} group
 * @returns {Numbers}
 */
function placedNumbers(places, total, group) {
  const cells = places.map((place) => ({ place, ...cellView(place) }));
  group.append(...cells.map((cell) => cell.box));
  return {
    paint(value, known) {
      const numbers = value === undefined ? [] : flat(value);
      group.classList.toggle("empty", known < total);
      for (const cell of cells) {
        const { position, width } = cell.place;
        writeCell(cell, position < known ? numbers[position] : undefined, width);
      }
    },
    light(positions, current) {
      lightCells(cells, positions, current);
    },
    positionAt(px, py) {
      const hit = places.find(
        ({ x, y, width, height }) => px >= x && px < x + width && py >= y && py < y + height,
      );
      return hit ? hit.position : null;
    },
  };
}
