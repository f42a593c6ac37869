/**
 * One number typed into a field: checked here, sent on Enter or when the field is left.
 */
import { parseNumber } from "../format.js";

/**
 * @param {Event} event  of the field
 * @param {number | string} before  what the field held
 * @param {(value: number) => void} send
 */
export function commitNumber(event, before, send) {
  const field = /** @type {HTMLInputElement} */ (event.target);
  const value = parseNumber(field.value);
  field.setAttribute("aria-invalid", String(value === null));
  if (value === null) return;
  if (value === Number(before)) field.value = String(before);
  else send(value);
}

/**
 * Enter commits, Escape takes back. In an input method Enter only ends the composition.
 * @param {KeyboardEvent} press
 * @param {string} before
 */
export function fieldKeys(press, before) {
  if (press.isComposing || press.keyCode === 229) return;
  const field = /** @type {HTMLInputElement} */ (press.target);
  if (press.key === "Enter") field.dispatchEvent(new Event("change", { bubbles: true }));
  if (press.key !== "Escape") return;
  field.value = before;
  field.setAttribute("aria-invalid", "false");
  field.blur();
}
