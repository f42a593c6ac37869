"""The two painters of the figure: what is mounted, what a canvas shows, what is painted anew."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.motion

COLUMNS, ROWS = 40, 30
MOST_ELEMENTS = 3000
STORE = "const store = await import('/static/js/store.js');"
# A lattice of nodes, each with an arrow to the right of it and one back, both with a number.
PUT_LATTICE = (
    "async ([columns, rows]) => {"
    + STORE
    + """
  const { batch } = await import("@preact/signals-core");
  const nodes = [], edges = [], inputs = {};
  const label = (x, y) => ({ mode: "scalar", x, y, w: 58, h: 17, rows: 1, cols: 1, cell_w: 58,
    cell_h: 17, name: null, shape: { text: "(2, 3)", x: x + 29, y: y - 3 } });
  for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) {
    const [x, y, id] = [60 + column * 160, 60 + row * 100, `n${column}.${row}`];
    nodes.push({ id, kind: "op", op: "add", layer: null, symbol: "+", title: null, x, y,
      w: 38, h: 38, row: null, nodes: [id] });
    if (column + 1 === columns) continue;
    for (const back of [false, true]) {
      const key = back ? `e${column}.${row}.grad` : `e${column}.${row}`;
      const line = [[x + 19, y + (back ? 6 : 0)], [x + 141, y + (back ? 6 : 0)]];
      edges.push({ id: key, key, direction: back ? "backward" : "forward", tensor: key,
        from: null, to: null, shape: [], shape_text: "()", row: null,
        points: back ? line.reverse() : line, label: label(x + 51, y + (back ? 12 : -22)),
        box: null, description: key });
      inputs[key] = column + row / 100 + (back ? 0.001 : 0);
    }
  }
  batch(() => {
    store.graph.value = { level: "op", loss: null, form: null, width: columns * 160,
      height: rows * 100, nodes, edges, groups: [], equations: [], formulas: {}, glyphs: {} };
    store.trace.value = { ...store.trace.value, id: "lattice", inputs, outputs: {}, events: [],
      strides: { phase: [], layer: [] } };
    store.cursor.value = { seq: 0, element: 0 };
    store.moved.value = false;
    store.selection.value = null;
  });
}"""
)
# Nodes of the lattice whose circle meets the window, from the transform on the wrapper.
NODES_IN_VIEW = """([columns, rows]) => {
  const { a: k, e, f } = new DOMMatrix(document.querySelector("#figure .stage").style.transform);
  const { clientWidth: width, clientHeight: height } = document.getElementById("figure");
  const found = [];
  for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) {
    const [x, y] = [(60 + column * 160) * k + e, (60 + row * 100) * k + f];
    if (x > -19 * k && x < width + 19 * k && y > -19 * k && y < height + 19 * k)
      found.push(`n${column}.${row}`);
  }
  return found;
}"""
MOUNTED_NODES = """() =>
  [...document.querySelectorAll("#figure .node")].map((node) => node.dataset.node)"""
ELEMENTS = "document.querySelectorAll('#figure *').length"
PAINTER = "document.getElementById('figure').dataset.painter"
SCALE = "Number(document.getElementById('figure').dataset.scale)"
SELECTED = "async () => {" + STORE + "return store.selection.value; }"


class Lattice:
    """The page with a figure too rich to be mounted as a whole."""

    def __init__(self, explorer: Any) -> None:
        self.page = explorer.open().page
        self.until = explorer.until
        # The server does not know the lattice, and is asked about what is chosen.
        explorer.expect("404")
        self.page.evaluate(PUT_LATTICE, [COLUMNS, ROWS])
        box = self.page.locator("#figure").bounding_box()
        self.middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        self.page.mouse.move(*self.middle)

    def zoom_to(self, scale: float) -> None:
        """Zoom by the wheel about the middle of the window, and let the gesture end."""
        self.page.keyboard.down("Control")
        for _ in range(60):
            now = self.page.evaluate(SCALE)
            if abs(now / scale - 1) < 0.05:
                break
            step = 90 if now > scale else -90
            self.page.mouse.wheel(0, step if abs(now / scale - 1) > 0.35 else step / 9)
            self.page.wait_for_timeout(20)
        self.page.keyboard.up("Control")
        self.rest()

    def pan(self, x: float, y: float) -> None:
        for _ in range(5):
            self.page.mouse.wheel(x / 5, y / 5)
        self.rest()

    def rest(self) -> None:
        self.until("document.querySelector('#figure .stage').style.willChange === ''")
        self.page.wait_for_timeout(60)

    def mounted(self) -> set[str]:
        return set(self.page.evaluate(MOUNTED_NODES))

    def in_view(self) -> set[str]:
        return set(self.page.evaluate(NODES_IN_VIEW, [COLUMNS, ROWS]))


@pytest.fixture(scope="session")
def server(modules: str) -> str:
    """The page of modules: these tests put graphs into its store."""
    return modules


@pytest.fixture
def lattice(explorer: Any) -> Lattice:
    return Lattice(explorer)


def test_what_is_in_view_is_mounted_and_what_is_far_from_it_is_not(lattice: Lattice) -> None:
    seen = lattice.in_view()
    assert seen
    assert seen <= lattice.mounted()
    assert len(lattice.mounted()) < COLUMNS * ROWS / 2
    lattice.pan(3000, 1200)
    then = lattice.in_view()
    assert not then & seen
    assert then <= lattice.mounted()
    assert not lattice.mounted() & seen


def test_the_numbers_of_parts_that_come_into_view_are_theirs(lattice: Lattice) -> None:
    lattice.pan(3000, 1200)
    shown = lattice.page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll("#figure .label")].map((label) =>
          [label.dataset.key, label.querySelector("[data-full]")?.dataset.full]))"""
    )
    assert len(shown) > 20
    for key, digits in shown.items():
        column, row = key.removeprefix("e").removesuffix(".grad").split(".")
        gradient = 0.001 if key.endswith(".grad") else 0
        assert float(digits) == int(column) + int(row) / 100 + gradient


