"""Presets that are programs: in the menu by chapter, in an address, stepped to the end."""

import re
from typing import Any

import pytest

from app.sessions.presets import PRESETS
from app.sessions.program_presets import PROGRAMS

CLICK = """(times) => {
  for (let k = 0; k < times; k++) document.getElementById("next").click();
}"""
SHOWN = "[...document.querySelectorAll('#menu [data-preset]')].map((one) => one.dataset.preset)"


def test_the_menu_has_the_programs_by_chapter_after_the_figures_it_began_with(
    explorer: Any,
) -> None:
    page = explorer.open("?lang=en").page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.click("#choose")
    page.wait_for_selector('#menu [data-preset="attention"]')
    shown = page.evaluate(SHOWN)
    assert shown == [*PRESETS, *PROGRAMS]
    headings = [
        "Chapter 5.6 and 5.7: layers", "Chapter 5.1 to 5.5: computational graphs",
        "Chapter 6: techniques of learning", "Chapter 7: convolution", "Beyond the book",
        "Lessons",
    ]  # fmt: skip
    assert page.locator("#menu h3").all_inner_texts() == headings
    lists = page.locator("#menu ul[aria-labelledby]")
    assert [lists.nth(k).locator("li").count() for k in range(5)] == [9, 7, 2, 3, 5]
    # Each has a picture of its own, and nothing is wider than the menu.
    assert page.locator("#menu .sketch").count() == len(shown)
    empty = "(all) => all.filter((one) => !one.querySelector('circle, rect')).length"
    assert page.locator("#menu .sketch").evaluate_all(empty) == 0
    menu = page.locator("#menu")
    assert menu.evaluate("(one) => one.scrollWidth <= one.clientWidth")
    # Opened again, it asks for nothing again.
    explorer.press("Escape")
    page.click("#choose")
    assert sum(url.endswith("/presets") for url in asked) == 1


def test_by_keyboard_a_program_is_chosen_stepped_and_gone_back_from(explorer: Any) -> None:
    page = explorer.open("?lang=en").page
    page.focus("#choose")
    explorer.press("Enter")
    page.wait_for_selector('#menu [data-preset="apples"]')
    for _ in range(len(PRESETS) + 1):
        explorer.press("Tab")
    explorer.press("Enter")
    explorer.until("location.search.includes('preset=apples')")
    name = "Figures 5-2 and 5-14: two apples and the tax"
    assert page.inner_text("#choose").strip() == name
    assert page.title().startswith(name)
    assert "Two apples at 100 each" in explorer.sentence()
    explorer.next(7)
    found = {key: explorer.numbers(f"{key}.grad")[0] for key in ("apple", "count", "tax")}
    assert found == pytest.approx({"apple": 2.2, "count": 110, "tax": 200})
    page.go_back()
    explorer.until("document.querySelector('#choose').innerText.includes('5-25')")
    page.go_forward()
    explorer.until("document.querySelector('#choose').innerText.includes('two apples')")
    page.reload()
    page.wait_for_selector("body[data-whole]")
    explorer.until("document.querySelector('#choose').innerText.includes('two apples')")
    # The list that it is one of goes on.
    page.wait_for_selector("#figure-after")
    page.click("#figure-after")
    explorer.until("location.search.includes('preset=apples-oranges')")


@pytest.mark.parametrize("language", ["en", "ko", "ja"])
def test_every_program_has_its_name_and_steps_to_its_end(explorer: Any, language: str) -> None:
    # In each language a third of them.
    page = explorer.page
    for preset in list(PROGRAMS)[("en", "ko", "ja").index(language) :: 3]:
        explorer.open(f"?preset={preset}&lang={language}")
        assert page.inner_text("#choose").strip() != preset
        steps = int(page.get_attribute("#slider", "max") or 0)
        page.evaluate(CLICK, steps)
        assert explorer.slider() == steps
        # No name is told by a command of its formula, nor by its key.
        text = page.inner_text("#panel")
        assert not re.search(r"\\|\brule\.|\bstart\.", text), text


def test_a_shared_program_is_the_same_elsewhere(explorer: Any) -> None:
    page = explorer.open("?preset=neuron&lang=en&at=15").page
    before = explorer.figure()
    page.click("#share-button")
    page.wait_for_selector("#share-link")
    link = page.input_value("#share-link")
    page.goto("about:blank")
    page.goto(link)
    page.wait_for_selector("body[data-whole]")
    explorer.until("document.querySelector('#choose').innerText.includes('tanh')")
    assert explorer.figure() == before


def test_a_number_of_an_image_is_asked_about_by_all_four_of_its_indices(explorer: Any) -> None:
    page = explorer.open("?preset=conv-layer&lang=en&at=11").page
    # n=0, c=1, row 1, column 0.
    page.locator('#figure [data-key="h.conv2d1"] [data-cell="6"]').click()
    explorer.until("document.querySelector('#panel').innerText.includes('[0, 1, 1, 0]')")
    explorer.until("document.querySelectorAll('#figure .cell.pointed').length === 18")
    lit = page.locator("#figure .cell.pointed").evaluate_all(
        "(all) => all.map((one) => [one.closest('[data-key]').dataset.key, +one.dataset.cell])"
    )
    # The window of the first sample, and the second filter.
    window = [4 * row + column for row in (1, 2, 3) for column in (0, 1, 2)]
    assert lit == [["x", cell] for cell in window] + [["w", cell] for cell in range(9, 18)]
    captions = '#figure [data-key="h.conv2d1"] .shape'
    assert page.locator(captions).all_text_contents()[:4] == [
        "n=0, c=0", "n=0, c=1", "n=1, c=0", "n=1, c=1",
    ]  # fmt: skip
    # As a table each matrix is said to be which.
    page.click("#tab-table")
    said = page.locator('.figure-table [scope="rowgroup"]')
    assert "[1, 1]" in said.all_inner_texts()
