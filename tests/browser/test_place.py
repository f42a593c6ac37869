"""Where the figure stands: all of it on Fit, the op in play in sight, on every window."""

from typing import Any

import pytest

from app.sessions.presets import PRESETS

WINDOWS = {"notebook": (1280, 720), "phone": (390, 844)}
INSIDE = """
const frame = () => document.getElementById("figure").getBoundingClientRect();
const inside = (element, by = 1) => {
  const [box, window] = [element.getBoundingClientRect(), frame()];
  return box.left >= window.left - by && box.right <= window.right + by
    && box.top >= window.top - by && box.bottom <= window.bottom + by;
};
"""
# Step to the end, and note the steps of which no op, or nothing made, can be seen whole.
LOST = f"""() => {{
  {INSIDE}
  const lost = [];
  const slider = document.getElementById("slider");
  for (let seq = -1; seq !== slider.valueAsNumber; document.getElementById("next").click()) {{
    seq = slider.valueAsNumber;
    if (seq === 0) continue;
    const ops = [...document.querySelectorAll("#figure .node.lit")];
    if (!ops.some((op) => inside(op.querySelector("circle, rect")))) lost.push(seq);
  }}
  return lost;
}}"""
# The new numbers that the map stands over, step by step, and the steps at which it is to be seen.
UNDER = """() => {
  const box = (element) => element.getBoundingClientRect();
  const [under, seen] = [[], []];
  const slider = document.getElementById("slider");
  for (let seq = -1; seq !== slider.valueAsNumber; document.getElementById("next").click()) {
    seq = slider.valueAsNumber;
    const map = document.querySelector(".overview-map");
    if (!map.checkVisibility({ visibilityProperty: true })) continue;
    seen.push(seq);
    const { left, right, top, bottom } = box(map);
    for (const label of document.querySelectorAll("#figure .label.made")) {
      const [one, { width, height }] = [box(label), box(label)];
      const meets = one.right > left && one.left < right && one.bottom > top && one.top < bottom;
      if (meets && width && height) under.push([seq, label.dataset.key]);
    }
  }
  return [under, seen.length];
}"""
IN_PLAY = f"""() => {{
  {INSIDE}
  const ops = [...document.querySelectorAll("#figure .node.lit :is(circle, rect)")];
  return ops.some((op) => inside(op));
}}"""
WHOLE = f"""() => {{
  {INSIDE}
  return inside(document.querySelector("svg.figure"));
}}"""


