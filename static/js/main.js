/**
 * Start: read the address, open what it names, put the views up, keep the address true.
 */
import { effect } from "@preact/signals-core";
import * as address from "./address.js";
import { getCatalogue, whenGone } from "./api.js";
import { arrive } from "./arrive.js";
import { carriedPresets } from "./carried.js";
import { bring, whenUsed } from "./coming.js";
import { watchLargeTensors } from "./figure/large.js";
import { embed } from "./embed.js";
import { mountFigure } from "./figure/view.js";
import { listenToKeys } from "./keys.js";
import { mount } from "./mount.js";
import { watchLeftOut } from "./leftout.js";
import { messageOf } from "./messages.js";
import { sentenceText } from "./panels/explanation.js";
import { mountHeader } from "./panels/header.js";
import { product } from "./panels/product.js";
import { mountSide } from "./panels/side.js";
import { mountToolbar } from "./panels/toolbar.js";
import { awaited, catalogue, gone, loading, notice, playing, presets, session, stale, trace } from "./store.js";
import { has, keptLanguage, speak, t } from "./strings.js";
import { mountTimeline } from "./timeline.js";
import { watchVisits } from "./visits.js";

async function start() {
  holdFiles();
  const place = address.read(location.search);
  await speak(place.lang ?? keptLanguage());
  if (place.panels) embed(place.panels);
  else mountHeader();
  mountTimeline();
  mountSide();
  mount("product", product);
  const viewport = mountFigure(/** @type {HTMLElement} */ (document.getElementById("figure")));
  mountToolbar(viewport);
  listenToKeys(viewport);
  watchLargeTensors();
  watchLeftOut();
  announce();
  bringItsWords();
  presets.value = carriedPresets();
  try {
    await arrive(place);
  } catch (error) {
    notice.value = messageOf(error);
  } finally {
    awaited.value--;
  }
  whenGone((id) => {
    if (id === session.peek()?.id) gone.value = id;
  });
  watchVisits(place.lang !== null, arrive);
  document.body.dataset.ready = "true";
  whenUsed(fetchRest);
}

/** Dropped on the page, a file must not replace it, even before what opens it has come. */
function holdFiles() {
  for (const kind of /** @type {const} */ (["dragover", "drop"])) {
    addEventListener(kind, (event) => event.dataTransfer?.types.includes("Files") && event.preventDefault());
  }
}

/** Nothing on the first screen needs the limits or the rest; what does asks again where this fails. */
function fetchRest() {
  bring().catch(() => undefined);
  getCatalogue().then(
    (told) => (catalogue.value ??= told),
    () => undefined,
  );
}

/** What is said of a preset that is a program comes with the rest of the page. */
function bringItsWords() {
  effect(() => {
    const preset = session.value?.preset;
    if (preset && !has(`preset.${preset}`)) bring().catch((error) => (notice.value = messageOf(error)));
  });
}

/** Say each step to a screen reader; while playing fast, at most once a second. */
function announce() {
  const line = /** @type {HTMLElement} */ (document.getElementById("live"));
  let last = 0;
  effect(() => {
    const waiting = loading.value ? t("loading.now") : "";
    const text = stale.value ? t("stale.now") : trace.value ? sentenceText() : waiting;
    const wait = playing.value ? Math.max(0, last + 1000 - Date.now()) : 0;
    const timer = setTimeout(() => {
      last = Date.now();
      line.textContent = text;
    }, wait);
    return () => clearTimeout(timer);
  });
}

await start();
