/**
 * The ways to a run of another session: by its link, of one's own, or made anew with other initial
 * weights or another activation.
 *
 * @import { Run } from "../types.js"
 */
import { signal } from "@preact/signals-core";
import { html } from "lit-html";
import { isActive, ownRun } from "../learning.js";
import { activations, addRival, askingRival, dropRival, makeRival, refusedRival, rivals } from "../rivals.js";
import { catalogue, session } from "../store.js";
import { t } from "../strings.js";
import { own } from "../tokens.js";
import { isProgram } from "../values.js";
import { valueOf } from "./chosen.js";
import { sessionTitle } from "./differing.js";
import { yoursTitle } from "./menu.js";

const INITIALIZERS = /** @type {const} */ (["he", "xavier", "normal", "zeros"]);

const typed = signal("");
/** What was chosen; what the session has where nothing was. */
const wanted = signal(/** @type {{initializer?: string, activation?: string}} */ ({}));

/** @param {(first: string | undefined, second: string) => void} choose  two runs to be seen @param {Run | undefined} former */
export function otherSessions(choose, former) {
  const now = session.value;
  if (!now) return null;
  const shown = new Set([now.id, ...rivals.value.map((one) => one.session.id)]);
  const mine = own.value.filter(({ id }) => !shown.has(id));
  const isOff = askingRival.value;
  return html`<details class="rivals" id="compare-others">
    <summary>${t("compare.others")}</summary>
    ${former && !isProgram(now) ? making(former, choose) : null}
    ${
      mine.length > 0
        ? html`<label class="field">
            <span>${t("compare.rival.own")}</span>
            <select
              id="rival-own"
              ?disabled=${isOff}
              @change=${(/** @type {Event} */ event) => void take(valueOf(event), choose)}
            >
              <option value="" .selected=${true}>${t("compare.rival.choose")}</option>
              ${mine.map((one) => html`<option value=${one.id}>${yoursTitle(one)}</option>`)}
            </select>
          </label>`
        : null
    }
    <form
      class="field"
      @submit=${(/** @type {Event} */ event) => {
        event.preventDefault();
        void take(typed.peek(), choose);
      }}
    >
      <label>
        <span>${t("compare.rival.link")}</span>
        <input
          type="text"
          id="rival-link"
          autocomplete="off"
          .value=${typed.value}
          @input=${(/** @type {Event} */ event) => (typed.value = valueOf(event))}
        />
      </label>
      <button type="submit" id="rival-add" ?disabled=${isOff || typed.value.trim() === ""}>${t("compare.rival.add")}</button>
    </form>
    ${refusedRival.value ? html`<p class="problem" role="alert">${refusedRival.value}</p>` : null}
    ${
      rivals.value.length > 0
        ? html`<ul class="rival-list">
            ${rivals.value.map(
              ({ session: one }) =>
                html`<li>
                  <a href=${`/?session=${one.id}`}>${sessionTitle(one)}</a>
                  <button
                    type="button"
                    aria-label=${t("compare.rival.drop", { name: sessionTitle(one) })}
                    @click=${() => dropRival(one.id)}
                  >
                    ${t("compare.rival.remove")}
                  </button>
                </li>`,
            )}
          </ul>`
        : null
    }
  </details>`;
}

/** The same again, but for one thing. @param {Run} former @param {(first: string | undefined, second: string) => void} choose */
function making(former, choose) {
  const now = session.value;
  const kinds = activations();
  const used = now?.network.layers.find(({ type }) => kinds.includes(type))?.type ?? null;
  const initializer = wanted.value.initializer ?? now?.initializer?.type ?? "he";
  const activation = wanted.value.activation ?? used;
  const isSame = initializer === now?.initializer?.type && activation === used;
  const isOff = askingRival.value || isActive(ownRun.value) || Boolean(now?.opened) || former.fixed_batches;
  const titles = catalogue.value?.layers ?? [];
  return html`<div class="rival-made">
    <p class="hint">${t(now?.opened ? "compare.rival.opened" : "compare.rival.hint")}</p>
    <label class="field">
      <span>${t("network.initializer")}</span>
      <select
        id="rival-initializer"
        @change=${(/** @type {Event} */ event) => (wanted.value = { ...wanted.value, initializer: valueOf(event) })}
      >
        ${INITIALIZERS.map(
          (name) =>
            html`<option value=${name} .selected=${name === initializer}>${t(`network.initializer.${name}`)}</option>`,
        )}
      </select>
    </label>
    ${
      used === null
        ? null
        : html`<label class="field">
            <span>${t("compare.facet.activation")}</span>
            <select
              id="rival-activation"
              @change=${(/** @type {Event} */ event) => (wanted.value = { ...wanted.value, activation: valueOf(event) })}
            >
              ${kinds.map(
                (name) =>
                  html`<option value=${name} .selected=${name === activation}>
                    ${titles.find((one) => one.name === name)?.title ?? name}
                  </option>`,
              )}
            </select>
          </label>`
    }
    <button
      type="button"
      id="rival-make"
      ?disabled=${isOff || isSame}
      @click=${async () => {
        const run = await makeRival(former, { initializer, activation });
        if (run) choose(former.id, run.id);
      }}
    >
      ${t("compare.rival.make")}
    </button>
  </div>`;
}

/** @param {string} text @param {(first: string | undefined, second: string) => void} choose */
async function take(text, choose) {
  if (text.trim() === "") return;
  await addRival(text);
  if (refusedRival.peek() !== null) return;
  typed.value = "";
  const newest = rivals
    .peek()
    .at(-1)
    ?.runs.findLast(({ step }) => step > 0);
  if (newest) choose(undefined, newest.id);
}
