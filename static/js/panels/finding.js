/**
 * Find it: one mistake is hidden in the backward pass on the screen. A few numbers may be nudged;
 * then layer and mistake are named.
 *
 * @import { Hidden } from "../types.js"
 */
import { html } from "lit-html";
import { indexText, layerTitle, nameOf, tensorOf } from "../figure/names.js";
import { short } from "../format.js";
import {
  aimed,
  endHunt,
  hidden,
  isOpen,
  judge,
  left,
  spend,
  startHunt,
  suspect,
  tried,
  verdict,
  wasTried,
} from "../mistakes/finding.js";
import { busy, faultName, problem } from "../mistakes/state.js";
import { scrolling } from "../scroll.js";
import { hunt, selection, stale, table } from "../store.js";
import { t } from "../strings.js";
import { flat, indexOf, isOmitted, shapeOf } from "../values.js";
import { valueOf } from "./chosen.js";
import { placeButtons } from "./places.js";

export function finding() {
  const now = hidden.value;
  return html`<p class="hint">${t("find.hint")}</p>
    ${now ? html`<p class="hint">${t("find.number", { seed: now.seed })}</p>` : null}
    ${now && isOpen.value ? looking(now) : null}
    ${problem.value ? html`<p class="problem" role="alert">${problem.value}</p>` : null}
    <div id="find-said" role="status">${said()}</div>
    <div class="buttons">
      ${
        now && isOpen.value
          ? html`<button type="button" id="find-tell" ?disabled=${busy.value} @click=${() => judge(guessOf(now), true)}>${t("find.tell")}</button>
              <button type="button" id="find-end" @click=${endHunt}>${t("find.end")}</button>`
          : html`<button type="button" class="primary" id="find-start" ?disabled=${busy.value || stale.value} @click=${() => startHunt()}>
              ${t(now ? "find.another" : "find.start")}
            </button>`
      }
    </div>`;
}

/** @param {Hidden} now */
function looking(now) {
  const guess = guessOf(now);
  const layers = [...new Set(now.suspects.flatMap(({ layers: names }) => names))];
  return html`<section class="nudges" aria-labelledby="find-nudges">
      <h3 id="find-nudges">${t("find.nudges", { count: left.value })}</h3>
      ${aim()} ${tried.value.length > 0 ? slopes() : null}
    </section>
    <form class="homework" @submit=${(/** @type {Event} */ event) => send(event, now)}>
      <h3>${t("find.guess")}</h3>
      <label class="field">
        <span>${t("find.layer")}</span>
        <select id="find-layer" @change=${(/** @type {Event} */ event) => (suspect.value = { ...guess, layer: valueOf(event) })}>
          ${layers.map((name) => html`<option value=${name} .selected=${name === guess.layer}>${titleOf(name)}</option>`)}
        </select>
      </label>
      <label class="field">
        <span>${t("zoo.fault")}</span>
        <select id="find-fault" @change=${(/** @type {Event} */ event) => (suspect.value = { ...guess, fault: valueOf(event) })}>
          ${now.suspects.map(({ id }) => html`<option value=${id} .selected=${id === guess.fault}>${faultName(id)}</option>`)}
        </select>
      </label>
      <p class="hint">${t(`fault.${guess.fault}.did`)}</p>
      <button type="submit" class="primary" id="find-guess" ?disabled=${busy.value}>${t("find.say")}</button>
    </form>`;
}

/** A layer, or a tensor whose branches meet. @param {string} name */
function titleOf(name) {
  const title = layerTitle(name);
  return title === name ? nameOf(name) : title;
}

/** @param {Hidden} now @returns {{fault: string, layer: string}} */
function guessOf(now) {
  const [first] = now.suspects;
  return suspect.value ?? { fault: first.id, layer: first.layers[0] };
}

/** @param {Event} event @param {Hidden} now */
function send(event, now) {
  event.preventDefault();
  void judge(guessOf(now), false);
}

/** Which number is nudged: as chosen in the figure, or here. */
function aim() {
  const values = hunt.value?.values ?? new Map();
  const keys = [...values.keys()].filter((key) => table.value?.values.has(key) && !isOmitted(values.get(key)));
  const now = aimed.value;
  const count = now ? flat(values.get(now.key)).length : 0;
  const isOff = !now || now.index === null || left.value <= 0 || busy.value || wasTried(now.key, now.index);
  return html`<p class="hint">${t("find.choose")}</p>
    <div class="aim">
      <label class="field">
        <span>${t("homework.gradient")}</span>
        <select id="find-gradient" @change=${(/** @type {Event} */ event) => choose(valueOf(event), 0)}>
          <option value="" .selected=${!now} disabled>${t("compare.rival.choose")}</option>
          ${keys.map((key) => html`<option value=${key} .selected=${key === now?.key}>${nameOf(key)}</option>`)}
        </select>
      </label>
      <label class="field">
        <span>${t("homework.cell")}</span>
        <select id="find-cell" ?disabled=${!now} @change=${(/** @type {Event} */ event) => now && choose(now.key, Number(valueOf(event)))}>
          <option value="" .selected=${now?.index === null} disabled>${t("compare.rival.choose")}</option>
          ${Array.from({ length: count }, (_, i) => html`<option value=${i} .selected=${i === now?.index}>${now ? `[${indexOf(i, now.shape).join(", ")}]` : ""}</option>`)}
        </select>
      </label>
      <button type="button" id="find-nudge" ?disabled=${isOff} @click=${spend}>${t("find.nudge")}</button>
    </div>`;
}

/** @param {string} key @param {number} index */
function choose(key, index) {
  selection.value = { key, index };
}

function slopes() {
  return scrolling(
    html`<table class="wrong-cells">
      <thead>
        <tr>
          ${["homework.cell", "find.shown", "find.slope", "check.result"].map((head) => html`<th scope="col">${t(head)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${tried.value.map(
          ({ key, index, shown, slope, agrees }) =>
            html`<tr data-agrees=${String(agrees)}>
              <th scope="row">${nameOf(key)}${cellText(key, index)}</th>
              <td>${short(shown)}</td>
              <td>${short(slope)}</td>
              <td class=${agrees ? "" : "problem"}>${t(agrees ? "find.agrees" : "find.differs")}</td>
            </tr>`,
        )}
      </tbody>
    </table>`,
    t("find.nudge"),
  );
}

/** @param {string} key @param {number | null} index */
function cellText(key, index) {
  const value = table.value?.values.get(key);
  if (value === undefined || isOmitted(value) || index === null) return "";
  return indexText(tensorOf(key), indexOf(index, shapeOf(value)));
}

function said() {
  const now = verdict.value;
  if (!now || !hidden.value) return null;
  const words = now.right
    ? "find.right"
    : now.id
      ? "find.told"
      : now.fault
        ? "find.fault"
        : now.layer
          ? "find.layer.right"
          : "find.wrong";
  return html`<p class=${now.right || now.id ? "verdict" : "verdict problem"}>${t(words)}</p>
    ${
      now.id && now.site
        ? html`<ul class="named">
              <li data-fault=${now.id}>
                <b>${faultName(now.id)}</b>
                <p>${t(`fault.${now.id}.did`)}</p>
                ${placeButtons([now.site])}
              </li>
            </ul>
            <p class="hint">${t("mistakes.struck")}</p>`
        : null
    }`;
}
