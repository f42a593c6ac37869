/**
 * The head of the page: which figure, which language, which theme, help.
 *
 * @import { Preset } from "../types.js"
 */
import { effect } from "@preact/signals-core";
import { html } from "lit-html";
import { arrive, startOf } from "../arrive.js";
import { read } from "../address.js";
import { messageOf } from "../messages.js";
import { openPreset } from "../session.js";
import { loading, notice, presets, session, stride, theme, view as seen } from "../store.js";
import { has, language, LANGUAGES, speak, t } from "../strings.js";
import { strideFor } from "../timeline.js";
import { own } from "../tokens.js";
import { mount } from "../mount.js";
import { openHelp } from "./help.js";
import { sketch } from "./sketches.js";

/** Versions of one figure that the menu shows. */
const MOST_VERSIONS = 3;
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
  mount("menu", presetMenu);
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
      <button type="button" id="help-button" @click=${openHelp}>${t("header.help")}</button>
    </div>
  `;
}

/** What is shown: a figure of the book, or a network of one's own. */
export function title() {
  const now = session.value;
  if (!now) return t(loading.value ? "loading.now" : "header.choose");
  return now.preset ? presetTitle(now.preset) : t("header.own");
}

/** @param {string} id */
function presetTitle(id) {
  const key = `preset.${id}`;
  return has(key) ? t(key) : id;
}

function presetMenu() {
  return html`
    <h2 class="unseen">${t("header.choose")}</h2>
    <ul>
      ${presets.value.map(
        (preset) => html`<li>
          <button
            type="button"
            data-preset=${preset.id}
            aria-current=${session.value?.preset === preset.id ? "true" : "false"}
            @click=${() => choose(preset)}
          >
            ${sketch(preset.id)}
            <span>${presetTitle(preset.id)}</span>
          </button>
          ${yours(preset.id)}
        </li>`,
      )}
      <li>
        <button type="button" id="own" @click=${chooseOwn}>
          <span class="plus" aria-hidden="true">+</span>
          <span>${t("menu.own")}</span>
        </button>
        ${yours(null)}
      </li>
    </ul>
    <a id="all-figures" href=${`/figures?lang=${language.value}${theme.value === "system" ? "" : `&theme=${theme.value}`}`}>${t("menu.figures")}</a>
  `;
}

/** What this browser has of one's own: of a figure, or networks. @param {string | null} preset */
function yours(preset) {
  const found = own.value.filter((one) => one.preset === preset).slice(0, MOST_VERSIONS);
  return found.map(
    (one) => html`<button
      type="button"
      class="yours"
      data-own=${one.id}
      aria-current=${session.value?.id === one.id ? "true" : "false"}
      @click=${() => chooseYours(one.id)}
    >
      ${t(preset ? "menu.version" : "menu.network", { sizes: one.sizes?.join("-") ?? "", time: timeOf(one.changed) })}
    </button>`,
  );
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
  try {
    await openPreset(id, { where: startOf(id) });
    stride.value = strideFor(seen.value.level);
  } catch (error) {
    notice.value = messageOf(error);
  }
}

async function chooseOwn() {
  toggleMenu(false);
  const { openNetworkForm } = await import("../later.js");
  await openNetworkForm();
}

/** @param {boolean} [open] */
function toggleMenu(open) {
  const menu = /** @type {HTMLElement} */ (document.getElementById("menu"));
  menu.hidden = open === undefined ? !menu.hidden : !open;
  document.getElementById("choose")?.setAttribute("aria-expanded", String(!menu.hidden));
  // What the menu hides, wholly or by half, is neither reached by Tab nor hit beside its edge.
  /** @type {HTMLElement} */ (document.querySelector("main")).inert = !menu.hidden;
  if (!menu.hidden) menu.querySelector("button")?.focus();
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
  const open = async () => (await import("../later.js")).openShare();
  return html`<button type="button" id="share-button" aria-haspopup="dialog" ?disabled=${!session.value} @click=${open}>
    ${t("share.button")}
  </button>`;
}
