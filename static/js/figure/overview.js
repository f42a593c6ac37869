/**
 * What goes on beyond the window: the figure in miniature with the window's place in it, and which
 * of the sides the figure goes on at. Where all of it is in the window there is neither.
 *
 * The map is for the pointer; by keyboard one walks the figure itself, and the window follows.
 * @import { Graph } from "../types.js"
 * @import { Box } from "./places.js"
 * @import { Viewport, Window } from "./zoom.js"
 */
import { html } from "lit-html";
import { overviewOpen } from "../store.js";
import { t } from "../strings.js";
import { mount } from "../mount.js";
import { meets } from "./grid.js";
import { svg } from "./svg.js";

/** The largest map: in px, and as a part of the window. */
const LARGEST = { width: 208, height: 96 };
const PART = { width: 0.36, height: 0.17 };
/** Room above and below the map, in px. */
const AROUND = 12;
/** Beside the map: the button that folds it, and the margin. In px. */
const BUTTON = 32;
const BESIDE = BUTTON + 8;
/** The window is never smaller on the map, in px. */
const LEAST = 8;
/** So little beyond the window is only the margin of the figure, in px. */
const HAIR = 6;
/** A figure of more pieces shows only its boxes. */
const MANY = 3000;
const KEPT = "backprop-explorer.map";

/**
 * @param {HTMLElement} host  the window
 * @param {Viewport} viewport
 */
export function mountOverview(host, viewport) {
  const place = document.createElement("div");
  place.id = "overview";
  place.hidden = true;
  overviewOpen.value = localStorage.getItem(KEPT) !== "folded";
  host.after(place);
  const map = document.createElement("div");
  map.className = "overview-map";
  map.setAttribute("aria-hidden", "true");
  const pane = document.createElement("div");
  pane.className = "overview-window";
  /** @type {Graph | null} */
  let graph = null;
  /** Of the map's px to the figure's. */
  let scale = 1;
  let [width, height] = [0, 0];
  let spot = svg("rect", { class: "spot", rx: 2 });
  /** Where new numbers stand, in the figure's px. @type {readonly Box[]} */
  let news = [];
  /** Where in the pane it was taken hold of, in px of the map. @type {{x: number, y: number} | null} */
  let hold = null;

  /** @param {Window} window */
  function update(window) {
    if (!graph) return;
    const sides = sidesBeyond(graph, window);
    const name = sides.join(" ");
    if (host.dataset.more !== name) host.dataset.more = name;
    place.hidden = sides.length === 0;
    fill(graph, window);
    if (overviewOpen.peek()) viewport.cover(width + BESIDE, height + AROUND);
    else viewport.cover(0, 0);
    if (sides.length === 0) return;
    giveWay(window);
    const [left, right] = clipped(-window.x / window.k, window.width / window.k, graph.width);
    const [top, bottom] = clipped(-window.y / window.k, window.height / window.k, graph.height);
    pane.style.transform = `translate(${left * scale}px, ${top * scale}px)`;
    pane.style.width = `${Math.max(LEAST, (right - left) * scale)}px`;
    pane.style.height = `${Math.max(LEAST, (bottom - top) * scale)}px`;
  }

  /** It shows nothing while a new number stands under it that has no other room. @param {Window} window */
  function giveWay({ x, y, k, width: across, height: down }) {
    const [right, bottom] = [across - BUTTON, down - AROUND / 2];
    const mine = { x: right - width, y: bottom - height, w: width, h: height };
    const isOver = news.some((box) => meets({ x: x + box.x * k, y: y + box.y * k, w: box.w * k, h: box.h * k }, mine));
    place.toggleAttribute("data-gives-way", isOver && hold === null);
  }

  /** The size of the map in a window. @param {Graph} drawn @param {Window} window */
  function fill(drawn, window) {
    const wide = Math.min(LARGEST.width, window.width * PART.width);
    const high = Math.min(LARGEST.height, window.height * PART.height);
    scale = Math.min(wide / drawn.width, high / drawn.height);
    const [w, h] = [Math.round(drawn.width * scale), Math.round(drawn.height * scale)];
    if (w === width && h === height) return;
    [width, height] = [w, h];
    map.style.width = `${w}px`;
    map.style.height = `${h}px`;
  }

  /** @param {PointerEvent} event  in px of the map */
  function at(event) {
    const frame = map.getBoundingClientRect();
    return { x: event.clientX - frame.left - map.clientLeft, y: event.clientY - frame.top - map.clientTop };
  }

  /** Put the window's middle at a point of the map. @param {{x: number, y: number}} point */
  function look({ x, y }) {
    const { k, width: across, height: down } = viewport.place();
    void viewport.moveTo({ k, x: across / 2 - (x / scale) * k, y: down / 2 - (y / scale) * k });
  }

  map.addEventListener("pointerdown", (down) => {
    if (down.button !== 0) return;
    down.preventDefault();
    map.setPointerCapture(down.pointerId);
    const [point, taken, mine] = [at(down), pane.getBoundingClientRect(), map.getBoundingClientRect()];
    const middle = { x: taken.x - mine.x + taken.width / 2, y: taken.y - mine.y + taken.height / 2 };
    hold = { x: point.x - middle.x, y: point.y - middle.y };
    const inPane = Math.abs(hold.x) <= taken.width / 2 && Math.abs(hold.y) <= taken.height / 2;
    if (inPane) return;
    hold = { x: 0, y: 0 };
    look(point);
  });
  map.addEventListener("pointermove", (move) => {
    if (!hold) return;
    const point = at(move);
    look({ x: point.x - hold.x, y: point.y - hold.y });
  });
  for (const name of ["pointerup", "pointercancel"]) map.addEventListener(name, () => (hold = null));
  viewport.onChange(update);
  mount("overview", () => {
    const open = overviewOpen.value;
    return html`${open ? map : null}<button
        type="button"
        id="overview-fold"
        class="quiet"
        aria-expanded=${open ? "true" : "false"}
        aria-label=${t(open ? "overview.hide" : "overview.show")}
        title=${t(open ? "overview.hide" : "overview.show")}
        @click=${fold}
      >
        <svg class="icon" width="16" height="16" viewBox="0 0 24 24" aria-hidden="true"><path d=${open ? "M6 9l6 6 6-6" : "M3 5h18v14H3zM12 12h9v7h-9z"} /></svg>
      </button>`;
  });

  function fold() {
    overviewOpen.value = !overviewOpen.value;
    localStorage.setItem(KEPT, overviewOpen.value ? "open" : "folded");
    update(viewport.place());
  }

  return {
    /** @param {Graph} next */
    put(next) {
      graph = next;
      spot = svg("rect", { class: "spot", rx: 2 });
      map.replaceChildren(miniature(next, spot), pane);
      update(viewport.place());
    },
    /** @param {Box | undefined} box  where one looks @param {readonly Box[]} made  where new numbers stand */
    mark(box, made) {
      news = made;
      giveWay(viewport.place());
      spot.setAttribute("visibility", box ? "visible" : "hidden");
      for (const name of /** @type {const} */ (["x", "y"])) if (box) spot.setAttribute(name, String(box[name]));
      if (!box) return;
      spot.setAttribute("width", String(box.w));
      spot.setAttribute("height", String(box.h));
    },
  };
}

