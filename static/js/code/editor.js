/**
 * The editor of lines of NumPy, by CodeMirror. It comes with its library when the panel opens, and
 * knows nothing of the page: what it shows and what is done in it is told by the panel.
 *
 * It stands in a shadow tree of its own, where a library may bring style sheets without being
 * allowed styles in the page.
 */
import { autocompletion, closeCompletion, completionKeymap, completionStatus } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { pythonLanguage } from "@codemirror/lang-python";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorSelection, EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { completionsAt } from "./completion.js";

/**
 * @typedef {{line: number, column: number | null}} Place  counted from 1
 * @typedef {import("./completion.js").Offered} Offered
 * @typedef {{
 *   changed: () => void, moved: (line: number) => void, apply: () => void, leave: () => void, offered: () => Offered,
 * }} Told  moved: the learner goes to a line; leave: out of the editor
 * @typedef {{playing: readonly number[], chosen: readonly number[], faults: readonly Place[]}} Marks  lines
 */

/** @type {import("@codemirror/state").StateEffectType<Marks>} */
const mark = StateEffect.define();

const marks = StateField.define({
  create: () => Decoration.none,
  update(found, change) {
    const told = change.effects.findLast((one) => one.is(mark));
    return told ? decorated(change.state.doc, told.value) : found.map(change.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** @param {import("@codemirror/state").Text} doc @param {Marks} told */
function decorated(doc, { playing, chosen, faults }) {
  const there = (/** @type {number} */ line) => line >= 1 && line <= doc.lines;
  const whole = [
    ...playing.map((line) => ({ line, class: "playing" })),
    ...chosen.map((line) => ({ line, class: "chosen" })),
    ...faults.map(({ line }) => ({ line, class: "fault" })),
  ].filter(({ line }) => there(line));
  const words = faults.filter(({ line, column }) => there(line) && column !== null);
  return Decoration.set(
    [
      ...whole.map((one) => Decoration.line({ class: one.class }).range(doc.line(one.line).from)),
      ...words.flatMap(({ line, column }) => {
        const { from, to, text } = doc.line(line);
        if (text.length === 0) return [];
        const at = Math.min(from + Number(column) - 1, to - 1);
        const word = /^(\w+|.)/u.exec(text.slice(at - from))?.[0].length ?? 1;
        return [Decoration.mark({ class: "wrong" }).range(at, at + word)];
      }),
    ],
    true,
  );
}

const inks = HighlightStyle.define([
  { tag: tags.comment, color: "var(--grey)", fontStyle: "italic" },
  { tag: [tags.number, tags.string, tags.bool, tags.null], color: "var(--accent)" },
  { tag: tags.keyword, fontWeight: "600" },
]);

const look = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--paper)", fontSize: "13px" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "1px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6", maxHeight: "45vh", overflow: "auto" },
  ".cm-content": { caretColor: "var(--ink)", padding: "4px 0" },
  ".cm-gutters": { color: "var(--grey)", backgroundColor: "var(--sheet)", border: "none" },
  ".cm-line": { padding: "0 8px", borderLeft: "3px solid transparent" },
  ".cm-line.chosen": { backgroundColor: "var(--accent-wash)" },
  ".cm-line.playing": { borderLeftColor: "var(--accent)", backgroundColor: "var(--accent-wash)" },
  ".cm-line.fault": { borderLeftColor: "var(--red)" },
  ".wrong": { textDecoration: "underline wavy var(--red)", textUnderlineOffset: "3px" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--accent-wash)", outline: "1px solid var(--accent)" },
  ".cm-tooltip": { color: "var(--ink)", backgroundColor: "var(--paper)", border: "1px solid var(--faint)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", maxHeight: "none", overflow: "visible" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { color: "var(--on-accent)", backgroundColor: "var(--accent)" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "600" },
});

export class CodeEditor {
  /** @param {Told} told */
  constructor(told) {
    this.told = told;
    /** What stands in the page. */
    this.place = document.createElement("div");
    this.place.className = "code-editor";
    // Keys that are pressed in it are text.
    this.place.dataset.typing = "";
    const root = this.place.attachShadow({ mode: "open" });
    this.changing = new Compartment();
    this.words = "";
    this.locked = false;
    this.view = new EditorView({ root, parent: root, state: this.stateOf("") });
    // Whoever takes the focus away from what has it in the page means this.
    this.place.blur = () => this.view.contentDOM.blur();
  }

  /** @param {string} text */
  stateOf(text) {
    const { told } = this;
    return EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        history(),
        bracketMatching(),
        pythonLanguage,
        syntaxHighlighting(inks),
        autocompletion({
          override: [(context) => completionsAt(context, told.offered())],
          // Its own Escape would come before ours.
          defaultKeymap: false,
          icons: false,
          // As many as are in sight: what scrolls would have to be reached by Tab.
          maxRenderedOptions: 8,
          tooltipClass: () => "offers",
        }),
        EditorView.lineWrapping,
        marks,
        look,
        this.changing.of(this.fixed()),
        keymap.of([
          { key: "Mod-Enter", run: () => (told.apply(), true) },
          { key: "Escape", run: (view) => this.escape(view) },
          ...completionKeymap,
          ...defaultKeymap,
          ...historyKeymap,
        ]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) told.changed();
          const steered = update.transactions.some((one) => one.isUserEvent("select"));
          if (steered) told.moved(update.state.doc.lineAt(update.state.selection.main.head).number);
        }),
      ],
    });
  }

  /** What of the editor can change. */
  fixed() {
    return [
      EditorState.readOnly.of(this.locked),
      // A text that cannot be changed has a cursor, but needs no keyboard on the screen.
      EditorView.contentAttributes.of({
        "aria-label": this.words,
        ...(this.locked ? { "aria-readonly": "true", inputmode: "none" } : {}),
      }),
    ];
  }

  /** @param {EditorView} view */
  escape(view) {
    if (completionStatus(view.state) === "active" && closeCompletion(view)) return true;
    this.told.leave();
    return true;
  }

  get text() {
    return this.view.state.doc.toString();
  }

  /** Another text, with a past of its own. @param {string} text */
  put(text) {
    if (text !== this.text) this.view.setState(this.stateOf(text));
  }

  /** @param {string} words  its name @param {boolean} locked  whether it can only be read */
  name(words, locked) {
    if (words === this.words && locked === this.locked) return;
    [this.words, this.locked] = [words, locked];
    this.view.dispatch({ effects: this.changing.reconfigure(this.fixed()) });
  }

  /** @param {Marks} told */
  mark(told) {
    this.view.dispatch({ effects: mark.of(told) });
  }

  /** The cursor to a place, and the focus with it. @param {Place} place */
  goTo({ line, column }) {
    const { doc } = this.view.state;
    const { from, to } = doc.line(Math.min(Math.max(1, line), doc.lines));
    const at = Math.min(to, from + Math.max(0, (column ?? 1) - 1));
    this.view.dispatch({ selection: EditorSelection.cursor(at), scrollIntoView: true });
    this.view.focus();
  }
}
