/**
 * `<error-map>`: one pixel a cell, darker for a larger error on a scale of powers of ten. Cells at a
 * kink have another ink, cells that were not tried are left open. Of more cells than there are
 * pixels, several share one, which shows the worst of them. One that is pointed at is told, one that
 * is clicked is chosen; the arrow keys lead from pixel to pixel.
 *
 * @import { Cell } from "../types.js"
 */
import { html } from "lit-html";
import { heatCanvas } from "../figure/heat.js";
import { inksIn, readPalette, scheme } from "../figure/palette.js";
import { theme } from "../store.js";
import { asNumber } from "../values.js";

/** Powers of ten from the lightest shade to the darkest. */
const LIGHTEST = -12;
const DARKEST = 0;
/** A cell is this large where there is room, and a picture at most so large, in px. */
const CELL = 20;
const HIGHEST = 160;
const WIDEST = 320;

/**
 * @typedef {{
 *   shape: readonly number[], places: readonly number[], errors: readonly (Cell | null)[],
 *   text: string, say: (position: number) => string,
 *   choose: ((position: number) => void) | null,
 * }} Errors  `places` are the cells tried, row by row, `errors` theirs, null at a kink
 */

/** @param {Errors} errors */
export function errorMap(errors) {
  // Read here, so that whoever draws this draws it anew in other colours.
  const colours = `${theme.value} ${scheme.value}`;
  return html`<error-map .shown=${{ errors, colours }}></error-map>`;
}

class ErrorMap extends HTMLElement {
  #words = document.createElement("p");
  /** @type {Errors | null} */
  #errors = null;
  #painted = "";
  /** Which cell each pixel shows, and on which one stands. @type {number[]} */
  #shown = [];
  #columns = 1;
  #at = 0;

  connectedCallback() {
    this.#words.className = "hint";
    this.#words.setAttribute("aria-live", "polite");
    this.addEventListener("keydown", this.#press);
  }

  /** @param {{errors: Errors, colours: string}} shown */
  set shown({ errors, colours }) {
    const isSame = this.#errors?.errors === errors.errors && this.#painted === colours;
    this.#errors = errors;
    if (isSame) return;
    this.#painted = colours;
    this.#paint(errors);
  }

  /** @param {Errors} errors */
  #paint(errors) {
    const { rows, columns, shades, shown } = pixels(errors);
    const canvas = heatCanvas(shades, { rows, columns }, inksIn(readPalette(document.body), true), 1);
    open(canvas, shades);
    canvas.style.width = `min(100%, ${CELL * columns}px)`;
    canvas.style.height = `${Math.min(HIGHEST, CELL * rows)}px`;
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "application");
    canvas.setAttribute("aria-label", errors.text);
    /** @param {MouseEvent} event */
    const under = (event) => {
      const { left, top, width, height } = canvas.getBoundingClientRect();
      const column = Math.floor(((event.clientX - left) / width) * columns);
      const row = Math.floor(((event.clientY - top) / height) * rows);
      return Math.min(rows - 1, Math.max(0, row)) * columns + Math.min(columns - 1, Math.max(0, column));
    };
    canvas.addEventListener("pointermove", (event) => this.#tell(under(event)));
    canvas.addEventListener("click", (event) => this.#choose(under(event)));
    canvas.addEventListener("focus", () => this.#tell(this.#at));
    canvas.classList.toggle("chooses", errors.choose !== null);
    this.#shown = shown;
    this.#columns = columns;
    this.#at = 0;
    this.#words.textContent = "";
    this.replaceChildren(canvas, this.#words);
  }

  /** @param {number} pixel */
  #choose(pixel) {
    this.#errors?.choose?.(this.#shown[pixel]);
  }

  /** @param {number} pixel */
  #tell(pixel) {
    this.#at = pixel;
    this.#words.textContent = this.#errors?.say(this.#shown[pixel]) ?? "";
  }

  /** @param {KeyboardEvent} press */
  #press = (press) => {
    if (press.ctrlKey || press.metaKey || press.altKey) return;
    const columns = this.#columns;
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[press.key];
    if (press.key === "Enter") this.#choose(this.#at);
    else if (!step) return;
    else if (this.#shown[this.#at + step] !== undefined) this.#tell(this.#at + step);
    press.preventDefault();
    // The page's own keys step through the pass.
    press.stopPropagation();
  };
}

customElements.define("error-map", ErrorMap);

/**
 * The picture: a shade for each pixel, -1 at a kink (the ink for numbers below 0) and NaN where no
 * cell was tried, and the cell that it shows.
 * @param {Errors} errors
 */
function pixels({ shape, places, errors }) {
  const width = shape.at(-1) ?? 1;
  const height = shape.length > 1 ? shape[0] : 1;
  const [down, across] = [Math.ceil(height / HIGHEST), Math.ceil(width / WIDEST)];
  const [rows, columns] = [Math.ceil(height / down), Math.ceil(width / across)];
  const shades = new Float64Array(rows * columns).fill(NaN);
  const shown = Array.from(
    shades,
    (_, pixel) => Math.floor(pixel / columns) * down * width + (pixel % columns) * across,
  );
  places.forEach((place, i) => {
    const pixel = Math.floor(place / width / down) * columns + Math.floor((place % width) / across);
    const error = errors[i];
    const one = error === null ? -1 : shade(asNumber(error));
    if (one <= shades[pixel]) return;
    shades[pixel] = one;
    shown[pixel] = place;
  });
  return { rows, columns, shades, shown };
}

/** 0 for what is as good as nothing, 1 for an error as large as the number, or none at all. @param {number} error */
function shade(error) {
  if (Number.isNaN(error)) return 1;
  const power = error > 0 ? Math.log10(error) : LIGHTEST;
  return Math.min(1, Math.max(0, (power - LIGHTEST) / (DARKEST - LIGHTEST)));
}

/** Leave the pixels open of which no cell was tried. @param {HTMLCanvasElement} canvas @param {Float64Array} shades */
function open(canvas, shades) {
  if (!shades.some(Number.isNaN)) return;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = context.getImageData(0, 0, canvas.width, canvas.height);
  shades.forEach((one, pixel) => {
    if (Number.isNaN(one)) image.data[4 * pixel + 3] = 0;
  });
  context.putImageData(image, 0, 0);
}
