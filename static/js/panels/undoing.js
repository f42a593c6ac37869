/**
 * Undo, redo and the first numbers again: buttons at the top of Data, and the usual keys where
 * nobody is typing, for which a browser has an undo of its own.
 */
import { html } from "lit-html";
import { isTyping } from "../keys.js";
import { again } from "../onward.js";
import { edit } from "../session.js";
import { editable, session } from "../store.js";
import { t } from "../strings.js";
import { canRedo, canUndo } from "../undo.js";
import { isOwnNumbers } from "../visits.js";
import { dialogOpen } from "./dialogs.js";
import { notes, whenSent } from "./said.js";

const PLACE = "undo";

export function undoing() {
  const now = session.value;
  if (!now || !editable.value) return null;
  return html`<div class="tensor">
    <div class="files">
      <button type="button" id="undo" ?disabled=${!canUndo.value} @click=${() => go("undo")}>${t("data.undo")}</button>
      <button type="button" id="redo" ?disabled=${!canRedo.value} @click=${() => go("redo")}>${t("data.redo")}</button>
      ${
        now.preset === null
          ? null
          : html`<button type="button" id="reset" ?disabled=${!isOwnNumbers(now)} @click=${reset}>${t("data.reset")}</button>`
      }
    </div>
    ${notes(PLACE)}
  </div>`;
}

export function listenToUndo() {
  document.addEventListener("keydown", (press) => {
    if (press.isComposing || press.altKey || press.defaultPrevented || !(press.ctrlKey || press.metaKey)) return;
    const key = press.key.toLowerCase();
    const kind = key === "z" ? (press.shiftKey ? "redo" : "undo") : key === "y" && !press.shiftKey ? "redo" : null;
    if (kind === null || isTyping(/** @type {Element} */ (press.target)) || dialogOpen() || !editable.value) return;
    press.preventDefault();
    go(kind);
  });
}

/** @param {"undo" | "redo"} kind */
function go(kind) {
  void whenSent(PLACE, again(kind));
}

function reset() {
  void whenSent(PLACE, edit([{ op: "reset" }]));
}
