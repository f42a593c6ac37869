/**
 * The colours in force as numbers, for what a style sheet does not reach: canvas and pixels.
 *
 * @import { Ink, Inks } from "./heat.js"
 */
import { signal } from "@preact/signals-core";

const ROLES = /** @type {const} */ (["paper", "ink", "grey", "faint", "hairline", "red", "accent", "accent-wash"]);
const SCHEMES = ["(prefers-color-scheme: dark)", "(forced-colors: active)", "print"];

/** @typedef {Record<typeof ROLES[number], string>} Palette  as `rgb(...)` */

/** Counts the changes of colours that come from outside the page. */
export const scheme = signal(0);
for (const query of SCHEMES) {
  matchMedia(query).addEventListener("change", () => scheme.value++);
}

/**
 * @param {HTMLElement} probe  its own colour is set to each role in turn, and left as it was
 * @returns {Palette}
 */
export function readPalette(probe) {
  const before = probe.style.color;
  const entries = ROLES.map((role) => {
    probe.style.color = `var(--${role})`;
    return [role, getComputedStyle(probe).color];
  });
  probe.style.color = before;
  return Object.fromEntries(entries);
}

/**
 * @param {Palette} palette
 * @param {boolean} gradient
 * @returns {Inks}
 */
export function inksIn(palette, gradient) {
  return { paper: ink(palette.paper), above: ink(gradient ? palette.red : palette.ink), below: ink(palette.accent) };
}

/** @param {string} colour @returns {Ink} */
function ink(colour) {
  const [red, green, blue] = colour.match(/[\d.]+/g) ?? [];
  return [Number(red), Number(green), Number(blue)];
}
