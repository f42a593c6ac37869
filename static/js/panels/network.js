/**
 * The form for a network of one's own. Every limit stands at its field and is the server's; what
 * it refuses nevertheless is shown at the field, too.
 *
 * @import { Allowed } from "../types.js"
 * @import { Catalogue, OwnDataset } from "../pagetypes.js"
 * @import { Draft, Row } from "./draft.js"
 */
import { batch, signal } from "@preact/signals-core";
import { html } from "lit-html";
import { ApiError, getCatalogue } from "../api.js";
import { fieldMessage, messageOf, number } from "../messages.js";
import { openNetwork } from "../session.js";
import { catalogue, notice, panel, panelOpen, session, stride, view as seen } from "../store.js";
import { t } from "../strings.js";
import { strideFor } from "../timeline.js";
import { mount } from "../mount.js";
import {
  activationsOf,
  ADDED,
  batchAllowed,
  bodyOf,
  bookDraft,
  draftOf,
  drawsBatches,
  faultsOf,
  FIRST,
  fitsWeights,
  INITIALIZERS,
  noiseAllowed,
  parametersOf,
  samplesAllowed,
  specsOf,
  withData,
} from "./draft.js";
import { valueOf } from "./chosen.js";
import { dropTable, overTable, splitBy, tableChoice } from "./owntable.js";
import { dialog } from "./dialogs.js";

/** @type {import("@preact/signals-core").Signal<Draft>} */
const draft = signal(FIRST);
/** What the server refused of the draft as it is, by field. @type {import("@preact/signals-core").Signal<ReadonlyMap<string, string>>} */
const refused = signal(new Map());
const sending = signal(false);

/** Whether it is the network on the screen that gets other samples. */
const isOther = signal(false);
/** Among the ways to draw weights: not to. */
const KEPT = "kept";

let mounted = false;

/** @param {boolean} [same]  with the network on the screen, to give it other samples */
export async function openNetworkForm(same = false) {
  try {
    catalogue.value ??= await getCatalogue();
  } catch (error) {
    notice.value = messageOf(error);
    return;
  }
  const now = session.value;
  const there = same && now ? draftOf(now.network, catalogue.value) : null;
  if (there) draft.value = there;
  isOther.value = there !== null;
  if (!mounted) mount("network", form);
  mounted = true;
  refused.value = new Map();
  dialog("network").showModal();
  if (same) document.getElementById("data")?.focus();
}

