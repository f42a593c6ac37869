/**
 * The figure on the page: painted when its drawing changes, repainted when the cursor moves, and
 * answering pointer and keyboard.
 *
 * @import { Signal } from "@preact/signals-core"
 * @import { Figure } from "./painter.js"
 * @import { Look } from "./sight.js"
 * @import { TraceEvent } from "../types.js"
 */
import { computed, effect, signal, untracked } from "@preact/signals-core";
import { ask, asking, askOp, chosenOp, leave, litEvent, litNodes, marked } from "../asking.js";
import { inPlay } from "../cursor.js";
import { isTyping } from "../keys.js";
import {
  cursor,
  event,
  fetchedCells,
  graph,
  held,
  innerTable,
  loading,
  revealed,
  selection,
  session,
  stale,
  struck,
  table,
  theme,
  trace,
} from "../store.js";
import { language, t } from "../strings.js";
import { titleCells } from "./cells.js";
import { oncePerFrame } from "./frames.js";
import { mountHover } from "./hover.js";
import { makeInsides } from "./insides.js";
import { knownOf, valueOf } from "./known.js";
import { boxesInPlay, boxesOf, labelsOf, legibleScale } from "./focus.js";
import { cellsOf } from "./large.js";
import { formulaOf } from "./names.js";
import { appeared } from "./openops.js";
import { anchor, animate, boxAt, openOrClose, placeAfter } from "./opening.js";
import { mountOverview } from "./overview.js";
import { paintFigure } from "./painter.js";
import { readPalette, scheme } from "./palette.js";
import { isHeat, pickElement, pickOp, pickPart, pixelAt } from "./pick.js";
import { makeScreen } from "./screen.js";
import { listenToSteering } from "./steer.js";
import { describe, describeOp } from "./walk.js";
import { makeViewport } from "./zoom.js";

/** A wider figure is printed across the paper, in px. */
const UPRIGHT = 1060;

