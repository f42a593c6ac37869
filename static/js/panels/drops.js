/**
 * The Data panel as a place to drop files on, from the first moment: dropped beside it, a file must
 * not replace the page.
 */
import { bring } from "../coming.js";
import { editable, panel } from "../store.js";

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
    await (await bring()).filing.open(files, target.getAttribute("data-name"));
  });
}
