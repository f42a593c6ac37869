/**
 * Arrays as programs print and write them: NumPy, PyTorch, Python, JSON, MATLAB. Pure.
 *
 * Brackets end a row, line ends do not: NumPy and PyTorch wrap long rows. Only in MATLAB's
 * brackets does a line end a row, and where that cannot be told from a wrapped row, the text is
 * refused.
 *
 * @import { Matrix } from "./parse.js"
 * @import { Token } from "./tokens.js"
 * @import { Code } from "./refusal.js"
 */
import { cell } from "./cells.js";
import { Refusal } from "./refusal.js";
import { tokensOf } from "./tokens.js";

const CALLS =
  /^(?:[A-Za-z_]\w*\.)*(?:array|asarray|Array|DeviceArray|tensor|as_tensor|(?:Float|Double|Half|Long|Int|Short|Byte|Char)?Tensor|constant|Variable|matrix|list|tuple|u?int(?:c|p|8|16|32|64)?|b?float(?:16|32|64|96|128)?|half|single|double|longdouble|longlong)$/;
/** Whether a text begins as an array does, perhaps behind a name and an equals sign. */
const BEGINS = new RegExp(
  String.raw`^\s*(?:[A-Za-z_][\w.]*\s*=\s*)?(?:[[({]|${CALLS.source.slice(1, -1)}\()`,
);
const CLOSES = { "[": "]", "(": ")", "{": "}" };
/** How NumPy wraps: as many numbers as fit into lines of this many signs. */
const WIDTH = 75;

/** @typedef {number | Item[]} Node */
/** @typedef {{node: Node, before: Set<string>, at: number, end: number}} Item */

/** @param {string} text */
export function isBracketed(text) {
  return BEGINS.test(text);
}

/** @param {string} text @returns {Matrix} */
export function fromBrackets(text) {
  const reader = new Reader(text, tokensOf(text));
  const values = reader.all();
  const rows = values.length === 1 ? reader.rowsOf(values[0]) : several(values);
  const width = rows[0]?.length ?? 0;
  if (width === 0) throw new Refusal("none");
  rows.forEach((row, i) => {
    if (row.length !== width) throw new Refusal("ragged", { row: i + 1, found: row.length, wanted: width });
  });
  const flat = values.length === 1 && rows.length === 1 && reader.isFlat(values[0]);
  return { rows, flat, header: false, comments: 0 };
}

/**
 * One-dimensional arrays, each printed by itself: they are rows.
 * @param {Item[]} values
 */
function several(values) {
  return values.map(({ node }) => {
    if (!Array.isArray(node) || !node.every((item) => typeof item.node === "number")) throw new Refusal("several");
    if (node.some((item) => item.before.has(";"))) throw new Refusal("several");
    return node.map((item) => /** @type {number} */ (item.node));
  });
}

class Reader {
  /** @param {string} text @param {Token[]} tokens */
  constructor(text, tokens) {
    this.text = text;
    this.tokens = tokens;
    this.next = 0;
    this.row = 1;
    this.column = 1;
    /** Lists inside a call, which MATLAB does not have. @type {Set<Item[]>} */
    this.called = new Set();
    /** @type {Map<Item[], string>} */
    this.brackets = new Map();
    /** A semicolon behind it all, as MATLAB ends a statement. */
    this.ended = false;
  }

  /** Every value of the text, with nothing but separators between. */
  all() {
    if (this.tokens[0]?.kind === "word" && this.peek(1)?.kind === "=") this.next = 2;
    /** @type {Item[]} */
    const values = [];
    for (;;) {
      const before = this.separators();
      const token = this.peek();
      if (!token) {
        this.ended = before.has(";");
        return values;
      }
      if (token.kind === "word" && values.length > 0 && this.peek(1)?.kind === "=") throw new Refusal("several");
      this.row = values.length + 1;
      values.push(this.item(before));
    }
  }

  /** @param {number} [ahead] @returns {Token | undefined} */
  peek(ahead = 0) {
    return this.tokens[this.next + ahead];
  }

  separators() {
    const found = new Set();
    for (let token = this.peek(); token; token = this.peek()) {
      if (token.kind !== "," && token.kind !== ";" && token.kind !== "line") break;
      if (token.kind === "," && found.has(",")) throw this.refusal("blank");
      found.add(token.kind);
      this.next++;
    }
    return found;
  }

  /** @param {Set<string>} before @returns {Item} */
  item(before) {
    const at = /** @type {Token} */ (this.peek()).at;
    const node = this.value();
    const last = this.tokens[this.next - 1];
    return { node, before, at, end: last.at + last.text.length };
  }

