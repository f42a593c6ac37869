/**
 * The head of the page: which figure, which language, which theme, help.
 */
import { effect } from "@preact/signals-core";
import { html } from "lit-html";
import { bring, fromLater, openDialog, present } from "../coming.js";
import { messageOf } from "../messages.js";
import { isExercise, loading, notice, presenting, session, theme } from "../store.js";
import { has, language, LANGUAGES, speak, t } from "../strings.js";
import { mount } from "../mount.js";
import { isProgram } from "../values.js";

const KEPT_THEME = "backprop-explorer.theme";
const THEMES = /** @type {const} */ (["system", "light", "dark"]);

export function mountHeader() {
  const kept = THEMES.find((name) => name === localStorage.getItem(KEPT_THEME));
  if (kept) theme.value = kept;
  effect(() => {
    document.documentElement.dataset.theme = theme.value;
  });
  // What the server has written into the page speaks the language of the first answer.
  mount("skip", () => t("app.skip"));
  effect(() => document.getElementById("menu")?.setAttribute("aria-label", t("header.choose")));
  mount("header", header);
  const menu = /** @type {HTMLElement} */ (document.getElementById("menu"));
  document.addEventListener("pointerdown", (down) => {
    const inside = /** @type {Element} */ (down.target).closest("#menu, #choose");
    if (!inside && !menu.hidden) toggleMenu(false);
  });
  menu.addEventListener("keydown", (press) => {
    if (press.key !== "Escape") return;
    press.stopPropagation();
    toggleMenu(false);
    document.getElementById("choose")?.focus();
  });
}

function header() {
  if (presenting.value) return fromLater((rest) => rest.presenterBar());
  return html`
    <h1>${t("app.title")}</h1>
    <button type="button" id="choose" aria-controls="menu" aria-expanded="false" @click=${() => toggleMenu()}>
      <span class="figure-name">${title()}</span>
      <svg class="icon" viewBox="0 0 24 24" width="14" height="14" aria-hidden="true"><path d="M5 9l7 7 7-7"></path></svg>
    </button>
    <div class="settings">
      <label>
        <span class="unseen">${t("header.language")}</span>
        <select id="language" @change=${chooseLanguage}>
          ${Object.entries(LANGUAGES).map(
            ([code, name]) =>
              html`<option value=${code} lang=${code} ?selected=${code === language.value}>${name}</option>`,
          )}
        </select>
      </label>
      <label>
        <span class="unseen">${t("header.theme")}</span>
        <select id="theme" @change=${chooseTheme}>
          ${THEMES.map(
            (name) => html`<option value=${name} ?selected=${name === theme.value}>${t(`theme.${name}`)}</option>`,
          )}
        </select>
      </label>
      ${shareButton()}
      <button type="button" id="present" @click=${present}>${t("present.button")}</button>
      <button type="button" id="help-button" @click=${() => openDialog("openHelp")}>${t("header.help")}</button>
    </div>
  `;
}

/** What is shown: a figure of the book, or a network of one's own. */
export function title() {
  const now = session.value;
  if (!now) return t(loading.value ? "loading.now" : "header.choose");
  if (isExercise(now)) return t("panels.practice");
  if (now.preset) return presetTitle(now.preset);
  return t(isProgram(now) ? "header.code" : "header.own");
}

/** @param {string} id */
export function presetTitle(id) {
  const key = `preset.${id}`;
  return has(key) ? t(key) : id;
}

let mounted = false;

/** @param {boolean} [open] */
export async function toggleMenu(open) {
  const menu = /** @type {HTMLElement} */ (document.getElementById("menu"));
  const opens = open ?? Boolean(menu.hidden);
  if (opens && !mounted) {
    try {
      const { presetMenu } = await bring();
      // Pressed again meanwhile, it is there already.
      if (!mounted) mount("menu", presetMenu);
      mounted = true;
    } catch (error) {
      notice.value = messageOf(error);
      return;
    }
  }
  menu.hidden = !opens;
  document.getElementById("choose")?.setAttribute("aria-expanded", String(opens));
  // What the menu hides, wholly or by half, is neither reached by Tab nor hit beside its edge.
  /** @type {HTMLElement} */ (document.querySelector("main")).inert = opens;
  if (opens) menu.querySelector("button")?.focus();
}

/** @param {Event} change */
function chooseLanguage(change) {
  const select = /** @type {HTMLSelectElement} */ (change.target);
  // A language that cannot be had is not the one spoken.
  void speak(select.value, { keep: true }).finally(() => (select.value = language.value));
}

/** @param {Event} change */
function chooseTheme(change) {
  const chosen = /** @type {HTMLSelectElement} */ (change.target).value;
  theme.value = THEMES.find((name) => name === chosen) ?? "system";
  localStorage.setItem(KEPT_THEME, theme.value);
}

function shareButton() {
  const open = () => openDialog("openShare");
  return html`<button type="button" id="share-button" aria-haspopup="dialog" ?disabled=${!session.value} @click=${open}>
    ${t("share.button")}
  </button>`;
}
