/**
 * Arrays as programs print and write them: NumPy, PyTorch, Python, JSON, MATLAB. Pure.
 *
 * @import { Matrix } from "./parse.js"
 * @import { Item, Node } from "./rows.js"
 * @import { Token } from "./tokens.js"
 * @import { Code } from "./refusal.js"
 */
import { cell } from "./cells.js";
import { Refusal } from "./refusal.js";
import { rowsOf } from "./rows.js";
import { tokensOf } from "./tokens.js";

const CALLS =
  /^(?:[A-Za-z_]\w*\.)*(?:array|asarray|Array|DeviceArray|tensor|as_tensor|(?:Float|Double|Half|Long|Int|Short|Byte|Char)?Tensor|constant|Variable|matrix|list|tuple|u?int(?:c|p|8|16|32|64)?|b?float(?:16|32|64|96|128)?|half|single|double|longdouble|longlong)$/;
/** Whether a text begins as an array does, perhaps behind a name and an equals sign. */
const BEGINS = new RegExp(String.raw`^\s*(?:[A-Za-z_][\w.]*\s*=\s*)?(?:[[({]|${CALLS.source.slice(1, -1)}\()`);
const CLOSES = { "[": "]", "(": ")", "{": "}" };
/** @param {string} text */
export function isBracketed(text) {
  return BEGINS.test(text);
}

/** @param {string} text @returns {Matrix} */
export function fromBrackets(text) {
  const reader = new Reader(text, tokensOf(text));
  const values = reader.all();
  const rows = values.length === 1 ? rowsOf(values[0], reader) : several(values);
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
      if (this.tokens[this.next - 2].kind !== ",")
        throw new Refusal("number", { row: this.row, column: 1, text: `(${items[0].node})` });
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
}
