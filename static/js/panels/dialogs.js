/**
 * The dialogs of the page, which stand in it empty until they are opened.
 */

/** @param {string} id */
export function dialog(id) {
  return /** @type {HTMLDialogElement} */ (document.getElementById(id));
}

/** Whether a dialog has the page's keys. */
export function dialogOpen() {
  return document.querySelector("dialog[open]") !== null;
}