def test_a_figure_never_has_more_than_three_thousand_elements(lattice: Lattice) -> None:
    counted = []
    for scale in (0.1, 0.3, 0.45, 0.6, 0.9, 1.4, 4.0, 12.0):
        lattice.zoom_to(scale)
        counted.append(lattice.page.evaluate(ELEMENTS))
        lattice.pan(700, 300)
        counted.append(lattice.page.evaluate(ELEMENTS))
    assert max(counted) <= MOST_ELEMENTS
    assert max(counted) > MOST_ELEMENTS / 2


def test_a_figure_that_is_small_is_mounted_as_a_whole_at_every_scale(explorer: Any) -> None:
    explorer.open("?preset=fig-5-29&at=36")
    page = explorer.page
    everything = page.evaluate(ELEMENTS)
    for _ in range(5):
        page.click("#zoom-out")
    assert page.evaluate(PAINTER) == "far"
    assert page.evaluate(ELEMENTS) == everything
    assert explorer.figure()["loss"]


def test_below_the_legible_size_a_canvas_shows_the_figure_and_above_it_the_svg(
    lattice: Lattice,
) -> None:
    page = lattice.page
    assert page.evaluate(PAINTER) == "near"
    assert not page.locator(".far").is_visible()
    lattice.zoom_to(0.2)
    assert page.evaluate(PAINTER) == "far"
    assert page.locator(".far").is_visible()
    inked = page.evaluate(
        """() => {
          const canvas = document.querySelector("#figure .far");
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          let ink = 0, red = 0;
          for (let i = 0; i < data.length; i += 4) {
            if (data[i + 3] < 128) continue;
            ink++;
            if (data[i] > data[i + 1] + 60) red++;
          }
          return [ink, red];
        }"""
    )
    assert inked[0] > 5000
    assert inked[1] > 1000
    lattice.zoom_to(1.2)
    assert page.evaluate(PAINTER) == "near"
    assert lattice.in_view() <= lattice.mounted()


def test_a_click_on_the_canvas_selects_what_is_drawn_there(lattice: Lattice) -> None:
    page = lattice.page
    lattice.zoom_to(0.25)
    assert page.evaluate(PAINTER) == "far"
    box = page.locator("#figure").bounding_box()
    for key, x, y in (("e20.14", 60 + 20 * 160 + 80, 1460 - 14), ("e20.15.grad", 3340, 1560 + 20)):
        at = page.evaluate(
            """([x, y]) => {
              const { a, e, f } =
                new DOMMatrix(document.querySelector("#figure .stage").style.transform);
              return [x * a + e, y * a + f];
            }""",
            [x, y],
        )
        page.mouse.click(box["x"] + at[0], box["y"] + at[1])
        assert page.evaluate(SELECTED) == {"key": key, "index": 0}


