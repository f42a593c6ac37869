/**
 * A product of shapes with brackets: the equal inner sizes are joined below, the outer sizes lead
 * to the result above. `(2,) = (3,) (3, 2)` is figure 5-26.
 *
 * @import { Formula } from "../types.js"
 */
import { svg } from "../figure/svg.js";

const CHARACTER = 8.4;
const FONT = 14;
const BASELINE = 34;
const HEIGHT = 62;

/** @typedef {{text: string, start: number, sizes: {value: number, x: number}[]}} Shape */

/**
 * @param {string} equation  `result = left right`, or `result <- source` for a sum over rows
 * @param {number} scale
 */
export function shapeBrackets(equation, scale) {
  const shapes = parse(equation);
  const width = equation.length * CHARACTER + 8;
  const product = shapes.length === 3;
  const picture = svg(
    "svg",
    {
      class: "shape-brackets",
      role: "img",
      "aria-label": equation,
      width: width * scale,
      height: (product ? HEIGHT : 24) * scale,
      viewBox: product ? `-4 0 ${width} ${HEIGHT}` : `-4 ${BASELINE - 18} ${width} 24`,
    },
    ...characters(equation),
  );
  if (product) picture.append(...joins(/** @type {[Shape, Shape, Shape]} */ (shapes)));
  return picture;
}

/** @param {string} equation  one text a character, so that every size stands where it is computed to be */
function characters(equation) {
  return [...equation].flatMap((character, i) => {
    if (character === " ") return [];
    const at = { x: centre(i), y: BASELINE, "font-size": FONT, "text-anchor": "middle" };
    return [svg("text", at, character)];
  });
}

/** @param {[Shape, Shape, Shape]} shapes */
function joins([result, left, right]) {
  const inner = [left.sizes.at(-1), right.sizes[0]];
  /** @type {(readonly [{value: number, x: number} | undefined, {value: number, x: number} | undefined])[]} */
  const outer = [];
  if (left.sizes.length === 2) outer.push([left.sizes[0], result.sizes[0]]);
  if (right.sizes.length === 2) outer.push([right.sizes[1], result.sizes.at(-1)]);
  const parts = [];
  if (inner[0] && inner[1] && inner[0].value === inner[1].value) {
    parts.push(svg("path", { class: "inner", d: below(inner[0].x, inner[1].x) }));
  }
  outer.forEach(([from, to], level) => {
    if (!from || !to || from.value !== to.value) return;
    parts.push(svg("path", { class: "outer", d: above(from.x, to.x, 6 + 7 * level) }));
  });
  return parts;
}

/** @param {number} from @param {number} to */
function below(from, to) {
  return `M${from} ${BASELINE + 6}V${BASELINE + 16}H${to}V${BASELINE + 6}`;
}

/** @param {number} from @param {number} to @param {number} height */
function above(from, to, height) {
  const top = BASELINE - FONT - height;
  return `M${from} ${BASELINE - FONT}V${top}H${to}V${BASELINE - FONT}m-3 -5l3 5 3 -5`;
}

/** @param {number} position */
function centre(position) {
  return (position + 0.5) * CHARACTER;
}

/** @param {string} equation @returns {Shape[]} */
function parse(equation) {
  return [...equation.matchAll(/\([^)]*\)/g)].map((match) => ({
    text: match[0],
    start: match.index,
    sizes: [...match[0].matchAll(/\d+/g)].map((size) => ({
      value: Number(size[0]),
      x: centre(match.index + size.index + (size[0].length - 1) / 2),
    })),
  }));
}
