/**
 * What a session is after edits of this page's own: the answer to them leaves large tensors out,
 * and those the page has already, but for the cells that it changed itself. Pure.
 *
 * @import { Edit, Nested, Session, Value } from "./pagetypes.js"
 * @import { Cell, DeleteRow, InsertRow } from "./types.js"
 */
import { isOmitted, shapeOf } from "./values.js";

/**
 * @param {Session} before  the version that the edits were for
 * @param {Session} after  the answer to them
 * @param {readonly Edit[]} edits
 * @returns {Session}
 */
export function edited(before, after, edits) {
  const { dtype } = before.network;
  /** @param {string} name @param {Value | null} old @param {Value | null} now */
  const kept = (name, old, now) =>
    now !== null && isOmitted(now) && old !== null && !isOmitted(old)
      ? (changed(name, old, edits, dtype, now.shape) ?? now)
      : now;
  return {
    ...after,
    x: /** @type {Value} */ (kept("x", before.x, after.x)),
    t: kept("t", before.t, after.t),
    grad_output: kept("grad_output", before.grad_output, after.grad_output),
    parameters: Object.fromEntries(
      Object.entries(after.parameters).map(([name, now]) => [
        name,
        /** @type {Value} */ (kept(name, before.parameters[name], now)),
      ]),
    ),
  };
}

/**
 * The most cells of a tensor that an answer to the edits must tell: those of a tensor that the page
 * has and of which it cannot know the new numbers, such as x when a digit is loaded.
 * @param {Session} before
 * @param {readonly Edit[]} edits
 * @returns {number}  0 where the page knows what it changes
 */
export function cellsToTell(before, edits) {
  const isReset = edits.some(({ op }) => op === "reset" || op === "code");
  if (!isReset && !edits.some(({ op }) => op === "load")) return 0;
  const others = isReset ? [before.grad_output, ...Object.values(before.parameters)] : [];
  const known = [before.x, before.t, ...others].filter((value) => value !== null && !isOmitted(value));
  return Math.max(0, ...known.map((value) => shapeOf(/** @type {Nested} */ (value)).reduce((n, size) => n * size, 1)));
}

/**
 * @param {string} name
 * @param {Nested} old
 * @param {readonly Edit[]} edits
 * @param {string | undefined} dtype
 * @param {readonly number[]} shape  after the edits
 * @returns {Nested | null}  null where the edits do not tell
 */
function changed(name, old, edits, dtype, shape) {
  /** @type {Nested | null} */
  let value = old;
  for (const edit of edits) {
    if (edit.op === "reset" || edit.op === "code") value = null;
    if (edit.op === "load" && (name === "x" || name === "t")) value = null;
    if ((edit.op === "insert_row" || edit.op === "delete_row") && value !== null && isOfSamples(name))
      value = withRows(/** @type {Nested[]} */ (value), edit, name, dtype);
    if (!("tensor" in edit) || edit.tensor !== name) continue;
    if (edit.op === "replace") value = rounded(edit.value, dtype);
    else if (value !== null) value = withCell(value, edit.index, /** @type {Cell} */ (rounded(edit.value, dtype)));
  }
  // The server takes a matrix for a vector where only one reading is possible.
  return value !== null && String(shapeOf(value)) === String(shape) ? value : null;
}

/** @param {string} name @returns {name is "x" | "t" | "grad_output"} */
function isOfSamples(name) {
  return name === "x" || name === "t" || name === "grad_output";
}

/**
 * A sample more, of which what is not given is as in the row before it; or one less.
 * @param {Nested[]} rows
 * @param {InsertRow | DeleteRow} edit
 * @param {"x" | "t" | "grad_output"} name
 * @param {string | undefined} dtype
 */
function withRows(rows, edit, name, dtype) {
  const copy = rows.slice();
  if (edit.op === "delete_row") {
    copy.splice(edit.row, 1);
  } else {
    const at = edit.row ?? rows.length;
    const given = edit[name] ?? null;
    copy.splice(at, 0, given === null ? rows[Math.max(0, at - 1)] : rounded(given, dtype));
  }
  return copy;
}

/** @param {Nested} value @param {readonly number[]} index @param {Cell} cell @returns {Nested} */
function withCell(value, [i, ...rest], cell) {
  if (i === undefined || !Array.isArray(value)) return cell;
  const copy = value.slice();
  copy[i] = withCell(copy[i], rest, cell);
  return copy;
}

/**
 * Numbers as a session of this type keeps and tells them: float32 with the fewest digits that name it.
 * @param {Nested} value
 * @param {string | undefined} dtype
 * @returns {Nested}
 */
function rounded(value, dtype) {
  if (dtype !== "float32") return value;
  if (Array.isArray(value)) return value.map((part) => rounded(part, dtype));
  const kept = Math.fround(Number(value));
  for (let digits = 1; digits < 10; digits++) {
    const short = Number(kept.toPrecision(digits));
    if (Math.fround(short) === kept) return short;
  }
  return kept;
}
