/**
 * Rows of cells that a separator has told apart, as numbers: the header, the decimal commas.
 *
 * @import { Matrix } from "./parse.js"
 */
import { numberOf } from "./numbers.js";
import { Refusal } from "./refusal.js";

const NAME = /^[\p{L}_]/u;
const WITH_COMMA = /^[+-]?\d+,\d+(e[+-]?\d+)?$/i;
const MAYBE_THOUSANDS = /^[+-]?[1-9]\d{0,2},\d{3}$/;

/**
 * @param {string[][]} table  at least one row
 * @returns {Matrix}
 */
export function matrixOf(table) {
  const header = hasHeader(table);
  const rows = header ? table.slice(1) : table;
  const first = header ? 2 : 1;
  rows.forEach((row, i) => {
    if (row.length !== rows[0].length) {
      throw new Refusal("ragged", { row: i + first, found: row.length, wanted: rows[0].length });
    }
  });
  const plain = pointed(rows, first);
  return {
    rows: plain.map((row, i) => row.map((text, j) => cell(text, i + first, j + 1))),
    flat: false,
    header,
    comments: 0,
  };
}

/**
 * A first row of names alone. A row of NaN or of fractions is no header: it is refused as numbers.
 * @param {string[][]} table
 */
function hasHeader(table) {
  if (table.length < 2 || table[0].length !== table[1].length) return false;
  return table[0].every(isName);
}

/** @param {string} text */
export function isName(text) {
  return NAME.test(text) && numberOf(text) === "number";
}

/**
 * Decimal commas as points, where the cells show that they are decimal: no cell has a point, and
 * not all of them could be thousands.
 * @param {string[][]} rows
 * @param {number} first
 */
function pointed(rows, first) {
  /** @type {{text: string, row: number, column: number}[]} */
  const commas = [];
  let point = false;
  rows.forEach((row, i) =>
    row.forEach((text, j) => {
      point ||= text.includes(".");
      if (text.includes(",")) commas.push({ text, row: i + first, column: j + 1 });
    }),
  );
  if (commas.length === 0) return rows;
  for (const found of commas) {
    if (WITH_COMMA.test(found.text)) continue;
    const code = numberOf(found.text);
    throw new Refusal(typeof code === "number" ? "comma" : code, found);
  }
  if (point) throw new Refusal("comma", commas[0]);
  if (commas.every(({ text }) => MAYBE_THOUSANDS.test(text))) throw new Refusal("thousands", commas[0]);
  return rows.map((row) => row.map((text) => text.replace(",", ".")));
}

/**
 * @param {string} text
 * @param {number} row
 * @param {number} column
 */
export function cell(text, row, column) {
  const value = numberOf(text);
  if (typeof value === "number") return value;
  throw new Refusal(value, { row, column, text });
}
