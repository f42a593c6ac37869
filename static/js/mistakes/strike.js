/**
 * Wrong numbers in the figure: struck over the true ones, in the cells where the two differ.
 *
 * @import { Nested, Value } from "../pagetypes.js"
 */
import { svg } from "../figure/svg.js";
import { NUMBER_SIZE, widthOf } from "../figure/texts.js";
import { shorts } from "../format.js";
import { asNumber, flat } from "../values.js";

/** How far the stroke goes beyond its number, in px. */
const OVER = 2;
/** So near to each other, relatively, two numbers of a computation are the same. */
const SAME = 1e-9;

/**
 * The positions at which two values of one shape differ, row-major.
 * @param {Nested} wrong
 * @param {Value | undefined} right
 * @returns {number[]}
 */
export function differing(wrong, right) {
  const ours = flat(wrong).map(asNumber);
  const theirs = right === undefined ? [] : flat(right).map(asNumber);
  if (ours.length !== theirs.length) return [];
  return ours.flatMap((one, i) => (isSame(one, theirs[i]) ? [] : [i]));
}

/** @param {number} a @param {number} b */
function isSame(a, b) {
  return Object.is(a, b) || Math.abs(a - b) <= SAME * Math.max(Math.abs(a), Math.abs(b));
}

/**
 * @param {SVGGElement} group  of a label
 * @param {{value: Nested, cells: readonly number[]} | undefined} wrong
 * @param {number} known  cells whose true numbers are shown
 */
export function strike(group, wrong, known) {
  for (const cell of group.querySelectorAll("[data-struck]")) {
    cell.removeAttribute("data-struck");
    for (const one of cell.querySelectorAll(".struck, .strike")) one.remove();
  }
  const shown = wrong?.cells.filter((position) => position < known) ?? [];
  group.toggleAttribute("data-wrong", shown.length > 0);
  if (!wrong || shown.length === 0) return;
  const texts = shorts(flat(wrong.value));
  for (const position of shown) {
    const cell = group.querySelector(`[data-cell="${position}"]`);
    const text = cell?.querySelector("text");
    if (!cell || !text) continue;
    cell.setAttribute("data-struck", texts[position]);
    const copy = /** @type {SVGTextElement} */ (text.cloneNode(true));
    copy.setAttribute("class", "struck");
    copy.replaceChildren(texts[position]);
    const usual = Number.parseFloat(copy.style.fontSize) || NUMBER_SIZE;
    const room = Number(cell.querySelector("rect")?.getAttribute("width")) - 2 * OVER;
    const size = Math.min(usual, (usual * room) / widthOf(texts[position], usual));
    if (size < usual) copy.style.fontSize = `${size}px`;
    const width = widthOf(texts[position], size);
    const [x, y] = ["x", "y"].map((name) => Number(copy.getAttribute(name)));
    const left = x - width * (copy.getAttribute("text-anchor") === "middle" ? 0.5 : 1);
    cell.append(copy, svg("path", { class: "strike", d: `M${left - OVER} ${y}H${left + width + OVER}` }));
  }
}
