/**
 * How the network fares: what goes wrong, under its name and with the number that shows why; and all
 * layers on one scale. The server measures and names; here it is drawn.
 *
 * @import { Alarm, Health, LayerHealth } from "../types.js"
 */
import { html, svg } from "lit-html";
import * as api from "../api.js";
import { ask } from "../asking.js";
import { classText } from "../classes.js";
import { atEnd } from "../cursor.js";
import { edgeOf, layerTitle } from "../figure/names.js";
import { percentText, short } from "../format.js";
import { control, isActive, openStep, refused, ownRun } from "../learning.js";
import { getHealth, looking } from "../looking.js";
import { messageOf } from "../messages.js";
import { scrolling } from "../scroll.js";
import { changeView } from "../session.js";
import { editable, session, trace, view } from "../store.js";
import { language, t } from "../strings.js";
import { goTo } from "../timeline.js";
import { asNumber, isProgram } from "../values.js";
import { learns } from "./data.js";
import { large, shrink } from "./large.js";

/** Of the drawing, in px: a layer's row, the room for names, its width in the panel and the most where it is large. */
const ROW = 22;
const NAMES = 96;
const WIDTH = 360;
const LARGE_WIDTH = 860;
/** What the window of its own, and the screen around it, take of the screen's width. */
const AROUND = 80;
const END = 16;
const AXIS = 20;

/** What is drawn of a layer: its field, and its shape and ink in the style sheet. */
const MARKS = /** @type {const} */ (["value", "gradient", "ratio"]);

const found = looking(
  () => (learns() ? `${ownRun.value?.id ?? ""} ${isActive(ownRun.value)}` : null),
  (id) => getHealth(id, ownRun.value?.id ?? null),
);

/** What goes wrong, each with its way to the number. */
export function alarms() {
  const { value, problem } = found.value;
  if (problem) return html`<p class="problem" role="alert">${problem}</p>`;
  if (!value) return html`<p class="hint">${t("loading.now")}</p>`;
  if (value.alarms.length === 0) return html`<p class="hint" id="health-well">${t("health.well")}</p>`;
  return html`<ul class="alarms" role="status">
    ${value.alarms.map(
      (alarm) =>
        html`<li data-alarm=${alarm.name}>
          <p><strong>${t(`health.${alarm.name}`)}</strong> ${sentence(alarm)}</p>
          ${way(alarm)}
        </li>`,
    )}
  </ul>`;
}

/** @param {Alarm} alarm */
function sentence({ name, layer, unit, measured }) {
  const isShare = ["dead_relus", "saturated", "rate_high", "rate_low"].includes(name);
  return t(`health.${name}.why`, {
    layer: layer === null ? "" : layerTitle(layer),
    unit: name === "missing_class" ? classText(unit ?? "") : (unit ?? ""),
    measured: isShare ? percentText(measured, language.value) : short(measured),
  });
}

/** @param {Alarm} alarm */
function way(alarm) {
  const { step, tensor } = alarm;
  if (step === null && tensor === null) return null;
  const isOpening = step !== null;
  return html`<button type="button" class="turn" ?disabled=${isOpening && !editable.value} @click=${() => show(alarm)}>
    ${isOpening ? t("health.open", { step: step.toLocaleString(language.value) }) : t("health.show")}
  </button>`;
}

/**
 * To the number whose derivation shows the cause: in the pass at hand, or in that of the step of the
 * run that it shows in.
 * @param {Alarm} alarm
 */
async function show(alarm) {
  shrink();
  refused.value = null;
  try {
    const there = alarm.step === null ? alarm : await opened(alarm, alarm.step);
    if (there?.tensor) await point(there.tensor, there.index);
  } catch (error) {
    refused.value = messageOf(error);
  }
}

/** @param {Alarm} alarm @param {number} step  @returns {Promise<Alarm | undefined>} */
async function opened(alarm, step) {
  // A run that goes on cannot be gone back in.
  if (isActive(ownRun.value) && ownRun.value?.state !== "paused") await control("pause");
  await openStep(step);
  const { id, opened: now } = session.value ?? {};
  if (!id || !now || now.step !== step) return undefined;
  const health = await getHealth(id, now.run);
  return health.alarms.find(({ name, tensor }) => name === alarm.name && tensor !== null);
}

