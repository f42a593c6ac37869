/**
 * The form for a network of one's own. The server has the last word on every field; what it says
 * is shown at the field.
 *
 * @import { FieldError } from "../api.js"
 * @import { LayerSpec } from "../types.js"
 */
import { signal } from "@preact/signals-core";
import { html } from "lit-html";
import { ApiError } from "../api.js";
import { fieldMessage, messageOf } from "../messages.js";
import { openNetwork } from "../session.js";
import { panel, panelOpen } from "../store.js";
import { t } from "../strings.js";
import { view } from "../view.js";
import { dialog } from "./help.js";

/** What a figure with numbers can still show; the server itself takes more. */
const LIMITS = { input: 64, units: 64, layers: 12, samples: 64 };
const ACTIVATIONS = ["none", "relu", "sigmoid", "tanh"];

/** @typedef {{units: number, activation: string}} Row */
/** @typedef {{input: number, layers: Row[], loss: boolean, samples: number, seed: number}} Draft */

/** @type {import("@preact/signals-core").Signal<Draft>} */
const draft = signal({
  input: 3,
  layers: [
    { units: 4, activation: "relu" },
    { units: 2, activation: "none" },
  ],
  loss: true,
  samples: 5,
  seed: 0,
});
/** @type {import("@preact/signals-core").Signal<{fields: ReadonlyMap<string, string>, all: string | null}>} */
const faults = signal({ fields: new Map(), all: null });

export function mountNetworkForm() {
  view("network", form);
}

export function openNetworkForm() {
  faults.value = { fields: new Map(), all: null };
  dialog("network").showModal();
}

function form() {
  const now = draft.value;
  return html`
    <h2 id="network-title">${t("network.title")}</h2>
    <form @submit=${submit} novalidate>
      ${numberField("input", t("network.input"), now.input, [1, LIMITS.input], (input) => set({ input }), "/network/input_size")}
      <fieldset>
        <legend>${t("network.layers")}</legend>
        <ol class="layers">
          ${now.layers.map(layerRow)}
        </ol>
        <button type="button" id="add-layer" ?disabled=${now.layers.length >= LIMITS.layers} @click=${addLayer}>
          ${t("network.add")}
        </button>
        ${fault("/network/layers")}
      </fieldset>
      <label class="check">
        <input type="checkbox" id="loss" .checked=${now.loss} @change=${(/** @type {Event} */ change) => set({ loss: checked(change) })} />
        <span>${t("network.loss")}</span>
      </label>
      ${numberField("samples", t("network.samples"), now.samples, [1, LIMITS.samples], (samples) => set({ samples }), "/x")}
      ${numberField("seed", t("network.seed"), now.seed, [0, 4294967295], (seed) => set({ seed }), "/seed")}
      <p class="hint">${t("network.then")}</p>
      ${faults.value.all ? html`<p class="problem" role="alert">${faults.value.all}</p>` : null}
      <div class="dialog-buttons">
        <button type="button" @click=${() => dialog("network").close()}>${t("network.cancel")}</button>
        <button type="submit" class="primary" id="make">${t("network.make")}</button>
      </div>
    </form>
  `;
}

/** @param {Row} row @param {number} i */
function layerRow({ units, activation }, i) {
  /** @param {Partial<Row>} change */
  const change = (change) =>
    set({ layers: draft.value.layers.map((row, k) => (k === i ? { ...row, ...change } : row)) });
  const pointers = layerPointers(i);
  return html`<li>
    ${numberField(`units-${i}`, t("network.units", { layer: i + 1 }), units, [1, LIMITS.units], (value) => change({ units: value }), ...pointers)}
    <label>
      <span>${t("network.activation")}</span>
      <select id=${`activation-${i}`} @change=${(/** @type {Event} */ event) => change({ activation: /** @type {HTMLSelectElement} */ (event.target).value })}>
        ${ACTIVATIONS.map(
          (name) => html`<option value=${name} ?selected=${name === activation}>${t(`activation.${name}`)}</option>`,
        )}
      </select>
    </label>
    <button
      type="button"
      class="quiet"
      aria-label=${t("network.remove", { layer: i + 1 })}
      ?disabled=${draft.value.layers.length < 2}
      @click=${() => set({ layers: draft.value.layers.filter((_, k) => k !== i) })}
    >
      ${t("network.removeShort")}
    </button>
  </li>`;
}

