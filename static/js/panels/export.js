/**
 * The dialog that saves the figure as a file: the server paints what the page shows as SVG, and a
 * PNG is that SVG drawn on a canvas.
 *
 * @import { Signal } from "@preact/signals-core"
 */
import { computed, signal } from "@preact/signals-core";
import { html } from "lit-html";
import { ApiError, UNMADE } from "../api.js";
import { figureAddress, getFigure } from "../calls.js";
import { messageOf } from "../messages.js";
import { cursor, event, graph, session, stale, theme, view as seen } from "../store.js";
import { language, t } from "../strings.js";
import { mount } from "../mount.js";
import { download } from "./download.js";
import { dialog } from "./dialogs.js";
import { CannotDraw, pngOf, sizeOf, TooLarge } from "./png.js";

const FORMATS = /** @type {const} */ (["svg", "png2", "png4"]);
/** How much larger a PNG is than the figure; 0 is the SVG itself. */
const SCALES = { svg: 0, png2: 2, png4: 4 };
const THEMES = /** @type {const} */ (["light", "dark"]);

/** @typedef {{format: typeof FORMATS[number], theme: "light" | "dark" | null, numbers: boolean, equations: boolean, lit: boolean}} Wish */

/** @type {Signal<Wish>} A theme of null is that of the page. */
const wish = signal({ format: "svg", theme: null, numbers: true, equations: true, lit: true });
/** @type {Signal<{kind: "idle" | "busy" | "done" | "failed", text: string}>} */
const state = signal({ kind: "idle", text: "" });

const colours = computed(() => {
  if (wish.value.theme) return wish.value.theme;
  if (theme.value !== "system") return theme.value;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
});

let mounted = false;

export function openExport() {
  if (!mounted) mount("export", content);
  mounted = true;
  state.value = { kind: "idle", text: "" };
  wish.value = { ...wish.value, theme: null };
  dialog("export").showModal();
}

function content() {
  const { format, numbers, equations, lit } = wish.value;
  const { kind, text } = state.value;
  const hasEquations = (graph.value?.equations.length ?? 0) > 0;
  return html`
    <h2 id="export-title">${t("export.title")}</h2>
    <form @submit=${save}>
      <fieldset>
        <legend>${t("export.format")}</legend>
        ${FORMATS.map((name) => radio("export-format", name, t(`export.${name}`), name === format, { format: name }))}
      </fieldset>
      <fieldset>
        <legend>${t("header.theme")}</legend>
        ${THEMES.map((name) => radio("export-theme", name, t(`theme.${name}`), name === colours.value, { theme: name }))}
      </fieldset>
      <div class="checks">
        ${check("export-numbers", t("export.numbers"), numbers, (on) => ({ numbers: on }))}
        ${hasEquations ? check("export-equations", t("export.equations"), equations, (on) => ({ equations: on })) : null}
        ${event.value ? check("export-lit", t("export.lit"), lit, (on) => ({ lit: on })) : null}
      </div>
      <p role="status" class=${kind === "failed" ? "problem" : "hint"}>${stale.value ? t("stale.now") : text}</p>
      <div class="dialog-buttons">
        ${
          stale.value || !session.value || session.value.id === UNMADE
            ? null
            : html`<a id="export-open" href=${figureAddress(session.value.id, seen.value, asked())} target="_blank" rel="noopener">${t("export.open")}</a>`
        }
        <button type="button" @click=${() => dialog("export").close()}>${t("close")}</button>
        <button type="submit" class="primary" id="export-save" ?disabled=${stale.value || kind === "busy"}>
          ${t("export.save")}
        </button>
      </div>
    </form>
  `;
}

/** @param {string} name @param {string} value @param {string} text @param {boolean} on @param {Partial<Wish>} change */
function radio(name, value, text, on, change) {
  return html`<label
    ><input type="radio" name=${name} value=${value} .checked=${on} @change=${() => choose(change)} /><span>${text}</span></label
  >`;
}

/** @param {string} id @param {string} text @param {boolean} on @param {(on: boolean) => Partial<Wish>} change */
function check(id, text, on, change) {
  return html`<label
    ><input
      type="checkbox"
      id=${id}
      .checked=${on}
      @change=${(/** @type {Event} */ changed) => choose(change(/** @type {HTMLInputElement} */ (changed.target).checked))}
    /><span>${text}</span></label
  >`;
}

/** @param {Partial<Wish>} change */
function choose(change) {
  wish.value = { ...wish.value, ...change };
  state.value = { kind: "idle", text: "" };
}

/** The page's own moment in the colours that are wished for. */
function asked() {
  const { numbers, equations, lit } = wish.value;
  const { seq, element } = cursor.value;
  return {
    cursor: element ? `${seq}.${element}` : String(seq),
    theme: colours.value,
    numbers,
    equations,
    lit: lit && event.value !== null,
    lang: language.value,
  };
}

/** @param {SubmitEvent} submit */
async function save(submit) {
  submit.preventDefault();
  const now = session.value;
  if (!now || stale.value || state.value.kind === "busy") return;
  state.value = { kind: "busy", text: t("export.busy") };
  const scale = SCALES[wish.value.format];
  try {
    const { svg, name } = await getFigure(now.id, seen.value, asked());
    const saved = scale === 0 ? name : name.replace(/\.svg$/, `@${scale}x.png`);
    const blob = scale === 0 ? new Blob([svg], { type: "image/svg+xml" }) : await pngOf(svg, sizeOf(svg), scale);
    download(blob, saved);
    state.value = { kind: "done", text: t("files.saved", { name: saved }) };
  } catch (error) {
    state.value = { kind: "failed", text: refusal(error) };
  }
}

/** @param {unknown} error */
function refusal(error) {
  if (error instanceof TooLarge) return t("export.large", { width: error.width, height: error.height });
  if (error instanceof CannotDraw) return t("export.failed");
  if (error instanceof ApiError) return messageOf(error);
  throw error;
}
