"""Practice: an exercise opens as its pass, is answered, judged and explained."""

import re
from typing import Any

import numpy as np
import pytest

from app.engine.practice import SKILLS, exercise

KEPT = "JSON.parse(localStorage.getItem('backprop-explorer.practice'))"


def open_item(explorer: Any, skill: str, seed: int) -> None:
    explorer.open(f"?practice={skill}.{seed}&lang=en")
    explorer.page.wait_for_selector("#practice-title")
    explorer.settle()


def written(right: Any) -> str:
    return str(right) if isinstance(right, tuple) else f"{right:.10g}"


def answer(explorer: Any, text: str) -> str:
    """Type it, press Enter, and read what is said."""
    page = explorer.page
    page.fill("#answer", text)
    with page.expect_response(re.compile("practice/answer")):
        page.press("#answer", "Enter")
    page.wait_for_selector("#practice-said > *, .answer .problem")
    said: str = page.inner_text("#practice-said")
    return said


def focused(explorer: Any) -> str:
    name: str = explorer.page.evaluate("document.activeElement.id")
    return name


@pytest.mark.parametrize("number", range(len(SKILLS)))
def test_nothing_gives_the_answer_away_before_it_is_given(explorer: Any, number: int) -> None:
    skill = list(SKILLS)[number]
    seed = 20 + number % 2
    one = exercise(skill, seed)
    open_item(explorer, skill, seed)
    page = explorer.page

    explorer.press("Escape", "End", ".")
    shown = explorer.figure()
    name = one.tensor.removesuffix(".grad")
    keys = [key for key in shown if key == one.tensor or re.match(rf"{name}:\w+\.grad$", key)]
    position = 0
    if one.kind == "number" and keys:
        shape = one.trace.array(one.tensor).shape
        position = int(np.ravel_multi_index(one.index, shape)) if shape else 0
    assert all(position not in shown[key] or one.kind == "shape" for key in keys)
    assert one.kind == "number" or all(shown[key] == {} for key in keys)
    assert page.is_disabled("#next")
    asked = page.locator("#figure text.asked").count()
    assert asked == (0 if skill == "update" else 2 if len(keys) == 2 else 1)
    if one.kind == "shape":
        veiled = page.locator("#figure .label.veiled")
        assert veiled.locator(".slot, .bracket, .shape").first.is_hidden()
        veiled.locator("text.asked").dispatch_event("click")
        assert focused(explorer) == "answer"

    assert "Right" in answer(explorer, written(one.right))
    assert focused(explorer) == "next-exercise"
    assert page.locator("#figure text.asked").count() == 0


def test_a_lesson_by_keyboard_alone(explorer: Any) -> None:
    page = explorer.open("?lang=en").page
    page.focus("#tab-explain")
    explorer.press("ArrowLeft")
    assert focused(explorer) == "tab-practice"
    page.wait_for_selector("[data-skill=dB]")
    for _ in range(40):
        if page.evaluate("document.activeElement.dataset.skill") == "dB":
            break
        explorer.press("Tab")
    explorer.press("Enter")
    page.wait_for_selector("#answer:focus")
    place = re.search(r"practice=dB\.(\d+)", page.url)
    assert place
    seed = int(place[1])
    right = exercise("dB", seed).right
    assert isinstance(right, float)

    # A wrong sign, and then the right one.
    page.keyboard.type(f"{-right or 1:g}")
    explorer.press("Enter")
    page.wait_for_selector("#practice-said .verdict.wrong")
    if right:
        assert page.locator("[data-fault=sign] dt").inner_text() == "Wrong sign"
    assert page.evaluate(
        "[0, document.activeElement.value.length].join() === "
        "[document.activeElement.selectionStart, document.activeElement.selectionEnd].join()"
    )
    page.keyboard.type(f"{right:g}")
    explorer.press("Enter")
    page.wait_for_selector("#next-exercise:focus")
    assert page.inner_text("#panel .chosen .result").startswith("=")
    explorer.press("Enter")
    page.wait_for_selector("#answer:focus")
    assert f"practice=dB.{seed + 1}" in page.url
    # The right one at once; N goes on as well.
    page.keyboard.type(written(exercise("dB", seed + 1).right))
    explorer.press("Enter")
    page.wait_for_selector("#next-exercise:focus")
    explorer.press("n")
    explorer.until(f"location.search.includes('practice=dB.{seed + 2}')")
    assert page.evaluate(KEPT)["dB"]["stage"] == 1


def test_a_wrong_answer_lights_what_it_left_out_and_the_second_is_told(explorer: Any) -> None:
    one = exercise("relu", 22)
    seed = next(s for s in range(22, 80, 2) if exercise("relu", s).right == 0.0)
    one = exercise("relu", seed)
    assert one.grad_output is not None
    open_item(explorer, "relu", seed)
    page = explorer.page

    said = answer(explorer, f"{one.grad_output[one.index]:g}")
    assert "Switch left on" in said
    assert "lit in the figure" in said
    explorer.settle()
    lit = page.evaluate(
        "[...document.querySelectorAll('#figure .cell.pointed')]"
        ".map((cell) => cell.closest('[data-key]').dataset.key)"
    )
    assert lit == ["x"]
    explorer.expect("422")
    assert answer(explorer, "twelve") == said
    assert "cannot be read" in page.inner_text(".answer")

    said = answer(explorer, "77")
    assert "The answer is 0." in said
    assert page.inner_text("#panel .chosen output") == "0"
    assert page.is_hidden("#answer")
    assert page.evaluate(KEPT)["relu"]["rows"] == {"network": 0, "program": 0}


def test_too_few_digits_are_no_wrong_answer(explorer: Any) -> None:
    seed = next(s for s in range(200) if exercise("mean", s).right == 0.0125)
    open_item(explorer, "mean", seed)

    assert "at least three digits" in answer(explorer, "0.01")
    assert "Right" in answer(explorer, "1/80")
    assert sum(explorer.page.evaluate(KEPT)["mean"]["rows"].values()) == 1


def test_other_numbers_are_another_exercise(explorer: Any) -> None:
    open_item(explorer, "dX", 6)
    page = explorer.page
    page.click("#tab-data")
    explorer.type("x", "0,0", "9")
    explorer.settle()
    page.click("#tab-practice")
    page.wait_for_selector("#reopen")
    assert "session=" in page.url
    page.click("#reopen")
    page.wait_for_selector("#answer")
    assert "practice=dX.6" in page.url


def test_an_exercise_that_there_is_not_is_told(explorer: Any) -> None:
    explorer.expect("422")
    page = explorer.open("?practice=juggling.3&lang=en").page
    assert "no such exercise" in page.inner_text("#notice")


@pytest.mark.own_context
def test_three_in_a_row_on_both_surfaces_is_mastery_even_where_nothing_may_be_kept(
    explorer: Any,
) -> None:
    page = explorer.page
    page.add_init_script(
        "const kept = Storage.prototype.setItem; Storage.prototype.setItem = function (key, text) {"
        "  if (key.endsWith('.practice')) throw new DOMException('no', 'QuotaExceededError');"
        "  kept.call(this, key, text); };"
    )
    open_item(explorer, "multiply", 40)
    for seed in range(40, 46):
        assert "Right" in answer(explorer, written(exercise("multiply", seed).right))
        standing = page.inner_text(".standing")
        page.click("#next-exercise")
        explorer.until(f"location.search.includes('multiply.{seed + 1}&')")
    assert standing.startswith("Mastered, comes back on")
