/**
 * The bug zoo: a mistake at work in the network on the screen. The figure has its wrong numbers, the
 * gradient check says which parameters they are of, and its losses stand beside the right ones.
 *
 * @import { PlacesRow, Specimen } from "../types.js"
 */
import { signal } from "@preact/signals-core";
import { html } from "lit-html";
import { nameOf } from "../figure/names.js";
import { short } from "../format.js";
import { busy, catchOne, faultName, letGo, problem, specimen } from "../mistakes/state.js";
import { scrolling } from "../scroll.js";
import { stale, theme } from "../store.js";
import { language, t } from "../strings.js";
import { asNumber } from "../values.js";
import { bringCharts } from "./charts.js";
import { valueOf } from "./chosen.js";
import { placeButtons, placeText } from "./places.js";

/** Which mistake was chosen, and which of its places alone. */
const chosen = signal(/** @type {{fault: string | null, site: number | null}} */ ({ fault: null, site: null }));

/** @param {readonly PlacesRow[]} faults */
export function zoo(faults) {
  const row = faults.find(({ id }) => id === chosen.value.fault) ?? faults[0];
  if (!row) return html`<p class="hint">${t("zoo.none")}</p>`;
  const site = chosen.value.fault === row.id ? chosen.value.site : null;
  const now = specimen.value;
  const isShown = now?.specimen.id === row.id && now.site === site;
  return html`<p class="hint">${t("zoo.hint")}</p>
    <div class="zoo">
      <label class="field">
        <span>${t("zoo.fault")}</span>
        <select id="zoo-fault" @change=${(/** @type {Event} */ event) => (chosen.value = { fault: valueOf(event), site: null })}>
          ${faults.map(({ id }) => html`<option value=${id} .selected=${id === row.id}>${faultName(id)}</option>`)}
        </select>
      </label>
      <p>${t(`fault.${row.id}.did`)}</p>
      <label class="field">
        <span>${t("zoo.place")}</span>
        <select
          id="zoo-place"
          @change=${(/** @type {Event} */ event) => (chosen.value = { fault: row.id, site: valueOf(event) === "" ? null : Number(valueOf(event)) })}
        >
          <option value="" .selected=${site === null}>${t("zoo.usual")}</option>
          ${row.sites.map((place, i) => html`<option value=${i} .selected=${i === site}>${placeText(place)}</option>`)}
        </select>
      </label>
      <div class="buttons">
        <button type="button" class="primary" id="zoo-make" ?disabled=${busy.value || stale.value || isShown} @click=${() => catchOne(row.id, site)}>
          ${t(busy.value ? "zoo.making" : "zoo.make")}
        </button>
        ${now ? html`<button type="button" id="zoo-clear" @click=${letGo}>${t("zoo.clear")}</button>` : null}
      </div>
    </div>
    ${problem.value ? html`<p class="problem" role="alert">${problem.value}</p>` : null}
    <div id="zoo-said">${now ? at(now.specimen) : null}</div>`;
}

/** @param {Specimen} found */
function at(found) {
  const { curves, check, site } = found;
  const flagged = Object.values(check).filter((flag) => flag.flagged).length;
  return html`<h3>${faultName(found.id)}</h3>
    ${site ? placeButtons([site]) : null}
    <p class="hint">${t("mistakes.struck")}</p>
    <p class="verdict" role="status">${t(verdictOf(curves.still_falls, flagged > 0))}</p>
    ${checks(found)} ${losses(found)}`;
}

/** Whether the loss gives it away, and whether the check does. @param {boolean} falls @param {boolean} isFlagged */
export function verdictOf(falls, isFlagged) {
  if (!isFlagged) return falls ? "zoo.unseen" : "zoo.unseen.rises";
  return falls ? "zoo.falls" : "zoo.rises";
}

/** @param {Specimen} found */
function checks({ check }) {
  return html`<h3>${t("check.title")}</h3>
    ${scrolling(
      html`<table class="checks">
        <thead>
          <tr>
            ${["parameter", "result", "largest"].map((head) => html`<th scope="col">${t(`check.${head}`)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${Object.entries(check).map(
            ([name, { flagged, max_relative_error: error }]) =>
              html`<tr data-parameter=${name} data-flagged=${String(flagged)}>
                <th scope="row">${nameOf(name)}</th>
                <td class=${flagged ? "problem" : ""}>${t(`check.result.${error === null ? "open" : flagged ? "no" : "yes"}`)}</td>
                <td>${error === null ? "\u2013" : short(Number(asNumber(error).toPrecision(2)))}</td>
              </tr>`,
          )}
        </tbody>
      </table>`,
      t("check.title"),
    )}`;
}

/** @param {Specimen} found */
function losses({ curves, id }) {
  const charts = bringCharts();
  const names = [t("zoo.curve.right"), faultName(id)];
  const [right, wrong] = [curves.right.at(-1), curves.wrong.at(-1)];
  const told = html`<p>
    ${t("zoo.losses", { start: short(curves.right[0]), right: short(right), wrong: short(wrong), steps: curves.right.length - 1 })}
  </p>`;
  if (!charts) return told;
  charts.spoilt.beside(curves, names, `${theme.value} ${language.value}`);
  return html`<h3>${t("zoo.curves")}</h3>
    <figure class="curve" role="group" aria-label=${t("compare.drawn", { first: names[0], second: names[1] })}>
      ${charts.spoilt.place}
    </figure>
    ${told}`;
}
