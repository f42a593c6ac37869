/**
 * Over the figure: how deep to look, and how large.
 *
 * @import { Form, Level, LossView, View } from "../types.js"
 */
import { effect } from "@preact/signals-core";
import { html } from "lit-html";
import { bring, openDialog } from "../coming.js";
import { messageOf } from "../messages.js";
import { changeView, wantedView } from "../session.js";
import { beside, graph, notice, session } from "../store.js";
import { t } from "../strings.js";
import { mount } from "../mount.js";
import { isProgram, samplesOf } from "../values.js";
import { wholeField } from "./whole.js";

/** Windows wide enough to read two whole figures in. */
const WIDE = "(min-width: 1001px)";

/** @typedef {import("../figure/zoom.js").Viewport} Viewport */

/** @param {Viewport} viewport */
export function mountToolbar(viewport) {
  mount("toolbar", () => toolbar(viewport));
  effect(() => {
    // Of two figures one wants to see all, where that can be read.
    viewport.preferWhole(beside.value && matchMedia(WIDE).matches);
    if (beside.value) void mountOther();
  });
}

async function mountOther() {
  try {
    (await bring()).mountBeside();
  } catch (error) {
    notice.value = messageOf(error);
  }
}

/** @param {Viewport} viewport */
function toolbar({ fit, nextFit, zoomIn, zoomOut }) {
  return html`
    <div class="looks">${levelChoice()} ${lossChoice()} ${formChoice()} ${besideChoice()} ${sampleChoice()}</div>
    <div class="zooms" role="group" aria-label=${t("zoom.group")}>
      <button type="button" id="zoom-out" aria-label=${t("zoom.out")} title=${t("zoom.out")} @click=${zoomOut}>\u2212</button>
      <button type="button" id="fit" title=${t(`zoom.${nextFit.value}.why`)} @click=${fit}>${t(`zoom.${nextFit.value}`)}</button>
      <button type="button" id="zoom-in" aria-label=${t("zoom.in")} title=${t("zoom.in")} @click=${zoomIn}>+</button>
      ${exportButton()}
    </div>
  `;
}

function levelChoice() {
  const now = session.value;
  if (!now || now.levels.length < 2) return null;
  return html`<label
    ><span>${t("level.label")}</span>
    <select id="level" @change=${(/** @type {Event} */ change) => show(atLevel(/** @type {Level} */ (chosen(change))))}>
      ${now.levels.map(
        (level) => html`<option value=${level} .selected=${level === wantedView().level}>${levelName(level)}</option>`,
      )}
    </select></label
  >`;
}

/** Of layers with a loss, it is the loss that has single numbers. @param {string} level */
function levelName(level) {
  const { loss, code } = session.value?.network ?? {};
  return t(level === "element" && (!loss || code) ? "level.single" : `level.${level}`);
}

/** Whether there is a loss that can be closed and opened: of a program its last line is one as it stands. */
function hasBox() {
  const now = session.value;
  return Boolean(now?.network.loss) && now !== null && !isProgram(now);
}

function lossChoice() {
  if (!hasBox()) return null;
  return html`<label
    ><span>${t("loss.label")}</span>
    <select id="loss-view" @change=${(/** @type {Event} */ change) => show({ loss: /** @type {LossView} */ (chosen(change)) })}>
      ${["closed", "opened"].map(
        (loss) => html`<option value=${loss} .selected=${loss === wantedView().loss}>${t(`loss.${loss}`)}</option>`,
      )}
    </select></label
  >`;
}

function besideChoice() {
  if (!hasBox()) return null;
  return html`<button
    type="button"
    id="side-by-side"
    aria-pressed=${beside.value ? "true" : "false"}
    title=${t("beside.why")}
    @click=${() => (beside.value = !beside.value)}
  >
    ${sign("M4 4h16v7H4zM4 13h16v7H4z")}<span>${t("beside.button")}</span>
  </button>`;
}

/** The book's form of an opened loss, or the one that cannot overflow. */
function formChoice() {
  if (!hasBox() || wantedView().loss !== "opened") return null;
  const drawn = graph.value?.form;
  const gaveWay = wantedView().form === "book" && drawn !== "book" && drawn !== null;
  return html`<label
    ><span>${t("form.label")}</span>
    <select id="form" @change=${(/** @type {Event} */ change) => show({ form: /** @type {Form} */ (chosen(change)) })}>
      ${["book", "stable"].map(
        (form) => html`<option value=${form} .selected=${form === wantedView().form}>${t(`form.${form}`)}</option>`,
      )}
    </select>
    ${gaveWay ? html`<span class="hint" id="form-note">${t("form.unsafe")}</span>` : null}</label
  >`;
}

function sampleChoice() {
  const now = session.value;
  const samples = now ? samplesOf(now) : 1;
  if (samples < 2 || wantedView().level !== "element") return null;
  return wholeField({
    id: "sample",
    label: t("sample.label"),
    value: wantedView().sample,
    minimum: 0,
    maximum: samples - 1,
    put: (sample) => show({ sample }),
  });
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

function exportButton() {
  const open = () => openDialog("openExport");
  return html`<button type="button" id="export-button" aria-haspopup="dialog" title=${t("export.button")} ?disabled=${!graph.value} @click=${open}>
    ${sign("M12 4v11M7 10l5 5 5-5M5 20h14")}<span>${t("export.button")}</span>
  </button>`;
}

/** What stands for a button's word where there is no room for it. @param {string} d */
function sign(d) {
  return html`<svg class="icon" viewBox="0 0 24 24" width="16" height="16" aria-hidden="true"><path d=${d}></path></svg>`;
}
