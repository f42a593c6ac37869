/**
 * The help dialog: keys, and how to read the figure.
 */
import { html } from "lit-html";
import { t } from "../strings.js";
import { mount } from "../mount.js";
import { dialog } from "./dialogs.js";

/** @type {[string[], string][]} */
const KEYS = [
  [["\u2192", "."], "help.next"],
  [["\u2190", ","], "help.back"],
  [["Space"], "help.play"],
  [["Home", "End"], "help.ends"],
  [["+", "\u2212", "0"], "help.zoom"],
  [["Tab", "\u2190\u2191\u2192\u2193"], "help.walk"],
  [["Enter"], "help.enter"],
  [["Enter"], "help.open"],
  [["Backspace"], "help.before"],
  [["N"], "help.exercise"],
  [["Ctrl Z", "Ctrl Y"], "help.undo"],
  [["Esc"], "help.escape"],
  [["P"], "help.present"],
  [["Page \u2191", "Page \u2193"], "help.clicker"],
  [["?"], "help.help"],
];

/** @type {[string[], string][]} */
const POINTER = [
  [["help.wheel", "help.drag"], "help.pan"],
  [["help.pinch"], "help.scale"],
];

let mounted = false;

export function openHelp() {
  if (!mounted) mount("help", help);
  mounted = true;
  dialog("help").showModal();
}

function help() {
  return html`
    <h2 id="help-title">${t("help.title")}</h2>
    <p>${t("help.reading")}</p>
    <p>${t("help.cells")}</p>
    <p>${t("help.double")}</p>
    <table class="keys">
      <tbody>
        ${KEYS.map(([keys, text]) => row(keys, text))}
        ${POINTER.map(([moves, text]) =>
          row(
            moves.map((move) => t(move)),
            text,
          ),
        )}
      </tbody>
    </table>
    <form method="dialog">
      <button type="submit" class="primary">${t("close")}</button>
    </form>
  `;
}

/** @param {readonly string[]} keys  or what is done with the pointer @param {string} text */
function row(keys, text) {
  return html`<tr>
    <th scope="row">${keys.map((key) => html`<kbd>${key}</kbd> `)}</th>
    <td>${t(text)}</td>
  </tr>`;
}
