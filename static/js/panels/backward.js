/**
 * Below the lines of the panel Code: those of the backward half, and the whole as a script.
 *
 * The line of the gradient in play is marked; a click on a line goes to the event that makes it
 * known, and lights the ops that it stands for.
 *
 * @import { BackLine, TraceEvent } from "../types.js"
 */
import { effect } from "@preact/signals-core";
import { html } from "lit-html";
import { litEvent, litNodes } from "../asking.js";
import { lines } from "../code/state.js";
import { choose, copyAll, form, FORMS, said, saveAs } from "../code/scripts.js";
import { event, session, trace } from "../store.js";
import { t } from "../strings.js";
import { goTo } from "../timeline.js";
import { valueOf } from "./chosen.js";

let isWatched = false;

/** The lines back, where a gradient goes back. */
export function backward() {
  const found = lines.value?.backward ?? [];
  if (found.length === 0) return null;
  watch();
  const playing = inPlay(found);
  // One line is reached by Tab, the others from it by the arrows.
  const reached = Math.max(
    0,
    found.findIndex((line) => playing.includes(line)),
  );
  return html`<h3 id="code-back-title">${t("code.backward")}</h3>
    <p class="hint">${t("code.backward.hint")}</p>
    <ol class="back-lines" aria-labelledby="code-back-title" @keydown=${move}>
      ${found.map(
        (line, at) =>
          html`<li>
            <button
              type="button"
              class=${playing.includes(line) ? "back-line playing" : "back-line"}
              tabindex=${at === reached ? 0 : -1}
              aria-current=${playing.includes(line) ? "step" : "false"}
              @click=${() => go(line)}
            >
              <code>${line.text}</code>
            </button>
          </li>`,
      )}
    </ol>`;
}

/** The whole as a script, in three forms. */
export function exporting() {
  const network = session.value?.network;
  // What does not fit cannot be run.
  if (!network || network.clash) return null;
  const forms = FORMS.filter((one) => one !== "classes" || network.code === undefined);
  return html`<h3 id="code-script-title">${t("code.script")}</h3>
    <p class="hint" id="code-script-hint">${t(`code.script.${form.value}`)}</p>
    <div class="buttons" role="group" aria-labelledby="code-script-title">
      <select
        id="code-form"
        aria-label=${t("code.script.form")}
        aria-describedby="code-script-hint"
        @change=${(/** @type {Event} */ change) => choose(/** @type {"numpy"} */ (valueOf(change)))}
      >
        ${forms.map((one) => html`<option value=${one} ?selected=${one === form.value}>${t(`code.form.${one}`)}</option>`)}
      </select>
      <button type="button" id="code-copy" @click=${copyAll}>${t("code.copy")}</button>
      <button type="button" id="code-save" @click=${saveAs}>${t("share.save")}</button>
    </div>
    <p class="state" role="status" id="code-said">${said.value}</p>`;
}

/** The lines whose gradient is made by the event in play, or by what is asked about. @param {readonly BackLine[]} found */
function inPlay(found) {
  const lit = litNodes.value.length > 0 ? event.value : (litEvent.value ?? event.value);
  if (!lit || lit.phase !== "backward") return [];
  const own = found.filter((line) => line.keys.some((key) => makes(lit, key)));
  if (own.length > 0) return own;
  // Within an opened layer, whose line is one.
  return found.filter((line) => line.keys.length > 0 && line.layers.includes(lit.layer));
}

/** @param {{writes: readonly string[], totals?: readonly string[]}} event @param {string} key */
function makes({ writes, totals = [] }, key) {
  return writes.includes(key) || totals.includes(key);
}

/** @param {BackLine} line */
function go(line) {
  const events = trace.value?.events ?? [];
  const back = events.filter(({ phase }) => phase === "backward");
  const made =
    back.findLast((one) => one.writes.some((key) => line.keys.includes(key))) ??
    back.findLast((one) => line.keys.length > 0 && line.layers.includes(one.layer));
  if (made) goTo({ seq: made.seq + 1, element: 0 });
  else litNodes.value = line.nodes;
}

/** @param {KeyboardEvent} press */
function move(press) {
  const list = /** @type {HTMLElement} */ (press.currentTarget);
  const all = [...list.querySelectorAll("button")];
  const at = all.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[press.key];
  if (to === undefined) return;
  press.preventDefault();
  press.stopPropagation();
  all[Math.min(Math.max(to, 0), all.length - 1)]?.focus();
}

/** The line in play is kept in sight within its list, and nothing else moves. */
function watch() {
  if (isWatched) return;
  isWatched = true;
  effect(() => {
    void litEvent.value;
    void event.value;
    requestAnimationFrame(() => {
      const list = document.querySelector(".back-lines");
      const line = /** @type {HTMLElement | null} */ (list?.querySelector(".playing"));
      if (!list || !line) return;
      const [top, bottom] = [line.offsetTop, line.offsetTop + line.offsetHeight];
      if (top < list.scrollTop) list.scrollTop = top;
      else if (bottom > list.scrollTop + list.clientHeight) list.scrollTop = bottom - list.clientHeight;
    });
  });
}
