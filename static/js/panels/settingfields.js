/**
 * Fields of the form for a network: a number with its limits, yes or no, one of several. Which of
 * them a layer or a loss has, and what they may be, the catalogue says; a field that the language
 * has no word for goes by its name.
 *
 * @import { TemplateResult } from "lit-html"
 * @import { Allowed, Field } from "../types.js"
 * @import { Typed } from "./settings.js"
 */
import { html, nothing } from "lit-html";
import { endsOf, number } from "../messages.js";
import { t } from "../strings.js";
import { valueOf } from "./chosen.js";
import { isNeeded, isNumber, textOf, wordOr } from "./settings.js";

/**
 * A field of a layer or a loss, of the kind that it is.
 * @param {string} id
 * @param {string} label
 * @param {string} name
 * @param {Field} field
 * @param {Typed} typed
 * @param {(typed: Typed) => void} put
 * @param {ReadonlyMap<string, string>} faults
 */
export function settingField(id, label, name, field, typed, put, faults) {
  const take = (/** @type {string} */ text) => put({ ...typed, [name]: text });
  if (isNumber(field)) {
    const step = field.type === "integer" ? "1" : "any";
    const otherwise = field.default ?? ((field.follows && typed[field.follows]) || undefined);
    return numberField(id, label, typed[name] ?? "", field, take, faults, step, otherwise);
  }
  const text = textOf(typed, name, field);
  const { enum: choices } = field;
  return html`<label class="field">
    <span>${label}</span>
    ${
      choices
        ? html`<select id=${id} @change=${(/** @type {Event} */ event) => take(valueOf(event))}>
            ${choices.map(
              (choice) =>
                html`<option value=${choice} .selected=${choice === text}>
                  ${wordOr(`network.choice.${choice}`, choice)}
                </option>`,
            )}
          </select>`
        : html`<input
            type="checkbox"
            id=${id}
            .checked=${text === "true"}
            @change=${(/** @type {Event} */ event) =>
              take(String(/** @type {HTMLInputElement} */ (event.target).checked))}
          />`
    }
    ${fault(id, faults)}
  </label>`;
}

/**
 * @param {string} id
 * @param {string} label
 * @param {string} value  as it was typed
 * @param {Field} allowed  with a default it may stay empty
 * @param {(value: string) => void} put
 * @param {ReadonlyMap<string, string>} faults
 * @param {"1" | "any"} [step]  any: no whole number is needed
 * @param {unknown} [otherwise]  what it is where it is left empty
 * @returns {TemplateResult}
 */
export function numberField(id, label, value, allowed, put, faults, step = "1", otherwise = undefined) {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = allowed;
  return html`<label class="field">
    <span>${label} <small>${rangeText(allowed)}</small></span>
    <input
      type="number"
      id=${id}
      min=${minimum ?? exclusiveMinimum ?? nothing}
      max=${maximum ?? exclusiveMaximum ?? nothing}
      step=${step}
      ?required=${isNeeded(allowed)}
      placeholder=${otherwise ?? nothing}
      .value=${value}
      aria-invalid=${faults.has(id) ? "true" : "false"}
      @change=${(/** @type {Event} */ change) => put(valueOf(change))}
    />
    ${fault(id, faults)}
  </label>`;
}

/** @param {string} id @param {ReadonlyMap<string, string>} faults */
export function fault(id, faults) {
  return faults.has(id) ? html`<em class="problem" role="alert">${faults.get(id)}</em>` : null;
}

/** What a number may be, in few words. @param {Allowed} allowed */
function rangeText(allowed) {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = allowed;
  const least = minimum ?? exclusiveMinimum;
  const most = maximum ?? exclusiveMaximum;
  if (least === undefined && most === undefined) return "";
  return t(`network.range.${endsOf(allowed)}`, { minimum: number(least), maximum: number(most) });
}
