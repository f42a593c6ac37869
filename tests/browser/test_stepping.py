"""The timeline: the page moves one cursor, and shows at each place what the API shows there."""

import math
from typing import Any

import pytest

from app.drawing.svg.palette import PALETTES, channels

PRESETS = (
    "fig-5-24", "fig-5-25", "fig-5-26", "fig-5-27", "fig-5-28", "fig-5-29", "fig-5-30", "two-layer",
)  # fmt: skip
STRIDES = ("phase", "layer", "op", "element")


def cells_of(value: Any) -> list[float]:
    """Nested lists as one row-major list."""
    if isinstance(value, list):
        return [cell for part in value for cell in cells_of(part)]
    return [float(value)]


def same(shown: str, number: float) -> bool:
    value = float(shown)
    return value == number and math.copysign(1, value) == math.copysign(1, number)


def assert_shows(shown: Any, known: dict[str, Any]) -> None:
    """The figure has every known number in full, and nothing where none is known."""
    ranges = shown["ranges"]
    for key, cells_shown in shown["figure"].items():
        if key not in known:
            assert cells_shown == {}, f"{key} is shown before it is computed"
            assert key not in ranges, f"{key} is shown before it is computed"
        elif isinstance(known[key], dict):
            assert ranges[key] == [known[key]["min"], known[key]["max"]], key
        elif key in ranges:
            cells = cells_of(known[key])
            assert ranges[key] == [min(cells), max(cells)], key
        else:
            cells = cells_of(known[key])
            assert all(same(digits, cells[place]) for place, digits in cells_shown.items()), key
            is_fan = len(cells_shown) < len(cells)
            few = len(cells_shown) in (0, 6)
            assert not is_fan or few, f"{key} shows {len(cells_shown)} of {len(cells)}"


@pytest.mark.parametrize("preset", PRESETS)
def test_the_page_equals_the_api_at_every_cursor(explorer: Any, preset: str) -> None:
    explorer.open(f"?preset={preset}&at=0&stride=op")
    known = dict(explorer.get("/trace")["inputs"])
    assert_shows({"figure": explorer.figure(), "ranges": explorer.ranges()}, known)
    history = [dict(known)]
    places = []
    while (answer := explorer.step("next", "op"))["events"]:
        known |= answer["values"]
        history.append(dict(known))
        places.append(answer["cursor"]["seq"])
    assert len(history) == len(explorer.get("/trace")["events"]) + 1

    forward = explorer.walk("next", len(places))
    assert [step["seq"] for step in forward] == places
    for step, then in zip(forward, history[1:], strict=True):
        assert_shows(step, then)
    assert explorer.page.is_disabled("#next")

    back = explorer.walk("back", len(places))
    assert [step["seq"] for step in back] == [*reversed(places[:-1]), 0]
    for step, then in zip(back, reversed(history[:-1]), strict=True):
        assert_shows(step, then)
    assert explorer.page.is_disabled("#back")


@pytest.mark.parametrize("stride", STRIDES)
def test_every_stride_stops_where_the_api_stops_and_comes_back(explorer: Any, stride: str) -> None:
    explorer.open("?preset=two-layer&at=0")
    explorer.stride(stride)
    places = []
    for _ in range(60):
        cursor = explorer.step("next", stride)["cursor"]
        places.append((cursor["seq"], cursor["element"]))
        if cursor["at_end"]:
            break

    forward = explorer.walk("next", len(places))
    assert [place_in(step["at"]) for step in forward] == places
    back = explorer.walk("back", len(places))
    assert [place_in(step["at"]) for step in back] == [*reversed(places[:-1]), (0, 0)]


def place_in(at: str) -> tuple[int, int]:
    """A cursor as it stands in the address."""
    seq, _, element = at.partition(".")
    return int(seq), int(element or 0)


def test_a_stride_of_one_number_fills_the_cells_row_by_row(explorer: Any) -> None:
    explorer.open("?preset=fig-5-27&at=0")
    explorer.stride("element")
    for count in range(1, 10):
        explorer.next()
        assert sorted(explorer.figure()["affine1.dot"]) == list(range(count))
    assert explorer.numbers("affine1.dot") == [0, 0, 0, 10, 10, 10, 20, 20, 20]


