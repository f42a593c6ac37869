/**
 * Numbers and shapes as text. Pure: no DOM, no state. Text as numbers: see matrices/.
 *
 * @import { Cell } from "./types.js"
 */

const MINUS = "\u2212";
const DIGITS = 4;
/** Significant digits that a number among others has at least; with fewer it is written with e. */
const LEAST_DIGITS = 2;
/** Digits before and after the point, at most: as many as a cell of the figure has room for. */
const MOST_PLACES = 7;
/** Powers of ten that are written without e: from 0.001 up to 9999, and whole numbers to 99999. */
const PLAIN = { least: -3, most: 3, mostWhole: 4 };
/** A number this near to a shorter one, relative to its size, differs by float accident alone. */
const ACCIDENT = 1e-12;
const NON_FINITE = { NaN: "NaN", Infinity: "\u221e", "-Infinity": `${MINUS}\u221e` };

/**
 * A number by itself for the eye: `shorts` of it alone.
 * @param {Cell | null | undefined} value
 */
export function short(value) {
  return shorts([value])[0];
}

/**
 * The numbers of one tensor for the eye, with the same number of decimals in all of them.
 *
 * The largest has four significant digits and every other at least two; trailing zeros go where
 * no number needs them, so that 0.1 + 0.2 reads 0.3. What that many decimals cannot show is
 * written with e, as are all numbers where all are very small or very large. Only 0 reads 0.
 * app/drawing/svg/numbers.py has the same rule for pictures; a test holds the two equal.
 * @param {readonly (Cell | null | undefined)[]} cells
 * @returns {string[]}
 */
export function shorts(cells) {
  const numbers = cells.map((cell) => (cell === null || cell === undefined ? null : Number(cell)));
  const sized = numbers.filter((number) => number !== null && number !== 0 && Number.isFinite(number));
  const sizes = sized.map((number) => sizeOf(Math.abs(Number(number))));
  const plain = sizes.filter((size) => size.plain);
  const decimals = decimalsFor(plain);
  const mantissa = Math.max(...sizes.map(({ value }) => mantissaOf(value, DIGITS)));
  return numbers.map((number) => {
    if (number === null) return "";
    if (!Number.isFinite(number)) return NON_FINITE[/** @type {"NaN"} */ (String(number))];
    const sign = number < 0 ? MINUS : "";
    const size = Math.abs(number);
    if (size === 0) return size.toFixed(decimals);
    if (plain.length === 0) return sign + exponential(size, mantissa);
    const isLarge = size >= 1 && !sizeOf(size).plain;
    if (!isLarge && shows(size, decimals)) return sign + size.toFixed(decimals);
    return sign + exponential(size, mantissaOf(size, isLarge ? DIGITS : LEAST_DIGITS));
  });
}

/** No language writes more decimals. */
const MOST_DECIMALS = 20;

/**
 * A share of 1 in hundredths: with one decimal, and near nothing or all with as many as tell it from
 * that.
 * @param {Cell} share
 * @param {string} language
 */
export function percentText(share, language) {
  const value = Number(share);
  const rest = 100 * Math.min(value, 1 - value);
  const more = rest > 0 && rest < 1 ? -Math.floor(Math.log10(rest)) : 0;
  const maximumFractionDigits = Math.min(MOST_DECIMALS, 1 + more);
  return value.toLocaleString(language, { style: "percent", maximumFractionDigits });
}

/**
 * @typedef {{
 *   value: number, exponent: number, clean: number | null, plain: boolean,
 * }} Size  `exponent` is that of its four digits, `clean` how many decimals write it whole
 * @param {number} value  above 0
 * @returns {Size}
 */
function sizeOf(value) {
  const exponent = Number(value.toExponential(DIGITS - 1).split("e")[1]);
  if (exponent < PLAIN.least || exponent > PLAIN.mostWhole) return { value, exponent, clean: null, plain: false };
  const most = Math.max(0, DIGITS - 1 - exponent);
  let clean = 0;
  while (clean <= most && !isNear(value, value.toFixed(clean))) clean++;
  const plain = exponent <= (clean === 0 ? PLAIN.mostWhole : PLAIN.most);
  return { value, exponent, clean: clean <= most ? clean : null, plain };
}

/** @param {Size[]} sizes  of the numbers written without e */
function decimalsFor(sizes) {
  const largest = Math.max(...sizes.map(({ exponent }) => exponent));
  const isWhole = sizes.every(({ clean }) => clean !== null);
  const wanted = sizes.map(({ exponent, clean }) => (isWhole ? Number(clean) : LEAST_DIGITS - 1 - exponent));
  if (!isWhole) wanted.push(DIGITS - 1 - largest);
  return Math.max(0, Math.min(Math.max(...wanted), MOST_PLACES - 1 - Math.max(0, largest)));
}

