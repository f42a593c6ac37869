/**
 * Where files come in and go out of the Data panel: buttons at every tensor and for all of them,
 * and the panel as a place to drop files on. What reads and writes them is loaded when it is used.
 */
import { html } from "lit-html";
import { editable, panel } from "../store.js";
import { t } from "../strings.js";
import { notes } from "./said.js";

const KINDS = ".npy,.npz,.csv,.tsv,.txt,.json";
/** What is said about files of the whole network stands under this name. */
export const ALL = "files";

const filing = async () => (await import("../later.js")).filing;

/** For the top of the panel. */
export function allFiles() {
  return html`<div class="tensor">
    <div class="files">
      ${editable.value ? opener(null) : null}
      <button type="button" id="save-npz" @click=${async () => (await filing()).saveAll()}>${t("files.save", { kind: ".npz" })}</button>
    </div>
    ${editable.value ? html`<p class="hint droppable">${t("files.hint")}</p>` : null} ${notes(ALL)}
  </div>`;
}

/** For the section of a tensor. @param {string} name */
export function tensorFiles(name) {
  const save = (/** @type {".npy" | ".csv"} */ kind) => html`<button
    type="button"
    class="quiet"
    aria-label=${`${name}: ${t("files.save", { kind })}`}
    @click=${async () => (await filing()).saveOne(name, kind)}
  >
    ${t("files.save", { kind })}
  </button>`;
  return html`<div class="files">${editable.value ? opener(name) : null} ${save(".npy")} ${save(".csv")}</div>`;
}

/** @param {string | null} name  of the tensor that the file is for */
function opener(name) {
  return html`<label class=${name ? "file quiet" : "file"}>
    <input
      type="file"
      class="unseen"
      accept=${KINDS}
      ?multiple=${name === null}
      aria-label=${name ? `${name}: ${t("files.open")}` : t("files.open")}
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
  if (files.length > 0) await (await filing()).open(files, name);
}

/** Files are dropped on the Data panel; dropped beside it, they must not replace the page. */
export function mountDrops() {
  const place = /** @type {HTMLElement} */ (document.getElementById("panel"));
  /** @type {Element | null} */
  let lit = null;
  /** @param {Element | null} element */
  const light = (element) => {
    if (element === lit) return;
    lit?.classList.remove("dropping");
    element?.classList.add("dropping");
    lit = element;
  };
  addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    const over = /** @type {Element} */ (event.target);
    const takes = panel.value === "data" && editable.value && place.contains(over);
    event.dataTransfer.dropEffect = takes ? "copy" : "none";
    light(takes ? (over.closest("section[data-name]") ?? place) : null);
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) light(null);
  });
  addEventListener("drop", async (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    const target = lit;
    light(null);
    const files = [...event.dataTransfer.files];
    if (target === null || files.length === 0) return;
    await (await filing()).open(files, target.getAttribute("data-name"));
  });
}
