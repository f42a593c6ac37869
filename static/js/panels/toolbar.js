/**
 * Over the figure: how deep to look, and how large.
 *
 * @import { Form, Level, LossView, View } from "../types.js"
 */
import { html } from "lit-html";
import { messageOf } from "../messages.js";
import { changeView } from "../session.js";
import { graph, notice, session, view as seen } from "../store.js";
import { t } from "../strings.js";
import { samplesOf } from "../values.js";
import { view } from "../view.js";
import { exportButton, mountExport } from "./export.js";

/** @type {Level[]} */
const LEVELS = ["network", "layer", "op", "element"];

/** @param {{fit: () => void, zoomIn: () => void, zoomOut: () => void}} viewport */
export function mountToolbar(viewport) {
  view("toolbar", () => toolbar(viewport));
  mountExport();
}

/** @param {{fit: () => void, zoomIn: () => void, zoomOut: () => void}} viewport */
function toolbar({ fit, zoomIn, zoomOut }) {
  return html`
    <div class="looks">${levelChoice()} ${lossChoice()} ${formChoice()} ${sampleChoice()}</div>
    <div class="zooms" role="group" aria-label=${t("zoom.group")}>
      <button type="button" id="zoom-out" aria-label=${t("zoom.out")} title=${t("zoom.out")} @click=${zoomOut}>\u2212</button>
      <button type="button" id="fit" @click=${fit}>${t("zoom.fit")}</button>
      <button type="button" id="zoom-in" aria-label=${t("zoom.in")} title=${t("zoom.in")} @click=${zoomIn}>+</button>
      ${exportButton()}
    </div>
  `;
}

function levelChoice() {
  const now = session.value;
  if (!now) return null;
  // Single cells are drawn for the loss only, boxes only where there are layers.
  const levels = LEVELS.filter((level) => {
    if (level === "element") return Boolean(now.network.loss);
    return level === "op" || now.network.layers.length > 0;
  });
  return html`<label
    ><span>${t("level.label")}</span>
    <select id="level" @change=${(/** @type {Event} */ change) => show(atLevel(/** @type {Level} */ (chosen(change))))}>
      ${levels.map(
        (level) => html`<option value=${level} ?selected=${level === seen.value.level}>${t(`level.${level}`)}</option>`,
      )}
    </select></label
  >`;
}

function lossChoice() {
  if (!session.value?.network.loss) return null;
  return html`<label
    ><span>${t("loss.label")}</span>
    <select id="loss-view" @change=${(/** @type {Event} */ change) => show({ loss: /** @type {LossView} */ (chosen(change)) })}>
      ${["closed", "opened"].map(
        (loss) => html`<option value=${loss} ?selected=${loss === seen.value.loss}>${t(`loss.${loss}`)}</option>`,
      )}
    </select></label
  >`;
}

/** The book's form of an opened loss, or the one that cannot overflow. */
function formChoice() {
  if (!session.value?.network.loss || seen.value.loss !== "opened") return null;
  const drawn = graph.value?.form;
  const gaveWay = seen.value.form === "book" && drawn !== "book" && drawn !== null;
  return html`<label
    ><span>${t("form.label")}</span>
    <select id="form" @change=${(/** @type {Event} */ change) => show({ form: /** @type {Form} */ (chosen(change)) })}>
      ${["book", "stable"].map(
        (form) => html`<option value=${form} ?selected=${form === seen.value.form}>${t(`form.${form}`)}</option>`,
      )}
    </select>
    ${gaveWay ? html`<span class="hint" id="form-note">${t("form.unsafe")}</span>` : null}</label
  >`;
}

function sampleChoice() {
  const samples = session.value ? samplesOf(session.value) : 1;
  if (samples < 2 || seen.value.level !== "element") return null;
  return html`<label
    ><span>${t("sample.label")}</span>
    <input
      type="number"
      id="sample"
      min="0"
      max=${samples - 1}
      .value=${String(seen.value.sample)}
      @change=${(/** @type {Event} */ change) =>
        show({ sample: Math.max(0, Math.min(Math.trunc(Number(chosen(change))) || 0, samples - 1)) })}
  /></label>`;
}

/**
 * A level of boxes begins with all of them closed.
 * @param {Level} level
 * @returns {Partial<View>}
 */
function atLevel(level) {
  return level === "network" || level === "layer" ? { level, loss: "closed", open: [] } : { level };
}

/** @param {Event} change */
function chosen(change) {
  return /** @type {HTMLInputElement | HTMLSelectElement} */ (change.target).value;
}

/** @param {Partial<View>} change */
async function show(change) {
  try {
    await changeView(change);
  } catch (error) {
    notice.value = messageOf(error);
  }
}
