/**
 * The words of a printed array: brackets, separators, line ends, numbers and names. Pure.
 *
 * @typedef {"open" | "close" | "," | ";" | "=" | "line" | "word" | "text"} Kind
 * @typedef {{kind: Kind, text: string, at: number}} Token  at: where it begins
 */

const TOKEN = /\n|[ \t\u00a0\u2009\u202f]+|[[({]|[\])}]|[,;=]|"[^"\n]*"|'[^'\n]*'|<[^<>\n]*>|[^\s[\](){},;="'<>]+|./gu;

/** @param {string} text @returns {Token[]} */
export function tokensOf(text) {
  const tokens = [];
  for (const match of text.matchAll(TOKEN)) {
    const kind = kindOf(match[0]);
    if (kind) tokens.push({ kind, text: match[0], at: match.index });
  }
  return tokens;
}

/** @param {string} text @returns {Kind | null} */
function kindOf(text) {
  if (text === "\n") return "line";
  if (/^\s+$/.test(text)) return null;
  if ("[({".includes(text)) return "open";
  if ("])}".includes(text)) return "close";
  if (text === "," || text === ";" || text === "=") return text;
  return /^["'<]/.test(text) ? "text" : "word";
}
