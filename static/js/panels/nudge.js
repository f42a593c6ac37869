/**
 * Beside a gradient its definition: the number that it is of, made a little larger and smaller. The
 * step h is moved by a slider or on the curve of the difference over h: too large, and L bends
 * between the two points; too small, and the two differ in rounded digits alone.
 *
 * @import { Spot } from "../pagetypes.js"
 * @import { Nudge, Nudged } from "../types.js"
 */
import { signal } from "@preact/signals-core";
import { html, svg } from "lit-html";
import { isNudged, nudge, nameAmongPasses, nudging } from "../checking.js";
import { indexText, nameOf, partnerOf, tensorOf } from "../figure/names.js";
import { full, short } from "../format.js";
import { scrolling } from "../scroll.js";
import { t } from "../strings.js";
import { asNumber, indexOf } from "../values.js";
import { valueOf } from "./chosen.js";
import { givenAbove, scalarNow } from "./check.js";

const MINUS = "\u2212";
/** The usual step. */
const USUAL = 1e-4;
/** Two slopes this near agree; so do two that differ by no more than L is rounded by. */
const NEAR = { relative: 1e-6, rounding: 1e-9 };

/** The step that was chosen, also for the next number. */
const chosen = signal(USUAL);

/** @param {Spot} spot  a number of the figure @param {boolean} isKnown */
export function nudgeOf(spot, isKnown) {
  if (!isNudged(spot) || !isKnown) return null;
  return html`<details
    class="nudge"
    ?open=${nudging.value}
    @toggle=${(/** @type {Event} */ event) => (nudging.value = /** @type {HTMLDetailsElement} */ (event.target).open)}
  >
    <summary>${t("nudge.title")}</summary>
    ${nudging.value ? content(spot) : null}
  </details>`;
}

/** @param {Spot} spot */
function content(spot) {
  const got = nudge.value?.name === nameAmongPasses(spot) ? nudge.value : null;
  if (got?.problem) return html`<p class="problem">${got.problem}</p>`;
  if (!got?.nudged) return html`<p class="hint">${t("explain.loading")}</p>`;
  const { nudged } = got;
  const at = nearest(nudged.nudges, chosen.value);
  return html`<p class="hint">${t("nudge.hint", { name: moved(spot), scalar: scalarNow() })}</p>
    ${givenAbove()} ${stepSlider(nudged.nudges, at)} ${numbers(nudged, nudged.nudges[at])}
    <p class="verdict" role="status">${verdict(nudged, nudged.nudges[at])}</p>
    ${curve(nudged.nudges, at)}`;
}

/** The number that is moved, by its name. @param {Spot} spot */
function moved({ key, index }) {
  const of = tensorOf(partnerOf(key));
  const shape = of?.shape ?? [];
  return `${nameOf(partnerOf(key))}${index === null || shape.length === 0 ? "" : indexText(of, indexOf(index, shape))}`;
}

/** @param {readonly Nudge[]} nudges @param {number} at */
function stepSlider(nudges, at) {
  return html`<label class="field">
    <span>${t("check.h")}</span>
    <span class="h-slider">
      <input
        type="range"
        id="nudge-h"
        min="0"
        max=${nudges.length - 1}
        step="1"
        .value=${String(at)}
        aria-valuetext=${stepText(nudges[at])}
        @input=${(/** @type {Event} */ event) => choose(nudges, Number(valueOf(event)))}
      />
      <output for="nudge-h">${stepText(nudges[at])}</output>
    </span>
  </label>`;
}

/** @param {Nudge} nudge */
function stepText({ h }) {
  return short(Number(h.toPrecision(2)));
}

/** @param {Nudged} nudged @param {Nudge} one */
function numbers({ value, backpropagated }, { plus, minus, numerical, error }) {
  const letter = scalarNow();
  const [upper, lower] = [full(plus), full(minus)];
  const same = alike(upper, lower);
  return scrolling(
    html`<table class="nudged">
      <tbody>
        ${row(`${letter}(${short(value)} + h)`, digits(upper, same), "plus", upper)}
        ${row(`${letter}(${short(value)} ${MINUS} h)`, digits(lower, same), "minus", lower)}
        ${row(`(${letter}(+h) ${MINUS} ${letter}(${MINUS}h)) / 2h`, full(numerical), "numerical", full(numerical))}
        ${row(t("nudge.backpropagated"), full(backpropagated), "backpropagated", full(backpropagated))}
        ${row(t("nudge.error"), sized(error), "error", full(error))}
      </tbody>
    </table>`,
    t("nudge.title"),
  );
}

/** @param {string} head @param {unknown} shown @param {string} name @param {string} all */
function row(head, shown, name, all) {
  return html`<tr>
    <th scope="row">${head}</th>
    <td data-nudge=${name} data-full=${all} class=${name === "backpropagated" ? "gradient" : ""}>${shown}</td>
  </tr>`;
}

/** Up to which digit two numbers are written alike. @param {string} one @param {string} other */
function alike(one, other) {
  let same = 0;
  while (same < one.length && one[same] === other[same]) same++;
  return same;
}

/** The digits that two numbers share step back: the slope is made of the others. @param {string} text @param {number} same */
function digits(text, same) {
  return html`<span class="alike">${text.slice(0, same)}</span><b>${text.slice(same)}</b>`;
}

