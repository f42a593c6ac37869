/**
 * A field for a whole number that takes effect at once, such as the sample shown. What it cannot
 * take is refused with words, and the field goes back to what is true.
 *
 * @import { Allowed } from "../types.js"
 */
import { signal } from "@preact/signals-core";
import { html, nothing } from "lit-html";
import { allowedMessage } from "../messages.js";

/**
 * What was said at which field, and about which value and range of it: others take the words away.
 * @type {import("@preact/signals-core").Signal<ReadonlyMap<string, {text: string, value: number | null, maximum: number}>>}
 */
const refusals = signal(new Map());

/**
 * @typedef {{
 *   id: string, label: string, value: number | null, minimum: number, maximum: number,
 *   disabled?: boolean, put: (value: number) => void,
 * }} WholeField  value: null where there is none yet
 * @param {WholeField} field
 */
export function wholeField({ id, label, value, minimum, maximum, disabled = false, put }) {
  const said = refusals.value.get(id);
  const refusal = said?.value === value && said.maximum === maximum ? said.text : null;
  return html`<label class="whole">
    <span>${label}</span>
    <input
      type="number"
      id=${id}
      min=${minimum}
      max=${maximum}
      step="1"
      .value=${value === null ? "" : String(value)}
      ?disabled=${disabled}
      aria-describedby=${refusal ? `${id}-refusal` : nothing}
      @change=${(/** @type {Event} */ change) => take(/** @type {HTMLInputElement} */ (change.target))}
    />
    ${refusal ? html`<em class="problem" id=${`${id}-refusal`} role="alert">${refusal}</em>` : null}
  </label>`;

  /** @param {HTMLInputElement} input */
  function take(input) {
    const wanted = wholeNumber(input.value, { minimum, maximum });
    if (wanted === null) {
      input.value = value === null ? "" : String(value);
      const text = allowedMessage(label, { type: "integer", minimum, maximum });
      refusals.value = new Map([...refusals.value, [id, { text, value, maximum }]]);
      return;
    }
    refusals.value = new Map([...refusals.value].filter(([other]) => other !== id));
    if (wanted !== value) put(wanted);
  }
}

/**
 * @param {string} text
 * @param {Allowed} allowed
 * @returns {number | null}  null where it is no whole number, or not one that is allowed
 */
export function wholeNumber(text, { minimum = -Infinity, maximum = Infinity }) {
  const value = Number(text);
  const fits = text.trim() !== "" && Number.isInteger(value) && value >= minimum && value <= maximum;
  return fits ? value : null;
}
