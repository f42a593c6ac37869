/**
 * Numbers from the clipboard or from a text file, put into a tensor of the session.
 *
 * @import { Edit, Nested } from "../pagetypes.js"
 * @import { Matrix } from "../matrices/parse.js"
 */
import { dataName } from "../figure/names.js";
import { shapeText } from "../format.js";
import { fit, shapeOfMatrix } from "../matrices/fit.js";
import { parseMatrix } from "../matrices/parse.js";
import { edit } from "../session.js";
import { session } from "../store.js";
import { t } from "../strings.js";
import { outputSize, shapeOf } from "../values.js";
import { note, whenSent } from "./said.js";
import { samplesChange, samplesEdit } from "./samples.js";
import { sentence } from "./words.js";

/** More cells than this go out as the whole tensor. */
const MAX_EDITS = 100;

/**
 * @param {string} text
 * @param {string} name
 * @param {Nested} value  the tensor now
 * @param {[number, number]} from  row and column of the cell that has the focus
 * @param {readonly number[]} [at]  the first indices of the matrix that it is in, of a tensor of more axes
 */
export function pasteText(text, name, value, from, at = []) {
  const { matrix, fault } = parseMatrix(text);
  if (fault) note(name, sentence(fault));
  else pasteMatrix(matrix, name, value, from, at);
}

/**
 * @param {Matrix} matrix
 * @param {string} name
 * @param {Nested} value
 * @param {[number, number]} from
 * @param {readonly number[]} at
 */
function pasteMatrix(matrix, name, value, from, at) {
  const now = session.value;
  if (!now) return;
  const shape = shapeOf(value).slice(at.length);
  const put = fit(matrix, { name, shape, classes: outputSize(now.network) }, from);
  const said = { shape: shapeText(shapeOfMatrix(matrix)), tensor: dataName(name), target: shapeText(shape) };
  switch (put.kind) {
    case "whole":
      if (at.length > 0) return void send(name, partly(name, value, matrix.rows, [0, 0], at), matrix);
      return void send(name, [{ op: "replace", tensor: name, value: put.value }], matrix);
    case "part":
      return void send(name, partly(name, value, put.rows, put.at, at), matrix);
    case "onehot":
      return note(name, t("paste.onehot", { row: put.row }));
    case "outside":
      if (name === "x" && `${from}` === "0,0" && matrix.rows[0].length === shape[1] && samplesChange()) {
        return void otherSamples(matrix);
      }
      return note(name, t("paste.outside", { ...said, room: roomText(put.room, shape) }));
    case "transposed": {
      const take = () => pasteMatrix(put.matrix, name, value, from, at);
      return note(name, t("paste.transposed", said), { offer: { label: t("paste.turn"), take } });
    }
  }
}

/**
 * More samples than there are, from the first cell on: they take the place of all, and those
 * without a target get the last one.
 * @param {Matrix} matrix
 */
function otherSamples({ rows }) {
  void whenSent(
    "x",
    edit((now) => samplesEdit(now, rows)),
    t("samples.grown", { count: rows.length, name: dataName("t") }),
  );
}

/** @param {[number, number]} room @param {readonly number[]} shape */
function roomText([height, width], shape) {
  return shapeText(shape.length === 1 ? [width] : [height, width]);
}

/** @param {string} name @param {Edit[]} edits @param {Matrix} matrix */
function send(name, edits, { header, comments }) {
  const skipped = [
    header ? t("paste.skipped.header") : "",
    comments > 0 ? t("paste.skipped.comments", { count: comments }) : "",
  ];
  return whenSent(name, edit(edits), skipped.filter(Boolean).join(" "));
}

/**
 * @param {string} name
 * @param {Nested} value
 * @param {number[][]} rows
 * @param {[number, number]} from
 * @param {readonly number[]} at
 * @returns {Edit[]}
 */
function partly(name, value, rows, [top, left], at) {
  const list = shapeOf(value).length === 1;
  const cells = rows.flatMap((row, i) =>
    row.map((number, j) => ({ index: [...at, ...(list ? [left + j] : [top + i, left + j])], value: number })),
  );
  if (cells.length > MAX_EDITS) return [replaced(name, value, cells)];
  return cells.map((cell) => ({ op: "set", tensor: name, ...cell }));
}

/**
 * Too many cells for a list of edits: the whole tensor with them put in.
 * @param {string} name
 * @param {Nested} value
 * @param {{index: number[], value: number}[]} cells
 * @returns {Edit}
 */
function replaced(name, value, cells) {
  const copy = structuredClone(value);
  for (const cell of cells) {
    const last = /** @type {number} */ (cell.index.at(-1));
    const row = cell.index.slice(0, -1).reduce((part, i) => /** @type {Nested[]} */ (part)[i], copy);
    /** @type {Nested[]} */ (row)[last] = cell.value;
  }
  return { op: "replace", tensor: name, value: copy };
}
