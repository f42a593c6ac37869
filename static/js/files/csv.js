/**
 * A tensor as lines of text with commas. Pure.
 */

/**
 * Every number has a point or an exponent, so that no comma can be taken for a decimal one when
 * the file is read again; labels stand one in a line.
 * @param {readonly (readonly number[])[]} rows
 * @param {boolean} labels
 */
export function writeCsv(rows, labels) {
  if (labels)
    return rows
      .flat()
      .map((label) => `${label}\n`)
      .join("");
  return rows.map((row) => `${row.map(pointed).join(",")}\n`).join("");
}

/** @param {number} value */
function pointed(value) {
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/**
 * Text of a file: UTF-8, or UTF-16 with its mark, as some sheets save it.
 * @param {Uint8Array} bytes
 */
export function textOf(bytes) {
  const wide = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(wide ? "utf-16le" : "utf-8").decode(bytes);
}