def test_a_click_on_the_canvas_asks_about_the_op_that_is_drawn_there(explorer: Any) -> None:
    page = explorer.open("?preset=two-layer&at=18").page
    page.set_viewport_size({"width": 640, "height": 480})
    page.click("#fit")
    explorer.until(f"{PAINTER} === 'far'")
    for op, title in (("affine2.dot", "dot"), ("affine1.add", "+")):
        circle = page.locator(f'#figure [data-node="{op}"] circle').bounding_box()
        page.mouse.click(circle["x"] + circle["width"] / 2, circle["y"] + circle["height"] / 2)
        page.wait_for_selector(".doings")
        assert page.inner_text("#chosen-title").startswith(title)


@pytest.mark.parametrize("beneath", [False, True], ids=["inside", "beneath"])
def test_every_box_of_figure_5_28_has_its_name_on_the_canvas(explorer: Any, beneath: bool) -> None:
    # On a phone no box has room for a name.
    width, height = (390, 844) if beneath else (1000, 560)
    explorer.page.set_viewport_size({"width": width, "height": height})
    page = explorer.open("?preset=fig-5-28&at=0").page
    page.click("#fit")
    explorer.until(f"{PAINTER} === 'far'")
    named = """() => {
      const canvas = document.querySelector("#figure .far");
      const frame = canvas.getBoundingClientRect();
      const k = canvas.width / frame.width;
      const copy = new OffscreenCanvas(canvas.width, canvas.height);
      const context = copy.getContext("2d", { willReadFrequently: true });
      context.drawImage(canvas, 0, 0);
      return [...document.querySelectorAll("#figure .node.layer > rect")].map((rect) => {
        const box = rect.getBoundingClientRect();
        const top = %s;
        const [x, y] = [(box.left - frame.left + 3) * k, (top - frame.top + 3) * k];
        const [w, h] = [(box.width - 6) * k, (box.height - 6) * k];
        const { data } = context.getImageData(x, y, w, h);
        const pixels = new Uint32Array(data.buffer);
        return pixels.some((pixel) => pixel !== pixels[0]);
      });
    }""" % ("box.bottom" if beneath else "box.top")
    explorer.until(f"({named})().every(Boolean)")
    assert len(page.evaluate(named)) == 7


def test_what_is_chosen_stays_mounted_for_a_screen_reader(lattice: Lattice) -> None:
    page = lattice.page
    page.focus("#figure")
    page.keyboard.press("ArrowRight")
    chosen = page.get_attribute("#figure", "aria-activedescendant")
    assert chosen
    named = "id => Boolean(document.getElementById(id)?.getAttribute('aria-label'))"
    lattice.pan(3000, 1500)
    assert page.evaluate(named, chosen)
    lattice.zoom_to(0.1)
    assert page.evaluate(PAINTER) == "far"
    assert page.evaluate(named, chosen)


def test_the_hint_for_the_compositor_stands_only_while_a_gesture_lasts(lattice: Lattice) -> None:
    page = lattice.page
    hint = "document.querySelector('#figure .stage').style.willChange"
    assert page.evaluate(hint) == ""
    page.mouse.wheel(60, 0)
    lattice.until(f"{hint} === 'transform'")
    lattice.until(f"{hint} === ''")


def test_on_paper_all_of_the_figure_is_there_and_nothing_is_dimmed(lattice: Lattice) -> None:
    page = lattice.page
    lattice.zoom_to(0.2)
    page.emulate_media(media="print")
    lattice.until(f"document.querySelectorAll('#figure .node').length === {COLUMNS * ROWS}")
    assert page.evaluate(PAINTER) == "near"
    opacity = "getComputedStyle(document.querySelector('#figure .stage')).opacity"
    assert page.evaluate(opacity) == "1"
    page.emulate_media(media="screen")
    lattice.until(f"{PAINTER} === 'far'")
    lattice.until(f"{ELEMENTS} <= {MOST_ELEMENTS}")


def test_only_the_numbers_that_change_are_written(explorer: Any) -> None:
    page = explorer.open("?preset=fig-5-25&at=0").page
    page.evaluate(
        """() => {
          window.written = [];
          new MutationObserver((records) => {
            for (const { target, type } of records) {
              const cell = (target.closest ? target : target.parentElement).closest("[data-cell]");
              if (type === "attributes" && !cell) continue;
              written.push(cell?.closest("[data-key]").dataset.key);
            }
          }).observe(document.querySelector("#figure .stage"),
            { subtree: true, characterData: true, childList: true,
              attributes: true, attributeFilter: ["data-full", "textLength", "x", "d"] });
        }"""
    )
    explorer.next()
    assert set(page.evaluate("written")) == {"affine1.dot"}
    page.evaluate("written.length = 0")
    explorer.next()
    assert set(page.evaluate("written")) == {"affine1.output"}
    page.evaluate("written.length = 0")
    explorer.press(",")
    assert set(page.evaluate("written")) == {"affine1.output"}


