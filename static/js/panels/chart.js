/**
 * Curves over the steps of a run, by uPlot: loss on the left, accuracy on the right. Dragging
 * zooms, a double click shows all again, a click names a step.
 *
 * @import { History } from "../types.js"
 */
import uPlot from "uplot";
import { short } from "../format.js";
import { t } from "../strings.js";

const HEIGHT = 200;
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

export class Chart {
  /** @param {(step: number) => void} choose  called with the step that was clicked */
  constructor(choose) {
    this.place = document.createElement("div");
    this.place.className = "chart";
    this.choose = choose;
    /** @type {uPlot | null} */
    this.plot = null;
    this.look = "";
    /** @type {readonly (typeof SERIES)[number][]} */
    this.series = SERIES;
    withStyle();
    new ResizeObserver(() => this.fit()).observe(this.place);
  }

  /** @param {History} history @param {string} look  changes when colors or words have */
  show(history, look) {
    // Held-out samples are not always there.
    this.series = SERIES.filter(([name]) => history[name].some((value) => value !== null));
    const columns = this.series.map(([name]) => history[name].map(asPoint));
    const data = /** @type {uPlot.AlignedData} */ ([history.step, ...columns]);
    look += ` ${this.series.length}`;
    if (this.plot && this.look === look) return this.plot.setData(data, !this.isZoomed());
    this.plot?.destroy();
    this.look = look;
    this.plot = new uPlot(this.options(), data, this.place);
    this.listen(this.plot);
  }

  isZoomed() {
    if (!this.plot) return false;
    const steps = this.plot.data[0];
    const { min, max } = this.plot.scales.x;
    return steps.length > 1 && (min !== steps[0] || max !== steps[steps.length - 1]);
  }

  fit() {
    if (this.plot && this.place.clientWidth > 0) this.plot.setSize({ width: this.place.clientWidth, height: HEIGHT });
  }

  /** @returns {uPlot.Options} */
  options() {
    const style = getComputedStyle(document.body);
    /** @param {string} name */
    const color = (name) => style.getPropertyValue(name).trim();
    const font = `12px ${style.fontFamily}`;
    const axis = { stroke: color("--grey"), font, grid: { stroke: color("--hairline") }, ticks: { show: false } };
    return {
      width: this.place.clientWidth || 320,
      height: HEIGHT,
      legend: { live: true },
      cursor: { drag: { x: true, y: false }, points: { size: 6 } },
      scales: { x: { time: false }, accuracy: { range: [0, 1] } },
      axes: [
        axis,
        { ...axis, scale: "loss", size: 44 },
        { ...axis, scale: "accuracy", side: 1, size: 44, grid: { show: false } },
      ],
      series: [
        { label: t("learn.step") },
        ...this.series.map(([name, scale, ink, width]) => ({
          label: t(`learn.${name}`),
          scale,
          stroke: color(ink),
          width,
          spanGaps: true,
          points: { show: false },
          /** @param {uPlot} _ @param {number | null} value */
          value: (_, value) => (value === null ? "" : short(value)),
        })),
      ],
    };
  }

  /** @param {uPlot} plot */
  listen(plot) {
    let pressed = 0;
    plot.over.addEventListener("mousedown", (event) => (pressed = event.clientX));
    plot.over.addEventListener("click", (event) => {
      const at = plot.cursor.idx;
      if (at !== null && at !== undefined && Math.abs(event.clientX - pressed) < DRAG) this.choose(plot.data[0][at]);
    });
  }
}

/** What is no number, or was not measured, is a gap. @param {import("../types.js").Cell | null} value */
function asPoint(value) {
  return typeof value === "number" ? value : null;
}

function withStyle() {
  if (document.querySelector(`link[href="${STYLE}"]`)) return;
  document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: STYLE }));
}
