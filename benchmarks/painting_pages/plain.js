/** The same graph as one SVG of as few elements as it takes, moved by the transform of a <g>. */
import * as measure from "./measure.js";

const graph = await (await fetch(`/graph/${location.search.slice(1)}`)).json();
const svg = document.getElementById("figure");

function element(name, attributes, text) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

const marker = element("marker", {
  id: "head", viewBox: "0 0 10 10", refX: 9, refY: 5, markerWidth: 8, markerHeight: 8,
  markerUnits: "userSpaceOnUse", orient: "auto",
});
marker.append(element("path", { d: "M1 1L9 5L1 9" }));
const all = element("g", {});
svg.append(marker, all);
for (const { points, direction } of graph.edges) {
  const d = `M${points.map((point) => point.join(" ")).join("L")}`;
  all.append(element("path", { d, class: direction, "marker-end": "url(#head)" }));
}
for (const { x, y, w, symbol } of graph.nodes) {
  all.append(element("circle", { cx: x, cy: y, r: w / 2 }), element("text", { x, y: y + 4 }, symbol));
}
const numbers = [];
for (const { label, key } of graph.edges) {
  const number = element("text", { x: label.x + label.w / 2, y: label.y + 13 }, "0.1234");
  numbers.push(number.firstChild);
  all.append(number, element("text", { x: label.shape.x, y: label.shape.y }, label.shape.text));
}

function go({ x, y, k }) {
  all.setAttribute("transform", `translate(${x} ${y}) scale(${k})`);
}

window.bench = {
  dive: () => measure.travel(measure.dive(graph), go),
  pan: () => measure.travel(measure.pan(graph), go),
  live: () => {
    const places = measure.pan(graph);
    go(places[Math.floor(places.length / 2)]);
    return measure.live((round) => {
      numbers.forEach((number, i) => (number.data = Math.sin(i + round * 0.37).toPrecision(4)));
    });
  },
  state: () => ({ painter: "svg", elements: svg.querySelectorAll("*").length }),
};
go(measure.dive(graph)[0]);
document.body.dataset.ready = "true";
