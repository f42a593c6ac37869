/**
 * What a network of digits has learned to see: the weights of each unit of its first layer as a
 * picture, and the held-out digits that it gets wrong or is not sure of, each of which opens in the
 * figure.
 *
 * @import { Cells } from "../pagetypes.js"
 * @import { Doubtful } from "../types.js"
 */
import { html } from "lit-html";
import * as api from "../api.js";
import { classText } from "../classes.js";
import { heatPicture, range } from "../figure/heat.js";
import { inksIn, readPalette, scheme } from "../figure/palette.js";
import { percentText } from "../format.js";
import { isActive, refused, ownRun } from "../learning.js";
import { getDoubtful, looking, SELDOM } from "../looking.js";
import { messageOf } from "../messages.js";
import { once } from "../once.js";
import { edit, fork } from "../session.js";
import { session, theme } from "../store.js";
import { language, t } from "../strings.js";
import { outputSize } from "../values.js";
import { factorName } from "./arithmetic.js";
import { shrink } from "./large.js";

const SIDE = 28;
const CLASSES = 10;
/** Units of which the weights are shown, and digits that are told of. */
const MOST_UNITS = 100;
const DIGITS = 24;

/** Whether the network takes digits and tells ten classes apart. */
export function isOfDigits() {
  const now = session.value?.network;
  return now !== undefined && now.input_size === SIDE * SIDE && now.loss !== null && outputSize(now) === CLASSES;
}

/** The first layer, where it is one with weights. */
function first() {
  const layer = session.value?.network.layers[0];
  return layer?.type === "affine" ? layer : null;
}

/** Of the parameters alone, any pass will do. */
const WHOLE = /** @type {const} */ ({
  level: "op",
  loss: "closed",
  sample: 0,
  open: [],
  form: "book",
  update: false,
});

const weights = looking(
  () => (isOfDigits() && first() ? `${isActive(ownRun.value)}` : null),
  async (id) => {
    const name = `${first()?.name}.W`;
    const { tensors } = await api.getTensors(id, WHOLE, [name]);
    return tensors.get(name) ?? null;
  },
  SELDOM,
);
const doubts = looking(
  () => (isOfDigits() ? `${isActive(ownRun.value)}` : null),
  (id) => getDoubtful(id, DIGITS),
  SELDOM,
);

/** The weights of each unit of the first layer. */
export function weightPictures() {
  const { value, problem } = weights.value;
  const units = first()?.units ?? 0;
  if (problem) return html`<p class="problem" role="alert">${problem}</p>`;
  if (!value || units === 0) return html`<p class="hint">${t("loading.now")}</p>`;
  const shown = Math.min(units, MOST_UNITS);
  return html`<div class="pictures" role="group" aria-label=${t("seen.weights")}>
      ${unitPictures(value, units, theme.value, scheme.value, language.value)}
    </div>
    <p class="hint">${t("seen.weights.hint")}</p>
    ${shown < units ? html`<p class="hint">${t("seen.weights.some", { shown, units: units.toLocaleString(language.value) })}</p>` : null}`;
}

/** Drawn when the weights, the colours or the words are others. */
const unitPictures = once((/** @type {Cells} */ value, /** @type {number} */ units, /** @type {unknown[]} */ ..._) => {
  // One scale for all of them: what is strong is so wherever it stands.
  const { min, max } = range(value);
  const largest = Math.max(-min, max);
  const colours = inks();
  return Array.from({ length: Math.min(units, MOST_UNITS) }, (_, unit) => {
    const column = Array.from({ length: SIDE * SIDE }, (_, i) => value[i * units + unit]);
    const name = t("seen.unit", { unit });
    const picture = heatPicture(column, { rows: SIDE, columns: SIDE }, colours, largest);
    return html`<img width=${SIDE * 2} height=${SIDE * 2} alt=${name} title=${name} src=${picture} />`;
  });
});

/** Digits that it gets wrong, or is not sure of. */
export function doubtfulDigits() {
  const { value, problem } = doubts.value;
  if (problem) return html`<p class="problem" role="alert">${problem}</p>`;
  if (!value) return html`<p class="hint">${t("loading.now")}</p>`;
  const counts = {
    wrong: value.wrong.toLocaleString(language.value),
    samples: value.samples.toLocaleString(language.value),
  };
  return html`<p>${t("seen.wrong", counts)}</p>
    <div class="pictures digits">
      ${digitPictures(value, theme.value, scheme.value, language.value, session.value?.classes)}
    </div>
    <p class="hint">${t("seen.hint")}</p>`;
}

const digitPictures = once((/** @type {Doubtful} */ { digits }, /** @type {unknown[]} */ ..._) => digits.map(oneDigit));

/** @param {Doubtful["digits"][number]} digit */
function oneDigit({ row, label, prediction, probability, pixels }) {
  const taken = prediction < 0 ? "?" : String(prediction);
  const told = {
    label: classText(label),
    taken: prediction < 0 ? "?" : classText(prediction),
    share: percentText(probability, language.value),
  };
  const name = t(label === prediction ? "seen.right" : "seen.digit", told);
  const seen = `${label} \u2192 ${taken}`;
  return html`<button type="button" class=${label === prediction ? "doubt" : "doubt wrong"} data-row=${row} title=${name} aria-label=${factorName(seen, name)} @click=${() => open(row)}>
    <img alt="" width=${SIDE * 2} height=${SIDE * 2} src=${heatPicture(pixels, { rows: SIDE, columns: SIDE }, inks(), 255)} />
    <span>${seen}</span>
  </button>`;
}

/**
 * A copy of the network with this digit alone: the session that learns keeps its samples, and Back
 * leads to it.
 * @param {number} row
 */
async function open(row) {
  shrink();
  try {
    const from = session.value?.id;
    await fork();
    if (session.value?.id === from) return;
    await edit([{ op: "load", dataset: "mnist", split: "test", rows: [row] }]);
  } catch (error) {
    refused.value = messageOf(error);
  }
}

/** The colours of the figure, which are the system's where those are forced. */
function inks() {
  const probe = /** @type {HTMLElement} */ (document.querySelector("canvas.far") ?? document.body);
  return inksIn(readPalette(probe), false);
}
