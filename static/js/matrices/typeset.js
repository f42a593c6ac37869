/**
 * Matrices that were written to be typeset: LaTeX (& and \\) and Markdown (|). Pure.
 *
 * @import { Matrix } from "./parse.js"
 */
import { isName, matrixOf } from "./cells.js";
import { numberOf } from "./numbers.js";
import { Refusal } from "./refusal.js";

const ENVIRONMENT =
  /\\begin\s*\{(?:[a-zA-Z]*matrix\*?|array|tabular|aligned|cases)\}(?:\s*\[[^\]]*\])?(?:\s*\{[^{}]*\})?/g;
const AROUND =
  /\\end\s*\{[^{}]*\}|\\(?:left|right|[bB]igg?[lrm]?)\s*(?:\\[{}|]|[[\](){}|.])|\\[[\]()](?![^\\\n]*\])|\$+|\\(?:hline|[tbm]idrule|toprule|bottomrule|displaystyle)\b|\\[,;:!]|\\q?quad\b|~/g;
const NAMED = /^\s*(?:\\[a-zA-Z]+\s*\{[^{}]*\}|[\w{}^]+)\s*=/;
const DOTS = /\\(?:[cvdl]?dots\w?)\b/g;

/** @param {string} text */
export function isLatex(text) {
  return /\\begin\s*\{|\\\\|&/.test(text);
}

/** @param {string} text @returns {Matrix} */
export function fromLatex(text) {
  if ((text.match(/\\begin\s*\{/g)?.length ?? 0) > 1) throw new Refusal("several");
  const inner = text
    .replace(ENVIRONMENT, " ")
    .replace(/\\\\\s*\[[\d.]+\s*[a-z]{2}\]/g, "\\\\")
    .replace(AROUND, " ")
    .replace(NAMED, " ")
    .replace(/\{,\}/g, ".")
    .replace(/\{-\}/g, "-")
    .replace(DOTS, "...")
    .replace(/^\s*[[(]|[\])]\s*[.,;]?\s*$/g, " ");
  const rows = inner
    .split("\\\\")
    .map((row) => row.trim())
    .filter((row) => row !== "");
  if (rows.length === 0) throw new Refusal("none");
  return matrixOf(rows.map((row) => row.split("&").map((text) => text.trim())));
}

/**
 * A table whose columns are told apart by |. The row above a rule is a header: it is skipped where
 * it holds names, and where it holds numbers nobody can say whether they belong to the matrix.
 * @param {string[]} lines
 * @returns {Matrix}
 */
export function fromMarkdown(lines) {
  const rule = lines.findIndex((line, i) => i > 0 && isRule(line));
  const table = lines.filter((line) => !isRule(line)).map(cellsOf);
  if (table.length === 0) throw new Refusal("none");
  const dashes = rule === 1 && /-/.test(lines[rule]) && table.length > 1;
  if (!dashes) return matrixOf(table);
  const blank = table[0].every((text) => text === "");
  if (blank) return { ...matrixOf(table.slice(1)), header: true };
  if (!table[0].every(isName)) {
    const column = table[0].findIndex((text) => !isName(text));
    const code = typeof numberOf(table[0][column]) === "number" ? "header" : "blank";
    throw new Refusal(table[0][column] === "" ? "blank" : code, { row: 1, column: column + 1, text: table[0][column] });
  }
  return matrixOf(table);
}

/** @param {string} line */
function isRule(line) {
  return /^[\s|:+=-]*$/.test(line) && /[-=]{2}|-:|:-|\|\s*-\s*\|/.test(line);
}

/** @param {string} line */
function cellsOf(line) {
  return line
    .trim()
    .replace(/^\||\|$/g, "")
    .split("|")
    .map((text) => text.trim());
}
