/**
 * What an editor of lines offers while somebody types: what the server's catalogue has, and the
 * names of the text itself. Pure.
 *
 * @import { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete"
 */

/** @typedef {{functions: readonly string[], methods: readonly string[], constants: readonly string[]}} Offered */

/** Of an array, beside its methods. */
const ATTRIBUTES = ["T", "shape", "size", "ndim"];

/** @param {CompletionContext} context @param {Offered} offered @returns {CompletionResult | null} */
export function completionsAt(context, offered) {
  const word = context.matchBefore(/[\p{L}_][\w.]*|\)\.\w*|\]\.\w*/u);
  if (!word && !context.explicit) return null;
  const text = word?.text ?? "";
  const from = word?.from ?? context.pos;
  const of = /^(.*)\.(\w*)$/.exec(text);
  if (of && of[1] !== "np" && of[1] !== "numpy") {
    return { from: from + of[1].length + 1, options: membersOf(offered), validFor: /^\w*$/ };
  }
  const names = namesIn(context.state.doc.toString(), text);
  /** @type {Completion[]} */
  const options = [
    ...names.map((label) => ({ label, type: "variable", boost: 1 })),
    ...offered.functions.map((label) => ({ label, apply: `${label}(`, type: "function" })),
    ...offered.constants.map((label) => ({ label, type: "constant" })),
  ];
  return { from, options, validFor: /^[\w.]*$/ };
}

/** @param {Offered} offered @returns {Completion[]} */
function membersOf({ methods }) {
  return [
    ...ATTRIBUTES.map((label) => ({ label, type: "property" })),
    ...methods.map((label) => ({ label, apply: `${label}(`, type: "method" })),
  ];
}

/**
 * Names that the text has: neither functions nor what follows a dot, nor what is just being written.
 * @param {string} text @param {string} typed
 */
export function namesIn(text, typed = "") {
  const found = new Set(text.match(/(?<![\w.])[\p{L}_]\w*(?!\w*[.(])(?!\w)/gu) ?? []);
  found.delete(typed);
  return [...found];
}