/** @param {HTMLElement} host */
export function mountFigure(host) {
  const stage = document.createElement("div");
  stage.className = "stage";
  host.append(stage);
  const viewport = makeViewport(host, stage);
  const screen = makeScreen(host, viewport);
  const insides = makeInsides(viewport);
  const overview = mountOverview(host, viewport);
  /** A box has just been opened or closed: the learner looks at it, not at the op in play. */
  let opened = false;
  /** @type {Signal<Figure | null>} */
  const painted = signal(null);
  const palette = computed(() => {
    void theme.value;
    void scheme.value;
    return readPalette(screen.probe);
  });
  /** @type {{look: Look, busy: boolean} | null} */
  let due = null;
  /** @type {Figure | null} */
  let last = null;
  const frames = oncePerFrame(() =>
    untracked(() => {
      const first = last !== painted.value;
      last = painted.value;
      if (!last || !due) return;
      screen.paint(last.paint(due.look, first ? null : screen.view()));
      host.setAttribute("aria-busy", String(due.busy));
    }),
  );
  // What answers a key or a click is there as soon as it has been handled.
  for (const name of ["keydown", "click", "change"]) addEventListener(name, frames.now);

  effect(() => {
    if (!graph.value) return;
    const figure = paintFigure(graph.value);
    const held = anchor(painted.peek()?.graph ?? null, viewport.place());
    stage.replaceChildren(figure.element);
    const { width, height } = graph.value;
    if (held) {
      viewport.resize(width, height, { ...seenIn(figure), keep: true });
      void viewport.moveTo(placeAfter(held, graph.value));
      // What an op shows may stand beyond the edge: it comes into sight with what it reads and makes.
      const shown = untracked(() => eventOf(appeared(held.graph, graph.value)));
      if (shown) viewport.lookAt(boxesInPlay(graph.value, shown));
    } else if (host.dataset.drawing !== drawingName()) {
      // Same drawing, same place on the screen: an edit must not jump.
      viewport.resize(width, height, seenIn(figure));
    }
    host.dataset.drawing = drawingName();
    host.toggleAttribute("data-wide", width > UPRIGHT);
    untracked(() => {
      screen.put(figure);
      insides.put(figure);
      overview.put(figure.graph);
    });
    if (held) animate(held, graph.value, viewport.place(), figure.element);
    opened = held !== null;
    painted.value = figure;
  });
  effect(() => {
    if (!painted.value || !table.value) return;
    void cursor.value;
    void innerTable.value;
    void fetchedCells.value;
    due = {
      look: {
        event: litEvent.value,
        known: knownOf,
        value: valueOf,
        cells: cellsOf,
        stale: stale.value,
        selection: selection.value,
        op: chosenOp.value,
        pointed: marked.value,
        current: revealed.value,
        palette: palette.value,
        held: held.value,
        struck: struck.value,
      },
      busy: stale.value,
    };
    frames.ask();
    if (last !== painted.value) frames.now();
  });
  effect(() => {
    const { node, reads, writes } = litEvent.value ?? { node: "", reads: [], writes: [] };
    const chosen = selection.value?.key ?? chosenOp.value;
    if (painted.value) screen.pin([...(chosen ? [chosen] : []), ...writes, ...reads, node]);
  });
  effect(() => {
    if (loading.value) host.dataset.loading = t("loading.now");
    else delete host.dataset.loading;
  });
  effect(() => {
    host.setAttribute("aria-label", t("figure.name"));
    host.setAttribute("aria-roledescription", t("figure.role"));
    const selected = selection.value && painted.value?.labels.get(selection.value.key);
    const op = selected ? null : chosenOp.value;
    const chosen = selected?.group ?? (op && painted.value?.element.querySelector(`[id="op-${CSS.escape(op)}"]`));
    if (chosen) {
      chosen.setAttribute("role", "img");
      chosen.setAttribute("aria-label", selected ? describe(selected.edge) : describeOp(op ?? ""));
      host.setAttribute("aria-activedescendant", chosen.id);
    } else {
      host.removeAttribute("aria-activedescendant");
    }
    void language.value;
  });
  effect(() => {
    // Follow the op in play, but not where the learner is looking at a box just opened.
    const boxes = painted.value && table.value ? boxesPlayed() : [];
    viewport.lookAt(boxes, { still: opened || !event.value });
    overview.mark(event.value ? boxes[0] : undefined, madeOf(event.value));
    opened = false;
  });
  effect(() => {
    // What is chosen is where one looks until the next step; what is asked about, with its causes.
    const isHeld = held.value !== null;
    const isAbout = asking.value || litNodes.value.length > 0;
    const asked = isAbout && litEvent.value && graph.value ? boxesInPlay(graph.value, litEvent.value) : [];
    const chosen = selection.value && untracked(boxesOfChosen);
    const about =
      isHeld && chosen?.length ? chosen : asked.length ? asked : chosen?.length ? chosen : untracked(boxesPlayed);
    viewport.lookAt(about, { still: !isAbout && !isHeld });
  });

  /** Of the op in play, or of the one that comes first. */
  function boxesPlayed() {
    if (!graph.value || !trace.value) return [];
    const played = inPlay(trace.value, cursor.value);
    if (played) return boxesInPlay(graph.value, played);
    const [next] = trace.value.events;
    return next ? boxesInPlay(graph.value, next, { ahead: true }) : [];
  }

  /** Where the numbers that an event makes stand. @param {TraceEvent | null} made */
  function madeOf(made) {
    return made && graph.value ? labelsOf(graph.value, made.writes) : [];
  }

  /** @param {string | undefined} node */
  function eventOf(node) {
    return trace.value?.events.find((one) => one.node === node);
  }

  function boxesOfChosen() {
    return graph.value && selection.value ? boxesOf(graph.value, selection.value.key) : [];
  }

  /** @param {Figure} figure */
  function seenIn({ graph: drawn, main }) {
    const drawing = main.scene.parts.filter(({ kind }) => kind === "node" || kind === "label");
    return { legible: legibleScale(drawn), drawn: drawing, focus: untracked(boxesPlayed) };
  }

  host.addEventListener("pointerdown", (down) => {
    // The figure takes the focus from the keyboard only: a click leaves the arrow keys to the timeline.
    if (down.pointerType !== "touch") down.preventDefault();
    if (document.activeElement instanceof HTMLElement && isTyping(document.activeElement)) {
      document.activeElement.blur();
    }
  });
  host.addEventListener("click", (click) => {
    if (viewport.dragged()) return;
    const figure = painted.peek();
    const point = viewport.point(click);
    const target = /** @type {Element} */ (click.target);
    const sign = target.closest(".inside") ? null : target.closest(".tag");
    if (sign) return void openOrClose(turnOn(sign));
    const picked =
      figure && screen.isFar() ? pickPart(figure, point, viewport.place().k) : pickElement(target, figure, point);
    const far = figure && screen.isFar() ? pickOp(figure, point, viewport.place().k) : null;
    const op = picked ? null : (far ?? target.closest(".node.op")?.getAttribute("data-node"));
    if (picked) ask(picked);
    else if (op && trace.value?.events.some(({ node }) => node === op)) askOp(op);
    else leave();
  });
  host.addEventListener("dblclick", (click) => {
    const drawn = graph.peek();
    const target = /** @type {Element} */ (click.target);
    if (!drawn || target.closest(".inside, .label, .tag")) return;
    const turn = boxAt(drawn, viewport.point(click));
    const op = target.closest(".node.op")?.getAttribute("data-node");
    // An op is not the frame around it.
    if (turn && (!op || op === turn.id)) void openOrClose(turn);
  });
  listenToSteering(host, viewport);
  titleCells(host);
  mountHover(host, (move) => {
    const figure = painted.peek();
    const target = /** @type {Element} */ (move.target);
    if (!figure || target.closest(".inside")) return null;
    const isFar = screen.isFar();
    const point = viewport.point(move);
    const picked = isFar ? pickPart(figure, point, viewport.place().k) : pickElement(target, figure, point);
    if (!picked || picked.index !== null) return picked && (isFar || isHeat(figure, picked.key)) ? picked : null;
    return { ...picked, index: pixelAt(figure, picked.key, point) };
  });
  host.addEventListener("copy", (copy) => copyCell(/** @type {ClipboardEvent} */ (copy)));
  return viewport;
}

/** @param {Element} sign  @returns {import("./openops.js").Turn} */
function turnOn(sign) {
  const id = sign.getAttribute("data-at") ?? "";
  const opens = sign.getAttribute("data-opens");
  return opens === null ? { closes: sign.getAttribute("data-closes") ?? "", id } : { opens, id };
}

function drawingName() {
  const drawn = graph.peek();
  return `${session.peek()?.id} ${drawn?.level} ${drawn?.loss} ${drawn?.width}x${drawn?.height}`;
}

/** @param {ClipboardEvent} copy  the full number goes to the clipboard, not the rounded one */
function copyCell(copy) {
  const spot = selection.value;
  if (!spot || spot.index === null || !formulaOf(spot.key)) return;
  const cell = document.querySelector(`[data-key="${CSS.escape(spot.key)}"] [data-cell="${spot.index}"]`);
  const exact = cell?.getAttribute("data-full");
  if (!exact) return;
  copy.clipboardData?.setData("text/plain", exact);
  copy.preventDefault();
}
