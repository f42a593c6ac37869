/**
 * Practice: skills to choose from, and the exercise on the screen with its question, its answer
 * box, and what is said of an answer.
 *
 * @import { Item, Judged } from "../types.js"
 */
import { html, nothing } from "lit-html";
import { indexText, nameOf, tensorOf } from "../figure/names.js";
import { full, shapeText, short } from "../format.js";
import { graph, trace } from "../store.js";
import { language, t, tParts } from "../strings.js";
import { asNumber } from "../values.js";
import { givenShape, keysOf } from "../practice/asked.js";
import { progressOf } from "../practice/kept.js";
import { isDue } from "../practice/progress.js";
import {
  begin,
  bringSkills,
  changed,
  check,
  choosing,
  item,
  nextExercise,
  over,
  reopen,
  skills,
  stage,
  tell,
  unread,
  verdict,
} from "../practice/state.js";
import { arithmetic } from "./arithmetic.js";

export function exercises() {
  const now = item.value;
  return now && !choosing.value ? exercise(now) : chooser();
}

function chooser() {
  void bringSkills();
  const now = Date.now();
  const due = skills.value.filter((skill) => isDue(progressOf(skill), now));
  const others = skills.value.filter((skill) => !due.includes(skill));
  return html`<section class="practice" aria-labelledby="practice-title">
    <h2 id="practice-title" tabindex="-1">${t("panels.practice")}</h2>
    <p class="hint">${t("practice.intro")}</p>
    ${
      due.length > 0
        ? html`<h3 id="practice-due">${t("practice.due")}</h3>
          <ul class="skills" aria-labelledby="practice-due">
            ${due.map(skillRow)}
          </ul>`
        : null
    }
    <ul class="skills" aria-labelledby="practice-title">
      ${others.map(skillRow)}
    </ul>
  </section>`;
}

/** @param {string} skill */
function skillRow(skill) {
  return html`<li>
    <button type="button" class="quiet" data-skill=${skill} @click=${() => choose(skill)}>
      <b>${t(`skill.${skill}`)}</b>
      <span>${t(`skill.${skill}.text`)}</span>
      ${standing(skill)}
    </button>
  </li>`;
}

/** How far one is with it, said quietly; of what has not been tried, nothing. @param {string} skill */
function standing(skill) {
  const { rows, returns, due } = progressOf(skill);
  if (returns !== null) {
    const day =
      due === null ? "" : new Date(due).toLocaleDateString(language.value, { month: "short", day: "numeric" });
    const back = due === null ? null : html`, ${t("practice.returns", { day })}`;
    return html`<small class="standing mastered">${t("practice.mastered")}${back}</small>`;
  }
  if (rows.network + rows.program === 0) return null;
  return html`<small class="standing">${t("practice.streak", { ...rows })}</small>`;
}

/** @param {string} skill */
async function choose(skill) {
  await begin(skill);
  focusAnswer();
}

/** @param {Item} now */
function exercise(now) {
  return html`<section class="practice" aria-labelledby="practice-title">
    <nav class="trail">
      <button type="button" class="quiet" id="all-skills" @click=${chooseAnother}>\u2190 ${t("practice.all")}</button>
    </nav>
    <p class="skill">${t(`skill.${now.skill}`)}</p>
    <h2 id="practice-title" tabindex="-1">${question(now)}</h2>
    ${
      changed.value
        ? html`<p>${t("practice.changed")}</p>
          <button type="button" class="primary" id="reopen" @click=${reopen}>${t("practice.reopen")}</button>`
        : html`${notes(now)} ${answerForm(now)}
          <div id="practice-said" role="status">${said()}</div>
          ${ending(now)}`
    }
    ${standing(now.skill)}
    <p><a id="to-sheet" href=${`/sheet?skill=${now.skill}&seed=${now.seed}&lang=${language.value}`}>${t("practice.sheet")}</a></p>
  </section>`;
}

function chooseAnother() {
  choosing.value = true;
  document.getElementById("practice-title")?.focus();
}

/** @param {Item} now */
function question(now) {
  if (now.kind === "shape") return t("practice.question.shape", { name: askedName(now) });
  const cell = `${askedName(now)}${indexText(undefined, now.index)}`;
  if (now.learning_rate === null) return t("practice.question.number", { cell });
  return t("practice.question.update", { cell, rate: short(now.learning_rate) });
}

/** What the figure calls it; of an update, what is updated. @param {Item} now */
function askedName({ tensor }) {
  if (!graph.value) return "";
  if (tensor.endsWith(".new")) return nameOf(tensor.slice(0, -".new".length));
  const [first] = keysOf(tensor, graph.value);
  const seed = trace.value?.events.find(({ rule_name: name }) => name === "seed.loss");
  // By its formula, such as Y - T, it would tell its answer; and of one that comes in parts, the whole is meant.
  if (!seed || !first.endsWith(".grad")) return nameOf(first);
  return `\u2202${nameOf(plain(seed.writes[0]))}/\u2202${nameOf(plain(first))}`;
}