def test_keys_buttons_and_slider_move_the_same_cursor(explorer: Any) -> None:
    explorer.open()
    explorer.press("End")
    assert explorer.slider() == 7
    explorer.press("Home")
    assert explorer.slider() == 0
    explorer.press(".", ".")
    assert explorer.slider() == 2
    explorer.press(",")
    assert explorer.slider() == 1
    explorer.page.fill("#slider", "5")
    assert explorer.numbers("affine1.b.grad") == [1, 2, 3]
    explorer.page.click("#back")
    assert explorer.slider() == 4


def test_moving_the_cursor_asks_the_server_nothing(explorer: Any) -> None:
    explorer.open("?at=0")
    # The first stir has brought lists and limits.
    explorer.page.wait_for_load_state("networkidle")
    asked: list[str] = []
    explorer.page.on("request", lambda request: asked.append(request.url))
    for _ in range(7):
        explorer.page.click("#next")
    explorer.press("Home", "End")
    explorer.page.wait_for_timeout(200)
    assert asked == []


@pytest.mark.own_context
def test_play_goes_on_by_itself_and_stops_at_the_end(explorer: Any) -> None:
    explorer.page.clock.install()
    explorer.open()
    explorer.press(" ")
    assert explorer.page.get_attribute("#play", "aria-pressed") == "true"
    for _ in range(6):
        explorer.page.clock.run_for(1500)
    assert explorer.slider() == 7
    assert explorer.page.get_attribute("#play", "aria-pressed") == "false"


def test_the_op_in_play_and_its_operands_are_lit_and_all_else_is_dimmed(explorer: Any) -> None:
    explorer.open("?preset=fig-5-25&at=0")
    explorer.next()
    page = explorer.page
    assert page.locator(".node.lit").get_attribute("data-node") == "affine1.dot"
    lit = page.locator(".label.lit").evaluate_all("all => all.map((one) => one.dataset.key)")
    assert sorted(lit) == ["affine1.W", "x"]
    made = page.locator(".label.made").evaluate_all("all => all.map((one) => one.dataset.key)")
    assert made == ["affine1.dot"]
    ink = "one => getComputedStyle(one.querySelector('.cell text')).fill"
    light = PALETTES["light"]
    for key, colour in (("affine1.b", light.dim_ink), ("x", light.ink)):
        shown = page.locator(f'.label[data-key="{key}"]').evaluate(ink)
        assert shown == f"rgb{channels(colour)}"


def test_the_worked_numbers_of_figure_5_29_come_out(explorer: Any) -> None:
    explorer.open("?preset=fig-5-29&at=0")
    explorer.press("End")
    gradients = [explorer.numbers(f"loss.a.{row}.grad")[0] for row in (1, 2, 3)]
    assert gradients == pytest.approx([0.3, -0.8, 0.5], rel=1e-12)


def test_the_gradient_of_b_in_figure_5_27_is_5_7_9(explorer: Any) -> None:
    explorer.open("?preset=fig-5-27")
    explorer.press("End")
    assert explorer.numbers("affine1.b.grad") == [5, 7, 9]


def test_figure_5_24_says_that_it_has_no_backward_half(explorer: Any) -> None:
    explorer.open("?preset=fig-5-24")
    assert not [key for key in explorer.figure() if key.endswith(".grad")]
    explorer.press("End")
    assert "no backward pass" in explorer.page.inner_text("#panel")


def test_figure_5_26_grows_from_factors_to_the_joined_sizes_to_the_result(explorer: Any) -> None:
    page = explorer.open("?preset=fig-5-26").page

    def grown() -> list[tuple[int, ...]]:
        """Inner brackets, outer brackets and empty slots of both products."""
        products = [page.locator(".product").nth(k) for k in (0, 1)]
        kinds = (".inner", ".outer", ".slot")
        return [tuple(one.locator(kind).count() for kind in kinds) for one in products]

    # Factors; then the gradient has come through + to dot; then [1]; then [2].
    assert grown() == [(0, 0, 1), (0, 0, 1)]
    explorer.next(3)
    assert grown() == [(1, 0, 1), (1, 0, 1)]
    explorer.next()
    assert grown() == [(1, 1, 0), (1, 0, 1)]
    explorer.next()
    assert grown() == [(1, 1, 0), (1, 2, 0)]
    first = page.locator(".equation-picture").first
    assert first.get_attribute("aria-label").endswith(": (2,) = (3,) (3, 2)")
    # Its products are the figure: in the middle, not at the side.
    assert page.locator("#panel .equation-picture").count() == 0
    middle = page.locator("#product").bounding_box()
    assert middle["height"] > 220
    # The graph that they belong to stands whole beneath them.
    assert page.get_attribute("#figure", "data-more") == ""


