/** The graph in the app's own painter, moved by the events that a wheel and a drag make. */
import { paintFigure } from "/static/js/figure/painter.js";
import { readPalette } from "/static/js/figure/palette.js";
import { makeScreen } from "/static/js/figure/screen.js";
import { makeViewport } from "/static/js/figure/zoom.js";
import * as measure from "./measure.js";

const host = document.getElementById("figure");
const stage = document.createElement("div");
stage.className = "stage";
host.append(stage);
const graph = await (await fetch(`/graph/${location.search.slice(1)}`)).json();
const viewport = makeViewport(host, stage);
const screen = makeScreen(host, viewport);
const palette = readPalette(screen.probe);
const figure = paintFigure(graph);
stage.append(figure.element);
// The observer of the window's size has told by now.
await new Promise((resolve) => setTimeout(resolve, 100));
viewport.resize(graph.width, graph.height);
screen.put(figure);

const order = new Map(graph.edges.map(({ key }, i) => [key, i]));
function paint(round) {
  screen.paint(
    figure.paint({
      event: null,
      known: () => Infinity,
      value: (key) => Math.sin(order.get(key) + round * 0.37),
      cells: () => undefined,
      stale: false,
      selection: null,
      pointed: [],
      current: null,
      palette,
    }, screen.view()),
  );
}
paint(0);

/** Zoom by a wheel event about the middle, then pan by another. */
function go(to) {
  const now = viewport.place();
  if (Math.abs(to.k / now.k - 1) > 1e-6) {
    wheel({ ctrlKey: true, deltaY: -300 * Math.log(to.k / now.k) });
  }
  const then = viewport.place();
  wheel({ deltaX: then.x - to.x, deltaY: then.y - to.y });
}

const frame = host.getBoundingClientRect();

function wheel(what) {
  const at = { clientX: frame.left + 640, clientY: frame.top + 400 };
  host.dispatchEvent(new WheelEvent("wheel", { ...at, ...what, cancelable: true, bubbles: true }));
}

window.bench = {
  dive: () => measure.travel(measure.dive(graph), go),
  pan: () => measure.travel(measure.pan(graph), go),
  live: async () => {
    const places = measure.pan(graph);
    go(places[Math.floor(places.length / 2)]);
    await new Promise((resolve) => setTimeout(resolve, 500));
    return measure.live(paint);
  },
  state: () => ({ painter: host.dataset.painter, elements: host.querySelectorAll("*").length }),
};
document.body.dataset.ready = "true";
