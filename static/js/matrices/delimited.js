/**
 * Lines of numbers with tabs, semicolons, commas or blanks between them, as rows of cells.
 *
 * A comma is the hard part: it separates (CSV) or it is decimal (a sheet of many countries). It is
 * taken for one of the two only where the whole text leaves no other reading; else the text is
 * refused.
 */
import { isName } from "./cells.js";
import { Refusal } from "./refusal.js";

/** Stands for a quoted cell while the line is cut. */
const QUOTED = "\ue000";
const THOUSANDS = [
  /^[+-]?[1-9]\d{0,2}(,\d{3})+$/,
  /^[+-]?[1-9]\d{0,2}(\.\d{3})+,\d+$/,
  /^[+-]?[1-9]\d{0,2}(,\d{3})+\.\d+$/,
];

/**
 * @param {string[]} lines  none of them blank
 * @returns {string[][]}
 */
export function tableOf(lines) {
  /** @type {string[]} */
  const quoted = [];
  const masked = lines.map((line) =>
    line.replace(/"((?:[^"]|"")*)"/g, (_, inner) => {
      quoted.push(inner.replaceAll('""', '"'));
      return QUOTED;
    }),
  );
  // Cells are read in the order in which they were masked.
  return cut(masked).map((row) => row.map((text) => text.replaceAll(QUOTED, () => quoted.shift() ?? "").trim()));
}

/** @param {string[]} lines @returns {string[][]} */
function cut(lines) {
  if (lines.some((line) => line.includes("\t"))) return lines.map((line) => split(line, "\t"));
  if (lines.some((line) => line.includes(";"))) return bySemicolon(lines);
  if (lines.some((line) => line.includes(","))) return byComma(lines);
  return byBlanks(lines);
}

/**
 * The name of a single column may have blanks in it.
 * @param {string[]} lines
 */
function byBlanks(lines) {
  const rows = lines.map((line) => line.trim().split(/\s+/));
  rows.forEach((row, i) => {
    // 12 050 is more likely one number than 12 and 50.
    const j = row.findIndex((text, k) => k > 0 && /^0\d\d$/.test(text) && /^[+-]?\d{1,3}$/.test(row[k - 1]));
    if (j > 0) throw new Refusal("thousands", { row: i + 1, text: `${row[j - 1]} ${row[j]}` });
  });
  const named = rows.length > 1 && rows[0].every(isName) && rows.slice(1).every((row) => row.length === 1);
  return named ? [[lines[0].trim()], ...rows.slice(1)] : rows;
}

/**
 * A separator at the end of a line begins no cell.
 * @param {string} line
 * @param {string} separator
 */
function split(line, separator) {
  const cells = line.split(separator).map((text) => text.trim());
  if (cells.length > 1 && cells.at(-1) === "") cells.pop();
  return cells;
}

/**
 * Between single numbers a semicolon separates cells; between groups of them it ends a row, as
 * MATLAB writes it.
 * @param {string[]} lines
 */
function bySemicolon(lines) {
  const rows = lines.map((line) => split(line, ";"));
  const body = rows.length > 1 && rows[0].every(isName) ? rows.slice(1) : rows;
  const pieces = body.flat();
  const commas = pieces.map((piece) => piece.split(",").length - 1);
  const groups = pieces.some((piece) => /\s/.test(piece));
  const alone = rows.every((row) => row.length === 1);
  if (groups || alone || commas.every((count) => count > 1)) {
    const ends = rows.flat();
    return ends.some((line) => line.includes(",")) ? byComma(ends) : ends.map((line) => line.split(/\s+/));
  }
  if (lines.length === 1) requireDecimal(pieces);
  return rows;
}

/** @param {string[]} all */
function byComma(all) {
  const lines = all.map((line) => line.replace(/\s*,\s*$/, "").trim());
  const named = lines.length > 1 && split(lines[0], ",").every(isName);
  const body = named ? lines.slice(1) : lines;
  const tight = count(body, /(?<=\d),(?=\d)/g);
  const others = count(body, /,/g) - tight;
  const blanks = body.some((line) => /\S\s+\S/.test(line.replace(/\s*,\s*/g, ",")));
  if (blanks) {
    // Blanks and commas both separate, unless every comma is inside a number.
    if (tight === 0) throw new Refusal("separators", { text: body[0] });
    if (others > 0) throw new Refusal("comma", { text: body[0] });
    const cells = lines.map((line) => line.split(/\s+/));
    if (body.length === 1) requireDecimal(cells.at(-1) ?? []);
    return cells;
  }
  const cells = lines.map((line) => split(line, ","));
  // Names over all columns have told already that commas separate.
  const told = named && cells.every((row) => row.length === cells[0].length);
  if (tight > 0 && !told) requireSeparators(body, named ? cells.slice(1) : cells);
  return cells;
}

/**
 * Every comma stands between two digits of a line without blanks: it must be no decimal comma.
 * @param {string[]} lines
 * @param {string[][]} cells
 */
function requireSeparators(lines, cells) {
  for (const form of THOUSANDS) {
    if (lines.every((line) => form.test(line))) throw new Refusal("thousands", { row: 1, text: lines[0] });
  }
  const doubt = new Refusal("comma", { row: 1, text: lines[0] });
  const loose = count(lines, /\s,|,\s/g) > 0;
  if (cells.flat().some((text) => text.includes("."))) {
    // With a point in every number no comma can be decimal, however the blanks stand.
    if (loose && !cells.flat().every((text) => text.includes("."))) throw doubt;
    return;
  }
  if (loose || cells.flat().some((text) => /^[+-]?0\d/.test(text))) throw doubt;
  const single = lines.every((line) => /^[+-]?\d+(,\d+)?(e[+-]?\d+)?$/i.test(line));
  if (single) throw doubt;
}

/**
 * One line of cells with one comma each, such as 1,2;3,4, could also be rows of two. A 0 before
 * the comma, a 0 after it, or a number without one shows that it is decimal.
 * @param {string[]} cells
 */
function requireDecimal(cells) {
  const commas = cells.filter((text) => text.includes(","));
  if (commas.length === 0 || commas.length < cells.length) return;
  if (commas.some((text) => /^[+-]?0,\d*[1-9]|,0\d/.test(text))) return;
  throw new Refusal("comma", { row: 1, column: 1, text: commas[0] });
}

/** @param {string[]} lines @param {RegExp} form */
function count(lines, form) {
  return lines.reduce((sum, line) => sum + (line.match(form)?.length ?? 0), 0);
}
