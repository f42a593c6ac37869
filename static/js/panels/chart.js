/**
 * Curves over the steps of a run, by uPlot: loss on the left, accuracy on the right. Dragging
 * zooms, a double click shows all again, a click names a step.
 *
 * @import { Cell, History } from "../types.js"
 */
import uPlot from "uplot";
import { short } from "../format.js";
import { language, t } from "../strings.js";
import { bringStyle } from "../style.js";

const HEIGHT = 200;
/** Where it is large: this share of the screen. */
const LARGE = 0.6;
/** A press that moved so far, in px, was meant to zoom. */
const DRAG = 4;
const STYLE = "/static/vendor/uplot/uPlot.css";

/** Series of the picture: a column, its axis, its color among the page's, its width in px. */
const SERIES = /** @type {const} */ ([
  ["loss", "loss", "--ink", 1],
  ["test_loss", "loss", "--ink", 2.5],
  ["accuracy", "accuracy", "--accent", 1],
  ["test_accuracy", "accuracy", "--accent", 2.5],
]);

/**
 * A line of a picture; `label` is said under it. Where a cell is null nothing was measured.
 * @typedef {{label: string, scale: "loss" | "accuracy", ink: string, width: number, dash?: number[], alpha?: number, cells: (Cell | null)[]}} Line
 */

export class Chart {
  /** @param {(step: number) => void} [choose]  called with the step that was clicked */
  constructor(choose) {
    this.place = document.createElement("div");
    this.place.className = choose ? "chart clickable" : "chart";
    this.choose = choose;
    /** @type {uPlot | null} */
    this.plot = null;
    this.look = "";
    /** @type {readonly Line[]} */
    this.lines = [];
    /** What was shown last, and how it was asked for. @type {unknown} */
    this.of = null;
    this.asked = "";
    bringStyle(STYLE);
    new ResizeObserver(() => this.fit()).observe(this.place);
  }

  /** @param {History} history @param {string} look  changes when colors or words have */
  show(history, look) {
    if (this.isShown(history, look)) return;
    // Held-out samples are not always there.
    const series = SERIES.filter(([name]) => history[name].some((value) => value !== null));
    // Those of single mini-batches are rough: they step back behind what matters in the end.
    const pale = series.length > 2 ? 0.4 : 1;
    const lines = series.map(([name, scale, ink, width]) => ({
      label: t(`learn.${name}`),
      scale,
      ink,
      width,
      alpha: width > 1 ? 1 : pale,
      cells: history[name],
    }));
    this.draw(history.step, lines, look);
  }

  /**
   * Two runs on the same axes.
   * @param {readonly History[]} histories
   * @param {readonly string[]} names  of the runs
   * @param {typeof SERIES[number][0]} what
   * @param {string} look
   */
  compare(histories, names, what, look) {
    look += ` ${names} ${what}`;
    if (this.isShown(histories, look)) return;
    const tables = histories.map((history) => [history.step, history[what]]);
    // It carries whatever stands in a column.
    const [steps, ...columns] = uPlot.join(/** @type {any} */ (tables));
    const scale = what.endsWith("loss") ? "loss" : "accuracy";
    this.draw(/** @type {number[]} */ (steps), twoLines(/** @type {any} */ (columns), names, scale), look);
  }

  /**
   * Losses without a mistake and with it, step by step.
   * @param {{right: Cell[], wrong: Cell[]}} curves
   * @param {readonly string[]} names
   * @param {string} look
   */
  beside(curves, names, look) {
    look += ` ${names}`;
    if (this.isShown(curves, look)) return;
    const steps = curves.right.map((_, step) => step);
    this.draw(steps, twoLines([curves.right, curves.wrong], names, "loss"), look);
  }

  /** Whether it is on the screen already: a panel is drawn far more often. @param {unknown} of @param {string} look */
  isShown(of, look) {
    const isSame = this.of === of && this.asked === look;
    [this.of, this.asked] = [of, look];
    return isSame;
  }

