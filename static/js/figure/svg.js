/**
 * SVG elements in one line, and the paths of edges. No state.
 */

const NAMESPACE = "http://www.w3.org/2000/svg";
const CORNER = 12;

/** @typedef {[number, number]} Point */

/**
 * @template {keyof SVGElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, string | number | null | undefined>} [attributes]
 * @param {(Node | string)[]} children
 * @returns {SVGElementTagNameMap[Name]}
 */
export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) element.setAttribute(key, String(value));
  }
  element.append(...children);
  return /** @type {SVGElementTagNameMap[Name]} */ (element);
}

/**
 * Writes an element's classes, and only where they have changed.
 * @param {Element} element
 * @param {string} always  the classes it has by itself, with which it was made
 * @returns {(more: string) => void}  takes the others, each with a space before it
 */
export function classWriter(element, always) {
  let written = "";
  return (more) => {
    if (more === written) return;
    written = more;
    element.setAttribute("class", always + more);
  };
}

/**
 * Squeeze a text where it would be wider than its room.
 * @param {SVGTextElement} text
 * @param {number} room
 * @param {number} character  width of one, at the size the text is set in
 */
export function squeeze(text, room, character) {
  if ((text.textContent?.length ?? 0) * character > room) {
    text.setAttribute("textLength", String(room));
    text.setAttribute("lengthAdjust", "spacingAndGlyphs");
  } else if (text.hasAttribute("textLength")) {
    text.removeAttribute("textLength");
  }
}

/**
 * A polyline with rounded corners.
 * @param {readonly Point[]} points
 */
export function roundedPath(points) {
  const [first, ...rest] = points;
  let path = `M${first[0]} ${first[1]}`;
  rest.forEach((corner, i) => {
    const before = points[i];
    const after = rest[i + 1];
    if (!after) {
      path += `L${corner[0]} ${corner[1]}`;
      return;
    }
    const radius = Math.min(CORNER, distance(before, corner) / 2, distance(corner, after) / 2);
    const [ax, ay] = towards(corner, before, radius);
    const [bx, by] = towards(corner, after, radius);
    path += `L${ax} ${ay}Q${corner[0]} ${corner[1]} ${bx} ${by}`;
  });
  return path;
}

/**
 * A head at the end of a line: two strokes when open, a triangle when filled.
 * @param {readonly Point[]} points
 * @param {{length: number, width: number, filled: boolean}} form
 */
export function head(points, { length, width, filled }) {
  const tip = /** @type {Point} */ (points.at(-1));
  const before = lastApart(points, tip);
  const [cx, cy] = towards(tip, before, length);
  const size = distance(tip, before) || 1;
  const nx = ((before[1] - tip[1]) / size) * (width / 2);
  const ny = (-(before[0] - tip[0]) / size) * (width / 2);
  const wings = `M${round(cx + nx)} ${round(cy + ny)}L${tip[0]} ${tip[1]}L${round(cx - nx)} ${round(cy - ny)}`;
  return filled ? `${wings}Z` : wings;
}

/**
 * The same line, ending `length` earlier, so that a thick stroke does not poke through its head.
 * @param {readonly Point[]} points
 * @param {number} length
 * @returns {Point[]}
 */
export function shortened(points, length) {
  const tip = /** @type {Point} */ (points.at(-1));
  return [...points.slice(0, -1), towards(tip, lastApart(points, tip), length)];
}

/** @param {readonly Point[]} points @param {Point} tip @returns {Point} */
function lastApart(points, tip) {
  return points.findLast((point) => distance(point, tip) > 0.01) ?? [tip[0] - 1, tip[1]];
}

/** @param {Point} a @param {Point} b */
function distance(a, b) {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

/** @param {Point} from @param {Point} to @param {number} length @returns {Point} */
function towards(from, to, length) {
  const part = length / (distance(from, to) || 1);
  return [round(from[0] + (to[0] - from[0]) * part), round(from[1] + (to[1] - from[1]) * part)];
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 100) / 100;
}
