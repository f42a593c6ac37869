/**
 * The gradient check: a table with a line for each parameter, and a picture of its cells' errors. A
 * cell that is chosen is asked about in the figure, with its nudge unfolded.
 *
 * @import { Cell, Checked } from "../types.js"
 */
import { html } from "lit-html";
import { ask } from "../asking.js";
import { check, checking, found, nudging, power, refused, step } from "../checking.js";
import { indexText, nameOf, tensorOf } from "../figure/names.js";
import { short } from "../format.js";
import { scrolling } from "../scroll.js";
import { editable, session } from "../store.js";
import { t } from "../strings.js";
import { asNumber, indexOf, positionOf } from "../values.js";
import { valueOf } from "./chosen.js";
import { errorMap } from "./errormap.js";

/** The ends of h, as powers of ten. */
const SMALLEST = -8;
const LARGEST = -1;

export function gradientCheck() {
  const result = found.value;
  return html`<section class="gradient-check" aria-labelledby="check-title">
    <h2 id="check-title">${t("check.title")}</h2>
    <p class="hint">${t("check.hint", { scalar: scalarNow() })}</p>
    ${givenAbove()}
    <div class="check-form">
      <label class="field">
        <span>${t("check.h")}</span>
        <span class="h-slider">
          <input
            type="range"
            id="check-h"
            min=${SMALLEST}
            max=${LARGEST}
            step="1"
            .value=${String(power.value)}
            aria-valuetext=${stepText()}
            @input=${(/** @type {Event} */ event) => (power.value = Number(valueOf(event)))}
          />
          <output for="check-h">${stepText()}</output>
        </span>
      </label>
      <button type="button" id="check-run" ?disabled=${!editable.value || checking.value} @click=${check}>
        ${t(checking.value ? "check.running" : "check.run")}
      </button>
    </div>
    ${refused.value ? html`<p class="problem" role="alert">${refused.value}</p>` : null}
    <div role="status">${result ? verdict(result) : null}</div>
    ${result ? results(result) : null}
  </section>`;
}

/** What is differentiated, by its letter. */
export function scalarNow() {
  return session.value?.network.loss ? "L" : "S";
}

/** What that letter stands for where there is no loss. */
export function givenAbove() {
  return session.value?.network.loss ? null : html`<p class="hint">${t("check.upstream")}</p>`;
}

function stepText() {
  return short(step.value);
}

/** @param {import("../types.js").Check} result */
function verdict({ parameters, h, tolerance, sampled }) {
  const all = Object.values(parameters);
  const failed = all.filter(({ passed }) => passed === false).length;
  const compared = all.filter(({ passed }) => passed !== null).length;
  const words = failed > 0 ? "check.failed" : compared > 0 ? "check.passed" : "check.none";
  return html`<p class=${failed > 0 ? "verdict problem" : "verdict"}>
      ${t(words, { count: failed, h: short(h), tolerance: short(tolerance) })}
    </p>
    ${sampled ? html`<p class="hint">${t("check.sampled")}</p>` : null}`;
}

/** @param {import("../types.js").Check} result */
function results({ parameters }) {
  const entries = Object.entries(parameters);
  const hasKinks = entries.some(([, { not_comparable: kinks }]) => kinks.length > 0);
  const heads = ["result", "largest", "norm", "mean", "cells", ...(hasKinks ? ["kinks"] : [])];
  return html`${scrolling(
    html`<table class="checks">
      <thead>
        <tr>
          <th scope="col">${t("check.parameter")}</th>
          ${heads.map((head) => html`<th scope="col">${t(`check.${head}`)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${entries.map(([name, one]) => line(name, one, hasKinks))}
      </tbody>
    </table>`,
    t("check.title"),
  )}
  ${hasKinks ? html`<p class="hint">${t("check.kinks.why")}</p>` : null}
  <div class="maps">${entries.map(([name, one]) => map(name, one))}</div>
  ${legend(entries.map(([, one]) => one))}`;
}

/** @param {string} name @param {Checked} one @param {boolean} hasKinks */
function line(name, one, hasKinks) {
  const passed = one.passed === null ? "open" : one.passed ? "yes" : "no";
  return html`<tr data-parameter=${name}>
    <th scope="row">${nameOf(name)}</th>
    <td class=${passed === "no" ? "problem" : ""}>${t(`check.result.${passed}`)}</td>
    <td>${one.worst ? worst(name, one) : "\u2013"}</td>
    <td>${number(one.norm_error)}</td>
    <td>${number(one.mean_difference)}</td>
    <td>${t("check.cells.of", { count: one.checked - one.not_comparable.length, all: one.cells })}</td>
    ${hasKinks ? html`<td>${one.not_comparable.length}</td>` : null}
  </tr>`;
}

/** @param {string} name @param {Checked} one */
function worst(name, { worst: place, shape, max_relative_error: error }) {
  const index = place ?? [];
  const text = number(error);
  if (!tensorOf(`${name}.grad`)) return text;
  return html`<button
    type="button"
    class="factor"
    title=${t("check.worst", { name: cellName(name, index) })}
    aria-label=${`${text}, ${t("check.worst", { name: cellName(name, index) })}`}
    @click=${() => lookAt(name, positionOf(index, shape))}
  >${text}</button>`;
}

/** @param {string} name @param {Checked} one */
function map(name, one) {
  const { shape, errors, places } = one;
  const text = t("check.map", { name: nameOf(`${name}.grad`), largest: number(one.max_relative_error) });
  return html`<figure data-map=${name}>
    <figcaption>${nameOf(`${name}.grad`)}</figcaption>
    ${errorMap({
      shape,
      places,
      errors,
      text,
      say: (position) => {
        const at = places.indexOf(position);
        const cell = cellName(name, indexOf(position, shape));
        if (at < 0) return `${cell}: ${t("check.untried")}`;
        return `${cell}: ${errors[at] === null ? t("check.kink") : number(errors[at])}`;
      },
      choose: tensorOf(`${name}.grad`) ? (position) => lookAt(name, position) : null,
    })}
  </figure>`;
}

/** @param {readonly Checked[]} all */
function legend(all) {
  const some = all.some(({ not_comparable: kinks }) => kinks.length > 0);
  const few = all.some(({ checked, cells }) => checked < cells);
  return html`<p class="error-legend">
    <span>${t("check.legend")}</span>
    <span class="ramp"><span>1e\u221212</span><i aria-hidden="true"></i><span>1</span></span>
    ${some ? html`<span><i class="swatch kink" aria-hidden="true"></i> ${t("check.kink")}</span>` : null}
    ${few ? html`<span><i class="swatch untried" aria-hidden="true"></i> ${t("check.untried")}</span>` : null}
  </p>`;
}

/** @param {string} name @param {number} position */
function lookAt(name, position) {
  nudging.value = true;
  ask({ key: `${name}.grad`, index: position });
}

/** @param {string} name @param {readonly number[]} index */
function cellName(name, index) {
  const key = `${name}.grad`;
  return `${nameOf(key)}${indexText(tensorOf(key), index)}`;
}

/** One number among sizes of errors: two digits are enough. @param {Cell | null} value */
function number(value) {
  if (value === null) return "\u2013";
  const error = asNumber(value);
  return error > 0 && Number.isFinite(error) ? short(Number(error.toPrecision(2))) : short(value);
}
