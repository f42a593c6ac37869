"""A learner's walk through sections 5.7.1 to 5.7.4, by mouse and again by keyboard alone.

The book's network for digits is made; mini-batch, gradient and update are stepped through, and gone
back over; a run is started, watched, paused, looked into, gone on with and compared with another.
"""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

STEPS = 1_500
# Enough for the step that is looked into, and for one above what chance would get right.
ENOUGH, LOOKED = 200, 137
LEAST_RIGHT = 0.8
MOST_TABS = 400
# A run on a machine with other work to do.
PATIENCE_MS = 120_000


class Mouse:
    """Does everything by pointing."""

    def __init__(self, explorer: Any) -> None:
        self.explorer, self.page = explorer, explorer.page

    def press(self, selector: str) -> None:
        self.page.click(selector)

    def tab(self, name: str) -> None:
        self.page.click(f"#tab-{name}")

    def write(self, selector: str, text: str) -> None:
        self.page.fill(selector, text)
        self.page.locator(selector).blur()

    def choose(self, selector: str, value: str) -> None:
        self.page.select_option(selector, value)

    def next(self) -> None:
        self.page.click("#next")

    def back(self) -> None:
        self.page.click("#back")

    def end(self, name: str) -> None:
        """The first or the last moment of the pass, on the slider."""
        box = self.page.locator("#slider").bounding_box()
        at = box["width"] - 1 if name == "End" else 1
        self.page.mouse.click(box["x"] + at, box["y"] + box["height"] / 2)

    def open_step(self, step: int) -> float:
        """Zoom into the curve around the step, then click it; how far from it that may be, since a
        pixel of the curve is more than a step.
        """
        curve = self.page.locator("#panel .curve .u-over").first
        curve.scroll_into_view_if_needed()
        box = curve.bounding_box()
        last = self.explorer.get("/runs")["runs"][-1]["step"]

        def x(wanted: float) -> float:
            return float(box["x"] + box["width"] * (wanted - 1) / (last - 1))

        # So far apart that it is no click, and so near that a step has some pixels.
        width = max(10, 12 * (last - 1) / box["width"])
        y = box["y"] + box["height"] / 2
        self.page.mouse.move(x(step - width), y)
        self.page.mouse.down()
        self.page.mouse.move(x(step + width), y, steps=5)
        self.page.mouse.up()
        self.page.mouse.click(box["x"] + box["width"] / 2, y)
        return 1 + float((last - 1) / box["width"])

    def nudge(self) -> None:
        curve = self.page.locator(".nudge-curve")
        curve.click(position={"x": curve.bounding_box()["width"] * 0.8, "y": 20})

    def draw_one(self) -> None:
        self.page.locator("#pad").scroll_into_view_if_needed()
        box = self.page.locator("#pad").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"]
        self.page.mouse.move(x, y + 0.15 * box["height"])
        self.page.mouse.down()
        self.page.mouse.move(x, y + 0.85 * box["height"], steps=6)
        self.page.mouse.up()

    def undo(self) -> None:
        self.tab("data")
        self.page.click("#undo")


class Keys:
    """Touches nothing but the keyboard: what Tab does not reach is out of reach."""

    def __init__(self, explorer: Any) -> None:
        self.explorer, self.page = explorer, explorer.page

    def reach(self, selector: str) -> None:
        self.page.wait_for_selector(selector)
        is_there = f"document.activeElement?.matches({selector!r})"
        for _ in range(MOST_TABS):
            if self.page.evaluate(is_there):
                return
            self.explorer.press("Tab")
        raise AssertionError(f"{selector} is not reached by Tab")

    def press(self, selector: str) -> None:
        self.page.wait_for_selector(f"{selector}:not(:disabled)")
        self.reach(selector)
        self.explorer.press("Enter")

    def tab(self, name: str) -> None:
        self.reach("[role=tab][tabindex='0']")
        for _ in range(6):
            if self.page.evaluate("document.activeElement.id") == f"tab-{name}":
                return
            self.explorer.press("ArrowRight")
        raise AssertionError(f"no tab {name}")

    def write(self, selector: str, text: str) -> None:
        self.reach(selector)
        self.explorer.press("Control+a")
        self.page.keyboard.type(text)
        self.explorer.press("Tab")

    def choose(self, selector: str, value: str) -> None:
        self.reach(selector)
        self.explorer.press("Home")
        for _ in range(40):
            if self.page.input_value(selector) == value:
                return
            self.explorer.press("ArrowDown")
        raise AssertionError(f"{selector} has no {value}")

    def _leave(self) -> None:
        """To where the keys of the pass are nobody else's."""
        self.reach("#choose")

    def next(self) -> None:
        self.explorer.press(".")

    def back(self) -> None:
        self.explorer.press(",")

    def end(self, name: str) -> None:
        self._leave()
        self.explorer.press(name)

    def open_step(self, step: int) -> float:
        self.write("#learn-open", str(step))
        self.press("#learn-open-step")
        return 1

    def nudge(self) -> None:
        self.reach("#nudge-h")
        self.explorer.press("End")

    def draw_one(self) -> None:
        self.reach("#pad")
        self.explorer.press("ArrowUp", "Space", *["ArrowDown"] * 18, "Space")

    def undo(self) -> None:
        self.explorer.press("Control+z")


