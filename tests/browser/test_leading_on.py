"""The prose beside each figure, and the way from one figure to the next."""

from typing import Any

BOOK = [*(f"fig-5-{number}" for number in range(24, 31)), "two-layer"]


def test_each_figure_leads_on_to_the_next_and_back(explorer: Any) -> None:
    page = explorer.open("?preset=fig-5-24").page
    assert page.locator("#figure-before").count() == 0
    page.click(".prose summary")
    for figure in BOOK[1:]:
        assert len(page.locator(".prose p").first.inner_text()) > 40
        page.click("#figure-after")
        explorer.until(f"location.search.includes('preset={figure}')")
        explorer.until(
            f"document.getElementById('figure-before')?.href.includes('{previous(figure)}')"
        )
    assert page.locator("#figure-after").count() == 0
    page.click("#figure-before")
    explorer.until("location.search.includes('preset=fig-5-30')")


def previous(figure: str) -> str:
    return BOOK[BOOK.index(figure) - 1]


def test_the_end_of_a_pass_offers_to_change_a_number(explorer: Any) -> None:
    page = explorer.open("?preset=fig-5-25").page
    assert page.locator("#change-a-number").count() == 0
    explorer.press("End")
    page.click("#change-a-number")
    assert page.locator("#tab-data[aria-selected=true]").count() == 1


def test_why_one_over_s_is_left_stands_at_the_step_where_it_is(explorer: Any) -> None:
    explorer.open("?preset=fig-5-29")
    there = 0
    for _ in range(40):
        explorer.press(".")
        if explorer.page.locator("#sum-of-targets").count():
            there += 1
            assert explorer.numbers("loss.sum.grad") == [0.10000000000000002]
    assert there == 1