  /** @returns {Node} */
  value() {
    const token = /** @type {Token} */ (this.peek());
    if (token.kind === "open") return this.list();
    if (token.kind === "word" && this.peek(1)?.text === "(") return this.call(token.text);
    if (token.kind === "close") throw new Refusal("bracket", { text: token.text });
    this.next++;
    return cell(token.text, this.row, this.column);
  }

  list() {
    const opened = /** @type {Token} */ (this.peek());
    this.next++;
    /** @type {Item[]} */
    const items = [];
    this.brackets.set(items, opened.text);
    this.column = 1;
    for (;;) {
      const before = this.separators();
      const token = this.peek();
      if (!token) throw new Refusal("bracket", { text: opened.text });
      if (items.length === 0 && before.has(",")) throw this.refusal("blank");
      if (token.kind === "close") {
        this.next++;
        if (token.text !== CLOSES[/** @type {"["} */ (opened.text)]) throw new Refusal("bracket", { text: token.text });
        break;
      }
      if (before.has(";") && items.length > 0) {
        this.row++;
        this.column = 1;
      }
      items.push(this.item(before));
      this.column++;
    }
    // In Python (5) is 5, in a ledger it is -5.
    if (opened.text === "(" && items.length === 1 && typeof items[0].node === "number") {
      if (this.tokens[this.next - 2].kind !== ",") throw new Refusal("number", { row: this.row, column: 1, text: `(${items[0].node})` });
    }
    if (items.length > 0 && items.every(({ node }) => typeof node === "number")) this.row++;
    return items;
  }

  /**
   * A call around a value: array([..], dtype=float32), np.float64(4.8).
   * @param {string} name
   * @returns {Node}
   */
  call(name) {
    if (/bool/.test(name)) throw this.refusal("boolean", name);
    if (/complex/.test(name)) throw this.refusal("complex", name);
    if (!CALLS.test(name)) throw this.refusal("number", name);
    this.next += 2;
    this.separators();
    if (!this.peek() || this.peek()?.kind === "close") throw new Refusal("none");
    const value = this.value();
    if (Array.isArray(value)) this.called.add(value);
    for (;;) {
      const before = this.separators();
      const token = this.peek();
      if (!token) throw new Refusal("bracket", { text: `${name}(` });
      if (token.text === ")") break;
      if (!before.has(",") || token.kind !== "word") throw this.refusal("separators", token.text);
      this.argument();
    }
    this.next++;
    return value;
  }

  /** What a call says of its numbers: their type, their device, how they were made. */
  argument() {
    const said = /** @type {Token} */ (this.peek());
    this.next++;
    if (this.peek()?.kind !== "=") {
      if (!/^[A-Za-z_]/.test(said.text)) throw this.refusal("separators", said.text);
      return;
    }
    this.next++;
    const value = this.peek();
    if (value && /^(?:\w+\.)*bool_?$/.test(value.text)) throw this.refusal("boolean", value.text);
    let depth = 0;
    for (let token = value; token; token = this.peek()) {
      if (depth === 0 && (token.kind === "," || token.kind === "close")) break;
      if (token.kind === "open") depth++;
      if (token.kind === "close") depth--;
      this.next++;
    }
  }

  /** @param {Code} code @param {string} [text] */
  refusal(code, text) {
    return new Refusal(code, { row: this.row, column: this.column, ...(text === undefined ? {} : { text }) });
  }

  /** @param {Item} value */
  isFlat({ node }) {
    return !Array.isArray(node) || node.every((item) => typeof item.node === "number");
  }

  /**
   * @param {Item} value  of the whole text
   * @returns {number[][]}
   */
  rowsOf({ node }) {
    if (typeof node === "number") return [[node]];
    if (node.every((item) => typeof item.node === "number")) return this.matlab(node);
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
   */
  matlab(list) {
    const semicolons = list.some((item) => item.before.has(";"));
    const commas = list.some((item) => item.before.has(","));
    const lines = cutBefore(list, ({ before }) => before.has("line") && !before.has(",") && !before.has(";"));
    const square = this.brackets.get(list) === "[" && !this.called.has(list);
    if (semicolons && !square) throw new Refusal("separators", { text: ";" });
    let rows = [list];
    if (semicolons) {
      rows = cutBefore(list, ({ before }) => before.has(";") || (before.has("line") && !before.has(",")));
    } else if (lines.length > 1 && square) {
      if (commas || this.ended) rows = lines;
      else requireWrapped(lines, this.text);
    }
    rows.forEach((row, i) => requireOneSeparator(row, i + 1));
    return rows.map(numbers);
  }
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
  const widest = Math.max(...lines.flat().map(({ at, end }) => end - at));
  for (const line of lines.slice(0, -1)) {
    const length = line[line.length - 1].end - (text.lastIndexOf("\n", line[0].at) + 1);
    if (length > WIDTH || length + 1 + widest < WIDTH) throw new Refusal("lines", { row: 2 });
  }
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
