"""Levels: a layer opens in its place, closes again, and shows its inside when one zooms into it."""

import json
import re
from typing import Any

import pytest

BOXES = """() => {
  const inFrame = (name) => {
    const node = document.querySelector(`.figure > .nodes > [data-node="${name}"] > rect`);
    const frame = document.querySelector(`.figure > .groups > [data-group="${name}"] > rect`);
    const found = (node ?? frame)?.getBoundingClientRect();
    return found ? [found.x, found.y, found.width, found.height] : null;
  };
  return Object.fromEntries(["affine1", "relu1", "affine2"].map((name) => [name, inFrame(name)]));
}"""
pytestmark = pytest.mark.motion
MOVING = "document.getAnimations().filter((a) => a.playState === 'running').length"


def boxes(explorer: Any) -> dict[str, list[float]]:
    explorer.until(f"{MOVING} === 0")
    found: dict[str, list[float]] = explorer.page.evaluate(BOXES)
    return found


def double_click(explorer: Any, selector: str) -> None:
    box = explorer.page.locator(selector).first.bounding_box()
    assert box is not None
    explorer.page.mouse.dblclick(box["x"] + box["width"] / 2, box["y"] + 12)


def zoom(explorer: Any, node: str, times: int, by: int = -120) -> None:
    """Turn the wheel with Ctrl over the middle of a box."""
    selector = f'.figure > .nodes > [data-node="{node}"] > rect'
    box = explorer.page.locator(selector).bounding_box()
    assert box is not None
    explorer.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    explorer.page.keyboard.down("Control")
    for _ in range(times):
        explorer.page.mouse.wheel(0, by)
    explorer.page.keyboard.up("Control")


def test_a_double_click_opens_a_layer_where_it_stands(explorer: Any) -> None:
    explorer.open("?preset=two-layer&level=network&at=0")
    before = boxes(explorer)
    double_click(explorer, '[data-node="relu1"] > rect')
    explorer.until("location.search.includes('open=relu1')")
    after = boxes(explorer)
    box, frame = before["relu1"], after["relu1"]
    assert frame[0] <= box[0] < box[0] + box[2] <= frame[0] + frame[2]
    assert frame[1] < box[1] < box[1] + box[3] < frame[1] + frame[3]
    assert after["affine1"][:2] == pytest.approx(before["affine1"][:2], abs=1.5)
    assert after["affine2"][0] > before["affine2"][0] + 10
    assert after["affine2"][1] == pytest.approx(before["affine2"][1], abs=1.5)
    assert explorer.page.locator('[data-node="relu1.relu"]').count() == 1
    double_click(explorer, '.group[data-group="relu1"] > text')
    explorer.until("!location.search.includes('open=')")
    assert boxes(explorer)["affine2"][0] == pytest.approx(before["affine2"][0], abs=1.5)


def test_one_click_on_its_sign_opens_and_closes_a_box(explorer: Any) -> None:
    explorer.open("?preset=two-layer&level=network&at=0")
    explorer.page.click('[data-node="relu1"] .tag')
    explorer.until("location.search.includes('open=relu1')")
    explorer.page.click('[data-group="relu1"] .tag')
    explorer.until("!location.search.includes('open=')")


def test_numbers_of_an_opened_layer_are_those_of_the_pass(explorer: Any) -> None:
    explorer.open("?preset=two-layer&level=network&open=affine1,affine2")
    explorer.press("End")
    shown = explorer.figure()
    trace = explorer.get("/trace")
    values = {k: v for event in trace["events"] for k, v in event["values"].items()}
    for key in ("affine1.dot", "affine2.dot", "affine1.W.grad", "affine2.b.grad"):
        flat = [c for row in values[key] for c in (row if isinstance(row, list) else [row])]
        assert [float(shown[key][i]) for i in range(len(flat))] == flat


def test_keys_open_and_close_a_layer(explorer: Any) -> None:
    explorer.open("?preset=two-layer&level=network&at=0")
    explorer.page.focus("#figure")
    for _ in range(12):
        edge = explorer.page.get_attribute("#figure", "aria-activedescendant")
        if edge == "edge-affine1.output":
            break
        explorer.press("ArrowRight")
    assert edge == "edge-affine1.output"
    said = explorer.page.get_attribute('[id="edge-affine1.output"]', "aria-label")
    assert "Enter" in said
    explorer.press("Enter")
    explorer.until("location.search.includes('open=relu1')")
    explorer.press("Escape")
    explorer.until("!location.search.includes('open=')")


