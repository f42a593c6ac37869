/**
 * The charts of the panel Learning, which come with their library when there is something to draw.
 */
import { signal } from "@preact/signals-core";
import { openStep } from "../learning.js";

/** @typedef {{run: import("./chart.js").Chart, compared: import("./chart.js").Chart, spoilt: import("./chart.js").Chart}} Charts */

/** @type {import("@preact/signals-core").Signal<Charts | null>} */
const charts = signal(null);
let isComing = false;

/** @returns {Charts | null}  null while they are on their way */
export function bringCharts() {
  if (!charts.value) void bring();
  return charts.value;
}

async function bring() {
  if (isComing) return;
  isComing = true;
  try {
    const { Chart } = await import("./chart.js");
    charts.value = { run: new Chart((step) => void openStep(step)), compared: new Chart(), spoilt: new Chart() };
  } catch {
    // Without them there are still the numbers; the next look asks again.
    isComing = false;
  }
}
