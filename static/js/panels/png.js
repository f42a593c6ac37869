/**
 * An SVG as a PNG, by way of a canvas. No state.
 */

/** What browsers can hold: longer sides, or more pixels, give an empty canvas without a word. */
const LONGEST = 16_384;
const MOST_PIXELS = 268_000_000;

/** @typedef {{width: number, height: number}} Size */

export class TooLarge extends Error {
  /** @param {Size} size */
  constructor({ width, height }) {
    super(`${width} x ${height} pixels`);
    this.width = width;
    this.height = height;
  }
}

/** The browser could not draw it, for want of memory say. */
export class CannotDraw extends Error {}

/** @param {string} svg  @returns {Size} in px at scale 1 */
export function sizeOf(svg) {
  const root = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
  return { width: Number(root.getAttribute("width")), height: Number(root.getAttribute("height")) };
}

/** @param {Size} size */
export function fits({ width, height }) {
  return Math.max(width, height) <= LONGEST && width * height <= MOST_PIXELS;
}

/**
 * @param {string} svg  self-contained
 * @param {Size} size  in px at scale 1
 * @param {number} scale
 * @returns {Promise<Blob>}
 */
export async function pngOf(svg, { width, height }, scale) {
  const canvas = document.createElement("canvas");
  const size = { width: Math.round(width * scale), height: Math.round(height * scale) };
  if (!fits(size)) throw new TooLarge(size);
  Object.assign(canvas, size);
  const context = canvas.getContext("2d");
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  try {
    await image.decode();
  } catch {
    throw new CannotDraw();
  }
  context?.drawImage(image, 0, 0, size.width, size.height);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  if (!context || !blob) throw new CannotDraw();
  return blob;
}
