/**
 * What stands at one edge: its name, its shape and its numbers (a scalar, a grid in brackets, an
 * arrow for each class, a heat map, or none where the numbers stand in a picture).
 *
 * Before a number is computed its place is an empty dashed slot: never a 0.
 * @import { Cells, Value } from "../pagetypes.js"
 * @import { Graph, GraphEdge, Label } from "../types.js"
 * @import { Place } from "./places.js"
 * @import { Sight } from "./sight.js"
 */
import { classAt, className } from "../classes.js";
import { later } from "../coming.js";
import { flat } from "../values.js";
import { cellView, lightCells, writeCell } from "./cells.js";
import { formulaName } from "./formula.js";
import { heatNumbers } from "./heatlabel.js";
import { cellsOf, matricesOf, placesIn, positionIn } from "./places.js";
import { classWriter, head, svg } from "./svg.js";
import { fitOf, NUMBER_SIZE, textsOf } from "./texts.js";

/**
 * @typedef {{
 *   paint: (value: Value | undefined, known: number, cells: Cells | undefined, sight: Sight) => void,
 *   light: (positions: ReadonlySet<number>, current: number | null) => void,
 * }} Numbers
 * @typedef {{
 *   edge: GraphEdge, group: SVGGElement, paint: (sight: Sight) => void,
 *   positionAt: (x: number, y: number) => number | null,
 * }} LabelView
 */

/** The score with which the row of a class begins, where there are single numbers. */
const SCORE = /^loss\.a\.\d+$/;
/** How far over the score's name that of the class stands, and the signs that it has room for. */
const ABOVE = 16;
const ROW_NAME = 13;
const FAN_HEAD = { length: 7, width: 7, filled: false };

/**
 * @param {GraphEdge} edge
 * @param {Label} label
 * @param {Graph} graph
 * @returns {LabelView}
 */
export function labelView(edge, label, graph) {
  const { key } = edge;
  const kind = `label ${edge.direction} ${label.mode}`;
  const group = svg("g", { class: kind, "data-key": key });
  const mark = classWriter(group, kind);
  const numbers = numbersView(edge, label, group);
  const total = cellsOf(label);
  if (label.name) {
    const { formula, x, y } = label.name;
    group.append(formulaName(graph.formulas[formula], { x, y, up: edge.direction === "forward" }));
  }
  if (label.shape?.text) {
    const at = { class: "shape", x: label.shape.x, y: label.shape.y, "text-anchor": "middle" };
    group.append(svg("text", at, label.shape.text));
  }
  const rowName = label.name && SCORE.test(key) ? rowNameView(key, label.name, group) : null;
  let lit = "";
  /** @type {SVGTextElement | undefined} */
  let mystery;
  /** @type {unknown[]} */
  let struck = [];
  return {
    edge,
    group,
    positionAt: (x, y) => positionIn(label, x, y),
    paint(sight) {
      const known = sight.known(key);
      rowName?.();
      const veil = sight.veiled(key) ? " veiled" : "";
      mark((known < total ? " empty" : "") + veil + sight.marks(key) + (sight.whole(key) ? " pointed" : ""));
      numbers.paint(sight.value(key), known, sight.cells(key), sight);
      const wrong = [sight.struck?.get(key), known];
      if (wrong[0] !== struck[0] || (wrong[0] && known !== struck[1])) {
        struck = wrong;
        later.value?.strike(group, sight.struck?.get(key), known);
      }
      const positions = sight.pointedCells(key);
      const current = sight.currentCell(key);
      const light = `${current ?? ""}/${[...positions]}`;
      if (veil && !mystery) group.append((mystery = mysteryView(label)));
      else if (!veil && mystery) mystery = void mystery.remove();
      if (light === lit) return;
      lit = light;
      numbers.light(positions, current);
    },
  };
}

/** What stands for numbers whose very shape is asked for. @param {Label} label */
function mysteryView({ x, y, w, h }) {
  return svg("text", { class: "asked", x: x + w / 2, y: y + h / 2, dy: "0.35em", "text-anchor": "middle" }, "?");
}

/**
 * Where the row of a class begins, its name stands over that of the score.
 * @param {string} key
 * @param {{x: number, y: number}} at  of the score's name
 * @param {SVGGElement} group
 * @returns {() => void}  writes the name that the class has by now
 */
function rowNameView(key, { x, y }, group) {
  const text = svg("text", { class: "of-class", x, y: y - ABOVE, "text-anchor": "middle" });
  let written = "";
  return () => {
    const k = classAt({ key, index: null });
    const name = (k === null ? null : className(k, ROW_NAME)) ?? "";
    if (name === written) return;
    written = name;
    text.replaceChildren(name);
    if (name === "") text.remove();
    else group.append(text);
  };
}

