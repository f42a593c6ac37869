/**
 * The page as a place to drop files on: one that Share has saved anywhere, numbers on the Data
 * panel. While a file is held over the page, it says what goes where.
 */
import { dialogOpen } from "./dialogs.js";
import { isShared, open } from "./filing.js";
import { openShared } from "./share.js";
import { editable, notice, panel } from "../store.js";
import { t } from "../strings.js";

export function listenToDrops() {
  const place = /** @type {HTMLElement} */ (document.getElementById("panel"));
  const hint = document.createElement("div");
  hint.id = "drop-hint";
  // Over everything, dialogs too.
  hint.popover = "manual";
  const words = document.createElement("p");
  hint.append(words);
  document.body.append(hint);
  /** @type {Element | null} */
  let lit = null;
  /** @param {Element | null} element  of the Data panel @param {boolean} held  whether a file is over the page */
  const light = (element, held) => {
    if (element !== lit) {
      lit?.classList.remove("dropping");
      element?.classList.add("dropping");
      lit = element;
    }
    const shows = held && element === null;
    if (shows) words.textContent = t("files.anywhere");
    if (shows !== hint.matches(":popover-open")) hint.togglePopover(shows);
  };
  addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.dataTransfer.dropEffect = "copy";
    const over = /** @type {HTMLElement} */ (event.target);
    // Whoever holds a file cannot press anything.
    if (over.id === "tab-data" && panel.value !== "data") over.click();
    const takes = panel.value === "data" && editable.value && place.contains(over) && !dialogOpen();
    light(takes ? (over.closest("section[data-name]") ?? place) : null, true);
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) light(null, false);
  });
  addEventListener("drop", async (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    const target = lit;
    light(null, false);
    const files = [...event.dataTransfer.files];
    if (files.length === 0) return;
    if (target !== null) return open(files, target.getAttribute("data-name"));
    for (const open of document.querySelectorAll("dialog[open]")) /** @type {HTMLDialogElement} */ (open).close();
    if (files.length === 1 && isShared(files[0])) return openShared(files[0]);
    notice.value = t("files.elsewhere", { name: (files.find((file) => !isShared(file)) ?? files[0]).name });
  });
}
