/**
 * The panel Practice: exercises, homework beside the right gradient, the bug zoo, and a hidden mistake to find.
 */
import { html } from "lit-html";
import { letGo, mode, places } from "../mistakes/state.js";
import { session } from "../store.js";
import { t } from "../strings.js";
import { exercises } from "./exercises.js";
import { finding } from "./finding.js";
import { homework } from "./homework.js";
import { zoo } from "./zoo.js";

const MODES = /** @type {const} */ (["exercises", "homework", "zoo", "find"]);

export function practice() {
  return html`<div class="modes" role="group" aria-label=${t("panels.practice")}>
      ${MODES.map(
        (name) =>
          html`<button type="button" id=${`mode-${name}`} aria-pressed=${String(mode.value === name)} @click=${() => change(name)}>
            ${t(`mistakes.${name}`)}
          </button>`,
      )}
    </div>
    ${mode.value === "exercises" ? exercises() : mistakes()}`;
}

/** @param {typeof MODES[number]} name */
function change(name) {
  if (mode.value === name) return;
  letGo();
  mode.value = name;
}

function mistakes() {
  return html`<section class="wrongs" aria-labelledby="mistakes-title">
    <h2 id="mistakes-title">${t(`mistakes.${mode.value}`)}</h2>
    ${content()}
  </section>`;
}

function content() {
  const { value, problem } = places.value;
  if (session.value === null) return html`<p class="hint">${t("loading.nothing")}</p>`;
  if (problem) return html`<p class="problem" role="alert">${problem}</p>`;
  if (!value) return html`<p class="hint">${t("loading.now")}</p>`;
  if (value.gradients.length === 0) return html`<p class="hint">${t("mistakes.none")}</p>`;
  if (mode.value === "find") return finding();
  return mode.value === "homework" ? homework(value.gradients) : zoo(value.faults);
}