/** What a gradient is of. @param {string} key */
function plain(key) {
  return key.replace(/\.grad$/, "");
}

/** What else has to be known to answer. @param {Item} now */
function notes(now) {
  const keys = graph.value ? keysOf(now.tensor, graph.value) : [];
  const shape = now.kind === "shape" ? tensorOf(keys[0])?.shape : undefined;
  const given = shape && !over.value ? givenShape(shape, stage.value) : null;
  return html`${now.skill === "branch" ? html`<p class="hint">${t("practice.sum")}</p>` : null}
  ${given ? html`<p class="hint" id="given-shape">${t("practice.given", { shape: given })}</p>` : null}`;
}

/** @param {Item} now */
function answerForm(now) {
  const problem = unread.value ? t(`practice.unread.${now.kind}`) : null;
  return html`<form class="answer" @submit=${submit} ?hidden=${over.value}>
    <label for="answer">${t("practice.answer")}</label>
    <input
      type="text"
      id="answer"
      autocomplete="off"
      autocapitalize="off"
      spellcheck="false"
      maxlength="60"
      aria-describedby="answer-form"
      aria-invalid=${problem ? "true" : nothing}
    />
    <button type="submit" class="primary">${t("practice.check")}</button>
    <button type="button" class="quiet" id="tell" @click=${showAnswer}>${t("practice.tell")}</button>
    <p class="hint" id="answer-form">
      ${problem ? html`<em class="problem">${problem}</em> ` : null}${t(`practice.form.${now.kind}`)}
    </p>
  </form>`;
}

/** @param {Event} submitted */
async function submit(submitted) {
  submitted.preventDefault();
  const field = /** @type {HTMLInputElement | null} */ (document.getElementById("answer"));
  await check(field?.value ?? "");
  if (over.value) focusNext();
  else field?.select();
}

async function showAnswer() {
  await tell();
  focusNext();
}

function focusNext() {
  const field = /** @type {HTMLInputElement | null} */ (document.getElementById("answer"));
  if (field) field.value = "";
  document.getElementById("next-exercise")?.focus({ preventScroll: true });
}

async function goOn() {
  await nextExercise();
  focusAnswer();
}

function focusAnswer() {
  document.getElementById("answer")?.focus();
}

/** What is said of the last answer. */
function said() {
  const found = verdict.value;
  if (!found) return null;
  const { judged, text } = found;
  if (judged.few_digits) return html`<p class="verdict">${t("practice.few")}</p>`;
  if (judged.right)
    return html`<p class="verdict right">${tParts("practice.right", { answer: answerText(judged) })}</p>`;
  return html`
    ${text ? html`<p class="verdict wrong">${t("practice.wrong", { answer: text })}</p>` : null} ${mistakes(found)}
    ${
      over.value
        ? html`<p class="verdict" id="told">${tParts("practice.told", { answer: answerText(judged) })}</p>`
        : html`<p class="hint">${judged.faults.length > 0 && judged.look_at.length > 0 ? t("practice.lit") : null} ${t("practice.again")}</p>`
    }
  `;
}

/** By their names, each with what was done. @param {{text: string, judged: Judged}} found */
function mistakes({ text, judged: { faults, look_at: lit } }) {
  if (!text) return null;
  if (faults.length === 0) return lit.length > 0 && !over.value ? html`<p>${t("practice.unnamed")}</p>` : null;
  return html`${faults.length > 1 ? html`<p>${t("practice.several")}</p>` : null}
    <dl class="likely-mistakes">
      ${faults.map(
        (fault) => html`<div data-fault=${fault}>
          <dt>${t(`fault.${fault}`)}</dt>
          <dd>${t(`fault.${fault}.did`)}</dd>
        </div>`,
      )}
    </dl>`;
}

/** @param {Judged} judged */
function answerText({ answer }) {
  if (Array.isArray(answer)) return shapeText(answer);
  return answer === null ? "" : html`<span title=${full(answer)}>${short(asNumber(answer))}</span>`;
}

/** How it comes about, and on. @param {Item} now */
function ending(now) {
  if (!over.value) return null;
  const explanation = verdict.value?.judged.explanation;
  return html`
    <div class="onward">
      <button type="button" class="primary" id="next-exercise" @click=${goOn}>${t("practice.next")}</button>
      <p class="hint">${t("practice.key")}</p>
    </div>
    <section class="chosen" aria-labelledby="practice-why">
      <h3 id="practice-why">${t("practice.why")}</h3>
      <p>${t(`skill.${now.skill}.text`)}</p>
      ${explanation ? arithmetic(explanation) : null}
    </section>
  `;
}
