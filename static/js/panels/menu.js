/**
 * The menu of figures: those of the book, and what this browser has of one's own.
 *
 * @import { Preset } from "../types.js"
 */
import { html } from "lit-html";
import { read } from "../address.js";
import { arrive, startOf } from "../arrive.js";
import { openOwn } from "../code/state.js";
import { messageOf } from "../messages.js";
import { bringLessons, goToLesson, lessons } from "../lessons.js";
import { bringPrograms } from "../programs.js";
import { openPreset } from "../session.js";
import { lesson, notice, presets, programs, session, stride, theme, view as seen } from "../store.js";
import { language, t } from "../strings.js";
import { strideFor } from "../timeline.js";
import { own } from "../tokens.js";
import { presetTitle, toggleMenu } from "./header.js";
import { openNetworkForm } from "./network.js";
import { sketch } from "./sketches.js";

/** Versions of one figure that are shown. */
const MOST_VERSIONS = 3;

export function presetMenu() {
  void bringPrograms();
  void bringLessons();
  return html`
    <h2 class="unseen">${t("header.choose")}</h2>
    ${chapters().map(chapter)} ${lessonList()}
    <ul>
      <li>
        <button type="button" id="own" @click=${chooseOwn}>
          <span class="plus" aria-hidden="true">+</span>
          <span>${t("menu.own")}</span>
        </button>
        ${yours(null, false)}
      </li>
      <li>
        <button type="button" id="own-code" @click=${chooseCode}>
          <span class="plus" aria-hidden="true">+</span>
          <span>${t("menu.code")}</span>
        </button>
        ${yours(null, true)}
      </li>
    </ul>
    <a id="all-figures" href=${`/figures?lang=${language.value}${theme.value === "system" ? "" : `&theme=${theme.value}`}`}>${t("menu.figures")}</a>
  `;
}

/** The presets by their chapters, in the order of the server's list. @returns {Preset[][]} */
function chapters() {
  const all = [...presets.value, ...programs.value];
  const names = [...new Set(all.map((preset) => preset.chapter))];
  return names.map((name) => all.filter((preset) => preset.chapter === name));
}

/** @param {Preset[]} members */
function chapter(members) {
  const id = `chapter-${members[0].chapter.replace(".", "-")}`;
  return html`<h3 id=${id}>${t(`menu.chapter.${members[0].chapter}`)}</h3>
    <ul aria-labelledby=${id}>
      ${members.map(
        (preset) => html`<li>
          <button
            type="button"
            data-preset=${preset.id}
            aria-current=${session.value?.preset === preset.id ? "true" : "false"}
            @click=${() => choose(preset)}
          >
            ${sketch(preset)}
            <span>${presetTitle(preset.id)}</span>
          </button>
          ${yours(preset.id)}
        </li>`,
      )}
    </ul>`;
}

function lessonList() {
  if (lessons.value.length === 0) return null;
  return html`<h3 id="lessons">${t("menu.lessons")}</h3>
    <ol class="lessons" aria-labelledby="lessons">
      ${lessons.value.map(
        ({ id, title }) => html`<li>
          <button type="button" data-lesson=${id} aria-current=${lesson.value?.id === id ? "true" : "false"} @click=${() => chooseLesson(id)}>
            ${title}
          </button>
        </li>`,
      )}
    </ol>`;
}

/** @param {string} id */
async function chooseLesson(id) {
  toggleMenu(false);
  await goToLesson(id);
}

/**
 * What this browser has of one's own: of a figure, or networks, or lines of NumPy.
 * @param {string | null} preset
 * @param {boolean} [isCode]  where it is of no figure
 */
function yours(preset, isCode = false) {
  const isOf = (/** @type {import("../tokens.js").Own} */ one) =>
    one.preset === preset && (preset !== null || (one.sizes === undefined) === isCode);
  const found = own.value.filter(isOf).slice(0, MOST_VERSIONS);
  return found.map(
    (one) => html`<button
      type="button"
      class="yours"
      data-own=${one.id}
      aria-current=${session.value?.id === one.id ? "true" : "false"}
      @click=${() => chooseYours(one.id)}
    >
      ${versionTitle(one)}
    </button>`,
  );
}

/** @param {import("../tokens.js").Own} one */
function versionTitle({ preset, sizes, changed }) {
  const key = preset ? "menu.version" : sizes === undefined ? "menu.computation" : "menu.network";
  return t(key, { sizes: sizes?.join("-") ?? "", time: timeOf(changed) });
}

/** The same where it does not stand under its figure. @param {import("../tokens.js").Own} one */
export function yoursTitle(one) {
  return one.preset ? `${presetTitle(one.preset)} · ${versionTitle(one)}` : versionTitle(one);
}

/** Of today the time, of other days the day too. @param {number} changed */
function timeOf(changed) {
  const day = new Date(changed);
  const isToday = day.toDateString() === new Date().toDateString();
  return day.toLocaleString(language.value, { timeStyle: "short", ...(isToday ? {} : { dateStyle: "medium" }) });
}

/** @param {string} id */
async function chooseYours(id) {
  toggleMenu(false);
  document.getElementById("choose")?.focus();
  try {
    await arrive({ ...read(""), session: id });
  } catch (error) {
    notice.value = messageOf(error);
  }
}

/** @param {Preset} preset */
async function choose({ id }) {
  toggleMenu(false);
  document.getElementById("choose")?.focus();
  lesson.value = null;
  try {
    await openPreset(id, { where: startOf(id) });
    stride.value = strideFor(seen.value.level);
  } catch (error) {
    notice.value = messageOf(error);
  }
}

async function chooseCode() {
  toggleMenu(false);
  lesson.value = null;
  try {
    await openOwn();
    stride.value = strideFor(seen.value.level);
  } catch (error) {
    notice.value = messageOf(error);
  }
}

async function chooseOwn() {
  toggleMenu(false);
  await openNetworkForm();
}
