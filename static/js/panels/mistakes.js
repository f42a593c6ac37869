/**
 * The panel Mistakes: homework beside the right gradient.
 */
import { html } from "lit-html";
import { places } from "../mistakes/state.js";
import { t } from "../strings.js";
import { homework } from "./homework.js";

export function mistakes() {
  return html`<section class="mistakes" aria-labelledby="mistakes-title">
    <h2 id="mistakes-title">${t("panels.mistakes")}</h2>
    ${content()}
  </section>`;
}

function content() {
  const { value, problem } = places.value;
  if (problem) return html`<p class="problem" role="alert">${problem}</p>`;
  if (!value) return html`<p class="hint">${t("loading.now")}</p>`;
  if (value.gradients.length === 0) return html`<p class="hint">${t("mistakes.none")}</p>`;
  return homework(value.gradients);
}
