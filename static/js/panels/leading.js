/**
 * What the page of all figures says about this one, and the way to the figure before and the one
 * after, in the order of the server's list.
 */
import { html } from "lit-html";
import { startOf } from "../arrive.js";
import { messageOf } from "../messages.js";
import { openPreset } from "../session.js";
import { cursor, event, notice, panel, presets, programs, session, stride, trace, view } from "../store.js";
import { has, language, t } from "../strings.js";
import { presetTitle } from "./header.js";
import { strideFor } from "../timeline.js";

/** The network after the last figure is what the page of figures ends with. */
const LAST = { id: "two-layer", key: "figures.next.text" };
/** The step at which the targets, which add up to 1, leave 1/S. */
const INVERSE = "loss.reciprocal";
const CLASSES = 3;

/**
 * The figures around one.
 * @param {string | null | undefined} id
 * @returns {{before: string | null, after: string | null}}
 */
export function neighbours(id) {
  // The two lists are read one by one, so that the book's figures end where they end.
  const list = programs.value.some((preset) => preset.id === id) ? programs : presets;
  const all = list.value.map((preset) => preset.id);
  const at = all.indexOf(id ?? "");
  return { before: all[at - 1] ?? null, after: at < 0 ? null : (all[at + 1] ?? null) };
}

/** What to look for in the figure, folded. */
export function prose() {
  const id = session.value?.preset;
  const key = id === LAST.id ? LAST.key : `figures.${id}.look`;
  if (!id || !has(key)) return null;
  return html`<details class="prose">
    <summary>${t("leading.look")}</summary>
    <p>${t(key)}</p>
  </details>`;
}

/** Why 1/S comes out of /, at the step where it does, for three classes as in figure 5-29. */
export function sumOfTargets() {
  const now = event.value;
  const isThere = now?.node === INVERSE && now.phase === "backward" && view.value.level === "element";
  const classes = trace.value?.events.filter(
    ({ node, phase }) => phase !== "backward" && /^loss\.exp\.\d+$/.test(node),
  );
  if (!isThere || classes?.length !== CLASSES) return null;
  return html`<details class="prose" id="sum-of-targets">
    <summary>${t("figures.sum.title")}</summary>
    <p>${t("figures.sum.text")}</p>
  </details>`;
}

/** Back to the figure before, on to the next; at the end of the pass also to the numbers. */
export function leading() {
  const { before, after } = neighbours(session.value?.preset);
  const ended = trace.value && trace.value.events.length > 0 && cursor.value.seq >= trace.value.events.length;
  if (!before && !after && !ended) return null;
  return html`<nav class="leading" aria-label=${t("leading.name")}>
    ${
      ended
        ? html`<button type="button" id="change-a-number" @click=${() => (panel.value = "data")}>${t("leading.change")}</button>`
        : null
    }
    ${after ? way("after", after) : null} ${before ? way("before", before) : null}
  </nav>`;
}

/** @param {"before" | "after"} which @param {string} id */
function way(which, id) {
  return html`<a
    href=${`/?preset=${id}&lang=${language.value}`}
    id=${`figure-${which}`}
    @click=${(/** @type {MouseEvent} */ click) => {
      if (click.ctrlKey || click.metaKey || click.shiftKey || click.button !== 0) return;
      click.preventDefault();
      void go(id);
    }}
    >${t(`leading.${which}`)} <span>${presetTitle(id)}</span></a
  >`;
}

/** @param {string} id */
async function go(id) {
  try {
    await openPreset(id, { where: startOf(id) });
    stride.value = strideFor(view.value.level);
    document.getElementById("panel")?.scrollTo(0, 0);
  } catch (error) {
    notice.value = messageOf(error);
  }
}
