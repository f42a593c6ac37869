/**
 * The address holds what a link should share: preset or session, level, what is opened, cursor, stride,
 * language.
 * The edit token is never in it.
 *
 * @import { Cursor, Stride } from "./pagetypes.js"
 * @import { Form, Level, LossView } from "./types.js"
 */

/**
 * @typedef {{
 *   panels?: "none" | "explain" | "data" | "table" | "learn" | null,
 *   lesson?: string | null, practice?: {skill: string, seed: number} | null, find?: number | null, preset: string | null, session: string | null, level: Level | null, loss: LossView | null,
 *   beside?: boolean | null, update?: boolean | null, open: string[] | null, form: Form | null, sample: number | null, cursor: Cursor | null, stride: Stride | null, lang: string | null,
 * }} Place
 */

const LEVELS = ["network", "layer", "op", "element"];
const PANELS = ["none", "explain", "data", "table", "learn"];
const STRIDES = ["step", "phase", "layer", "op", "element"];
const LOSSES = ["opened", "closed"];
const FORMS = ["book", "stable"];
const NAMES = /^[^,]{1,64}(,[^,]{1,64}){0,64}$/;
const EXERCISE = /^([A-Za-z_]{1,40})\.(\d{1,10})$/;
const NAME = /^[A-Za-z0-9_-]{1,128}$/;

/**
 * @param {string} search  the address from its question mark on
 * @returns {Place}
 */
export function read(search) {
  const query = new URLSearchParams(search);
  /** @param {string} name @param {string[]} allowed @returns {any} */
  const oneOf = (name, allowed) => allowed.find((value) => value === query.get(name)) ?? null;
  /** @param {string} name */
  const named = (name) => (NAME.test(query.get(name) ?? "") ? query.get(name) : null);
  const at = /^(\d{1,6})(?:\.(\d{1,7}))?$/.exec(query.get("at") ?? "");
  const sample = /^\d{1,5}$/.test(query.get("sample") ?? "") ? Number(query.get("sample")) : null;
  const [, skill, seed] = EXERCISE.exec(query.get("practice") ?? "") ?? [];
  return {
    practice: skill ? { skill, seed: Number(seed) } : null,
    find: /^\d{1,9}$/.test(query.get("find") ?? "") ? Number(query.get("find")) : null,
    panels: oneOf("panels", PANELS),
    lesson: named("lesson"),
    preset: named("preset"),
    session: named("session"),
    level: oneOf("level", LEVELS),
    loss: oneOf("loss", LOSSES),
    open: NAMES.test(query.get("open") ?? "") ? (query.get("open")?.split(",") ?? null) : null,
    form: oneOf("form", FORMS),
    beside: query.get("beside") === "1" || null,
    // The pass goes on into the update where a link wants it.
    update: query.get("update") === "1" ? true : null,
    sample,
    cursor: at && { seq: Number(at[1]), element: Number(at[2] ?? 0) },
    stride: oneOf("stride", STRIDES),
    lang: named("lang"),
  };
}

/**
 * @param {Place} place
 * @returns {string}  the address from its question mark on
 */
export function write(place) {
  const query = new URLSearchParams();
  if (place.panels) query.set("panels", place.panels);
  if (place.lesson) query.set("lesson", place.lesson);
  if (place.practice) query.set("practice", `${place.practice.skill}.${place.practice.seed}`);
  else if (place.session) query.set("session", place.session);
  else if (place.preset) query.set("preset", place.preset);
  if (place.find) query.set("find", String(place.find));
  if (place.level) query.set("level", place.level);
  if (place.loss) query.set("loss", place.loss);
  if (place.open?.length) query.set("open", place.open.join(","));
  if (place.form === "stable") query.set("form", place.form);
  if (place.beside) query.set("beside", "1");
  if (place.update) query.set("update", "1");
  if (place.sample) query.set("sample", String(place.sample));
  if (place.cursor) {
    const { seq, element } = place.cursor;
    query.set("at", element ? `${seq}.${element}` : String(seq));
  }
  if (place.stride) query.set("stride", place.stride);
  if (place.lang) query.set("lang", place.lang);
  return `?${query}`;
}