# Widths of selects as parts of those that show all of what is chosen.
NARROWED = """all => all.map((one) => {
  const whole = one.cloneNode(true);
  whole.value = one.value;
  whole.style.cssText = "position: absolute; max-width: none; width: max-content";
  one.after(whole);
  const part = one.offsetWidth / whole.offsetWidth;
  whole.remove();
  return part;
})"""
# Of the toolbar, with either word on the button that fits.
HEIGHTS = """async () => {
  const [toolbar, fit] = ["toolbar", "fit"].map((id) => document.getElementById(id));
  const heights = [];
  for (let word = 0; word < 2; word++) {
    heights.push(toolbar.getBoundingClientRect().height);
    fit.click();
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  }
  return heights;
}"""
SCALE = "Number(document.getElementById('figure').dataset.scale)"
SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const shift of list.getEntries()) if (!shift.hadRecentInput) window.shifted += shift.value;
}).observe({ type: "layout-shift", buffered: true });
"""


def fit_to(explorer: Any, window: tuple[int, int], search: str) -> None:
    width, height = window
    explorer.page.set_viewport_size({"width": width, "height": height})
    explorer.open(search)


@pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
def test_every_op_in_play_is_in_sight_and_fit_shows_the_whole_figure(
    explorer: Any, window: tuple[int, int]
) -> None:
    lost, whole = {}, {}
    for name in PRESETS:
        fit_to(explorer, window, f"?preset={name}&at=0")
        lost[name] = explorer.page.evaluate(LOST)
        if explorer.page.inner_text("#fit") == "Fit":
            explorer.press("0")
        whole[name] = explorer.page.evaluate(WHOLE)
    assert {name: seqs for name, seqs in lost.items() if seqs} == {}
    assert all(whole.values()), whole


@pytest.mark.parametrize("search", ["fig-5-28&at=20", "fig-5-29&at=20", "two-layer&at=12"])
def test_a_link_opens_on_a_phone_at_the_op_in_play(explorer: Any, search: str) -> None:
    fit_to(explorer, WINDOWS["phone"], f"?preset={search}")
    assert explorer.page.evaluate(IN_PLAY)
    # Another window, the same op.
    explorer.page.set_viewport_size({"width": 844, "height": 390})
    explorer.until(IN_PLAY)


@pytest.mark.parametrize("window", [(1440, 900), (1280, 720)])
def test_the_digit_and_softmax_are_in_sight_at_once(explorer: Any, window: tuple[int, int]) -> None:
    fit_to(explorer, window, "?preset=fig-5-28")
    assert explorer.page.evaluate(WHOLE)


def test_fit_shows_all_and_then_what_can_be_read(explorer: Any) -> None:
    fit_to(explorer, WINDOWS["notebook"], "?preset=two-layer&at=12")
    page = explorer.page
    assert page.inner_text("#fit") == "Fit"
    page.click("#fit")
    assert page.evaluate(WHOLE)
    assert page.evaluate(SCALE) < 0.5
    assert page.inner_text("#fit") == "Read"
    page.click("#fit")
    assert page.evaluate(SCALE) == 0.85
    assert page.evaluate(IN_PLAY)
    assert page.inner_text("#fit") == "Fit"


@pytest.mark.parametrize("search", ["", "?preset=two-layer&at=12"])
def test_enlarging_without_end_ends_at_the_op_in_play(explorer: Any, search: str) -> None:
    fit_to(explorer, WINDOWS["notebook"], search)
    explorer.press(*["+"] * 12)
    assert explorer.page.evaluate(SCALE) > 10
    assert explorer.page.evaluate("""() => {
      const window = document.getElementById("figure").getBoundingClientRect();
      return [...document.querySelectorAll("#figure .node :is(circle, rect)")].some((op) => {
        const box = op.getBoundingClientRect();
        return box.left < window.right && box.right > window.left
          && box.top < window.bottom && box.bottom > window.top;
      });
    }""")


@pytest.mark.parametrize("window", [(640, 360), (720, 450), (844, 390), (1280, 720)])
def test_a_low_window_leaves_the_figure_its_half(explorer: Any, window: tuple[int, int]) -> None:
    fit_to(explorer, window, "?preset=fig-5-28")
    height, page_height, page_width = explorer.page.evaluate(
        "[document.getElementById('figure').clientHeight,"
        " document.documentElement.scrollHeight, document.documentElement.scrollWidth]"
    )
    assert height >= 0.45 * window[1]
    assert (page_width, page_height) == window


@pytest.mark.parametrize("window", [(360, 560), (195, 422)])
def test_a_low_upright_window_hides_no_control_behind_the_figure(
    explorer: Any, window: tuple[int, int]
) -> None:
    fit_to(explorer, window, "?preset=fig-5-29&at=20&panels=explain")
    toolbar, figure = (
        explorer.page.locator(f"#{id}").bounding_box() for id in ("toolbar", "figure")
    )
    assert toolbar["y"] + toolbar["height"] <= figure["y"] + 1
    # Three lines of choices have the figure left a good part of it.
    assert figure["height"] >= 0.37 * window[1]
    controls = explorer.page.locator("#toolbar :is(select, button)").evaluate_all(
        "all => all.map((one) => one.getBoundingClientRect().bottom)"
    )
    assert max(controls) <= figure["y"]
    narrowed = explorer.page.locator("#toolbar select").evaluate_all(NARROWED)
    assert min(narrowed) > 0.95


@pytest.mark.parametrize("language", ["en", "ko", "ja"])
def test_an_upright_phone_has_one_row_of_controls_and_a_figure_of_its_share(
    explorer: Any, language: str
) -> None:
    fit_to(explorer, WINDOWS["phone"], f"?preset=two-layer&at=6&lang={language}")
    page = explorer.page
    assert page.locator("#toolbar").bounding_box()["height"] <= 40
    assert page.locator("#figure").bounding_box()["height"] >= 0.44 * 844
    # Nothing written in the bars is cut off.
    cut = "all => all.filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.id)"
    assert page.locator("#header button, #toolbar button").evaluate_all(cut) == []
    narrowed = page.locator("#toolbar select").evaluate_all(NARROWED)
    assert narrowed
    assert min(narrowed) > 0.95
    name = page.locator("#choose .figure-name")
    assert name.evaluate("(one) => one.scrollHeight <= one.clientHeight")


@pytest.mark.own_tab
def test_nothing_moves_on_a_phone_while_the_page_comes(explorer: Any) -> None:
    explorer.page.add_init_script(SHIFTS)
    fit_to(explorer, WINDOWS["phone"], "?preset=fig-5-28")
    explorer.page.wait_for_timeout(300)
    assert explorer.page.evaluate("shifted") < 0.05


def test_a_map_shows_where_the_window_is_and_moves_it(explorer: Any) -> None:
    fit_to(explorer, WINDOWS["phone"], "?preset=two-layer&at=1")
    page = explorer.page
    more = "document.getElementById('figure').dataset.more.split(' ')"
    assert "right" in page.evaluate(more)
    box = page.locator(".overview-map").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] - 4, box["y"] + box["height"] / 2)
    assert "right" not in page.evaluate(more)
    pane = page.locator(".overview-window").bounding_box()
    page.mouse.move(pane["x"] + pane["width"] / 2, pane["y"] + pane["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 4, box["y"] + 4)
    page.mouse.up()
    assert "left" not in page.evaluate(more)
    # What is in play is never behind it.
    explorer.press("End")
    covered = """() => {
      const map = document.querySelector(".overview-map").getBoundingClientRect();
      const op = document.querySelector("#figure .node.lit circle").getBoundingClientRect();
      return op.right > map.left && op.bottom > map.top;
    }"""
    assert not page.evaluate(covered)
    page.click("#overview-fold")
    assert page.locator(".overview-map").count() == 0
    assert page.get_attribute("#overview-fold", "aria-expanded") == "false"
    page.reload()
    page.wait_for_selector("body[data-ready]")
    assert page.locator(".overview-map").count() == 0
    page.click("#fit")
    assert page.locator("#overview").is_hidden()
    assert page.get_attribute("#figure", "data-more") == ""


@pytest.mark.parametrize("window", [(640, 360), (390, 844), (195, 422)])
@pytest.mark.parametrize("preset", ["fig-5-26", "fig-5-28", "fig-5-29", "fig-5-30", "two-layer"])
def test_the_map_stands_over_no_new_number(
    explorer: Any, preset: str, window: tuple[int, int]
) -> None:
    fit_to(explorer, window, f"?preset={preset}&at=0&stride=op")
    under, seen = explorer.page.evaluate(UNDER)
    assert under == []
    # It gives way where a number has no other room, not for good.
    assert seen >= 2


def test_strokes_grow_no_thicker_and_names_of_boxes_stay_readable(explorer: Any) -> None:
    fit_to(explorer, WINDOWS["notebook"], "?preset=fig-5-28&at=3")
    on_screen = f"""(selector, name) => {SCALE} * parseFloat(
      getComputedStyle(document.querySelector(selector))[name]
    )"""
    name = f"({on_screen})('#figure [data-node=\"affine1\"] text', 'fontSize')"
    frame = f"({on_screen})('#figure .node.lit rect', 'strokeWidth')"
    assert explorer.page.evaluate(name) > 8.5
    explorer.press(*["+"] * 12)
    assert explorer.page.evaluate(frame) < 4.5


@pytest.mark.parametrize("window", [(640, 360), (1280, 400), (720, 450), (390, 844), (1280, 720)])
def test_a_product_of_figure_5_26_fills_its_card(explorer: Any, window: tuple[int, int]) -> None:
    fit_to(explorer, window, "?preset=fig-5-26&at=7")
    # Of a picture that is less high than wide, blanks at the sides would be the card's.
    card, picture, drawn = explorer.page.locator(".product.lit").evaluate(
        """(card) => {
          const picture = card.querySelector("svg");
          const { width } = picture.viewBox.baseVal;
          return [card.clientWidth, picture.clientWidth, width * picture.getScreenCTM().a];
        }"""
    )
    assert picture == pytest.approx(drawn, abs=2)
    assert card <= drawn + 60


def test_the_product_of_figure_5_26_can_be_read_in_a_low_window(explorer: Any) -> None:
    fit_to(explorer, (640, 360), "?preset=fig-5-26&at=7")
    sizes = explorer.page.locator(".product.lit .equation-picture text").evaluate_all(
        "all => all.map((one) => parseFloat(getComputedStyle(one).fontSize) * one.getCTM().a)"
    )
    assert sizes
    assert min(sizes) >= 12


@pytest.mark.parametrize("language", ["en", "ko", "ja"])
@pytest.mark.parametrize("search", ["fig-5-29&at=20", "two-layer&level=element&loss=opened"])
def test_the_choices_and_the_zoom_have_one_line_at_every_width(
    explorer: Any, search: str, language: str
) -> None:
    page = explorer.page
    fit_to(explorer, (700, 720), f"?preset={search}&lang={language}")
    wrapped = []
    # Also on either side of where the page is laid out in another way.
    for width in (*range(700, 1480, 60), 1000, 1001, 1010, 1279, 1281):
        page.set_viewport_size({"width": width, "height": 720})
        heights = page.evaluate(HEIGHTS)
        wrapped += [width] if max(heights) > 40 else []
    assert wrapped == []
    # Their names are said where there is no room to write them.
    for width in (700, 1010):
        page.set_viewport_size({"width": width, "height": 720})
        names = page.locator("#toolbar select").evaluate_all(
            "all => all.map((one) => one.labels[0].textContent.trim().length)"
        )
        assert len(names) == 3
        assert min(names) > 1


def test_four_choices_and_the_zoom_have_one_line_beside_the_panel(explorer: Any) -> None:
    fit_to(explorer, (1180, 700), "?preset=fig-5-29&at=20&lang=en")
    assert explorer.page.locator("#toolbar").bounding_box()["height"] <= 40
    narrowed = explorer.page.locator("#toolbar select").evaluate_all(NARROWED)
    assert len(narrowed) == 3
    assert min(narrowed) > 0.95