  /** @param {number[]} steps @param {readonly Line[]} lines @param {string} look */
  draw(steps, lines, look) {
    const data = /** @type {uPlot.AlignedData} */ ([steps, ...lines.map(({ cells }) => cells.map(asPoint))]);
    this.lines = lines;
    look += ` ${lines.length}`;
    if (this.plot && this.look === look) return this.plot.setData(data, !this.isZoomed());
    this.plot?.destroy();
    this.look = look;
    this.plot = new uPlot(this.options(lines), data, this.place);
    this.listen(this.plot);
  }

  isZoomed() {
    if (!this.plot) return false;
    const steps = this.plot.data[0];
    const { min, max } = this.plot.scales.x;
    return steps.length > 1 && (min !== steps[0] || max !== steps[steps.length - 1]);
  }

  fit() {
    if (this.plot && this.place.clientWidth > 0) this.plot.setSize(this.size());
  }

  size() {
    const isLarge = this.place.closest("dialog") !== null;
    return { width: this.place.clientWidth || 320, height: isLarge ? Math.round(innerHeight * LARGE) : HEIGHT };
  }

  /** @param {readonly Line[]} lines @returns {uPlot.Options} */
  options(lines) {
    const style = getComputedStyle(document.body);
    /** @param {string} name */
    const color = (name) => style.getPropertyValue(name).trim();
    const font = `12px ${style.fontFamily}`;
    const scales = [...new Set(lines.map(({ scale }) => scale))];
    const axis = { stroke: color("--grey"), font, grid: { stroke: color("--hairline") }, ticks: { show: false } };
    return {
      ...this.size(),
      legend: { live: true },
      cursor: { drag: { x: true, y: false }, points: { size: 6 } },
      scales: { x: { time: false }, accuracy: { range: [0, 1] } },
      axes: [
        { ...axis, size: 32 },
        ...scales.map((scale, i) => ({
          ...axis,
          scale,
          size: 44,
          side: i === 0 ? 3 : 1,
          grid: i === 0 ? axis.grid : { show: false },
        })),
      ],
      series: [
        {
          label: t("learn.step"),
          /** @param {uPlot} plot @param {number | null} _ @param {number} __ @param {number | null} at */
          value: ({ data: [steps] }, _, __, at) => steps[at ?? steps.length - 1].toLocaleString(language.value),
        },
        ...lines.map(({ label, scale, ink, width, dash, alpha = 1 }) => ({
          label,
          scale,
          stroke: color(ink),
          width,
          dash,
          alpha,
          spanGaps: true,
          points: { show: false },
          /** @param {uPlot} _ @param {number | null} __ @param {number} series @param {number | null} at */
          value: (_, __, series, at) => short(measuredAt(this.lines[series - 1].cells, at)),
        })),
      ],
    };
  }

  /** @param {uPlot} plot */
  listen(plot) {
    const { choose } = this;
    if (!choose) return;
    let pressed = 0;
    plot.over.addEventListener("mousedown", (event) => (pressed = event.clientX));
    plot.over.addEventListener("click", (event) => {
      const at = plot.cursor.idx;
      if (at !== null && at !== undefined && Math.abs(event.clientX - pressed) < DRAG) choose(plot.data[0][at]);
    });
  }
}

/**
 * The first dashed, the second in color.
 * @param {(Cell | null | undefined)[][]} columns
 * @param {readonly string[]} names
 * @param {"loss" | "accuracy"} scale
 * @returns {Line[]}
 */
function twoLines(columns, names, scale) {
  return columns.map((cells, i) => ({
    label: names[i],
    scale,
    ink: i === 0 ? "--grey" : "--accent",
    width: i === 0 ? 1 : 2,
    dash: i === 0 ? [6, 3] : undefined,
    // Where only the other run has a step.
    cells: Array.from(cells, (cell) => cell ?? null),
  }));
}

/**
 * What is said of a line: at the step that is pointed at, or the last, or before it, where it was
 * measured. Held-out samples are looked at now and then.
 * @param {readonly (Cell | null)[]} cells
 * @param {number | null} at
 */
function measuredAt(cells, at) {
  return cells[cells.slice(0, (at ?? cells.length) + 1).findLastIndex((cell) => cell !== null)];
}

/** What is no number, or was not measured, is a gap. @param {import("../types.js").Cell | null} value */
function asPoint(value) {
  return typeof value === "number" ? value : null;
}
