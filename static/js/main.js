/**
 * Start: read the address, open what it names, put the views up, keep the address true.
 */
import { effect } from "@preact/signals-core";
import * as address from "./address.js";
import { ApiError, getCatalogue, getPresets } from "./api.js";
import { watchLargeTensors } from "./figure/large.js";
import { mountFigure } from "./figure/view.js";
import { listenToKeys } from "./keys.js";
import { watchLeftOut } from "./leftout.js";
import { messageOf } from "./messages.js";
import { watchSelectedCell } from "./panels/cell.js";
import { sentenceText } from "./panels/explanation.js";
import { mountHeader, startOf } from "./panels/header.js";
import { mountHelp } from "./panels/help.js";
import { mountNetworkForm } from "./panels/network.js";
import { mountSide } from "./panels/side.js";
import { mountToolbar } from "./panels/toolbar.js";
import { openPreset, openSession } from "./session.js";
import { catalogue, cursor, notice, playing, presets, session, stale, stride, trace, view } from "./store.js";
import { keptLanguage, language, speak, t } from "./strings.js";
import { mountTimeline, strideFor } from "./timeline.js";

const FIRST = "fig-5-25";

async function start() {
  const place = address.read(location.search);
  await speak(place.lang ?? keptLanguage());
  mountHeader();
  mountTimeline();
  mountSide();
  mountHelp();
  mountNetworkForm();
  const viewport = mountFigure(/** @type {HTMLElement} */ (document.getElementById("figure")));
  mountToolbar(viewport);
  listenToKeys(viewport);
  watchLargeTensors();
  watchLeftOut();
  watchSelectedCell();
  announce();
  const known = getPresets().then((list) => (presets.value = list));
  try {
    await Promise.all([open(place), known]);
  } catch (error) {
    notice.value = messageOf(error);
  }
  stride.value = place.stride ?? strideFor(view.value.level);
  keepAddress(place.lang !== null);
  document.body.dataset.ready = "true";
  // Nothing on the first screen needs the limits; a form that does asks again where this fails.
  void getCatalogue().then(
    (told) => (catalogue.value ??= told),
    () => undefined,
  );
}

/** @param {address.Place} place */
async function open(place) {
  const wanted = {
    ...(place.level && { level: place.level }),
    ...(place.loss && { loss: place.loss }),
    ...(place.open && { open: place.open }),
    ...(place.form && { form: place.form }),
    ...(place.sample !== null && { sample: place.sample }),
  };
  if (place.session) {
    try {
      await openSession(place.session, { where: place.cursor ?? undefined, view: wanted });
      return;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      await openPreset(FIRST, { where: startOf(FIRST) });
      notice.value = t("notice.expired");
      return;
    }
  }
  const preset = place.preset ?? FIRST;
  try {
    await openPreset(preset, { where: place.cursor ?? startOf(preset), view: wanted });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 422 || preset === FIRST) throw error;
    await openPreset(FIRST, { where: startOf(FIRST) });
    notice.value = t("notice.unknown");
  }
}

/**
 * A preset is named as such until its numbers are changed; then only the session has them.
 * @param {boolean} withLanguage
 */
function keepAddress(withLanguage) {
  const firstLanguage = language.peek();
  effect(() => {
    const now = session.value;
    if (!now || !trace.value) return;
    const changed = now.preset === null || now.data_version > 1;
    const { level, loss, sample, open, form } = view.value;
    const boxes = level === "network" || level === "layer";
    const chosen = withLanguage || language.value !== firstLanguage;
    const search = address.write({
      preset: now.preset,
      session: changed ? now.id : null,
      level,
      loss: now.network.loss && (!boxes || loss === "opened") ? loss : null,
      open: boxes ? open : [],
      form: loss === "opened" ? form : null,
      sample,
      cursor: cursor.value,
      stride: stride.value,
      lang: chosen ? language.value : null,
    });
    if (search !== location.search) history.replaceState(null, "", search);
  });
}

/** Say each step to a screen reader; while playing fast, at most once a second. */
function announce() {
  const line = /** @type {HTMLElement} */ (document.getElementById("live"));
  let last = 0;
  effect(() => {
    const text = stale.value ? t("stale.now") : trace.value ? sentenceText() : "";
    const wait = playing.value ? Math.max(0, last + 1000 - Date.now()) : 0;
    const timer = setTimeout(() => {
      last = Date.now();
      line.textContent = text;
    }, wait);
    return () => clearTimeout(timer);
  });
}

await start();