/**
 * @param {string} id
 * @param {string} label
 * @param {number} value
 * @param {[number, number]} range
 * @param {(value: number) => void} put
 * @param {string[]} pointers  where the server finds this field
 */
function numberField(id, label, value, [min, max], put, ...pointers) {
  const message = pointers.map((pointer) => faults.value.fields.get(pointer)).find(Boolean);
  return html`<label class="field">
    <span>${label} <small>${min}\u2013${max}</small></span>
    <input
      type="number"
      id=${id}
      min=${min}
      max=${max}
      step="1"
      required
      .value=${String(value)}
      aria-invalid=${message ? "true" : "false"}
      @change=${(/** @type {Event} */ change) => put(Number(/** @type {HTMLInputElement} */ (change.target).value))}
    />
    ${message ? html`<em class="problem" role="alert">${message}</em>` : null}
  </label>`;
}

/** @param {string} pointer */
function fault(pointer) {
  const message = faults.value.fields.get(pointer);
  return message ? html`<p class="problem" role="alert">${message}</p>` : null;
}

/** @param {Partial<Draft>} change */
function set(change) {
  draft.value = { ...draft.value, ...change };
}

function addLayer() {
  set({ layers: [...draft.value.layers, { units: 3, activation: "none" }] });
}

/** @param {Event} change */
function checked(change) {
  return /** @type {HTMLInputElement} */ (change.target).checked;
}

/** @param {Event} event */
async function submit(event) {
  event.preventDefault();
  const now = draft.value;
  const outputs = now.layers.at(-1)?.units ?? 1;
  const network = {
    input_size: now.input,
    layers: specs(now.layers),
    loss: now.loss ? { type: "softmax_cross_entropy" } : null,
  };
  const rows = Array.from({ length: within(now.samples, LIMITS.samples) }, (_, n) => n);
  const rest = now.loss
    ? { t: rows.map((n) => n % outputs) }
    : { grad_output: rows.map(() => Array(within(outputs, LIMITS.units)).fill(1)) };
  const x = rows.map((n) => Array.from({ length: within(now.input, LIMITS.input) }, (_, d) => firstNumber(n, d)));
  faults.value = { fields: new Map(), all: null };
  try {
    await openNetwork(network, { seed: now.seed, x, ...rest }, { seq: 0, element: 0 });
    dialog("network").close();
    panel.value = "data";
    panelOpen.value = true;
  } catch (error) {
    faults.value = sorted(error);
  }
}

/**
 * Something to start from until the learner types their own: tenths between -1 and 1.
 * @param {number} n @param {number} d
 */
function firstNumber(n, d) {
  return ((n * 7 + d * 5 + 3) % 21) / 10 - 1;
}

/** @param {number} value @param {number} limit  so that a slip cannot fill the memory; the server refuses it anyway */
function within(value, limit) {
  return Math.max(0, Math.min(Math.trunc(value) || 0, limit));
}

/** @param {Row[]} rows @returns {LayerSpec[]} */
function specs(rows) {
  return rows.flatMap(({ units, activation }) => [
    { type: "affine", units },
    ...(activation === "none" ? [] : [{ type: activation }]),
  ]);
}

/** @param {number} i  @returns {string[]} pointers to the specs that row i became */
function layerPointers(i) {
  const before = specs(draft.value.layers.slice(0, i)).length;
  return [`/network/layers/${before}/units`, `/network/layers/${before}`];
}

/** @param {unknown} error */
function sorted(error) {
  if (!(error instanceof ApiError) || error.errors.length === 0) {
    return { fields: new Map(), all: messageOf(error) };
  }
  const fields = new Map(error.errors.map((one) => [one.pointer, fieldMessage(one)]));
  const shown = new Set(["/network/input_size", "/network/layers", "/x", "/seed", ...draft.value.layers.flatMap((_, i) => layerPointers(i))]);
  const others = error.errors.filter((/** @type {FieldError} */ one) => !shown.has(one.pointer));
  return { fields, all: others.length > 0 ? others.map(fieldMessage).join(" ") : null };
}