# Each language once: where words stand is another thing in each, what Tab reaches is not. Once with
# all that moves, as most learners have it.
WALKS = [pytest.param(Mouse, "en", marks=pytest.mark.motion), (Mouse, "ko"), (Keys, "ja")]


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("hand_of", "language"), WALKS)
def test_a_learner_s_walk(explorer: Any, hand_of: Callable[[Any], Any], language: str) -> None:
    explorer.open(f"?preset=two-layer&lang={language}")
    hand = hand_of(explorer)
    make_the_books_network(explorer, hand)
    one_step_and_back(explorer, hand)
    run = train_and_pause(explorer, hand)
    look_into_a_step(explorer, hand, run)
    check_and_nudge(explorer, hand)
    go_on_and_compare(explorer, hand, run)
    change_and_undo(explorer, hand)
    draw(explorer, hand)


def made_of(explorer: Any) -> int:
    made: int = explorer.get("")["cursor"]["step"]
    return made


def numbers(explorer: Any) -> dict[str, Any]:
    """All of the session that learning changes, in full."""
    now = explorer.get("?max_cells=1000000")
    return {name: now[name] for name in ("parameters", "x", "t", "source")}


def make_the_books_network(explorer: Any, hand: Any) -> None:
    page, before = explorer.page, explorer.id
    hand.press("#choose")
    hand.press("#own")
    hand.press("#book")
    hand.press("#make")
    page.wait_for_selector("dialog#network", state="hidden")
    explorer.until(lambda: explorer.id != before)
    made = explorer.get("")
    assert [layer.get("units") for layer in made["network"]["layers"]] == [50, None, 10]
    explorer.until("document.querySelectorAll('.batch img').length === 100")


def one_step_and_back(explorer: Any, hand: Any) -> None:
    """Mini-batch, gradient, update, repeat: all by Next; and back over the update."""
    page = explorer.page
    explorer.settle()
    first = numbers(explorer)
    phases = set()
    # By what the keys of the pass would otherwise be typed into.
    hand.end("Home")
    for _ in range(int(page.get_attribute("#slider", "max") or 0)):
        hand.next()
        phases.add(page.evaluate("document.querySelector('#sentence').innerText"))
    assert explorer.slider() == int(page.get_attribute("#slider", "max") or 0)
    assert len(phases) > 10
    assert page.locator("#panel .update").count() > 0
    at_end = explorer.figure()
    hand.next()
    explorer.until(lambda: made_of(explorer) == 1)
    explorer.settle()
    second = numbers(explorer)
    assert second["source"]["rows"] != first["source"]["rows"]
    assert second["parameters"] != first["parameters"]
    hand.back()
    explorer.until(lambda: made_of(explorer) == 0)
    explorer.settle()
    assert numbers(explorer) == first
    assert explorer.figure() == at_end
    hand.next()
    explorer.until(lambda: made_of(explorer) == 1)
    explorer.settle()
    assert numbers(explorer) == second
    hand.end("Home")
    hand.back()
    explorer.until(lambda: made_of(explorer) == 0)
    explorer.settle()


def train_and_pause(explorer: Any, hand: Any) -> Any:
    page = explorer.page
    hand.tab("learn")
    hand.write("#learn-steps", str(STEPS))
    hand.press("#learn-run")
    # Watched: the curve is there while it goes on.
    page.wait_for_selector("#panel .curve .u-over")
    explorer.until(lambda: any(run["step"] > ENOUGH for run in explorer.get("/runs")["runs"]))
    hand.press("#learn-pause")
    page.wait_for_selector("#learn-resume")
    run = explorer.get("/runs")["runs"][-1]
    assert (run["state"], run["batch_size"]) == ("paused", 100)
    assert ENOUGH < run["step"] < STEPS
    return run