/** @param {Nudged} nudged @param {Nudge} one */
function verdict({ start, nudges }, one) {
  const letter = scalarNow();
  if (one.kink) return t("nudge.kink");
  const error = asNumber(one.error);
  if (error === 0) return t("nudge.equal");
  const rounding = NEAR.rounding * Math.max(1, Math.abs(asNumber(start)));
  if (asNumber(one.relative_error) <= NEAR.relative || error <= rounding) {
    return t("nudge.near", { error: sized(one.error) });
  }
  const best = nudges.reduce((least, other) => (isBetter(other, least) ? other : least));
  return t(one.h > best.h ? "nudge.bent" : "nudge.rounded", { scalar: letter });
}

/** @param {Nudge} one @param {Nudge} other */
function isBetter(one, other) {
  const [a, b] = [one, other].map(({ error, kink }) =>
    kink || Number.isNaN(asNumber(error)) ? Infinity : asNumber(error),
  );
  return a < b;
}

/** The size of a difference: two digits are enough. @param {import("../types.js").Cell} error */
function sized(error) {
  const value = asNumber(error);
  return value > 0 && Number.isFinite(value) ? short(Number(value.toPrecision(2))) : short(error);
}

const SIZE = { width: 320, height: 150, left: 48, right: 8, top: 8, bottom: 34 };
/** Powers of ten from the foot of the curve; what is smaller, such as 0, lies on it. */
const LOWEST = -16;

/** The difference over h, both on scales of powers of ten. @param {readonly Nudge[]} nudges @param {number} at */
function curve(nudges, at) {
  const errors = nudges.map(({ error, kink }) => (kink ? NaN : asNumber(error)));
  const powers = errors.map((error) => (Number.isFinite(error) ? Math.max(LOWEST, Math.log10(error)) : null));
  const known = powers.filter((one) => one !== null);
  const highest = Math.max(LOWEST + 4, ...known.map(Math.ceil));
  const [first, last] = [nudges[0], nudges[nudges.length - 1]].map(({ h }) => Math.log10(h));
  /** @param {number} h */
  const x = (h) => SIZE.left + ((h - first) / (last - first || 1)) * (SIZE.width - SIZE.left - SIZE.right);
  /** @param {number} power */
  const y = (power) => SIZE.top + ((highest - power) / (highest - LOWEST)) * (SIZE.height - SIZE.top - SIZE.bottom);
  const points = nudges.map(({ h }, i) => ({ x: x(Math.log10(h)), power: powers[i] }));
  const least = errors.reduce(
    (best, error, i) => (error < (Number.isNaN(errors[best]) ? Infinity : errors[best]) ? i : best),
    0,
  );
  const text = t("nudge.curve", { error: sized(errors[least]), h: stepText(nudges[least]) });
  /** @param {MouseEvent} event */
  const under = (event) => {
    const box = /** @type {Element} */ (event.currentTarget).getBoundingClientRect();
    const there = ((event.clientX - box.left) / box.width) * SIZE.width;
    const distances = points.map((point) => Math.abs(point.x - there));
    choose(nudges, distances.indexOf(Math.min(...distances)));
  };
  const here = points[at];
  return html`<svg
    class="nudge-curve"
    viewBox="0 0 ${SIZE.width} ${SIZE.height}"
    role="img"
    aria-label=${text}
    @pointerdown=${under}
    @pointermove=${(/** @type {PointerEvent} */ event) => (event.buttons & 1 ? under(event) : undefined)}
  >
    ${ticks(LOWEST, highest).map(
      (
        power,
      ) => svg`<line class="grid" x1=${SIZE.left} x2=${SIZE.width - SIZE.right} y1=${y(power)} y2=${y(power)}></line>
        <text x=${SIZE.left - 6} y=${y(power) + 4} text-anchor="end">${tick(power)}</text>`,
    )}
    ${ticks(first, last).map(
      (power) =>
        svg`<text x=${x(power)} y=${SIZE.height - SIZE.bottom + 16} text-anchor=${power === last ? "end" : "middle"}>${tick(power)}</text>`,
    )}
    <text class="name" x=${(SIZE.left + SIZE.width) / 2} y=${SIZE.height - 4} text-anchor="middle">h</text>
    <path d=${path(points, y)}></path>
    <line class="here" x1=${here.x} x2=${here.x} y1=${SIZE.top} y2=${SIZE.height - SIZE.bottom}></line>
    ${here.power === null ? null : svg`<circle cx=${here.x} cy=${y(here.power)} r="4"></circle>`}
  </svg>`;
}

/** A line through what is known; at a kink, and where there is no number, it breaks. @param {readonly {x: number, power: number | null}[]} points @param {(power: number) => number} y */
function path(points, y) {
  let isOn = false;
  return points
    .map((point) => {
      const before = isOn;
      isOn = point.power !== null;
      return point.power === null ? "" : `${before ? "L" : "M"}${point.x.toFixed(1)} ${y(point.power).toFixed(1)}`;
    })
    .join("");
}

/** Every fourth power of ten. @param {number} low @param {number} high */
function ticks(low, high) {
  const first = Math.ceil(Math.round(low * 4) / 16) * 4;
  return Array.from({ length: Math.max(0, Math.floor((high - first) / 4) + 1) }, (_, i) => first + 4 * i);
}

/** @param {number} power */
function tick(power) {
  return power === 0 ? "1" : `1e${String(power).replace("-", MINUS)}`;
}

/** @param {readonly Nudge[]} nudges @param {number} at */
function choose(nudges, at) {
  chosen.value = nudges[Math.min(nudges.length - 1, Math.max(0, at))].h;
}

/** @param {readonly Nudge[]} nudges @param {number} h */
function nearest(nudges, h) {
  const distances = nudges.map((one) => Math.max(one.h / h, h / one.h));
  return distances.indexOf(Math.min(...distances));
}
