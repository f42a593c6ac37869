/**
 * Homework: a gradient of one's own beside the right one. Equal; or the cells that differ, by how
 * much, and the mistakes that give these very numbers, with where.
 *
 * @import { Cell, Compared, GradientRow } from "../types.js"
 * @import { Nested } from "../pagetypes.js"
 */
import { html } from "lit-html";
import { indexText, nameOf, tensorOf } from "../figure/names.js";
import { shapeText, short, shorts } from "../format.js";
import { busy, compared, compareOwn, gradient, letGo, lookAt, pick, problem, texts, write } from "../mistakes/state.js";
import { scrolling } from "../scroll.js";
import { stale } from "../store.js";
import { language, t } from "../strings.js";
import { asNumber, flat, isOmitted, positionOf } from "../values.js";
import { valueOf } from "./chosen.js";
import { placeButtons } from "./places.js";

/** Cells that are listed one by one; the figure has the others. */
const MOST = 12;

/** @param {readonly GradientRow[]} gradients */
export function homework(gradients) {
  const now = gradient.value;
  if (!now) return null;
  return html`<p class="hint">${t("homework.hint")}</p>
    <form class="homework" @submit=${send}>
      <label class="field">
        <span>${t("homework.gradient")}</span>
        <select id="homework-gradient" @change=${(/** @type {Event} */ event) => pick(valueOf(event))}>
          ${gradients.map(
            ({ tensor, shape }) =>
              html`<option value=${tensor} .selected=${tensor === now.tensor}>${nameOf(tensor)} ${shapeText(shape)}</option>`,
          )}
        </select>
      </label>
      <label class="field">
        <span>${t("homework.own", { shape: shapeText(now.shape) })}</span>
        <textarea
          id="homework-own"
          rows=${Math.min(8, Math.max(3, now.shape.at(-2) ?? 1))}
          autocomplete="off"
          spellcheck="false"
          aria-describedby="homework-forms"
          .value=${texts.value[now.tensor] ?? ""}
          @input=${(/** @type {Event} */ event) => write(valueOf(event))}
          @keydown=${sendByKey}
        ></textarea>
      </label>
      <p class="hint" id="homework-forms">${t("homework.forms")}</p>
      <div class="buttons">
        <button type="submit" class="primary" id="homework-compare" ?disabled=${busy.value || stale.value}>
          ${t("homework.compare")}
        </button>
        ${compared.value ? html`<button type="button" id="homework-clear" @click=${letGo}>${t("homework.clear")}</button>` : null}
      </div>
    </form>
    ${problem.value ? html`<p class="problem" role="alert">${problem.value}</p>` : null}
    <div role="status" id="homework-said">${compared.value ? said(compared.value.compared, compared.value.value) : null}</div>`;
}

/** @param {Event} event */
function send(event) {
  event.preventDefault();
  void compareOwn();
}

/** @param {KeyboardEvent} press */
function sendByKey(press) {
  if (press.key !== "Enter" || !(press.ctrlKey || press.metaKey)) return;
  press.preventDefault();
  void compareOwn();
}

/** @param {Compared} found @param {Nested} own */
function said(found, own) {
  const name = nameOf(found.tensor);
  if (found.equal) return html`<p class="verdict">${t("homework.equal", { name })}</p>`;
  return html`<p class="verdict problem">${differs(found)}</p>
    ${named(found)} ${found.largest === null ? null : cells(found, own)}`;
}

/** @param {Compared} found */
function differs({ shape, differing, largest, tensor }) {
  if (largest === null) return t("homework.shape", { name: nameOf(tensor), shape: shapeText(shape) });
  const all = shape.reduce((product, size) => product * size, 1);
  return t("homework.differs", { count: number(differing), all: number(all), largest: sized(largest) });
}

/** @param {number} count */
function number(count) {
  return count.toLocaleString(language.value);
}

/** The size of a difference: two digits are enough. @param {Cell} value */
function sized(value) {
  const size = asNumber(value);
  return Number.isFinite(size) ? short(Number(size.toPrecision(2))) : short(value);
}

/** @param {Compared} found @param {Nested} own */
function cells({ tensor, shape, cells: wrong, differing, value }, own) {
  if (isOmitted(value)) return null;
  const [ours, rights] = [flat(own), flat(value)];
  const [written, right] = [shorts(ours), shorts(rights)];
  const listed = wrong.slice(0, MOST);
  return html`<h3>${t("homework.cells")}</h3>
    <p class="hint">${t("mistakes.struck")}</p>
    ${scrolling(
      html`<table class="wrong-cells">
      <caption class="unseen">${t("homework.cells")}</caption>
      <thead>
        <tr>
          ${["cell", "yours", "right", "difference"].map((head) => html`<th scope="col">${t(`homework.${head}`)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${listed.map((index) => {
          const at = positionOf(index, shape);
          return html`<tr>
            <th scope="row">
              <button type="button" class="term gradient" @click=${() => lookAt(tensor, index, shape)}>
                ${nameOf(tensor)}${indexText(tensorOf(tensor), index)}
              </button>
            </th>
            <td><del>${written[at]}</del></td>
            <td class="gradient">${right[at]}</td>
            <td>${sized(asNumber(ours[at]) - asNumber(rights[at]))}</td>
          </tr>`;
        })}
      </tbody>
    </table>`,
      t("homework.cells"),
    )}
  ${differing > listed.length ? html`<p class="hint">${t("homework.more", { count: number(differing - listed.length) })}</p>` : null}`;
}

/** @param {Compared} found */
function named({ faults }) {
  if (faults.length === 0) return html`<p>${t("homework.unnamed")}</p>`;
  return html`<h3>${t(faults.length > 1 ? "homework.several" : "homework.one")}</h3>
    <ul class="named">
      ${faults.map(
        ({ id, sites }) =>
          html`<li data-fault=${id}>
            <b>${t(`fault.${id}`)}</b>
            <p>${t(`fault.${id}.did`)}</p>
            ${placeButtons(sites)}
          </li>`,
      )}
    </ul>`;
}
