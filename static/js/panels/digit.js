/**
 * The digit that goes through figure 5-28: its picture, the ten scores, the ten probabilities, and
 * another one with one click, or one that is drawn by hand.
 *
 * @import { Cell } from "../types.js"
 */
import { html } from "lit-html";
import { signal } from "@preact/signals-core";
import { classText } from "../classes.js";
import { cellsKnown } from "../cursor.js";
import { heatPicture } from "../figure/heat.js";
import { inksIn, readPalette, scheme } from "../figure/palette.js";
import { full, shorts } from "../format.js";
import { edit } from "../session.js";
import { cursor, editable, presets, session, stale, table, theme, trace, visit } from "../store.js";
import { t } from "../strings.js";
import { goTo } from "../timeline.js";
import { asNumber, flat, isOmitted } from "../values.js";
import { valueOf } from "./chosen.js";
import { drawingPad } from "./pad.js";
import { problems, whenSent } from "./said.js";
import { wholeField } from "./whole.js";

const SIDE = 28;
const CLASSES = 10;

/** Whether the pad to draw on is there. */
const drawing = signal(false);

/** The held-out digit that was asked for, and of which session, until the session has it. */
const asked = signal({ visit: -1, row: 0 });

export function digitSection() {
  const now = session.value;
  if (!now || rows() === null) return null;
  const digit = labelOf(now.t);
  const label = classText(digit);
  const isOwn = now.source === null;
  return html`<section class="digit" aria-labelledby="digit-title">
    <h2 id="digit-title">${t("digit.title")}</h2>
    <div class="digit-row">
      <img alt=${t("digit.picture", { label })} width="112" height="112" src=${picture(flat(now.x))} />
      <div>
        ${isOwn ? rightAnswer(digit) : html`<p>${t("digit.label", { label })}</p>`}
        <div class="digit-buttons">
          <button type="button" id="another" ?disabled=${!editable.value} @click=${another}>${t("digit.another")}</button>
          <button
            type="button"
            id="draw"
            aria-expanded=${drawing.value ? "true" : "false"}
            ?disabled=${!editable.value}
            @click=${() => (drawing.value = !drawing.value)}
          >
            ${t("digit.draw")}
          </button>
        </div>
        ${wholeField({
          id: "digit-row",
          label: t("digit.number"),
          value: isOwn && asked.value.visit !== visit.value ? null : row(),
          minimum: 0,
          maximum: (rows() ?? 1) - 1,
          disabled: !editable.value,
          put: load,
        })}
      </div>
    </div>
    ${drawing.value && editable.value ? drawingPad(take) : null}
    ${problems.value.get("x") ? html`<p class="problem" role="alert">${problems.value.get("x")}</p>` : null}
    ${verdict()} ${classes()}
    <p class="hint">${t("digit.softmax")}</p>
  </section>`;
}

/** Scores and probabilities of the ten classes, as far as the cursor has come. */
function classes() {
  const scores = known(scoresKey());
  const probabilities = known("loss.probabilities");
  const best = largest(probabilities.length ? probabilities : scores);
  const [scoreTexts, probabilityTexts] = [shorts(scores), shorts(probabilities)];
  return html`<table class="classes ${stale.value ? "waiting" : ""}">
    <caption class="unseen">${t("digit.title")}</caption>
    <thead>
      <tr>
        <th scope="col">${t("digit.class")}</th>
        <th scope="col">${t("digit.score")}</th>
        <th scope="col">${t("digit.probability")}</th>
        <td></td>
      </tr>
    </thead>
    <tbody>
      ${Array.from({ length: CLASSES }, (_, k) => {
        const part = probabilities[k] === undefined ? 0 : asNumber(probabilities[k]);
        return html`<tr class=${k === best ? "lit" : ""}>
          <th scope="row">${classText(k)}</th>
          <td title=${full(scores[k])}>${scoreTexts[k]}</td>
          <td title=${full(probabilities[k])}>${probabilityTexts[k]}</td>
          <td class="bar"><meter min="0" max="1" value=${part} aria-hidden="true"></meter></td>
        </tr>`;
      })}
    </tbody>
  </table>`;
}

