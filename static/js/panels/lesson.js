/**
 * A lesson beside the figure, over the panels: its text, a number to predict, a change to make.
 *
 * @import { Lesson } from "../types.js"
 */
import { html } from "lit-html";
import { ask } from "../asking.js";
import { shapeText } from "../format.js";
import * as lessons from "../lessons.js";
import { mount } from "../mount.js";
import { cursor, lesson, panel, panelOpen, presenting, table, trace } from "../store.js";
import { has, t } from "../strings.js";
import { goTo } from "../timeline.js";
import { isOmitted, positionOf, shapeOf } from "../values.js";

export function mountLesson() {
  mount("lesson", () => (lesson.value ? content(lesson.value) : null));
}

/** @param {Lesson} now */
function content(now) {
  const rows = lessons.lessons.value;
  const at = rows.findIndex(({ id }) => id === now.id);
  return html`<div class="lesson-head">
      <h2 id="lesson-title" tabindex="-1">${now.title}</h2>
      ${at < 0 ? null : html`<span class="hint">${t("lesson.place", { n: at + 1, of: rows.length })}</span>`}
      <button type="button" id="lesson-close" class="quiet" @click=${lessons.closeLesson}>${t("close")}</button>
    </div>
    <div class="lesson-body" tabindex="0" role="group" aria-labelledby="lesson-title">
      ${
        lessons.isAtFigure()
          ? null
          : html`<p class="hint">${t("lesson.away")}</p>
              <button type="button" id="lesson-figure" @click=${lessons.backToFigure}>${t("lesson.figure")}</button>`
      }
      <div class="lesson-text" .innerHTML=${now.text}></div>
      ${now.prediction ? question(now) : null} ${now.condition ? task(now) : null}
      <div class="lesson-ways">
        ${way("lesson-before", "lesson.before", rows[at - 1]?.id)} ${way("lesson-after", "lesson.after", at < 0 ? undefined : rows[at + 1]?.id)}
      </div>
    </div>`;
}

/** @param {string} button @param {string} words @param {string | undefined} to */
function way(button, words, to) {
  if (to === undefined) return null;
  return html`<button type="button" id=${button} @click=${() => lessons.goToLesson(to)}>${t(words)}</button>`;
}

/** @param {Lesson} now */
function question(now) {
  const kind = now.prediction?.kind ?? "number";
  return html`<section class="lesson-part">
    <h3>${t("lesson.predict")}</h3>
    <p .innerHTML=${now.question}></p>
    <form class="lesson-answer" @submit=${submit}>
      <label
        ><span>${t("lesson.answer")}</span>
        <input id="lesson-answer" autocomplete="off" spellcheck="false" maxlength="60" aria-describedby="lesson-form lesson-said" .value=${lessons.predicted.value}
      /></label>
      <button type="submit">${t("lesson.check")}</button>
    </form>
    <p class="hint" id="lesson-form">${t(`lesson.form.${kind}`)}</p>
    <div id="lesson-said" role="status">${said(now)}</div>
  </section>`;
}

/** @param {Event} event */
function submit(event) {
  event.preventDefault();
  const input = /** @type {HTMLInputElement} */ (document.getElementById("lesson-answer"));
  if (input.value.trim()) void lessons.predict(input.value);
  else input.focus();
}

/** @param {Lesson} now */
function said(now) {
  const judged = lessons.judged.value;
  const kind = now.prediction?.kind ?? "number";
  if (judged === null) return null;
  if (judged === "unread") return html`<p class="bad">${t(`lesson.unread.${kind}`)}</p>`;
  const told = judged.answer === null ? null : answerText(judged.answer);
  const why = html`<button type="button" id="lesson-why" @click=${() => explain(now)}>${t("lesson.why")}</button>`;
  if (judged.right) {
    return html`<p class="good">${t("lesson.right", { answer: told ?? "" })}</p>
      ${kind === "number" ? why : null}`;
  }
  if (judged.few_digits) return html`<p>${t("lesson.few")}</p>`;
  if (told !== null) {
    return html`<p>${t("lesson.told", { answer: told })}</p>
      ${kind === "number" ? why : null}`;
  }
  const named = judged.faults.map((id) => `fault.${id}.did`).filter(has);
  return html`<p class="bad">${t("lesson.wrong", { answer: lessons.predicted.value })}</p>
    ${named.map((key) => html`<p>${t(key)}</p>`)}
    <button type="button" id="lesson-tell" @click=${() => lessons.predict(lessons.predicted.value, true)}>${t("lesson.tell")}</button>`;
}

/** @param {import("../types.js").Cell | readonly number[]} answer */
function answerText(answer) {
  if (Array.isArray(answer)) return shapeText(answer);
  return typeof answer === "number" ? String(Number(answer.toPrecision(6))) : String(answer);
}

/** The number in the panel of explanations. @param {Lesson} now */
function explain(now) {
  const wanted = now.prediction;
  const value = wanted && table.value?.values.get(wanted.tensor);
  if (!wanted || value === undefined || value === null) return;
  const made = trace.value?.events.find(({ writes }) => writes.includes(wanted.tensor));
  // What has been predicted may be seen.
  if (made && cursor.value.seq <= made.seq) goTo({ seq: made.seq + 1, element: 0 });
  const shape = isOmitted(value) ? value.shape : shapeOf(value);
  ask({ key: wanted.tensor, index: positionOf(wanted.index, shape) });
}

/** @param {Lesson} now */
function task(now) {
  const isDone = lessons.changed.value;
  return html`<section class="lesson-part">
    <h3>${t("lesson.change")}</h3>
    <p .innerHTML=${now.task}></p>
    <div role="status">${isDone ? html`<p class="good" id="lesson-done">${t("lesson.done")}</p>` : null}</div>
    ${isDone ? null : html`<button type="button" id="lesson-data" @click=${toData}>${t("lesson.data")}</button>`}
  </section>`;
}

function toData() {
  panel.value = "data";
  panelOpen.value = true;
  if (!presenting.value) document.getElementById("tab-data")?.focus();
}
