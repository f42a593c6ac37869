"""Learning step by step at the page: into the update, on to the next mini-batch, and back."""

from typing import Any

import pytest

WORDS = {
    "en": ("update", "Learning step 2"),
    "ko": ("갱신", "학습 스텝 2"),
    "ja": ("更新", "学習ステップ 2"),
}
NETWORK = "?preset=two-layer&at=0&update=1"


def weights(explorer: Any) -> dict[str, Any]:
    """The session's parameters, in full."""
    found: dict[str, Any] = explorer.get("?max_cells=50000")["parameters"]
    return found


def step_of(explorer: Any) -> int:
    made: int = explorer.get("")["cursor"]["step"]
    return made


def cross(explorer: Any, key: str, made: int) -> None:
    """Press a key that leads into another step of learning."""
    explorer.press(key)
    explorer.until(lambda: step_of(explorer) == made)
    explorer.settle()


def test_the_timeline_has_the_update_and_every_number_of_it_explains_itself(explorer: Any) -> None:
    explorer.open(NETWORK)
    page = explorer.page
    events = explorer.get("/trace?update=true")["events"]
    assert page.inner_text(".phase-part.update span") == "update"
    first = next(event for event in events if event["phase"] == "update")
    explorer.stride("op")
    explorer.walk("next", first["seq"] + 1)
    assert "SGD" in explorer.sentence()
    around = explorer.get("/trace?update=true")["update"]["loss"]
    assert around["after"] < around["before"] == explorer.get("")["loss"]
    for name, value in around.items():
        assert float(page.get_attribute(f"[data-loss={name}]", "title") or "nan") == value
    tables = page.locator("#panel .update [data-part]")
    assert [one.get_attribute("data-part") for one in tables.all()] == [
        "affine1.W", "affine1.W.grad", "affine1.W.change", "affine1.W.new",
    ]  # fmt: skip
    for key in (*first["reads"], *first["writes"]):
        shown = page.locator(f'[data-part="{key}"] button')
        digits = [one.get_attribute("data-full") for one in shown.all()]
        value = explorer.get(f"/tensors/{key}?update=true")["value"]
        assert [float(text or "nan") for text in digits] == [x for row in value for x in row]
    # The parameter and its gradient are lit in the figure, and the cell that is pointed at.
    assert page.locator('#figure .label.lit[data-key="affine1.W"]').count() == 1
    assert page.locator('#figure .label.lit[data-key="affine1.W.grad"]').count() == 1
    page.hover('[data-part="affine1.W.new"] [data-index="5"]')
    assert page.locator("#panel .update .factor.lit").count() == 4
    page.click('[data-part="affine1.W.new"] [data-index="5"]')
    page.wait_for_selector("#panel .chosen output")
    told = explorer.get("/explain?update=true&tensor=affine1.W.new&index=1,1")
    assert page.get_attribute("#panel .chosen output", "data-full") == str(told["value"])
    assert [term["factors"][0]["tensor"] for term in told["terms"]] == [
        "affine1.W", "affine1.W.change",
    ]  # fmt: skip
    # From the new weight to the change, and from there to the gradient.
    page.locator("#panel .chosen .terms button").nth(1).click()
    page.wait_for_selector("#panel .chosen output")
    change = explorer.get("/explain?update=true&tensor=affine1.W.change&index=1,1")
    explorer.until(
        f"document.querySelector('#panel .chosen output')?.dataset.full === '{change['value']}'"
    )


@pytest.mark.parametrize("stride", ["step", "phase", "op"])
def test_next_goes_on_into_the_next_mini_batch_and_back_returns_with_the_same_digits(
    explorer: Any, stride: str
) -> None:
    explorer.open(NETWORK)
    page = explorer.page
    page.locator("#choose").focus()
    explorer.stride(stride)
    known = [(weights(explorer), explorer.figure())]
    for made in (1, 2):
        explorer.press("End")
        at_end = explorer.figure()
        known[-1] = (known[-1][0], at_end)
        assert page.is_enabled("#next")
        cross(explorer, ".", made)
        if stride == "step":
            assert explorer.slider() == int(page.get_attribute("#slider", "max") or 0)
        else:
            assert explorer.slider() == 0
            assert f"Learning step {made + 1}" in explorer.sentence()
        known.append((weights(explorer), explorer.figure()))
        assert known[-1][0] != known[-2][0]
    for made in (1, 0):
        if stride != "step":
            explorer.press("Home")
        cross(explorer, ",", made)
        assert explorer.slider() == int(page.get_attribute("#slider", "max") or 0)
        assert (weights(explorer), explorer.figure()) == known[made]
    explorer.press("Home")
    assert page.is_disabled("#back")
    # Forward again, the same numbers.
    explorer.press("End")
    cross(explorer, ".", 1)
    assert weights(explorer) == known[1][0]


