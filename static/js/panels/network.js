/**
 * The form for a network of one's own. Every limit stands at its field and is the server's; what
 * it refuses nevertheless is shown at the field, too.
 *
 * @import { Catalogue, OwnDataset } from "../pagetypes.js"
 * @import { Draft } from "./draft.js"
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
  ADDED,
  axesOf,
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
  SHAPES,
  withData,
  withShape,
} from "./draft.js";
import { valueOf } from "./chosen.js";
import { everyLayerOf, idOf, labelOf, layerAt, lossOf, withFaultsShown } from "./rows.js";
import { layerRow, moreButton } from "./layerrow.js";
import { fault, numberField, settingField } from "./settingfields.js";
import { fieldWord, furtherOf, neededOf } from "./settings.js";
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
  const parameters = parametersOf(now, known);
  const noise = noiseAllowed(now, known);
  const specs = everyLayerOf(now.layers, known).length;
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
      ${sampleFields(known, faults)}
      <fieldset>
        <legend>${t("network.layers")}</legend>
        <ol class="layers">
          ${now.layers.map((_, i) => layerRow(now.layers, i, known, faults, (layers) => set({ layers })))}
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
      ${now.loss ? lossChoice(known, faults) : null}
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

/** What one sample is: a row of numbers, or an image. @param {Catalogue} known @param {Map<string, string>} faults */
function sampleFields(known, faults) {
  const now = draft.value;
  /** @param {string} id @param {string} text */
  const put = (id, text) => set(id === "input" ? { input: text } : { axes: { ...now.axes, [id]: text } });
  return html`<div class="axes">
    <label class="field">
      <span>${t("network.shape")}</span>
      <select
        id="shape"
        @change=${(/** @type {Event} */ event) =>
          set(withShape(now, /** @type {keyof typeof SHAPES} */ (valueOf(event)), known))}
      >
        ${Object.keys(SHAPES).map(
          (name) => html`<option value=${name} .selected=${name === now.shape}>${t(`network.shape.${name}`)}</option>`,
        )}
      </select>
    </label>
    ${axesOf(now).map(({ id, text, word }) =>
      numberField(id, word, text, known.limits.input_size, (typed) => put(id, typed), faults),
    )}
  </div>`;
}

/** A table of one's own has come, or has gone. @param {OwnDataset | null} table */
function take(table) {
  const known = catalogue.value;
  if (known) set(withData({ ...draft.value, table }, "own", known));
}

/** Whether the network on the screen gives its weights to the one that is asked for. */
function keepsWeights() {
  const known = catalogue.value;
  if (!known) return false;
  return isOther.value && draft.value.kept && fitsWeights(draft.value, session.value?.network, known);
}

/** @param {string} name */
function initialize(name) {
  set(name === KEPT ? { kept: true } : { kept: false, initializer: name });
}

/** Which loss, and what else there is to say of it. @param {Catalogue} known @param {Map<string, string>} faults */
function lossChoice(known, faults) {
  const { lossType, lossFields, lossMore } = draft.value;
  const fields = furtherOf(lossOf(lossType, known));
  return html`<div class="with-more">
    <label class="field">
      <span class="unseen">${t("loss.label")}</span>
      <select id="loss-type" @change=${(/** @type {Event} */ event) => set({ lossType: valueOf(event) })}>
        ${known.losses.map(
          ({ name, title }) => html`<option value=${name} .selected=${name === lossType}>${title}</option>`,
        )}
      </select>
    </label>
    ${fields.length > 0 ? moreButton("loss-more", t("loss.label"), lossMore, () => set({ lossMore: !lossMore })) : null}
    ${
      lossMore
        ? html`<div class="further" id="loss-more-fields">
            ${fields.map(([name, field]) =>
              settingField(
                `loss-${name}`,
                fieldWord(name),
                name,
                field,
                lossFields,
                (typed) => set({ lossFields: typed }),
                faults,
              ),
            )}
          </div>`
        : null
    }
  </div>`;
}

/** How weights are drawn. @param {Catalogue} known @param {Map<string, string>} faults */
function initializerChoice(known, faults) {
  const now = draft.value;
  const chosen = keepsWeights() ? KEPT : now.initializer;
  const names =
    isOther.value && fitsWeights(now, session.value?.network, known) ? [KEPT, ...INITIALIZERS] : INITIALIZERS;
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

/** The cursor goes to the first field that cannot be sent; what hides one is opened. */
function toFirstFault() {
  const known = catalogue.value;
  if (!known) return;
  const { layers, lossType, lossMore } = draft.value;
  const wrong = new Set([...refused.value.keys(), ...faultsOf(draft.value, known).keys()]);
  draft.value = {
    ...draft.value,
    layers: withFaultsShown(layers, known, wrong),
    lossMore: lossMore || furtherOf(lossOf(lossType, known)).some(([name]) => wrong.has(`loss-${name}`)),
  };
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
  const known = catalogue.value;
  const [, places, field] = /^\/network((?:\/layers\/\d+)+)(?:\/(\w+))?/.exec(pointer) ?? [];
  const layer = places && known ? layerAt(draft.value.layers, known, places.match(/\d+/g)?.map(Number) ?? []) : null;
  if (layer) {
    const name = field && field in layer.kind.fields ? field : neededOf(layer.kind)[0]?.[0];
    return name ? [idOf(layer, name), labelOf(layer, name)] : ["layers", layer.title];
  }
  const [, setting] = /^\/network\/loss\/(\w+)/.exec(pointer) ?? [];
  if (setting) return [`loss-${setting}`, fieldWord(setting)];
  if (pointer.startsWith("/network/input_")) return [axesOf(draft.value)[0].id];
  if (pointer.startsWith("/network")) return ["layers"];
  if (pointer === "/data/samples") return ["samples"];
  if (pointer === "/data/batch_size") return ["batch"];
  if (pointer === "/data/noise") return ["noise"];
  if (pointer.startsWith("/initializer")) return ["std"];
  if (pointer.startsWith("/data")) return ["data"];
  return [pointer === "/seed" ? "seed" : "all"];
}
