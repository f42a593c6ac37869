/**
 * The number that the pointer is on where it is not written: a cell of a heat map or of the input
 * image, or any where the figure is too small to be read. It stands beside the pointer; who has
 * none goes to a cell by its index, in the panel.
 *
 * @import { Cell } from "../types.js"
 * @import { Picked } from "./pick.js"
 */
import { effect } from "@preact/signals-core";
import { later } from "../coming.js";
import { full } from "../format.js";
import { graph, stale, trace } from "../store.js";
import { flat, indexOf } from "../values.js";
import { knownOf, valueOf } from "./known.js";
import { cellsOf } from "./large.js";
import { edgeOf, indexText, nameOf } from "./names.js";

/** From the pointer to the number, in px. */
const OFF = 14;

/**
 * @param {HTMLElement} host
 * @param {(move: PointerEvent) => Picked | null} at  what lies under the pointer and is not written there
 */
export function mountHover(host, at) {
  const box = document.createElement("div");
  box.className = "hovered";
  box.hidden = true;
  // A pointer's alone: what is chosen is said where it is explained.
  box.setAttribute("aria-hidden", "true");
  host.append(box);
  let name = "";

  function hide() {
    box.hidden = true;
    name = "";
  }

  /** @param {PointerEvent} move */
  function show(move) {
    const picked = move.pointerType === "touch" || move.buttons > 0 ? null : at(move);
    const cell = picked && cellOf(picked);
    if (!picked || cell === undefined || cell === null) return hide();
    const now = `${picked.key} ${picked.index}`;
    if (now !== name)
      box.textContent = [
        `${nameOfCell(picked)} = ${full(cell)}`,
        later.value?.sampleText(picked),
        later.value?.classNameOf(picked),
      ]
        .filter(Boolean)
        .join(" \u00b7 ");
    name = now;
    box.hidden = false;
    const { left, top, width, height } = host.getBoundingClientRect();
    const [x, y] = [move.clientX - left, move.clientY - top];
    const isLow = y + OFF + box.offsetHeight > height;
    box.style.left = `${Math.max(0, Math.min(x + OFF, width - box.offsetWidth))}px`;
    box.style.top = `${isLow ? y - OFF - box.offsetHeight : y + OFF}px`;
  }

  host.addEventListener("pointermove", show);
  for (const gone of ["pointerleave", "pointerdown", "wheel"]) host.addEventListener(gone, hide, { passive: true });
  effect(() => {
    void [graph.value, trace.value, stale.value];
    hide();
  });
}

/** @param {Picked} picked @returns {Cell | undefined}  undefined where it is not known, or not here */
function cellOf({ key, index }) {
  if (index === null || stale.value || knownOf(key) <= index) return undefined;
  const value = valueOf(key);
  return cellsOf(key)?.[index] ?? (value === undefined ? undefined : flat(value)[index]);
}

/** @param {Picked} picked */
function nameOfCell({ key, index }) {
  const edge = edgeOf(key);
  return `${nameOf(key)}${index === null || !edge ? "" : indexText(edge, indexOf(index, edge.shape))}`;
}
