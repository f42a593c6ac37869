"""Everything without a mouse, and without keys that act while one types."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from app.sessions.presets import PRESETS

PRESS_IN_COMPOSITION = """() => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {
  key: "Enter", keyCode: 229, isComposing: true, bubbles: true, cancelable: true }))"""


# What no sequence of arrow keys comes to.
REACHED = """await (async (graph) => {
  const name = ({ op, key }, way) => `${op} ${key} ${way}`;
  const first = { op: null, key: m.readingOrder(graph)[0].key };
  const seen = new Map([[name(first, "forward"), { at: first, way: "forward" }]]);
  for (const { at, way } of seen.values()) {
    for (const arrow of ["ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown"]) {
      const to = m.walk(graph, at, arrow, way);
      const on = graph.edges.find(({ key }) => key === to.key)?.direction ?? way;
      seen.set(name(to, on), seen.get(name(to, on)) ?? { at: to, way: on });
    }
  }
  const reached = new Set([...seen.values()].flatMap(({ at }) => [at.op && `op ${at.op}`, at.key]));
  const there = graph.edges.filter(({ label }) => label).map(({ key }) => key);
  const ops = graph.nodes.filter(({ kind }) => kind === "op").map(({ id }) => `op ${id}`);
  return [...there, ...ops].filter((one) => !reached.has(one));
})(%s)"""

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
    chosen = f"{ACTIVE}.dataset.key ?? {ACTIVE}.dataset.node"
    walked = []
    for key in [*["ArrowRight"] * 4, "ArrowDown", *["ArrowLeft"] * 4]:
        explorer.press(key)
        walked.append(page.evaluate(chosen))
    out = ["affine1.dot", "affine1.dot", "affine1.add", "affine1.output"]
    back = ["affine1.output.grad", "affine1.add", "affine1.dot.grad", "affine1.dot"]
    assert walked[:8] == out + back
    assert walked[8] in ("x.grad", "affine1.W.grad")
    assert explorer.slider() == 2
    explorer.press(".")
    assert explorer.slider() == 3


def test_enter_explains_the_edge_that_is_chosen(explorer: Any) -> None:
    explorer.open("?at=7")
    tab_to(explorer, "figure")
    explorer.press(*["ArrowRight"] * 4, "Enter")
    explorer.page.wait_for_selector(".chosen .result output")
    assert explorer.page.get_attribute(".chosen .result output", "data-full") == "6"
    explorer.press("Escape")
    assert explorer.page.locator(".chosen").count() == 0


def test_enter_explains_the_op_on_which_one_stands_as_a_click_does(explorer: Any) -> None:
    explorer.open("?preset=fig-5-25&at=7")
    page = explorer.page
    page.click('#figure [data-node="affine1.dot"] text')
    clicked = page.inner_text(".chosen")
    explorer.press("Escape")
    tab_to(explorer, "figure")
    explorer.press("ArrowRight")
    assert page.evaluate(f"{ACTIVE}.getAttribute('aria-label')") == (
        "dot \u00b7 Affine, operation, Enter explains it"
    )
    assert page.evaluate(f"{ACTIVE}.matches('.selected')")
    assert page.locator(".chosen").count() == 0
    explorer.press("Enter")
    assert page.inner_text(".chosen") == clicked
    # From there one goes on; Escape leads back to the step.
    explorer.press("ArrowRight")
    assert page.evaluate(f"{ACTIVE}.dataset.key") == "affine1.dot"
    explorer.press("ArrowLeft", "Enter", "Escape")
    assert page.locator(".chosen").count() == 0
    assert page.locator("#step-title").count() == 1


@pytest.mark.parametrize("preset", PRESETS)
def test_arrow_keys_reach_every_number_and_every_op(
    run_module: Callable[[str, str], Any], page: Page, modules: str, preset: str
) -> None:
    made = page.request.post(f"{modules}/api/v1/sessions", data={"preset": preset}).json()
    view = {"level": "op"} | made["view"] if "view" in made else {"level": "op"}
    query = "&".join(f"{name}={view[name]}" for name in ("level", "loss") if name in view)
    graph = page.request.get(f"{modules}/api/v1/sessions/{made['id']}/graph?{query}").json()
    never = run_module("figure/walk.js", REACHED % json.dumps(graph))
    assert never == []


def test_an_edge_says_name_shape_and_numbers(explorer: Any) -> None:
    explorer.open()
    tab_to(explorer, "figure")
    name = f"{ACTIVE}.getAttribute('aria-label')"
    explorer.press(*["ArrowRight"] * 4)
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