def test_the_equation_in_play_stands_with_the_sentence(explorer: Any) -> None:
    page = explorer.open("?preset=fig-5-25").page
    page.set_viewport_size({"width": 1280, "height": 720})
    seen = []
    for _ in range(5):
        explorer.next()
        one = page.locator(".in-play .equation-picture")
        if one.count():
            seen.append(one.get_attribute("aria-label"))
            assert one.bounding_box()["y"] + one.bounding_box()["height"] < 640
    assert [name.partition(": ")[2] for name in seen] == [
        "(2,) = (3,) (3, 2)", "(2, 3) = (2, 1) (1, 3)",
    ]  # fmt: skip


def test_a_cell_that_is_clicked_shows_its_arithmetic(explorer: Any) -> None:
    explorer.open("?preset=fig-5-25&at=7")
    page = explorer.page
    page.click('[data-key="x.grad"] [data-cell="0"]')
    page.wait_for_selector(".terms")
    assert page.locator(".terms li").count() == 3
    assert page.get_attribute(".result output", "data-full") == "22"
    page.locator(".terms .factor").first.hover()
    assert page.locator("#figure .cell.pointed").count() == 1


def test_levels_and_an_opened_loss_show_other_drawings_of_the_same_numbers(explorer: Any) -> None:
    explorer.open("?preset=two-layer")
    explorer.press("End")
    loss = explorer.numbers("loss")
    explorer.page.select_option("#loss-view", "opened")
    explorer.until("location.search.includes('loss=opened')")
    explorer.press("End")
    assert explorer.numbers("loss") == pytest.approx(loss, rel=1e-12)
    explorer.page.select_option("#level", "network")
    explorer.until("location.search.includes('level=network')")
    assert explorer.page.locator(".node.layer").count() == 5


def test_zoom_changes_the_scale_and_moves_no_number(explorer: Any) -> None:
    explorer.open()
    scale = "Number(document.getElementById('figure').dataset.scale)"
    fitted = explorer.page.evaluate(scale)
    before = explorer.figure()
    explorer.press("+", "+")
    assert explorer.page.evaluate(scale) > fitted * 1.5
    assert explorer.figure() == before
    explorer.press("0")
    assert explorer.page.evaluate(scale) == fitted


def test_boxes_are_stepped_layer_by_layer_and_ops_one_by_one(explorer: Any) -> None:
    explorer.open("?preset=fig-5-28")
    assert explorer.page.input_value("#stride") == "layer"
    explorer.page.click("#choose")
    explorer.page.click('[data-preset="fig-5-25"]')
    explorer.until("location.search.includes('preset=fig-5-25')")
    explorer.until("document.getElementById('stride').value === 'op'")


def test_a_computed_zero_says_why_it_is_one(explorer: Any) -> None:
    explorer.open("?preset=two-layer")
    explorer.press("End")
    page = explorer.page
    gradient = explorer.figure()["affine1.output.grad"]
    closed = next(cell for cell, shown in gradient.items() if float(shown) == 0)
    page.click(f'[data-key="affine1.output.grad"] [data-cell="{closed}"]')
    assert "ReLU" in page.inner_text("#why-zero")
    # The figure has moved to what the zero was made of.
    page.locator('[data-key="x"] [data-cell="0"]').dispatch_event("click")
    assert page.locator("#why-zero").count() == 0


def test_a_zero_of_the_opened_loss_names_the_target(explorer: Any) -> None:
    explorer.open("?preset=fig-5-29")
    explorer.press("End")
    explorer.page.click('[data-key="loss.log.1.grad"] [data-cell="0"]')
    assert "target is 0" in explorer.page.inner_text("#why-zero")


def test_the_backward_pass_through_layers_without_parameters_speaks_of_none(explorer: Any) -> None:
    loss = {"type": "softmax_cross_entropy"}
    network = {"input_size": 2, "layers": [{"type": "relu"}], "loss": loss}
    made = explorer.page.request.post(
        f"{explorer.server}/api/v1/sessions", data={"network": network, "x": [[1, 2]], "t": [1]}
    ).json()
    explorer.open(f"?session={made['id']}&stride=phase&lang=en")
    explorer.page.click("#next")
    explorer.press("End")
    assert explorer.sentence() == "The backward pass: \u2202L/\u2202X."
