/**
 * The presets that are programs: the page begins without them, and asks for them when somebody
 * looks for one.
 */
import { effect } from "@preact/signals-core";
import { getPresets } from "./api.js";
import { messageOf } from "./messages.js";
import { notice, presets, programs, session } from "./store.js";

let asked = false;

/** Those that are not here are asked for again the next time. */
export async function bringPrograms() {
  if (asked) return;
  asked = true;
  try {
    programs.value = (await getPresets()).filter(({ network }) => network.code !== undefined);
  } catch (error) {
    asked = false;
    notice.value = messageOf(error);
  }
}

/** Who looks at one of them can go on to the next. */
export function watchPrograms() {
  effect(() => {
    const preset = session.value?.preset;
    if (preset && presets.value.every(({ id }) => id !== preset)) void bringPrograms();
  });
}
