/**
 * Formulas that the server has set: each glyph's outline is in the page once, every use of it is
 * a <use> in the colour of its surroundings.
 *
 * @import { Formula, Graph } from "../types.js"
 */
import { scrollBox } from "../scroll.js";
import { t } from "../strings.js";
import { svg } from "./svg.js";

/** The size of type that the server sets formulas in, and the smallest that one can read, in px. */
const TYPE = 15;
const LEAST_TYPE = 11;

/** @param {Graph["glyphs"]} glyphs */
export function glyphSymbols(glyphs) {
  const symbols = Object.entries(glyphs).map(([id, { viewBox, d }]) =>
    svg("symbol", { id: `glyph-${id}`, viewBox, overflow: "visible" }, svg("path", { d })),
  );
  return svg("defs", {}, ...symbols);
}

/**
 * @param {Formula} formula
 * @param {{x: number, y: number, scale?: number}} at  the left end of the baseline
 */
export function formulaGroup(formula, { x, y, scale = 1 }) {
  const transform = scale === 1 ? `translate(${x} ${y})` : `translate(${x} ${y}) scale(${scale})`;
  return svg(
    "g",
    { class: "formula", transform, "aria-hidden": "true" },
    ...formula.glyphs.map(([id, gx, gy, width, height]) =>
      svg("use", { href: `#glyph-${id}`, x: gx, y: gy, width, height }),
    ),
    ...formula.rules.map(([rx, ry, width, height]) => svg("rect", { x: rx, y: ry, width, height })),
  );
}

/**
 * A formula as a name, which grows out of its upper or lower edge where it is seen from afar.
 * @param {Formula} formula
 * @param {{x: number, y: number, up: boolean}} at  the middle of the baseline; up: it grows upwards
 */
export function formulaName(formula, { x, y, up }) {
  const group = formulaGroup(formula, { x: x - formula.width / 2, y });
  const edge = up ? Math.max(formula.height - formula.ascent, 0) : -formula.ascent;
  const back = `${-formula.width / 2}px, ${-edge}px`;
  group.style.transform = `translate(${x}px, ${y + edge}px) scale(var(--name, 1)) translate(${back})`;
  return group;
}

/** What a language says in its own way: {over|1|N}. Those with others in them come last. */
const OPEN = /\{(\w+)\|?([^{}|]*)\|?([^{}|]*)\}/g;

/** How a formula is read aloud, in the learner's language. @param {Formula} formula */
export function readAloud({ spoken }) {
  let text = spoken;
  for (let before = ""; before !== text;) {
    before = text;
    text = text.replace(OPEN, (_, word, a, b) => t(`spoken.${word}`, { a, b }));
  }
  return text;
}

/**
 * A formula that stands by itself in a panel: smaller where its place is narrow, and scrolled where
 * it could not be read any more.
 * @param {Formula} formula
 * @param {number} [scale]
 */
export function formulaPicture(formula, scale = 1.1) {
  const height = Math.max(formula.height, formula.ascent);
  const name = readAloud(formula);
  const picture = svg(
    "svg",
    {
      class: "formula-picture",
      role: "img",
      "aria-label": name,
      width: Math.ceil(formula.width * scale),
      height: Math.ceil(height * scale),
      viewBox: `0 ${-formula.ascent} ${formula.width} ${height}`,
    },
    formulaGroup(formula, { x: 0, y: 0 }),
  );
  picture.style.minWidth = `${Math.ceil((formula.width * LEAST_TYPE) / TYPE)}px`;
  return scrollBox(picture, name);
}
