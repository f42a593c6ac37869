/**
 * The form for a network of one's own. Every limit stands at its field and is the server's; what
 * it refuses nevertheless is shown at the field, too.
 *
 * @import { Allowed } from "../types.js"
 * @import { Draft, Row } from "./draft.js"
 */
import { batch, signal } from "@preact/signals-core";
import { html } from "lit-html";
import { ApiError, getCatalogue } from "../api.js";
import { fieldMessage, messageOf, number } from "../messages.js";
import { openNetwork } from "../session.js";
import { catalogue, notice, panel, panelOpen, stride, view as seen } from "../store.js";
import { t } from "../strings.js";
import { strideFor } from "../timeline.js";
import { mount } from "../mount.js";
import {
  ADDED,
  bodyOf,
  faultsOf,
  FIRST,
  parametersOf,
  pixelsOf,
  samplesAllowed,
  specsOf,
  takesDigits,
} from "./draft.js";
import { dialog } from "./dialogs.js";

const ACTIVATIONS = ["none", "relu", "sigmoid", "tanh"];

/** @type {import("@preact/signals-core").Signal<Draft>} */
const draft = signal(FIRST);
/** What the server refused of the draft as it is, by field. @type {import("@preact/signals-core").Signal<ReadonlyMap<string, string>>} */
const refused = signal(new Map());
const sending = signal(false);

let mounted = false;

export async function openNetworkForm() {
  try {
    catalogue.value ??= await getCatalogue();
  } catch (error) {
    notice.value = messageOf(error);
    return;
  }
  if (!mounted) mount("network", form);
  mounted = true;
  refused.value = new Map();
  dialog("network").showModal();
}

function form() {
  const known = catalogue.value;
  if (!known) return null;
  const now = draft.value;
  const { limits } = known;
  const faults = new Map([...refused.value, ...faultsOf(now, known)]);
  const parameters = parametersOf(now);
  const specs = specsOf(now.layers).length;
  return html`
    <h2 id="network-title">${t("header.own")}</h2>
    <form @submit=${submit} novalidate>
      ${numberField("input", t("network.input"), now.input, limits.input_size, (input) => set({ input }), faults)}
      <fieldset>
        <legend>${t("network.layers")}</legend>
        <ol class="layers">
          ${now.layers.map((row, i) => layerRow(row, i, limits.units, faults))}
        </ol>
        <button type="button" id="add-layer" ?disabled=${specs >= (limits.layers.maxItems ?? Infinity)} @click=${addLayer}>
          ${t("network.add")}
        </button>
        <p class="hint">
          ${t("network.layersHint", {
            count: number(limits.layers.maxItems),
            parameters: Number.isNaN(parameters) ? "?" : number(parameters),
            maximum: number(limits.parameters.maximum),
          })}
        </p>
        ${fault("layers", faults)}
      </fieldset>
      <label class="check">
        <input type="checkbox" id="loss" .checked=${now.loss} @change=${(/** @type {Event} */ change) => set({ loss: input(change).checked })} />
        <span>${t("network.loss")}</span>
      </label>
      ${dataChoice(faults)}
      ${numberField("samples", t("network.samples"), now.samples, samplesAllowed(now, known), (samples) => set({ samples }), faults)}
      ${numberField("seed", t("network.seed"), now.seed, limits.seed, (seed) => set({ seed }), faults)}
      <p class="hint">${t("network.then")}</p>
      ${fault("all", faults)}
      <div class="dialog-buttons">
        <button type="button" @click=${() => dialog("network").close()}>${t("network.cancel")}</button>
        <button type="submit" class="primary" id="make" ?disabled=${sending.value}>${t("network.make")}</button>
      </div>
    </form>
  `;
}