/** @param {string} key @param {readonly number[]} index */
async function point(key, index) {
  // A number of the update is in its pass alone, and one inside a box is drawn among the ops.
  const isOfUpdate = /\.(change|new)$/.test(key);
  const isDrawn = isOfUpdate || edgeOf(key);
  if (!isDrawn || view.value.level === "element" || (isOfUpdate && !view.value.update)) {
    await changeView({ level: "op", loss: "closed", open: [], update: isOfUpdate || view.value.update });
  }
  const now = trace.value;
  if (!now) return;
  goTo(atEnd(now));
  const columns = now.events.find(({ writes }) => writes.includes(key))?.shape.at(-1) ?? 1;
  ask({ key, index: index.length > 1 ? index[0] * columns + index[1] : (index[0] ?? 0) });
}

/** A program has lines where a network has layers. */
export function boardTitle() {
  return t(isLines() ? "health.lines" : "health.title");
}

function isLines() {
  return session.value !== null && isProgram(session.value);
}

/** All layers, drawn and in numbers. */
export function board() {
  const { value } = found.value;
  if (!value) return null;
  return html`<div class="board">
    <div class="board-legend" aria-hidden="true">
      ${MARKS.map((name) => html`<span><svg viewBox="-8 -8 16 16" width="16" height="16">${mark(name, 0, 0)}</svg> ${t(`health.${name}`)}</span>`)}
    </div>
    ${scrolling(drawn(value, widthNow()), boardTitle())} ${scrolling(table(value), boardTitle())}
  </div>`;
}

/** Wide enough for its place, and never so wide that its words would shrink to fit. */
function widthNow() {
  if (large.value?.id !== "health") return WIDTH;
  return Math.max(WIDTH, Math.min(LARGE_WIDTH, innerWidth - AROUND));
}

/** @param {Health} health @param {number} width */
function drawn({ layers, scale }, width) {
  const [low, high] = [Math.log10(scale.minimum), Math.log10(scale.maximum)];
  const height = layers.length * ROW + AXIS;
  /** @param {number} power */
  const x = (power) => NAMES + ((power - low) / (high - low)) * (width - NAMES - END);
  const ticks = Array.from({ length: high - low + 1 }, (_, i) => low + i);
  return html`<svg class="log-scale" width=${width} viewBox="0 0 ${width} ${height}" role="img" aria-label=${t("health.drawn")}>
    ${ticks.map(
      (power) =>
        svg`<line x1=${x(power)} x2=${x(power)} y1="0" y2=${height - AXIS} class=${power === 0 ? "one" : ""}></line>
          ${(power - low) % 3 === 0 ? svg`<text x=${x(power)} y=${height - 5} text-anchor="middle">${short(10 ** power)}</text>` : null}`,
    )}
    ${layers.map((layer, i) => {
      const y = i * ROW + ROW / 2;
      return svg`<text x="0" y=${y + 4}>${layerTitle(layer.name)}</text>
        ${MARKS.map((name) => {
          const value = layer[name];
          if (value === null) return null;
          return mark(name, x(powerOf(asNumber(value), low, high)), y);
        })}`;
    })}
  </svg>`;
}

/** Nothing at all stands at the low end, what is no number at the high one. @param {number} value @param {number} low @param {number} high */
function powerOf(value, low, high) {
  if (Number.isNaN(value)) return high;
  return Math.min(high, Math.max(low, Math.log10(Math.abs(value))));
}

/** @param {typeof MARKS[number]} name @param {number} x @param {number} y */
function mark(name, x, y) {
  if (name === "value") return svg`<circle class="value" cx=${x} cy=${y} r="5"></circle>`;
  if (name === "gradient") return svg`<rect class="gradient" x=${x - 4.5} y=${y - 4.5} width="9" height="9"></rect>`;
  return svg`<path class="ratio" d="M${x - 6} ${y}L${x} ${y - 6}L${x + 6} ${y}L${x} ${y + 6}Z"></path>`;
}

/** @param {Health} health */
function table({ layers }) {
  return html`<table class="numbers layers">
    <thead>
      <tr>
        <th scope="col">${t(isLines() ? "health.line" : "health.layer")}</th>
        ${MARKS.map((name) => html`<th scope="col" class=${name === "gradient" ? "gradient" : ""}>${t(`health.${name}`)}</th>`)}
        <th scope="col">${t("health.shut")}</th>
      </tr>
    </thead>
    <tbody>
      ${layers.map(
        (layer) =>
          html`<tr>
            <th scope="row">${layerTitle(layer.name)}</th>
            ${MARKS.map((name) => html`<td class=${name === "gradient" ? "gradient" : ""}>${layer[name] === null ? "" : short(layer[name])}</td>`)}
            <td>${shutOf(layer)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** @param {LayerHealth} layer */
function shutOf({ dead, saturated }) {
  const share = dead ?? saturated;
  return share === null ? "" : percentText(share, language.value);
}
