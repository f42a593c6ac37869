/**
 * The session on the screen as a script: copied whole, or saved in one of three forms.
 */
import { computed, signal } from "@preact/signals-core";
import { call } from "../api.js";
import { messageOf } from "../messages.js";
import { download } from "../panels/download.js";
import { session } from "../store.js";
import { t } from "../strings.js";

/** @typedef {"numpy" | "classes" | "torch"} Form */

/** @type {readonly Form[]} */
export const FORMS = ["numpy", "classes", "torch"];
/** Where a script reads large arrays from, as it says itself. */
const ARRAYS = /np\.load\('([^']+)'\)/;
const SOURCE = /^# (\/api\/v1\/\S+)$/m;

/** @type {import("@preact/signals-core").Signal<Form>} */
const chosen = signal("numpy");
/** The form that is chosen, where there is one of it: a program has no layers to make classes of. */
export const form = computed(() =>
  chosen.value === "classes" && session.value?.network.code !== undefined ? "numpy" : chosen.value,
);
/** What became of it. */
export const said = signal("");

/** @param {Form} wanted */
export function choose(wanted) {
  chosen.value = wanted;
  said.value = "";
}

export async function copyAll() {
  await tried(async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      said.value = t("share.copied");
    } catch {
      said.value = t("code.uncopied");
    }
  });
}

export async function saveAs() {
  await tried(async (text) => {
    const name = `${session.peek()?.preset ?? "network"}-${form.peek()}.py`;
    download(new Blob([text], { type: "text/x-python" }), name);
    said.value = t("files.saved", { name });
    const [, arrays] = ARRAYS.exec(text) ?? [];
    const [, source] = SOURCE.exec(text) ?? [];
    if (arrays === undefined || source === undefined) return;
    const answer = await call(source.replace("/api/v1", ""), { accept: "application/x-npz" });
    download(await answer.blob(), arrays);
    said.value = t("code.saved.both", { name, arrays });
  });
}

/** @param {(text: string) => Promise<void>} use */
async function tried(use) {
  const now = session.peek();
  if (!now) return;
  said.value = "";
  try {
    const answer = await call(`/sessions/${now.id}/export?form=${form.peek()}`, { accept: "text/x-python" });
    await use(await answer.text());
  } catch (error) {
    said.value = messageOf(error);
  }
}