function form() {
  const known = catalogue.value;
  if (!known) return null;
  const now = draft.value;
  const { limits } = known;
  const faults = new Map([...refused.value, ...faultsOf(now, known)]);
  const parameters = parametersOf(now);
  const noise = noiseAllowed(now, known);
  const specs = specsOf(now.layers).length;
  return html`
    <h2 id="network-title">${t("header.own")}</h2>
    <form
      novalidate
      @submit=${submit}
      @dragover=${overTable}
      @drop=${(/** @type {DragEvent} */ event) => dropTable(event, take)}
    >
      <button type="button" id="book" @click=${() => set(bookDraft(known))}>${t("network.book")}</button>
      <fieldset class="samples">
        <legend>${t("network.data")}</legend>
        ${dataChoice(known, faults)}
        ${now.data === "own" ? tableChoice(now.table, { missing: faults.get("table"), take }) : null}
        ${numberField("samples", t("network.samples"), now.samples, samplesAllowed(now, known), (samples) => set({ samples }), faults)}
        ${drawsBatches(now) ? numberField("batch", t("network.batch"), now.batch, batchAllowed(now, known), (size) => set({ batch: size }), faults) : null}
        ${noise ? numberField("noise", t("network.noise"), now.noise, noise, (value) => set({ noise: value }), faults, "any") : null}
        ${drawsBatches(now) ? html`<p class="hint">${t("network.batchHint")}</p>` : null}
      </fieldset>
      ${numberField("input", t("network.input"), now.input, limits.input_size, (input) => set({ input }), faults)}
      <fieldset>
        <legend>${t("network.layers")}</legend>
        <ol class="layers">
          ${now.layers.map((row, i) => layerRow(row, i, known, faults))}
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
      ${now.loss ? lossChoice(known) : null}
      ${initializerChoice(known, faults)}
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

/** @param {Row} row @param {number} i @param {Catalogue} known @param {Map<string, string>} faults */
function layerRow({ units, activation }, i, known, faults) {
  /** @param {Partial<Row>} change */
  const change = (change) =>
    set({ layers: draft.value.layers.map((row, k) => (k === i ? { ...row, ...change } : row)) });
  const label = t("network.units", { layer: i + 1 });
  return html`<li>
    ${numberField(`units-${i}`, label, units, known.limits.units, (units) => change({ units }), faults)}
    <label>
      <span>${t("network.activation")}</span>
      <select id=${`activation-${i}`} @change=${(/** @type {Event} */ event) => change({ activation: valueOf(event), settings: undefined })}>
        <option value="none" .selected=${activation === "none"}>${t("activation.none")}</option>
        ${activationsOf(known).map(
          ({ name, title }) => html`<option value=${name} .selected=${name === activation}>${title}</option>`,
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

/** What there is to learn from; the network is made to go with it. @param {Catalogue} known @param {Map<string, string>} faults */
function dataChoice(known, faults) {
  const now = draft.value;
  const names = ["bands", known.digits.name, ...known.planes.map(({ name }) => name), "own"];
  return html`<label class="field">
      <span class="unseen">${t("network.data")}</span>
      <select
        id="data"
        aria-invalid=${faults.has("data") ? "true" : "false"}
        @change=${(/** @type {Event} */ event) => set(withData(now, valueOf(event), known))}
      >
        ${names.map(
          (name) => html`<option value=${name} .selected=${name === now.data}>${t(`network.data.${name}`)}</option>`,
        )}
      </select>
      ${fault("data", faults)}
    </label>
    ${now.data === "bands" && now.loss ? html`<p class="hint">${t("network.data.bandsHint")}</p>` : null}`;
}

/** A table of one's own has come, or has gone. @param {OwnDataset | null} table */
function take(table) {
  const known = catalogue.value;
  if (known) set(withData({ ...draft.value, table }, "own", known));
}

/** Whether the network on the screen gives its weights to the one that is asked for. */
function keepsWeights() {
  return isOther.value && draft.value.kept && fitsWeights(draft.value, session.value?.network);
}

/** @param {string} name */
function initialize(name) {
  set(name === KEPT ? { kept: true } : { kept: false, initializer: name });
}

/** Which loss. @param {Catalogue} known */
function lossChoice({ losses }) {
  const { type } = draft.value.lossSpec;
  return html`<label class="field">
    <span class="unseen">${t("loss.label")}</span>
    <select id="loss-type" @change=${(/** @type {Event} */ event) => set({ lossSpec: { type: valueOf(event) } })}>
      ${losses.map(({ name, title }) => html`<option value=${name} .selected=${name === type}>${title}</option>`)}
    </select>
  </label>`;
}

/** How weights are drawn. @param {Catalogue} known @param {Map<string, string>} faults */
function initializerChoice(known, faults) {
  const now = draft.value;
  const chosen = keepsWeights() ? KEPT : now.initializer;
  const names = isOther.value && fitsWeights(now, session.value?.network) ? [KEPT, ...INITIALIZERS] : INITIALIZERS;
  return html`<div class="pair">
    <label class="field">
      <span>${t("network.initializer")}</span>
      <select id="initializer" @change=${(/** @type {Event} */ event) => initialize(valueOf(event))}>
        ${names.map(
          (name) =>
            html`<option value=${name} .selected=${name === chosen}>${t(`network.initializer.${name}`)}</option>`,
        )}
      </select>
    </label>
    ${chosen === "normal" ? numberField("std", t("network.std"), now.std, known.limits.std, (std) => set({ std }), faults, "any") : null}
  </div>`;
}

/**
 * @param {string} id
 * @param {string} label
 * @param {string} value  as it was typed
 * @param {Allowed} allowed
 * @param {(value: string) => void} put
 * @param {Map<string, string>} faults
 * @param {"1" | "any"} [step]  any: no whole number is needed
 */
function numberField(id, label, value, allowed, put, faults, step = "1") {
  const { minimum, maximum } = allowed;
  return html`<label class="field">
    <span>${label} <small>${t("network.range", { minimum: number(minimum), maximum: number(maximum) })}</small></span>
    <input
      type="number"
      id=${id}
      min=${minimum}
      max=${maximum}
      step=${step}
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
async function submit(event) {
  event.preventDefault();
  const known = catalogue.value;
  if (!known || sending.value) return;
  if (faultsOf(draft.value, known).size > 0) return toFirstFault();
  refused.value = new Map();
  sending.value = true;
  try {
    const { table } = draft.value;
    if (draft.value.data === "own" && table)
      draft.value = { ...draft.value, table: await splitBy(table, Number(draft.value.seed)) };
    const { network, ...rest } = bodyOf(draft.value, known);
    await openNetwork(network, rest, { seq: 0, element: 0 }, keepsWeights() ? session.value : null);
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
  if (pointer === "/data/batch_size") return ["batch"];
  if (pointer === "/data/noise") return ["noise"];
  if (pointer.startsWith("/initializer")) return ["std"];
  if (pointer.startsWith("/data")) return ["data"];
  return [pointer === "/seed" ? "seed" : "all"];
}

/** The row of the form that became the layer's spec. @param {number} spec */
function rowOf(spec) {
  const { layers } = draft.value;
  const after = layers.findIndex((_, i) => specsOf(layers.slice(0, i + 1)).length > spec);
  return after < 0 ? layers.length - 1 : after;
}
