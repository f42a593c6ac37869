/**
 * Why a text is not taken as numbers: a code for which every language has a sentence, and where.
 *
 * @typedef {"number" | "finite" | "boolean" | "ellipsis" | "fraction" | "hex" | "complex" |
 *   "fortran" | "percent" | "thousands" | "comma" | "blank" | "ragged" | "dimensions" | "bracket" |
 *   "none" | "separators" | "lines" | "header" | "several" | "size" | "npy" | "npz" | "dtype" |
 *   "rank" | "integer"} Code
 * @typedef {{
 *   code: Code, row?: number, column?: number, text?: string, found?: number, wanted?: number,
 * }} Fault  row and column count from 1, as one counts in what was pasted
 */

const LONGEST = 20;

export class Refusal extends Error {
  /**
   * @param {Code} code
   * @param {Omit<Fault, "code">} [where]
   */
  constructor(code, where = {}) {
    super(code);
    /** @type {Fault} */
    this.fault = { code, ...where };
    if (where.text !== undefined) this.fault.text = excerpt(where.text);
  }
}

/** @param {string} text */
export function excerpt(text) {
  const plain = text.replace(/\s+/g, " ").trim();
  const signs = [...plain];
  return signs.length > LONGEST ? `${signs.slice(0, LONGEST - 1).join("")}\u2026` : plain;
}