/** What the network takes it for: the scores alone tell. */
function verdict() {
  const scores = known(scoresKey());
  if (scores.length < CLASSES) return null;
  const [first] = scores.map((_, k) => k).sort((a, b) => asNumber(scores[b]) - asNumber(scores[a]));
  return html`<p id="verdict" role="status">${t("digit.verdict", { digit: classText(first), score: shorts(scores)[first] })}</p>`;
}

/** What a digit of one's own is meant to be: the loss compares with it. @param {string} label */
function rightAnswer(label) {
  return html`<p>${t("digit.own")}</p>
    <label class="field">
      <span>${t("digit.right")}</span>
      <select
        id="digit-right"
        ?disabled=${!editable.value}
        @change=${(/** @type {Event} */ event) => putLabel(Number(valueOf(event)))}
      >
        ${Array.from({ length: CLASSES }, (_, k) => html`<option value=${k} .selected=${String(k) === label}>${classText(k)}</option>`)}
      </select>
    </label>`;
}

/** @param {number} label */
function putLabel(label) {
  return whenSent("t", edit([{ op: "replace", tensor: "t", value: [label] }]));
}

/** A drawing goes through the network, at once as far as the probabilities. @param {number[]} pixels */
async function take(pixels) {
  await whenSent("x", edit([{ op: "replace", tensor: "x", value: [pixels] }]));
  const made = trace.value?.events.find(({ writes }) => writes.includes("loss.probabilities"));
  if (made && known("loss.probabilities").length < CLASSES) goTo({ seq: made.seq + 1, element: 0 });
}

/** The scores are what the last Affine hands to Softmax. */
function scoresKey() {
  const layers = session.value?.network.layers ?? [];
  return `${layers.at(-1)?.name}.output`;
}

/** @param {string} key @returns {Cell[]} */
function known(key) {
  if (!table.value || stale.value) return [];
  const value = table.value.values.get(key);
  const count = cellsKnown(table.value, key, cursor.value);
  if (value === undefined || count === 0 || isOmitted(value)) return [];
  return flat(value).slice(0, count === Infinity ? undefined : count);
}

/** @param {Cell[]} cells */
function largest(cells) {
  const numbers = cells.map(asNumber);
  return numbers.indexOf(Math.max(...numbers));
}

/** @param {Cell[]} pixels */
function picture(pixels) {
  void theme.value;
  void scheme.value;
  // In the colours of the figure, which are the system's where those are forced.
  const probe = /** @type {HTMLElement} */ (document.querySelector("canvas.far") ?? document.body);
  return heatPicture(pixels, { rows: SIDE, columns: SIDE }, inksIn(readPalette(probe), false));
}

/** @param {unknown} targets  labels or one-hot rows */
function labelOf(targets) {
  const first = Array.isArray(targets) ? targets[0] : targets;
  if (typeof first === "object" && !Array.isArray(first)) return "";
  return String(Array.isArray(first) ? first.indexOf(1) : (first ?? ""));
}

/** How many digits the preset has to choose from; null where it shows none. */
function rows() {
  return preset()?.rows ?? null;
}

function preset() {
  return presets.value.find(({ id }) => id === session.value?.preset);
}

function row() {
  const now = session.value;
  return asked.value.visit === visit.value ? asked.value.row : (now?.source?.rows[0] ?? 0);
}

/** The next of the digits that there is something to learn from: of most others the network is sure. */
function another() {
  const doubtful = preset()?.doubtful ?? [0];
  void load(doubtful[(doubtful.indexOf(row()) + 1) % doubtful.length]);
}

/** @param {number} chosen */
async function load(chosen) {
  const mine = { visit: visit.value, row: chosen };
  asked.value = mine;
  await whenSent("x", edit([{ op: "load", dataset: "mnist", split: "test", rows: [chosen] }]));
  if (asked.value === mine) asked.value = { visit: -1, row: 0 };
}