def look_into_a_step(explorer: Any, hand: Any, run: Any) -> None:
    """Open it by the curve, step through it to its update, ask about one new weight, go back."""
    page = explorer.page
    near = hand.open_step(LOOKED)
    page.wait_for_selector("#learn-all")
    explorer.settle()
    opened = explorer.get("")["opened"]
    # A curve of many steps does not have each of them.
    assert opened["run"] == run["id"]
    assert abs(opened["step"] - LOOKED) <= near + run["step"] / 500
    step = opened["step"]
    history = explorer.get(f"/runs/{run['id']}/history")
    place = history["step"].index(step)
    assert np.float32(explorer.get("")["loss"]) == np.float32(history["loss"][place])
    hand.end("End")
    hand.tab("explain")
    page.wait_for_selector("#panel .update")
    name = page.get_attribute("#panel .update [data-part$='.new']", "data-part")
    hand.press(f"#panel .update [data-part='{name}'] button")
    page.wait_for_selector("#panel .chosen output")
    title = page.inner_text("#chosen-title")
    index = re.findall(r"\[(.*?)\]", title)[-1].replace(" ", "")
    told = explorer.get(f"/explain?update=true&tensor={name}&index={index}")
    shown = page.get_attribute("#panel .chosen output", "data-full")
    assert float(shown or "nan") == told["value"]
    assert [term["factors"][0]["tensor"] for term in told["terms"]] == [
        name.removesuffix(".new"),
        name.removesuffix("new") + "change",
    ]
    for earlier in (step - 1, step - 2):
        hand.end("Home")
        hand.back()
        explorer.until(lambda earlier=earlier: explorer.get("")["opened"]["step"] == earlier)
        explorer.settle()
        assert explorer.slider() == int(page.get_attribute("#slider", "max") or 0)


def check_and_nudge(explorer: Any, hand: Any) -> None:
    page = explorer.page
    hand.tab("learn")
    hand.press("#check-run")
    page.wait_for_selector(".gradient-check .verdict", timeout=PATIENCE_MS)
    results = page.locator(".checks tbody tr")
    assert results.count() == 4
    # Into the worst cell of the last bias, of which all is here.
    hand.press("[data-map='affine2.b'] canvas")
    page.wait_for_selector("#panel .chosen output")
    if page.locator(".nudge[open]").count() == 0:
        hand.press(".nudge summary")
    page.wait_for_selector("#nudge-h")
    before = page.inner_text("#nudge-h + output")
    hand.nudge()
    explorer.until(lambda: page.inner_text("#nudge-h + output") != before)
    assert page.inner_text(".nudge .verdict")


def go_on_and_compare(explorer: Any, hand: Any, run: Any) -> None:
    """The run comes to its end; all layers are well; once more with a tenth of the rate."""
    page = explorer.page
    hand.tab("learn")
    hand.press("#learn-resume")
    page.wait_for_selector("#learn-run:enabled", timeout=PATIENCE_MS)
    assert explorer.get(f"/runs/{run['id']}")["state"] == "finished"
    history = explorer.get(f"/runs/{run['id']}/history")
    share = history["test_accuracy"][-1]
    assert share > LEAST_RIGHT
    explorer.until(lambda: f"{100 * share:.1f}".rstrip("0.") in page.inner_text("#learn-state"))
    page.wait_for_selector("#health-well")
    assert page.locator(".layers tbody tr").count() == 3
    hand.press("#again-less")
    explorer.until(lambda: len(explorer.get("/runs")["runs"]) == 2)
    page.wait_for_selector("#learn-run", state="detached")
    page.wait_for_selector("#learn-run:enabled", timeout=PATIENCE_MS)
    page.wait_for_selector("#compare-first")
    assert explorer.get("/runs")["runs"][1]["state"] == "finished"
    runs = explorer.get("/runs")["runs"]
    chosen = [page.input_value(f"#compare-{which}") for which in ("first", "second")]
    assert chosen == [one["id"] for one in runs]
    assert [one["optimizer"]["learning_rate"] for one in runs] == [0.1, 0.01]
    hand.choose("#compare-what", "test_accuracy")
    page.wait_for_selector("#panel .look:last-child .u-over")


def change_and_undo(explorer: Any, hand: Any) -> None:
    page = explorer.page
    before = numbers(explorer)
    hand.tab("data")
    hand.write('[data-tensor="affine2.b"] [data-index="0"]', "3")
    explorer.until(lambda: explorer.get("/tensors/affine2.b")["value"][0] == 3)
    explorer.settle()
    # Where nobody is typing.
    if isinstance(hand, Keys):
        hand.reach("#choose")
    hand.undo()
    explorer.until(lambda: numbers(explorer) == before)
    assert page.locator("#notice:visible .problem").count() == 0


def draw(explorer: Any, hand: Any) -> None:
    page, before = explorer.page, explorer.id
    hand.press("#choose")
    hand.press('#menu [data-preset="fig-5-28"]')
    explorer.until(lambda: explorer.id != before)
    explorer.settle()
    hand.tab("explain")
    hand.press("#draw")
    hand.draw_one()
    page.wait_for_selector("#verdict")
    explorer.until("/1/.test(document.querySelector('#verdict')?.innerText ?? '')")
