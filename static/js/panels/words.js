/**
 * Why a text is not taken as numbers, in the learner's language.
 *
 * @import { Fault } from "../matrices/refusal.js"
 */
import { faultOf } from "../matrices/numbers.js";
import { excerpt } from "../matrices/refusal.js";
import { has, t } from "../strings.js";

/** What was typed into a field. @param {string} text */
export function typedSentence(text) {
  const code = faultOf(text);
  const key = code === "comma" ? "typed.comma" : `number.${code}`;
  return t(key, { text: excerpt(text) });
}

/**
 * What was pasted, or read from a file.
 * @param {Fault} fault
 * @param {"paste" | "files"} [from]
 */
export function sentence({ code, row, column, text = "", found = 0, wanted = 0 }, from = "paste") {
  for (const key of [`paste.${code}`, `files.${code}`]) {
    if (has(key)) return t(key, { row: row ?? 1, text, found, wanted });
  }
  const words = t(`number.${code}`, { text });
  if (row === undefined) return words;
  const where = column === undefined ? t(`${from}.row`, { row }) : t(`${from}.cell`, { row, column });
  return `${where} ${words}`;
}
