/**
 * Samples in a plane, and the class that the network gives every place of it: the server asks the
 * network about a grid, all of it at once; here it is painted. Points of the mini-batch are ringed.
 *
 * @import { Regions } from "../types.js"
 */
import { html } from "lit-html";
import * as api from "../api.js";
import { classText } from "../classes.js";
import { isActive, ownRun } from "../learning.js";
import { getRegions, looking } from "../looking.js";
import { once } from "../once.js";
import { session } from "../store.js";
import { language, t } from "../strings.js";
import { shareOf } from "../values.js";
import { isDark } from "./beside.js";
import { large } from "./large.js";

/** Cells in a row: enough for the panel, and for a picture that fills the screen. */
const CELLS = 60;
const LARGE_CELLS = 100;
/** The picture's side in px of the page; the style sheet fits it into its place. */
const SIDE = 320;
const LARGE_SIDE = 640;
/** Hues of the classes, far from each other and from the red of gradients. */
const HUES = [215, 35, 155, 285, 60, 190, 320, 95, 250, 15];

const found = looking(
  () => (isPlane() ? `${large.value?.id === "plane" ? LARGE_CELLS : CELLS} ${isActive(ownRun.value)}` : null),
  (id) => getRegions(id, large.value?.id === "plane" ? LARGE_CELLS : CELLS),
);

/** Whether the session's samples are points that are sorted into classes. */
export function isPlane() {
  const now = session.value?.network;
  return now !== undefined && now.input_size === 2 && now.loss !== null;
}

export function plane() {
  const { value, problem } = found.value;
  if (problem) return html`<p class="problem" role="alert">${problem}</p>`;
  if (!value) return html`<p class="hint">${t("loading.now")}</p>`;
  const dark = isDark();
  return html`<figure class="plane">
    ${painted(value, large.value?.id === "plane" ? LARGE_SIDE : SIDE, dark, language.value)}
    <figcaption>
      ${legend(value, dark, language.value, session.value?.classes)}
      <p class="hint">${t("plane.hint")}</p>
    </figcaption>
  </figure>`;
}

const painted = once(paint);
const legend = once(drawnLegend);

/** @param {Regions} regions @param {number} side @param {boolean} dark @param {string} _  the language */
function paint(regions, side, dark, _) {
  const canvas = canvasOf(side, side);
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", t("plane.drawn", { count: regions.points.length }));
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.drawImage(ground(regions, dark), 0, 0, side, side);
  const ringed = new Set(regions.batch ?? []);
  const [low, high] = [regions.low, regions.high];
  const size = side === SIDE ? 4 : 6;
  regions.points.forEach(([x, y], i) => {
    const at = [shareOf(x, low[0], high[0]) * side, shareOf(y, high[1], low[1]) * side];
    dot(pen, at[0], at[1], regions.labels[i], size, dark);
    if (ringed.has(i)) ring(pen, at[0], at[1], size, dark);
  });
  return canvas;
}

/** @param {Regions} regions @param {boolean} dark @param {unknown[]} _  the language, the names */
function drawnLegend(regions, dark, ..._) {
  const classes = [...new Set(regions.labels)].sort((a, b) => a - b);
  return html`<ul class="classes-legend">
    ${classes.map((k) => html`<li>${swatch(k, dark)} ${t("classes.one", { class: classText(k) })}</li>`)}
    ${regions.batch ? html`<li>${ringed(dark)} ${t("plane.batch")}</li>` : null}
  </ul>`;
}

/** A pixel for each cell: the class's colour, paler where the network is not sure. @param {Regions} regions @param {boolean} dark */
function ground({ size, classes, certainty }, dark) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const least = 1 / Math.max(2, 1 + Math.max(...classes));
  for (let i = 0; i < size * size; i++) {
    if (classes[i] < 0) continue;
    // From no more than chance to certain.
    const share = Math.max(0, (certainty[i] - least) / (1 - least));
    pen.fillStyle = colour(classes[i], dark, 0.12 + 0.48 * share);
    pen.fillRect(i % size, Math.floor(i / size), 1, 1);
  }
  return canvas;
}

/** Classes differ by shape too. @param {CanvasRenderingContext2D} pen @param {number} x @param {number} y @param {number} k @param {number} r @param {boolean} dark */
function dot(pen, x, y, k, r, dark) {
  pen.beginPath();
  if (k % 4 === 0) pen.arc(x, y, r, 0, 2 * Math.PI);
  else if (k % 4 === 1) pen.rect(x - r * 0.9, y - r * 0.9, 1.8 * r, 1.8 * r);
  else if (k % 4 === 2) corners(pen, [x, y - 1.2 * r, x + 1.1 * r, y + 0.8 * r, x - 1.1 * r, y + 0.8 * r]);
  else corners(pen, [x, y - 1.3 * r, x + 1.3 * r, y, x, y + 1.3 * r, x - 1.3 * r, y]);
  pen.fillStyle = colour(k, dark, 1);
  pen.fill();
  pen.lineWidth = 1;
  pen.strokeStyle = dark ? "#161618" : "#fdfcf9";
  pen.stroke();
}

/** @param {CanvasRenderingContext2D} pen @param {number} x @param {number} y @param {number} r @param {boolean} dark */
function ring(pen, x, y, r, dark) {
  pen.beginPath();
  pen.arc(x, y, r + 3.5, 0, 2 * Math.PI);
  pen.lineWidth = 2;
  pen.strokeStyle = dark ? "#ecebe6" : "#1d1d1b";
  pen.stroke();
}

/** @param {CanvasRenderingContext2D} pen @param {readonly number[]} places */
function corners(pen, places) {
  pen.moveTo(places[0], places[1]);
  for (let i = 2; i < places.length; i += 2) pen.lineTo(places[i], places[i + 1]);
  pen.closePath();
}

/** @param {number} k @param {boolean} dark */
function swatch(k, dark) {
  const canvas = canvasOf(16, 16);
  dot(/** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")), 8, 8, k, 5, dark);
  return canvas;
}

/** @param {boolean} dark */
function ringed(dark) {
  const canvas = canvasOf(16, 16);
  ring(/** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")), 8, 8, 2.5, dark);
  return canvas;
}

/** Sharp on any screen. @param {number} width @param {number} height */
function canvasOf(width, height) {
  const canvas = document.createElement("canvas");
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.style.maxWidth = `${width}px`;
  /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).scale(scale, scale);
  return canvas;
}

/** @param {number} k @param {boolean} dark @param {number} alpha */
function colour(k, dark, alpha) {
  return `hsl(${HUES[k % HUES.length]} 62% ${dark ? 66 : 40}% / ${alpha})`;
}
