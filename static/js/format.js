/**
 * Numbers and shapes as text, and text as numbers. Pure: no DOM, no state.
 *
 * @import { Cell } from "./types.js"
 */

const MINUS = "\u2212";
const DIGITS = 4;
const LARGEST_PLAIN_INTEGER = 1e5;
const SMALLEST_PLAIN = 1e-3;
const NON_FINITE = { NaN: "NaN", Infinity: "\u221e", "-Infinity": `${MINUS}\u221e` };
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * Four significant digits for the eye. A trailing zero is kept only where digits were cut, so
 * `0.3` is exactly the double 0.3 and `0.3000` is merely close to it.
 * @param {Cell | null | undefined} value
 */
export function short(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return NON_FINITE[value] ?? value;
  if (!Number.isFinite(value)) return NON_FINITE[/** @type {"NaN"} */ (String(value))];
  if (Number.isInteger(value) && Math.abs(value) < LARGEST_PLAIN_INTEGER) return display(`${value}`);
  const exact = Number(value.toPrecision(DIGITS)) === value;
  const plain = value.toPrecision(DIGITS);
  if (plain.includes("e") || Math.abs(value) < SMALLEST_PLAIN) {
    const [mantissa, exponent] = value.toExponential(DIGITS - 1).split("e");
    return display(`${exact ? trimZeros(mantissa) : mantissa}e${Number(exponent)}`);
  }
  return display(exact ? trimZeros(plain) : plain);
}

/**
 * Every digit, as a program reads it: this is what is copied and what a title shows.
 * @param {Cell | null | undefined} value
 */
export function full(value) {
  if (value === null || value === undefined) return "";
  return Object.is(value, -0) ? "-0" : String(value);
}

/** @param {string} text */
function display(text) {
  return text.replaceAll("-", MINUS);
}

/** @param {string} text */
function trimZeros(text) {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/**
 * NumPy's way to write a shape: `()`, `(3,)`, `(2, 3)`.
 * @param {readonly number[]} shape
 */
export function shapeText(shape) {
  return shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
}

/**
 * A number as a learner types it, full-width digits and real minus signs included; null when it
 * is not one.
 * @param {string} text
 * @returns {number | null}
 */
export function parseNumber(text) {
  const plain = text.normalize("NFKC").replaceAll(MINUS, "-").trim();
  if (!NUMBER.test(plain)) return null;
  const value = Number(plain);
  return Number.isFinite(value) ? value : null;
}

/**
 * Rows pasted from a spreadsheet, a CSV file or a printed NumPy array; null where a cell is not a
 * number.
 * @param {string} text
 * @returns {(number | null)[][]}
 */
export function parseRows(text) {
  return text
    .normalize("NFKC")
    .replace(/\]\s*,?\s*\[/g, "\n")
    .replace(/array|[[\](){}]/g, " ")
    .split(/\r?\n|;/)
    .map((line) => line.split(/[\t,\s]+/).filter((cell) => cell !== ""))
    .filter((cells) => cells.length > 0)
    .map((cells) => cells.map(parseNumber));
}

/**
 * Plain text for LaTeX of our own small vocabulary, for sentences and where no typeset formula is
 * at hand: `\frac{\partial L}{\partial \mathbf{X}}` reads `∂L/∂X`.
 * @param {string} latex
 */
export function plainFormula(latex) {
  let text = latex;
  for (let before = ""; before !== text; ) {
    before = text;
    text = text
      .replace(/\\(?:mathbf|mathrm|mathsf|text|operatorname|boldsymbol|mathit)\{([^{}]*)\}/g, "$1")
      .replace(/\\frac\{([^{}]*)\}\{([^{}]*)\}/g, (_, top, bottom) => `${group(top)}/${group(bottom)}`)
      .replace(/\^\{T\}|\^T/g, "\u1d40")
      .replace(/\^\{2\}/g, "\u00b2")
      .replace(/_\{([^{}]*)\}/g, "_$1")
      .replace(/\^\{([^{}]*)\}/g, "^$1");
  }
  for (const [command, sign] of SIGNS) text = text.replaceAll(command, sign);
  return text
    .replace(/_([0-9in]+)/g, (_, signs) => [...signs].map((sign) => SUBSCRIPTS[sign]).join(""))
    .replace(/[{}]/g, "")
    .replace(/-/g, MINUS)
    .replace(/\u2202 +/g, "\u2202")
    .replace(/\s+/g, " ")
    .trim();
}

/** @type {Record<string, string>} */
const SUBSCRIPTS = { i: "\u1d62", n: "\u2099" };
for (let digit = 0; digit < 10; digit++) SUBSCRIPTS[digit] = String.fromCharCode(0x2080 + digit);
/** @type {[string, string][]} */
const SIGNS = [
  ["\\partial", "\u2202"],
  ["\\times", "\u00d7"],
  ["\\odot", "\u2299"],
  ["\\sum", "\u03a3"],
  ["\\cdots", "\u22ef"],
  ["\\cdot", "\u00b7"],
  ["\\log", "log"],
  ["\\exp", "exp"],
  ["\\max", "max"],
  ["\\tanh", "tanh"],
  ["\\sigma", "\u03c3"],
  ["\\left", ""],
  ["\\right", ""],
  ["\\,", " "],
  ["\\;", " "],
  ["\\ ", " "],
  ["\\quad", "  "],
];

/** @param {string} text */
function group(text) {
  return /[+\u2212·]|\s-\s/.test(text.trim()) ? `(${text.trim()})` : text.trim();
}