/** @param {Graph} graph @param {Window} window  @returns {string[]} at which sides the figure goes on */
function sidesBeyond({ width, height }, { x, y, k, width: across, height: down }) {
  const beyond = { left: -x, right: x + width * k - across, top: -y, bottom: y + height * k - down };
  return Object.entries(beyond).flatMap(([side, by]) => (by > HAIR ? [side] : []));
}

/** @param {number} start @param {number} length @param {number} most */
function clipped(start, length, most) {
  return [Math.max(0, Math.min(start, most)), Math.min(most, Math.max(0, start + length))];
}

/**
 * Frames, boxes, lines and the places of numbers: each kind one path.
 * @param {Graph} graph @param {SVGElement} spot
 */
function miniature({ width, height, nodes, edges, groups }, spot) {
  const few = nodes.length + edges.length < MANY;
  const boxes = nodes.filter(({ w }) => w > 0).map(({ x, y, w, h }) => ({ x: x - w / 2, y: y - h / 2, w, h }));
  const forward = few ? edges.filter(({ direction }) => direction === "forward") : [];
  const labels = few ? edges.flatMap(({ label }) => (label && label.mode !== "name" ? [label] : [])) : [];
  return svg(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, width: "100%", height: "100%" },
    svg("path", { class: "frames", d: rectangles(groups) }),
    svg("path", { class: "ways", d: forward.map(({ points }) => `M${points.join("L")}`).join("") }),
    svg("path", { class: "numbers", d: rectangles(labels) }),
    svg("path", { class: "ops", d: rectangles(boxes) }),
    spot,
  );
}

/** @param {readonly Box[]} boxes */
function rectangles(boxes) {
  return boxes.map(({ x, y, w, h }) => `M${x} ${y}h${w}v${h}h${-w}z`).join("");
}