def test_many_changes_within_a_frame_are_painted_together(lattice: Lattice) -> None:
    written = lattice.page.evaluate(
        "async () => {"
        + STORE
        + """
        const text = document.querySelector('[data-key="e3.14"] [data-cell] text').firstChild;
        let count = 0;
        const watch = new MutationObserver((records) => (count += records.length));
        watch.observe(text, { characterData: true });
        const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
        await frame();
        await frame();
        for (let i = 1; i <= 50; i++) {
          const inputs = { ...store.trace.value.inputs, "e3.14": i };
          store.trace.value = { ...store.trace.value, inputs };
        }
        await frame();
        await frame();
        return [count, text.data];
      }"""
    )
    assert written[1] == "50"
    assert written[0] <= 2


def test_the_scale_of_a_heat_map_stays_while_its_cells_are_revealed(explorer: Any) -> None:
    page = explorer.open("?preset=fig-5-28&at=0").page
    look = (
        "async (element) => {"
        + STORE
        + """
        const { events } = store.trace.value;
        const seq = events.findIndex(({ writes }) => writes.includes("affine1.output"));
        store.stride.value = "element";
        store.moved.value = true;
        store.cursor.value = { seq, element };
        await new Promise((resolve) => setTimeout(resolve, 100));
        const label = document.querySelector('[data-key="affine1.output"]');
        const image = new Image();
        image.src = label.querySelector("image").getAttribute("href");
        await image.decode();
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [image.width, image.height];
        const context = canvas.getContext("2d", { willReadFrequently: true });
        context.drawImage(image, 0, 0);
        const pixel = (x) => [...context.getImageData(x, 0, 1, 1).data];
        return {
          first: [0, 1, 2].map(pixel), later: pixel(20),
          legend: [...label.querySelectorAll(".legend text")].map((text) => text.textContent),
        };
      }"""
    )
    early, late = page.evaluate(look, 3), page.evaluate(look, 49)
    assert early["first"] == late["first"]
    assert early["later"][3] == 0
    assert late["later"][3] == 255
    # Its ends are those of the numbers known so far.
    assert len(early["legend"]) == len(late["legend"]) == 2
    assert early["legend"] != late["legend"]


def test_a_flight_ends_at_its_place_and_a_listener_hears_of_the_way(
    run_module: Callable[[str, str], Any],
) -> None:
    heard = run_module(
        "figure/zoom.js",
        """await (async () => {
          const host = document.createElement("div");
          host.style.cssText = "position:fixed;left:0;top:0;width:800px;height:600px";
          const stage = document.createElement("div");
          host.append(stage);
          document.body.append(host);
          const viewport = m.makeViewport(host, stage);
          const scales = [];
          viewport.resize(4000, 3000);
          viewport.onChange(({ k }) => scales.push(k));
          await viewport.moveTo({ x: -5000, y: -4000, k: 3 }, 150);
          host.remove();
          const { x, y, k } = viewport.place();
          return { end: [x, y, k], scales, largest: stage.style.transform };
        })()""",
    )
    assert heard["end"] == pytest.approx([-5000, -4000, 3])
    assert len(heard["scales"]) > 2
    assert heard["scales"] == sorted(heard["scales"])
    assert heard["largest"] == "translate(-5000px, -4000px) scale(3)"


def test_a_label_of_the_figure_comes_before_the_same_inside_a_box(explorer: Any) -> None:
    page = explorer.open("?preset=fig-5-25&at=7").page
    found = page.evaluate(
        "async () => {"
        + STORE
        + """
        const { paintFigure } = await import("/static/js/figure/painter.js");
        const graph = store.graph.value;
        const figure = paintFigure(graph);
        const group = document.createElementNS("http://www.w3.org/2000/svg", "g");
        figure.element.append(group);
        const inside = figure.addInside(graph, group);
        inside.mountAll();
        const label = figure.labels.get("x");
        return [
          group.querySelectorAll('[data-key="x"]').length, group.contains(label.group),
          label.group.id, group.querySelectorAll("[id]").length,
        ];
      }"""
    )
    assert found == [1, False, "edge-x", 0]
