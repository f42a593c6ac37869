/**
 * A text that people copy, as a matrix, or the reason why it is none. Pure.
 *
 * @import { Fault } from "./refusal.js"
 */
import { fromBrackets, isBracketed } from "./bracketed.js";
import { matrixOf } from "./cells.js";
import { tableOf } from "./delimited.js";
import { plainSigns } from "./numbers.js";
import { Refusal } from "./refusal.js";
import { fromLatex, fromMarkdown, isLatex } from "./typeset.js";

/**
 * @typedef {{rows: number[][], flat: boolean, header: boolean, comments: number}} Matrix
 *   flat: written with one dimension; header, comments: what was skipped
 * @typedef {{matrix: Matrix, fault?: undefined} | {matrix?: undefined, fault: Fault}} Parsed
 */

const LONGEST = 20_000_000;
/** A blank that some countries put between thousands, and browsers between words. */
const HARD_BLANK = /[\u00a0\u2009\u202f]/g;

/**
 * @param {string} text
 * @returns {Parsed}
 */
export function parseMatrix(text) {
  try {
    return { matrix: read(text) };
  } catch (error) {
    if (error instanceof Refusal) return { fault: error.fault };
    throw error;
  }
}

/** @param {string} given @returns {Matrix} */
function read(given) {
  if (given.length > LONGEST) throw new Refusal("size");
  const signs = plainSigns(given).replaceAll("\ue000", "\ufffd");
  const thousands = /\d[\u00a0\u2009\u202f]\d{3}(?!\d)/.exec(signs);
  if (thousands) throw new Refusal("thousands", { text: thousands[0] });
  const all = signs
    .replace(HARD_BLANK, " ")
    .split("\n")
    .filter((line) => line.trim() !== "");
  const lines = all.filter((line) => !/^\s*[#%]/.test(line)).map((line) => line.replace(/\s#.*$/, ""));
  if (lines.length === 0) throw new Refusal("none");
  return { ...matrixFrom(lines), comments: all.length - lines.length };
}

/** @param {string[]} lines @returns {Matrix} */
function matrixFrom(lines) {
  const text = unwrapped(lines.join("\n"));
  if (isBracketed(text) && !isLatex(text)) return fromBrackets(text);
  if (isLatex(text)) return fromLatex(text);
  const plain = text
    .replace(/^\s*[A-Za-z]\w*\s*=(?!=)/, "")
    .split("\n")
    .filter((line) => line.trim() !== "");
  if (plain.length === 0) throw new Refusal("none");
  if (plain.some((line) => line.includes("|"))) return fromMarkdown(plain);
  const ruled = plain.filter((line) => !/^\s*[-=]{2}[-=\s]*$/.test(line));
  return matrixOf(tableOf(ruled));
}

/**
 * Without what PyTorch and TensorFlow print around an array.
 * @param {string} text
 */
function unwrapped(text) {
  const flow = /^\s*<tf\.(?:Tensor|Variable)\b[\s\S]*?numpy=\s*([\s\S]*)>\s*$/.exec(text);
  return flow ? flow[1] : text.replace(/^\s*Parameter containing:\s*/, "");
}
