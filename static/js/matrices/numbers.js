/**
 * One number as people write it, or the reason why a text is none. Pure.
 *
 * @import { Code } from "./refusal.js"
 */

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
/** What a text is instead of a number; the first that fits is said. @type {[Code, RegExp][]} */
const KINDS = [
  ["blank", /^$/],
  ["finite", /^[+-]?(nan|inf|infinity|\u221e|1\.?#\w+)$/i],
  ["boolean", /^(true|false)$/i],
  ["ellipsis", /^\.{2,}$/],
  ["hex", /^[+-]?0[xbo][\da-f_.]+(p[+-]?\d+)?$/i],
  ["fraction", /[\u00bc-\u00be\u2150-\u215e]|^[+-]?[\d.,]+\s*[/\u2044\u2215\u00f7]\s*[+-]?[\d.,]+$/],
  ["percent", /^([+-]?[\d.,]+\s*)?[%\u2030]$/],
  ["fortran", /^[+-]?(\d+\.?\d*|\.\d+)d[+-]?\d+$/i],
  ["complex", /^([+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?)?[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?)[ij]$/i],
  ["thousands", /^[+-]?\d{1,3}(['\u2019_ ]\d{3})+([.,]\d*)?$/],
  ["thousands", /^[+-]?\d{1,3}((,\d{3})+\.\d*|(\.\d{3})+,\d*|(,\d{3}){2,}|(\.\d{3}){2,})$/],
  ["comma", /^[+-]?\d*,\d+(e[+-]?\d+)?$/i],
];

/**
 * Full-width signs, real minus signs and unusual spaces as a program writes them. Unicode's own
 * NFKC would go too far: it makes 102 of 10².
 * @param {string} text
 */
export function plainSigns(text) {
  return (
    text
      .replace(/[\uff01-\uff5e]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0))
      .replace(/[\u2212\ufe63]/g, "-")
      .replace(/[\u2026\u22ef]/g, "...")
      .replace(/\u3001/g, ", ")
      .replace(/\r\n?|[\u2028\u2029]/g, "\n")
      // Signs without width stand between words: taken away they would join two numbers.
      .replace(/[\ufeff\u200b\u2060\u3000\v\f]/g, " ")
  );
}

/**
 * A number as a learner types it; null when it is not one.
 * @param {string} text
 * @returns {number | null}
 */
export function parseNumber(text) {
  const value = numberOf(plainSigns(text).trim());
  return typeof value === "number" ? value : null;
}

/**
 * What is wrong with a typed text that is no number.
 * @param {string} text
 * @returns {Code}
 */
export function faultOf(text) {
  const value = numberOf(plainSigns(text).trim());
  return typeof value === "number" ? "number" : value;
}

/**
 * @param {string} text  plain signs, no blanks around it
 * @returns {number | Code}
 */
export function numberOf(text) {
  if (!NUMBER.test(text)) return KINDS.find(([, form]) => form.test(text))?.[0] ?? "number";
  const value = Number(text);
  return Number.isFinite(value) ? value : "finite";
}
