/**
 * The rows that the numbers between brackets make. Brackets end a row, line ends do not: NumPy and
 * PyTorch wrap long rows. Only in MATLAB's brackets does a line end a row, and where that cannot be
 * told from a wrapped row, the text is refused. Pure.
 *
 * @typedef {number | Item[]} Node
 * @typedef {{node: Node, before: Set<string>, at: number, end: number}} Item
 *   before: the separators between it and the one before; at, end: where it stands in the text
 * @typedef {{text: string, called: Set<Item[]>, brackets: Map<Item[], string>, ended: boolean}} Read
 *   called: lists inside a call, which MATLAB does not have; brackets: what opens each list;
 *   ended: a semicolon stands behind it all, as MATLAB ends a statement
 */
import { Refusal } from "./refusal.js";

/** How NumPy wraps: as many numbers as fit into lines of this many signs. */
const WIDTH = 75;

/**
 * @param {Item} value  of the whole text
 * @param {Read} read
 * @returns {number[][]}
 */
export function rowsOf({ node }, read) {
  if (typeof node === "number") return [[node]];
  if (node.every((item) => typeof item.node === "number")) return matlab(node, read);
  const [commas, inner] = [joined(node), node.map(({ node: row }) => row)];
  // In MATLAB [[1 2], [3 4]] is one row of four.
  if (commas && inner.some((row) => Array.isArray(row) && row.length > 1 && !joined(row) && !read.called.has(row))) {
    throw new Refusal("separators");
  }
  return node.map(({ node: row }, i) => {
    if (typeof row === "number") throw new Refusal("ragged", { row: i + 1, found: 1, wanted: widthOf(node) });
    if (row.some((item) => typeof item.node !== "number")) throw new Refusal("dimensions");
    if (row.some((item) => item.before.has(";"))) throw new Refusal("dimensions");
    requireOneSeparator(row, i + 1);
    return numbers(row);
  });
}

/**
 * A list of numbers alone: one row, or MATLAB's rows.
 * @param {Item[]} list
 * @param {Read} read
 */
function matlab(list, read) {
  const semicolons = list.some((item) => item.before.has(";"));
  const commas = joined(list);
  const lines = cutBefore(list, ({ before }) => before.has("line") && !before.has(",") && !before.has(";"));
  const square = read.brackets.get(list) === "[" && !read.called.has(list);
  if (semicolons && !square) throw new Refusal("separators", { text: ";" });
  let rows = [list];
  if (semicolons) {
    rows = cutBefore(list, ({ before }) => before.has(";") || (before.has("line") && !before.has(",")));
  } else if (lines.length > 1 && square) {
    if (commas || read.ended) rows = lines;
    else requireWrapped(lines, read.text);
  }
  rows.forEach((row, i) => requireOneSeparator(row, i + 1));
  return rows.map(numbers);
}

/**
 * Lines of numbers without commas must be one row that NumPy has wrapped: all its lines but the
 * last hold the same count, and where the last holds as many, they are as long as NumPy's.
 * @param {Item[][]} lines
 * @param {string} text
 */
function requireWrapped(lines, text) {
  const [first, last] = [lines[0].length, lines[lines.length - 1].length];
  const uneven = lines.slice(0, -1).findIndex((line) => line.length !== first);
  if (uneven >= 0 || last > first) {
    throw new Refusal("lines", { row: (uneven >= 0 ? uneven : lines.length - 1) + 1 });
  }
  if (last < first) return;
  const widest = lines.flat().reduce((most, { at, end }) => Math.max(most, end - at), 0);
  for (const line of lines.slice(0, -1)) {
    const length = line[line.length - 1].end - (text.lastIndexOf("\n", line[0].at) + 1);
    if (length > WIDTH || length + 1 + widest < WIDTH) throw new Refusal("lines", { row: 2 });
  }
}

/** Whether there are commas between. @param {Item[]} items */
function joined(items) {
  return items.some(({ before }) => before.has(","));
}

/** @param {Item[]} items */
function numbers(items) {
  return items.map((item) => /** @type {number} */ (item.node));
}

/** @param {Item[]} items */
function widthOf(items) {
  const list = items.find(({ node }) => Array.isArray(node))?.node;
  return Array.isArray(list) ? list.length : 0;
}

/**
 * @param {Item[]} items
 * @param {(item: Item) => boolean} begins
 */
function cutBefore(items, begins) {
  /** @type {Item[][]} */
  const rows = [];
  items.forEach((item, i) => {
    if (i === 0 || begins(item)) rows.push([]);
    rows[rows.length - 1].push(item);
  });
  return rows;
}

/**
 * Commas or blanks between the numbers of a row, not both: 0,5 0,25 could be two or four.
 * @param {Item[]} row
 * @param {number} number
 */
function requireOneSeparator(row, number) {
  const commas = row.slice(1).filter(({ before }) => before.has(",")).length;
  if (commas > 0 && commas < row.length - 1) throw new Refusal("separators", { row: number });
}