/**
 * @param {GraphEdge} edge
 * @param {Label} label
 * @param {SVGGElement} group
 * @returns {Numbers}
 */
function numbersView(edge, label, group) {
  if (label.mode === "heat") return heatNumbers(edge, label, group);
  if (label.mode === "name") return { paint() {}, light() {} };
  if (label.mode === "fan") {
    drawFan(edge, label, group);
  } else {
    const { x, y, w, h } = label;
    group.append(svg("rect", { class: "slot", x, y, width: w, height: h, rx: 3 }));
    if (label.mode === "grid") group.append(svg("path", { class: "bracket", d: brackets(label) }));
    for (const { caption } of label.blocks ?? []) {
      group.append(svg("text", { class: "shape", x: caption.x, y: caption.y, "text-anchor": "middle" }, caption.text));
    }
  }
  return placedNumbers(placesIn(label), group, edge.key);
}

/** @param {Label} label */
function brackets(label) {
  const lip = 4;
  const [w, h] = [label.cols * label.cell_w, label.rows * label.cell_h];
  return matricesOf(label)
    .map(
      ({ x, y }) =>
        `M${x + lip} ${y}H${x}V${y + h}H${x + lip}` + `M${x + w - lip} ${y}H${x + w}V${y + h}H${x + w - lip}`,
    )
    .join("");
}

/**
 * An arrow for each class with a place for its number over it, the middle ones elided (figure 5-28).
 * @param {GraphEdge} edge
 * @param {Label} label
 * @param {SVGGElement} group
 */
function drawFan(edge, label, group) {
  const fan = /** @type {NonNullable<Label["fan"]>} */ (label.fan);
  for (const [x0, y, x1, y1] of fan.lines) {
    const line = svg("g", { class: `edge ${edge.direction}` });
    line.append(svg("path", { class: "line", d: `M${x0} ${y}L${x1} ${y1}` }));
    line.append(
      svg("path", {
        class: "head",
        d: head(
          [
            [x0, y],
            [x1, y1],
          ],
          FAN_HEAD,
        ),
      }),
    );
    group.append(line);
  }
  fan.cells.forEach(([x, y, width, height]) => {
    group.append(svg("rect", { class: "slot", x, y, width, height, rx: 3 }));
  });
  if (!fan.ellipsis) return;
  const [x, y] = fan.ellipsis;
  group.append(svg("text", { class: "ellipsis", x, y, dy: "0.35em", "text-anchor": "middle" }, "\u22ee"));
}

/**
 * @param {Place[]} places  of the cells that are shown
 * @param {SVGGElement} group
 * @param {string} key
 * @returns {Numbers}
 */
function placedNumbers(places, group, key) {
  const alone = places.length === 1;
  const cells = places.map((place) => ({ place, ...cellView(place, alone) }));
  group.append(...cells.map((cell) => cell.box));
  /** @type {[Value | undefined, number, ReadonlySet<number> | null, number | null]} */
  let written = [undefined, 0, null, null];
  let fit = { size: NUMBER_SIZE, end: 0 };

  /** @param {{size: number, end: number}} wanted */
  function setType(wanted) {
    for (const { text, place } of cells) {
      if (wanted.size !== fit.size) text.style.fontSize = wanted.size === NUMBER_SIZE ? "" : `${wanted.size}px`;
      if (!alone && wanted.end !== fit.end) text.setAttribute("x", String(place.x + place.width / 2 + wanted.end));
    }
    fit = wanted;
  }

  return {
    paint(value, known, _cells, sight) {
      const given = sight.given(key);
      const asked = sight.askedCell(key);
      const now = /** @type {typeof written} */ ([value, known, given, asked]);
      if (now.every((one, i) => one === written[i])) return;
      const numbers = value === undefined ? [] : flat(value);
      const texts = textsOf(value);
      if (written[0] !== value && numbers.length > 0) setType(fitOf(texts, places));
      written = now;
      for (const cell of cells) {
        const { position } = cell.place;
        const isKnown = position < known || given.has(position);
        const isAsked = position === asked && !isKnown;
        const text = isKnown ? (texts[position] ?? "") : isAsked ? "?" : "";
        writeCell(cell, isKnown ? numbers[position] : undefined, text);
        cell.text.classList.toggle("asked", isAsked);
      }
    },
    light: (positions, current) => lightCells(cells, positions, current),
  };
}
