"""What is said while numbers are on their way, and that nothing jumps when they come."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

LANGUAGES = Path(__file__).parents[2] / "static/lang"
SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const shift of list.getEntries()) if (!shift.hadRecentInput) window.shifted += shift.value;
}).observe({ type: "layout-shift", buffered: true });
"""
WINDOWS = {"desktop": (1440, 900), "phone": (390, 844)}
# What a page without numbers must not say, however it is put.
COUNTED = ("Step 0", "Nothing is computed", "Choose a figure")
MOST_SHIFT = 0.05


@pytest.fixture
def held(explorer: Any) -> Any:
    """Answers about sessions that wait until they are let go."""
    gate = threading.Event()
    waiting: list[Any] = []

    def hold(route: Any) -> None:
        if gate.is_set():
            route.continue_()
        else:
            waiting.append(route)

    explorer.page.route("**/api/v1/sessions/**", hold)

    def release() -> None:
        gate.set()
        for route in waiting:
            route.continue_()

    return release


def own_session(explorer: Any, preset: str = "two-layer") -> str:
    answer = explorer.page.request.post(
        f"{explorer.server}/api/v1/sessions", data={"preset": preset}
    )
    id: str = answer.json()["id"]
    return id


@pytest.mark.own_tab
@pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
@pytest.mark.parametrize("panel", ["explain", "data", "table"])
def test_a_page_that_waits_says_so_and_keeps_its_place(
    explorer: Any, held: Any, window: tuple[int, int], panel: str
) -> None:
    page = explorer.page
    page.set_viewport_size({"width": window[0], "height": window[1]})
    page.add_init_script(SHIFTS)
    page.add_init_script(f'sessionStorage.setItem("backprop-explorer.panel", "{panel}")')
    id = own_session(explorer)
    page.goto(f"{explorer.server}/?session={id}&at=18&lang=en")
    page.wait_for_selector("#next")
    explorer.until(lambda: page.inner_text("#live") == "Loading…")

    assert page.inner_text("#choose") == "Loading…"
    assert "Loading…" in page.inner_text("#panel")
    assert page.locator("#figure").get_attribute("data-loading") == "Loading…"
    said = page.inner_text("body") + str(page.get_attribute("#slider", "aria-valuetext"))
    assert [words for words in COUNTED if words in said.replace("\n", " ")] == []
    assert page.is_disabled("#next")

    held()
    page.wait_for_selector("body[data-ready]")
    page.wait_for_selector("#figure .node")
    if panel != "explain":
        page.wait_for_selector("body[data-whole]")
    assert page.locator("#figure").get_attribute("data-loading") is None
    assert "Loading" not in page.inner_text("body") + page.inner_text("#live")
    assert page.inner_text("#choose") == "A two-layer network, five samples"
    assert page.evaluate("window.shifted") < MOST_SHIFT


@pytest.mark.parametrize("language", ["en", "ko", "ja"])
def test_another_view_is_waited_for_with_the_old_one_in_sight(
    explorer: Any, held: Any, language: str
) -> None:
    page = explorer.page
    explorer.open(f"?preset=two-layer&lang={language}")
    before = page.locator("#figure .node").count()
    page.select_option("#level", "network")
    said = page.locator("#figure").get_attribute("data-loading")
    words = json.loads((LANGUAGES / f"{language}.json").read_text("utf-8"))
    assert said == words["loading.now"]
    assert page.locator("#figure .node").count() == before

    held()
    explorer.until("!document.getElementById('figure').dataset.loading")
    assert page.locator("#figure .node").count() != before


def test_a_page_whose_server_is_away_does_not_wait_for_ever(explorer: Any) -> None:
    page = explorer.page
    explorer.expect("ERR_FAILED")
    page.route("**/api/v1/sessions/**", lambda route: route.abort())
    page.goto(f"{explorer.server}/?session={own_session(explorer)}&lang=en")
    page.wait_for_selector("body[data-ready]")

    assert page.inner_text("#choose") == "Choose a figure"
    assert page.inner_text("#sentence") == "There is no figure here yet. Choose one above."
    assert "does not answer" in page.inner_text("#notice")
    assert "Step 0" not in page.inner_text("body")


def test_the_slider_says_the_place_that_it_moves_by(explorer: Any) -> None:
    page = explorer.page
    explorer.open("?preset=two-layer&at=0&stride=phase&lang=en")
    steps = int(page.get_attribute("#slider", "max"))
    page.focus("#slider")
    for moved in (1, 2, 3):
        explorer.press("ArrowRight")
        said = page.get_attribute("#slider", "aria-valuetext")
        assert said == f"Step {moved} of {steps}"