/** @param {Row} row @param {number} i @param {Allowed} allowed @param {Map<string, string>} faults */
function layerRow({ units, activation }, i, allowed, faults) {
  /** @param {Partial<Row>} change */
  const change = (change) =>
    set({ layers: draft.value.layers.map((row, k) => (k === i ? { ...row, ...change } : row)) });
  const label = t("network.units", { layer: i + 1 });
  return html`<li>
    ${numberField(`units-${i}`, label, units, allowed, (units) => change({ units }), faults)}
    <label>
      <span>${t("network.activation")}</span>
      <select id=${`activation-${i}`} @change=${(/** @type {Event} */ event) => change({ activation: chosen(event) })}>
        ${ACTIVATIONS.map(
          (name) => html`<option value=${name} .selected=${name === activation}>${t(`activation.${name}`)}</option>`,
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

/** Made-up samples, or digits where a sample is a picture of one. @param {Map<string, string>} faults */
function dataChoice(faults) {
  const now = draft.value;
  const known = catalogue.value;
  if (!known) return null;
  const fits = takesDigits(now, known);
  const hints = [];
  if (now.data === "bands" && now.loss) hints.push(t("network.data.bandsHint"));
  if (!fits) hints.push(t("network.data.mnistHint", { count: number(pixelsOf(known)) }));
  return html`<label class="field">
      <span>${t("network.data")}</span>
      <select
        id="data"
        aria-invalid=${faults.has("data") ? "true" : "false"}
        aria-describedby="data-hint"
        @change=${(/** @type {Event} */ event) => set({ data: chosen(event) === "mnist" ? "mnist" : "bands" })}
      >
        <option value="bands" .selected=${now.data === "bands"}>${t("network.data.bands")}</option>
        <option value="mnist" .selected=${now.data === "mnist"} ?disabled=${!fits && now.data !== "mnist"}>
          ${t("network.data.mnist")}
        </option>
      </select>
      ${fault("data", faults)}
    </label>
    ${hints.length > 0 ? html`<p class="hint" id="data-hint">${hints.join(" ")}</p>` : null}`;
}

/**
 * @param {string} id
 * @param {string} label
 * @param {string} value  as it was typed
 * @param {Allowed} allowed
 * @param {(value: string) => void} put
 * @param {Map<string, string>} faults
 */
function numberField(id, label, value, allowed, put, faults) {
  const { minimum, maximum } = allowed;
  return html`<label class="field">
    <span>${label} <small>${t("network.range", { minimum: number(minimum), maximum: number(maximum) })}</small></span>
    <input
      type="number"
      id=${id}
      min=${minimum}
      max=${maximum}
      step="1"
      required
      .value=${value}
      aria-invalid=${faults.has(id) ? "true" : "false"}
      @change=${(/** @type {Event} */ change) => put(input(change).value)}
    />
    ${fault(id, faults)}
  </label>`;
}

/** @param {string} id @param {Map<string, string>} faults */
function fault(id, faults) {
  return faults.has(id) ? html`<em class="problem" role="alert">${faults.get(id)}</em>` : null;
}

/** @param {Partial<Draft>} change */
function set(change) {
  batch(() => {
    draft.value = { ...draft.value, ...change };
    refused.value = new Map();
  });
}

function addLayer() {
  set({ layers: [...draft.value.layers, ADDED] });
}

/** @param {Event} event */
function input(event) {
  return /** @type {HTMLInputElement} */ (event.target);
}

/** @param {Event} event */
function chosen(event) {
  return /** @type {HTMLSelectElement} */ (event.target).value;
}

/** @param {Event} event */
async function submit(event) {
  event.preventDefault();
  const known = catalogue.value;
  if (!known || sending.value) return;
  if (faultsOf(draft.value, known).size > 0) return toFirstFault();
  refused.value = new Map();
  sending.value = true;
  try {
    const { network, ...rest } = bodyOf(draft.value);
    await openNetwork(network, rest, { seq: 0, element: 0 });
    dialog("network").close();
    // Next is explained there.
    panel.value = "explain";
    panelOpen.value = true;
    stride.value = strideFor(seen.value.level);
  } catch (error) {
    refused.value = sorted(error);
    toFirstFault();
  } finally {
    sending.value = false;
  }
}

function toFirstFault() {
  const first = dialog("network").querySelector('[aria-invalid="true"]');
  if (first instanceof HTMLElement) first.focus();
}

/**
 * What the server refused, by field; `all` is for what has none.
 * @param {unknown} error
 */
function sorted(error) {
  if (!(error instanceof ApiError) || error.errors.length === 0) return new Map([["all", messageOf(error)]]);
  const found = new Map();
  for (const one of error.errors) {
    const [id, label] = fieldOf(one.pointer);
    const text = label ? fieldMessage(one, undefined, label) : fieldMessage(one);
    found.set(id, found.has(id) ? `${found.get(id)} ${text}` : text);
  }
  return found;
}

/** @param {string} pointer @returns {[string, string?]} the field's id and its name */
function fieldOf(pointer) {
  const spec = /^\/network\/layers\/(\d+)/.exec(pointer);
  if (spec) {
    const i = rowOf(Number(spec[1]));
    return [`units-${i}`, t("network.units", { layer: i + 1 })];
  }
  if (pointer === "/network/input_size") return ["input"];
  if (pointer.startsWith("/network")) return ["layers"];
  if (pointer === "/data/samples") return ["samples"];
  if (pointer.startsWith("/data")) return ["data"];
  return [pointer === "/seed" ? "seed" : "all"];
}

/** The row of the form that became the layer's spec. @param {number} spec */
function rowOf(spec) {
  const { layers } = draft.value;
  const after = layers.findIndex((_, i) => specsOf(layers.slice(0, i + 1)).length > spec);
  return after < 0 ? layers.length - 1 : after;
}
