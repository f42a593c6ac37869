/**
 * The dialog that shares what is on the screen: a link that has the numbers in it, or a file where
 * they are too many for a link.
 */
import { signal } from "@preact/signals-core";
import { html } from "lit-html";
import { getRecipe } from "../calls.js";
import { MARK } from "../arrive.js";
import { messageOf } from "../messages.js";
import { mount } from "../mount.js";
import { pack } from "../packing.js";
import { FILE, openFile } from "../shared.js";
import { notice, session, stale } from "../store.js";
import { t } from "../strings.js";
import { sharedAddress } from "../visits.js";
import { download } from "./download.js";
import { dialog } from "./dialogs.js";

/** Longer links are cut by mail programs and chats. */
const MOST_SIGNS = 8_000;
/** Tells the server, which never sees the numbers, that its page need not carry a figure's. */
const TOLD = "shared=1";

/** @type {import("@preact/signals-core").Signal<{link: string, recipe: unknown} | null>} */
const made = signal(null);
const said = signal("");

let mounted = false;

export async function openShare() {
  const now = session.peek();
  if (!now) return;
  if (!mounted) mount("share", content);
  mounted = true;
  made.value = null;
  said.value = stale.peek() ? t("stale.now") : "";
  dialog("share").showModal();
  if (stale.peek()) return;
  try {
    const { recipe } = await getRecipe(now.id);
    const packed = await pack(recipe);
    made.value = { link: `${location.origin}/${sharedAddress(now)}&${TOLD}${MARK}${packed}`, recipe };
  } catch (error) {
    said.value = messageOf(error);
  }
}

function content() {
  const now = made.value;
  const fits = now !== null && now.link.length <= MOST_SIGNS;
  return html`
    <h2 id="share-title">${t("share.title")}</h2>
    <p>${t(now && !fits ? "share.large" : "share.about")}</p>
    ${
      now && fits
        ? html`<label class="field"
            ><span>${t("share.link")}</span>
            <textarea id="share-link" rows="4" readonly @focus=${(/** @type {FocusEvent} */ event) => /** @type {HTMLTextAreaElement} */ (event.target).select()} .value=${now.link}></textarea></label
          >
          <button type="button" id="share-copy" class="primary" @click=${() => copy(now.link)}>${t("share.copy")}</button>`
        : null
    }
    <p role="status">${said.value}</p>
    <div class="files">
      <button type="button" id="share-save" ?disabled=${now === null} @click=${save}>${t("share.save")}</button>
      <label class="file"
        ><input type="file" id="share-open" class="unseen" accept=".json" @change=${take} /><span>${t("files.open")}</span></label
      >
    </div>
    <form method="dialog"><button type="submit">${t("close")}</button></form>
  `;
}

/** @param {string} link */
async function copy(link) {
  try {
    await navigator.clipboard.writeText(link);
    said.value = t("share.copied");
  } catch {
    // Not every browser lets a page write there: the link is marked, ready for the keys.
    /** @type {HTMLTextAreaElement} */ (document.getElementById("share-link")).select();
    said.value = t("share.marked");
  }
}

function save() {
  const blob = new Blob([JSON.stringify(made.value?.recipe)], { type: "application/json" });
  download(blob, `${session.peek()?.preset ?? "network"}${FILE}`);
}

/** @param {Event} change */
async function take(change) {
  const input = /** @type {HTMLInputElement} */ (change.target);
  const file = input.files?.[0];
  input.value = "";
  if (!file) return;
  dialog("share").close();
  await openShared(file);
}

/** @param {File} file */
export async function openShared(file) {
  try {
    await openFile(file);
  } catch (error) {
    notice.value = messageOf(error);
  }
}