def test_the_loss_opens_and_closes_in_its_place_among_boxes(explorer: Any) -> None:
    explorer.page.set_viewport_size({"width": 2400, "height": 900})
    explorer.open("?preset=two-layer&level=network")
    explorer.press("End")
    loss = explorer.numbers("loss")
    double_click(explorer, '[data-node="loss:softmax"] > rect')
    explorer.until("location.search.includes('loss=opened')")
    assert explorer.page.locator('.node.op[data-node^="loss."]').count() >= 7
    explorer.press("End")
    assert explorer.numbers("loss") == pytest.approx(loss, rel=1e-12)
    explorer.press("Escape")
    explorer.until("!location.search.includes('loss=opened')")
    assert explorer.page.locator(".node.layer").count() == 5


def test_the_stable_form_subtracts_the_largest_score_and_changes_no_gradient(explorer: Any) -> None:
    explorer.open("?preset=fig-5-29")
    explorer.press("End")
    y = [explorer.numbers(f"loss.multiply.{i}")[0] for i in (1, 2, 3)]
    gradient = explorer.get("/tensors/x.grad")["value"]
    explorer.page.select_option("#form", "stable")
    explorer.until("location.search.includes('form=stable')")
    explorer.press("End")
    assert explorer.page.locator('[data-node^="loss.max"]').count() == 1
    stable = [explorer.numbers(f"loss.multiply.{i}")[0] for i in (1, 2, 3)]
    assert stable == pytest.approx(y, rel=1e-12)
    other = explorer.get("/tensors/x.grad?form=stable")["value"]
    assert other[0] == pytest.approx(gradient[0], rel=1e-9)
    explorer.page.select_option("#form", "book")
    explorer.until("!location.search.includes('form=stable')")
    assert explorer.page.locator('[data-node^="loss.max"]').count() == 0


def test_zooming_in_shows_the_inside_and_moves_nothing(explorer: Any) -> None:
    explorer.open("?preset=fig-5-28")
    explorer.press("End")
    figure = "() => document.querySelector('.figure > .nodes').outerHTML"
    places = re.findall(r'd="[^"]*"| [xy]="[^"]*"', explorer.page.evaluate(figure))
    assert explorer.page.locator(".inside").count() == 0
    zoom(explorer, "affine1", 8)
    explorer.until("document.querySelectorAll('.inside').length > 0")
    assert re.findall(r'd="[^"]*"| [xy]="[^"]*"', explorer.page.evaluate(figure)) == places
    inside = explorer.page.locator('[data-inside="affine1"]')
    assert inside.locator('[data-node="affine1.dot"]').count() == 1
    box = explorer.page.locator('.figure > .nodes > [data-node="affine1"] > rect').bounding_box()
    within = inside.bounding_box()
    assert box["width"] > 480
    assert box["x"] - 1 <= within["x"]
    assert within["x"] + within["width"] <= box["x"] + box["width"] + 1
    assert explorer.page.evaluate("document.querySelectorAll('#figure *').length") < 3000
    zoom(explorer, "affine1", 8, 120)
    explorer.until("document.querySelectorAll('.inside').length === 0")


def test_the_inside_of_the_closed_loss_has_the_numbers_of_the_opened_one(explorer: Any) -> None:
    explorer.open("?preset=fig-5-30")
    explorer.press("End")
    zoom(explorer, "loss:softmax", 5)
    explorer.until("document.querySelectorAll('[data-inside=\"loss.softmax\"]').length === 1")
    explorer.until("document.querySelector('[data-key=\"loss.sum\"] [data-full]') !== null")
    shown = explorer.figure()
    trace = explorer.get("/trace?loss=opened")
    values = {k: v for event in trace["events"] for k, v in event["values"].items()}
    assert float(shown["loss.sum"][0]) == values["loss.sum"]
    assert float(shown["loss.sum.grad"][0]) == values["loss.sum.grad"]
    explorer.press("Home")
    assert explorer.figure()["loss.sum"] == {}


def test_an_explanation_belongs_to_the_view_on_the_page(explorer: Any) -> None:
    explorer.open("?preset=two-layer&level=element&sample=2")
    explorer.press("End")
    explorer.page.click('[data-key="affine1.output"] [data-cell="1"]')
    wanted = explorer.get("/explain?tensor=affine1.output&index=0,1&level=element&sample=2")
    explorer.until("document.querySelector('.result output') !== null")
    shown = explorer.page.get_attribute(".result output", "data-full")
    assert json.loads(shown) == wanted["value"]


def test_a_link_brings_the_opened_layers_along(explorer: Any) -> None:
    explorer.open("?preset=two-layer&level=layer&open=affine2&at=8")
    assert explorer.page.locator('[data-group="affine2"]').count() == 1
    assert "open=affine2" in explorer.page.url


@pytest.mark.parametrize("level", ["network", "layer", "op"])
def test_the_digit_network_stays_a_small_page_at_every_level(explorer: Any, level: str) -> None:
    explorer.open(f"?preset=fig-5-28&level={level}&at=0")
    for key in ("End", "Home", ".", ".", ","):
        explorer.press(key)
    assert explorer.page.evaluate("document.querySelectorAll('*').length") < 3000
