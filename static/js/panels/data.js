/**
 * The numbers the pass starts from, as tables that are edited in place: inputs, targets, the
 * gradient given from above, parameters, learning rate.
 *
 * @import { Value } from "../types.js"
 */
import { html } from "lit-html";
import { editable, session, stale } from "../store.js";
import { t } from "../strings.js";
import { edit, fork, update } from "../session.js";
import { canCome } from "../leftout.js";
import { isOmitted, shapeOf } from "../values.js";
import { shapeText } from "../format.js";
import { messageOf } from "../messages.js";
import { tableEditor } from "./editor.js";
import { allFiles, tensorFiles } from "./files.js";
import { fieldProblems, numberField } from "./input.js";
import { notes, problems, whenSent } from "./said.js";
import { signal } from "@preact/signals-core";

/** @type {import("@preact/signals-core").Signal<{before: number, after: number} | null>} */
const updated = signal(null);

export function data() {
  const now = session.value;
  if (!now) return null;
  /** @type {[string, Value | null, string][]} */
  const tensors = [
    ["x", now.x, t("data.x")],
    ["t", now.t, t(isOneHot(now.t) ? "data.t.onehot" : "data.t.labels")],
    ["grad_output", now.loss === null && now.grad_output ? now.grad_output : null, t("data.grad_output")],
    ...Object.entries(now.parameters).map(
      ([name, value]) => /** @type {[string, Value, string]} */ ([name, value, ""]),
    ),
  ];
  return html`
    <p class="hint">${t(editable.value ? "data.hint" : "data.readonly")}</p>
    ${editable.value ? null : html`<button type="button" @click=${copyToOwn}>${t("data.fork")}</button>`}
    <p class="state" role="status">${stale.value ? t("stale.now") : ""}</p>
    ${allFiles()}
    ${tensors.map(([name, value, title]) => (value === null ? null : section(name, value, title)))}
    ${learningRate()}
  `;
}

/** @param {string} name @param {Value} value @param {string} title */
function section(name, value, title) {
  return html`<section class="tensor" data-name=${name} aria-labelledby="data-${name}">
    <h2 id="data-${name}">
      <code>${name}</code> <span class="shape">${shapeText(isOmitted(value) ? value.shape : shapeOf(value))}</span>
      ${title ? html`<span class="what">${title}</span>` : null}
    </h2>
    ${isOmitted(value)
      ? html`<p class="hint">${t(canCome(value) ? "data.coming" : "data.large")}</p> ${notes(name)}`
      : tableEditor(name, value)}
    ${tensorFiles(name)}
  </section>`;
}

/** @param {Value | null} targets  else labels */
function isOneHot(targets) {
  return targets !== null && (isOmitted(targets) ? targets.shape : shapeOf(targets)).length === 2;
}

function learningRate() {
  const now = session.value;
  const rate = now?.optimizer?.learning_rate;
  if (rate === undefined || !now) return null;
  return html`<section class="tensor" aria-labelledby="data-rate">
    <h2 id="data-rate">${t("data.rate")}</h2>
    <div class="rate">
      ${numberField({
        tensor: "learning_rate",
        index: [],
        value: rate,
        labelledby: "data-rate",
        send: (value) =>
          whenSent("learning_rate", edit([{ op: "set", tensor: "learning_rate", index: [], value }])),
      })}
      ${now.t === null
        ? null
        : html`<button type="button" id="update" ?disabled=${!editable.value || stale.value} @click=${takeStep}>
            ${t("data.update")}
          </button>`}
    </div>
    ${fieldProblems("learning_rate", () => rate)} ${notes("learning_rate")}
    ${updated.value ? html`<p class="hint" role="status">${t("data.updated", updated.value)}</p>` : null}
  </section>`;
}

async function takeStep() {
  updated.value = null;
  updated.value = await whenSent("learning_rate", update());
}

async function copyToOwn() {
  try {
    await fork();
  } catch (error) {
    problems.value = new Map([["x", messageOf(error)]]);
  }
}
