/**
 * Where files come in and go out of the Data panel: buttons at every tensor and for all of them.
 */
import { html } from "lit-html";
import { dataName } from "../figure/names.js";
import { editable } from "../store.js";
import { t } from "../strings.js";
import { ALL, open, saveAll, saveOne } from "./filing.js";
import { notes } from "./said.js";

const KINDS = ".npy,.npz,.csv,.tsv,.txt,.json";
/** For the top of the panel. */
export function allFiles() {
  return html`<div class="tensor">
    <div class="files">
      ${editable.value ? opener(null) : null}
      <button type="button" id="save-npz" @click=${saveAll}>${t("files.save", { kind: ".npz" })}</button>
    </div>
    ${editable.value ? html`<p class="hint droppable">${t("files.hint")}</p>` : null} ${notes(ALL)}
  </div>`;
}

/** For the section of a tensor. @param {string} name @param {number} axes  a table has two at most */
export function tensorFiles(name, axes) {
  const save = (/** @type {".npy" | ".csv"} */ kind) => html`<button
    type="button"
    class="quiet"
    aria-label=${`${dataName(name)}: ${t("files.save", { kind })}`}
    @click=${() => saveOne(name, kind)}
  >
    ${t("files.save", { kind })}
  </button>`;
  return html`<div class="files">${editable.value ? opener(name) : null} ${save(".npy")} ${axes > 2 ? null : save(".csv")}</div>`;
}

/** @param {string | null} name  of the tensor that the file is for */
function opener(name) {
  return html`<label class=${name ? "file quiet" : "file"}>
    <input
      type="file"
      class="unseen"
      accept=${KINDS}
      ?multiple=${name === null}
      aria-label=${name ? `${dataName(name)}: ${t("files.open")}` : t("files.open")}
      @change=${(/** @type {Event} */ event) => chosen(/** @type {HTMLInputElement} */ (event.target), name)}
    />
    <span>${t("files.open")}</span>
  </label>`;
}

/** @param {HTMLInputElement} input @param {string | null} name */
async function chosen(input, name) {
  const files = [...(input.files ?? [])];
  // The same file may be chosen again, once it has been changed.
  input.value = "";
  if (files.length > 0) await open(files, name);
}