/**
 * Whether so many decimals show a number: whole, or in enough significant digits.
 * @param {number} size
 * @param {number} decimals
 */
function shows(size, decimals) {
  const text = size.toFixed(decimals);
  return isNear(size, text) || Number(text.replace(".", "")) >= 10 ** (LEAST_DIGITS - 1);
}

/** @param {number} value @param {string} text */
function isNear(value, text) {
  return Math.abs(value - Number(text)) <= ACCIDENT * value;
}

/**
 * Decimals of a mantissa.
 * @param {number} size
 * @param {number} digits  significant ones, at most
 */
function mantissaOf(size, digits) {
  let decimals = 0;
  while (decimals < digits - 1 && !isNear(size, size.toExponential(decimals))) decimals++;
  return decimals;
}

/** @param {number} size @param {number} decimals  of its mantissa */
function exponential(size, decimals) {
  return size.toExponential(decimals).replace("e+", "e").replace("-", MINUS);
}

/**
 * Every digit, as a program reads it: this is what is copied and what a title shows.
 * @param {Cell | null | undefined} value
 */
export function full(value) {
  if (value === null || value === undefined) return "";
  // String(-0) is 0, as it should be: no reader is helped by the sign of a 0.
  return String(value);
}

/**
 * NumPy's way to write a shape: `()`, `(3,)`, `(2, 3)`.
 * @param {readonly number[]} shape
 */
export function shapeText(shape) {
  return shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
}

/**
 * Plain text for LaTeX of our own small vocabulary, for sentences and where no typeset formula is
 * at hand: `\frac{\partial L}{\partial \mathbf{X}}` reads `∂L/∂X`.
 * @param {string} latex
 */
export function plainFormula(latex) {
  let text = latex;
  for (let before = ""; before !== text;) {
    before = text;
    text = text
      .replace(/\\(?:mathbf|mathrm|mathsf|text|operatorname|boldsymbol|mathit)\{([^{}]*)\}/g, "$1")
      .replace(/\\frac\{([^{}]*)\}\{([^{}]*)\}/g, (_, top, bottom) => `${group(top)}/${group(bottom, PRODUCT)}`)
      .replace(/\\sqrt\{([^{}]*)\}/g, (_, inner) => `\u221a${group(inner, PRODUCT)}`)
      .replace(/\^\{T\}|\^T/g, "\u1d40")
      .replace(/\^\{2\}/g, "\u00b2")
      .replace(/_\{([^{}]*)\}/g, "_$1")
      .replace(/\^\{([^{}]*)\}/g, "^$1");
  }
  for (const [command, sign] of SIGNS) text = text.replaceAll(command, sign);
  return text
    .replace(/\\([a-z]+)/g, (command, name) => GREEK[name] ?? command)
    .replace(/\^\((\d)\)/g, (_, digit) => `\u207d${SUPERSCRIPTS[digit]}\u207e`)
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
const SUPERSCRIPTS = "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079";
/** Letters that a program may call a number by. @type {Record<string, string>} */
const GREEK = {};
"alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho varsigma sigma tau upsilon phi chi psi omega"
  .split(" ")
  .forEach((name, k) => (GREEK[name] = String.fromCharCode(0x3b1 + k)));
/** @type {[string, string][]} */
const SIGNS = [
  ["\\partial", "\u2202"],
  ["\\times", "\u00d7"],
  ["\\odot", "\u2299"],
  ["\\sum", "\u03a3"],
  ["\\ast", "*"],
  ["\\cdots", "\u22ef"],
  ["\\cdot", "\u00b7"],
  ["\\log", "log"],
  ["\\exp", "exp"],
  ["\\max", "max"],
  ["\\tanh", "tanh"],
  ["\\leftarrow", "\u2190"],
  ["\\left", ""],
  ["\\right", ""],
  ["\\,", " "],
  ["\\;", " "],
  ["\\ ", " "],
  ["\\quad", "  "],
];

const SUM = /[+\u2212·]|\s-\s/;
/** Below a bar also one thing beside another: 1/(N S) is not 1/N, times S. */
const PRODUCT = /[+\u2212·]|(?<!\\partial)\s/;

/** @param {string} text @param {RegExp} [parts]  what makes it more than one thing */
function group(text, parts = SUM) {
  return parts.test(text.trim()) ? `(${text.trim()})` : text.trim();
}