def test_a_step_of_learning_is_undone_and_redone_and_an_edit_is_a_new_beginning(
    explorer: Any,
) -> None:
    explorer.open(NETWORK)
    page = explorer.page
    first = weights(explorer)
    page.locator("#choose").focus()
    explorer.press("End")
    cross(explorer, ".", 1)
    second = weights(explorer)
    explorer.press("Control+z")
    explorer.until(lambda: weights(explorer) == first)
    explorer.settle()
    explorer.press("Control+y")
    explorer.until(lambda: weights(explorer) == second)
    explorer.settle()
    assert step_of(explorer) == 1
    page.click("#tab-data")
    explorer.type("affine1.b", "0", "3")
    explorer.settle()
    page.locator("#choose").focus()
    explorer.press("Home")
    assert page.is_disabled("#back")


@pytest.mark.parametrize("language", WORDS)
def test_in_every_language_by_keyboard_alone(explorer: Any, language: str) -> None:
    explorer.open(f"{NETWORK}&lang={language}")
    page = explorer.page
    phase, learning = WORDS[language]
    assert page.inner_text(".phase-part.update span") == phase
    explorer.press("End", ",")
    assert page.locator("#panel .update button").count() > 0
    page.locator("#panel .update button").first.focus()
    explorer.press("Enter")
    page.wait_for_selector("#panel .chosen")
    explorer.press("End")
    cross(explorer, ".", 1)
    assert learning in explorer.sentence()
    cross(explorer, ",", 0)
    assert explorer.slider() == int(page.get_attribute("#slider", "max") or 0)


def test_a_large_weight_is_looked_at_number_by_number(explorer: Any) -> None:
    explorer.open("?preset=fig-5-28&level=op&at=0&update=1")
    page = explorer.page
    events = explorer.get("/trace?level=op&update=true&max_cells=0")["events"]
    first = next(event for event in events if event["phase"] == "update")
    page.fill("#slider", str(first["seq"] + 1))
    page.wait_for_selector("#update-row")
    page.fill("#update-row", "300")
    page.press("#update-row", "Enter")
    page.fill("#update-column", "7")
    page.press("#update-column", "Enter")
    page.click('[data-part="affine1.W.new"] button')
    page.wait_for_selector("#panel .chosen output")
    told = explorer.get("/explain?level=op&update=true&tensor=affine1.W.new&index=300,7")
    assert float(page.get_attribute("#panel .chosen output", "data-full") or "nan") == told["value"]


def test_a_figure_without_gradients_ends_where_it_did(explorer: Any) -> None:
    explorer.open("?preset=fig-5-24&at=0&update=1")
    page = explorer.page
    assert page.locator(".phase-part.update").count() == 0
    explorer.press("End")
    assert page.is_disabled("#next")


def test_a_link_to_an_update_names_the_event_of_the_step_that_is_shown(explorer: Any) -> None:
    explorer.open(NETWORK)
    page = explorer.page
    page.locator("#choose").focus()
    explorer.press("End")
    cross(explorer, ".", 1)
    explorer.press("End")
    shown, address = explorer.figure(), page.url
    assert "session=" in address
    page.reload()
    page.wait_for_selector("body[data-ready]")
    assert explorer.slider() == int(page.get_attribute("#slider", "max") or 0)
    assert explorer.figure() == shown


def test_the_panel_learning_leads_into_the_update(explorer: Any) -> None:
    explorer.open("?preset=two-layer&lang=en")
    page = explorer.page
    before = page.get_attribute("#slider", "max")
    page.click("#tab-learn")
    page.check("#learn-single")
    explorer.until(lambda: page.get_attribute("#slider", "max") == str(int(before) + 4))
    assert "update=1" in page.url
    page.uncheck("#learn-single")
    explorer.until(lambda: page.get_attribute("#slider", "max") == before)
