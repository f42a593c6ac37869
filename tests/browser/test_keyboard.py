"""Everything without a mouse, and without keys that act while one types."""

from typing import Any

PRESS_IN_COMPOSITION = """() => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {
  key: "Enter", keyCode: 229, isComposing: true, bubbles: true, cancelable: true }))"""


# What the one tab stop of the figure has in hand.
FIGURE = "document.getElementById('figure')"
ACTIVE = f"document.getElementById({FIGURE}.getAttribute('aria-activedescendant'))"


def focused(explorer: Any) -> str:
    name: str = explorer.page.evaluate("document.activeElement.id")
    return name


def tab_to(explorer: Any, name: str) -> None:
    for _ in range(40):
        if focused(explorer) == name:
            return
        explorer.press("Tab")
    raise AssertionError(f"#{name} is not reached by Tab")


def test_the_whole_journey_by_keyboard(explorer: Any) -> None:
    explorer.open()
    page = explorer.page
    tab_to(explorer, "choose")
    explorer.press("Enter")
    assert page.evaluate("document.activeElement.dataset.preset") == "fig-5-24"
    for _ in range(3):
        explorer.press("Tab")
    explorer.press("Enter")
    explorer.until("location.search.includes('preset=fig-5-27')")
    tab_to(explorer, "next")
    explorer.press("Enter", "Enter", "Enter")
    assert explorer.slider() == 5
    tab_to(explorer, "tab-explain")
    explorer.press("ArrowRight")
    assert focused(explorer) == "tab-data"
    for _ in range(12):
        explorer.press("Tab")
        if page.evaluate("document.activeElement.dataset.index") == "0,0":
            break
    assert page.evaluate("document.activeElement.dataset.index") == "0,0"
    page.keyboard.press("Control+a")
    page.keyboard.type("3")
    explorer.press("Enter")
    explorer.settle()
    explorer.until(
        "document.querySelector('[data-key=\"x\"] [data-cell=\"0\"]').dataset.full === '3'"
    )


def test_the_graph_is_one_tab_stop_and_arrows_walk_along_its_edges(explorer: Any) -> None:
    explorer.open()
    page = explorer.page
    assert page.locator("#figure [tabindex='0'], #figure a, #figure button").count() == 0
    tab_to(explorer, "figure")
    chosen = f"{ACTIVE}.dataset.key"
    walked = []
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft"):
        explorer.press(key)
        walked.append(page.evaluate(chosen))
    assert walked[1] == "affine1.output"
    assert walked[2] == "affine1.output.grad"
    assert walked[3] == "affine1.dot.grad"
    assert explorer.slider() == 2
    explorer.press(".")
    assert explorer.slider() == 3


def test_enter_explains_the_edge_that_is_chosen(explorer: Any) -> None:
    explorer.open("?at=7")
    tab_to(explorer, "figure")
    for key in ("ArrowRight", "ArrowRight"):
        explorer.press(key)
    explorer.press("Enter")
    explorer.page.wait_for_selector(".chosen .result output")
    assert explorer.page.get_attribute(".chosen .result output", "data-full") == "6"
    explorer.press("Escape")
    assert explorer.page.locator(".chosen").count() == 0


def test_an_edge_says_name_shape_and_numbers(explorer: Any) -> None:
    explorer.open()
    tab_to(explorer, "figure")
    name = f"{ACTIVE}.getAttribute('aria-label')"
    explorer.press("ArrowRight", "ArrowRight")
    assert explorer.page.evaluate(name) == "Y, value, shape (3,), 6, 13, 20"
    explorer.press("ArrowDown")
    assert explorer.page.evaluate(name) == "\u2202L/\u2202Y, gradient, shape (3,), not computed yet"


def test_shortcuts_are_off_while_typing_and_while_composing(explorer: Any) -> None:
    explorer.open()
    page = explorer.page
    page.click("#tab-data")
    field = page.locator('[data-tensor="x"] [data-index="0,0"]')
    field.fill("7")
    explorer.press(".", ",", "Home")
    assert explorer.slider() == 2
    page.evaluate(PRESS_IN_COMPOSITION)
    page.wait_for_timeout(100)
    assert explorer.get("")["version"] == 1


def test_each_step_is_said_once_in_the_live_region(explorer: Any) -> None:
    explorer.open()
    explorer.next(2)
    explorer.until(
        "document.getElementById('live').textContent"
        " === document.getElementById('sentence').textContent.trim()"
    )


def test_the_table_says_the_same_as_the_figure(explorer: Any) -> None:
    explorer.open("?preset=fig-5-27&at=5")
    explorer.page.click("#tab-table")
    rows = explorer.page.locator(".figure-table > tbody > tr")
    shown = explorer.figure()
    assert rows.count() == 5
    for i in range(rows.count()):
        key = rows.nth(i).locator("th code").inner_text()
        for column, name in ((1, key), (2, f"{key}.grad")):
            cells = rows.nth(i).locator("> td").nth(column).locator(".numbers td")
            titles = cells.evaluate_all("cells => cells.map((cell) => cell.title)")
            assert titles == [shown[name][k] for k in sorted(shown[name])], name


def test_help_opens_with_a_question_mark_and_takes_the_keys(explorer: Any) -> None:
    explorer.open()
    explorer.press("?")
    assert explorer.page.locator("dialog#help[open]").count() == 1
    explorer.press("ArrowRight")
    assert explorer.slider() == 2
    explorer.press("Escape")
    assert explorer.page.locator("dialog[open]").count() == 0


def test_reduced_motion_has_no_transitions(explorer: Any) -> None:
    explorer.page.emulate_media(reduced_motion="reduce")
    explorer.open()
    duration = explorer.page.locator("#figure .label").first.evaluate(
        "label => getComputedStyle(label).transitionDuration"
    )
    assert duration == "0s"
