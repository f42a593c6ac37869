"""Back and Forward, one's own sessions in this browser, and a session that two tabs have open."""

from typing import Any

# W[0, 0] of five figures in the book.
FIVE = {"fig-5-24": "1", "fig-5-25": "1", "fig-5-26": "1", "fig-5-27": "2", "two-layer": "0.6"}


def choose(explorer: Any, preset: str) -> None:
    explorer.page.click("#choose")
    explorer.page.click(f'#menu [data-preset="{preset}"]')
    explorer.until(f"location.search.includes('preset={preset}')")


def set_weight(explorer: Any, value: float) -> None:
    """Set W[0, 0], and wait until the figure and the address have it."""
    explorer.type("affine1.W", "0,0", str(value))
    explorer.settle()
    explorer.until("location.search.includes('session=')")
    assert explorer.numbers("affine1.W")[0] == value


def shows(explorer: Any, value: str) -> None:
    """Wait until the figure shows W[0, 0] as this."""
    explorer.until(
        """document.querySelector('#figure [data-key="affine1.W"] [data-cell="0"]')"""
        f"?.dataset.full === '{value}'"
    )


def is_edited(explorer: Any, value: float) -> None:
    shows(explorer, str(value))
    assert "session=" in explorer.page.url


def test_back_goes_through_five_figures_with_their_edits_and_forward_again(explorer: Any) -> None:
    figures = list(FIVE)
    explorer.open(f"?preset={figures[0]}")
    page = explorer.page
    page.click("#tab-data")
    for i, (preset, book) in enumerate(FIVE.items()):
        if i > 0:
            choose(explorer, preset)
        shows(explorer, book)
        set_weight(explorer, 11 + i)
    explorer.next()
    at = explorer.slider()
    for i in (3, 2, 1, 0):
        page.go_back()  # to the figure as the book has it
        shows(explorer, FIVE[figures[i + 1]])
        assert f"preset={figures[i + 1]}" in page.url
        page.go_back()
        is_edited(explorer, 11 + i)
    page.go_back()
    shows(explorer, "1")
    for i in range(5):
        page.go_forward()
        is_edited(explorer, 11 + i)
        if i < 4:
            page.go_forward()
            shows(explorer, FIVE[figures[i + 1]])
    assert explorer.slider() == at
    # What one had edited is still one's own, here and in the menu.
    set_weight(explorer, 30)
    assert page.locator("#menu .yours").count() == 5


def test_a_version_of_one_s_own_stands_in_the_menu_with_the_book_s_beside_it(explorer: Any) -> None:
    explorer.open("?preset=fig-5-25")
    page = explorer.page
    page.click("#tab-data")
    set_weight(explorer, 9)
    mine = explorer.id
    choose(explorer, "fig-5-25")
    explorer.settle()
    assert explorer.numbers("affine1.W")[0] == 1
    page.click("#choose")
    assert page.inner_text("#menu .yours").startswith("Your version, ")
    page.click(f'#menu [data-own="{mine}"]')
    is_edited(explorer, 9)
    # The next visit has it too.
    explorer.open()
    page.click("#choose")
    page.click(f'#menu [data-own="{mine}"]')
    is_edited(explorer, 9)
    page.click("#tab-data")
    assert page.locator('[data-tensor="affine1.b"] [data-index="0"]').is_editable()


def test_one_s_own_link_in_another_tab_is_one_s_own_and_each_follows_the_other(
    explorer: Any,
) -> None:
    explorer.open("?preset=fig-5-25")
    page = explorer.page
    page.click("#tab-data")
    set_weight(explorer, 9)
    other = type(explorer)(page.context.new_page(), explorer.server)
    other.page.goto(page.url)
    other.page.wait_for_selector("body[data-ready]")
    other.page.click("#tab-data")
    is_edited(other, 9)
    assert explorer.id in other.page.url
    set_weight(other, 10)
    is_edited(explorer, 10)
    explorer.type("affine1.W", "0,1", "20")
    explorer.settle()
    assert explorer.numbers("affine1.W")[:2] == [10, 20]
    explorer.id = page.url.split("session=")[1].split("&")[0]
    assert explorer.get("")["parameters"]["affine1.W"][0][:2] == [10, 20]
    other.page.close()


def test_steps_make_no_entries(explorer: Any) -> None:
    explorer.open("?preset=two-layer&at=0")
    entries = explorer.page.evaluate("history.length")
    explorer.next(5)
    explorer.page.select_option("#level", "layer")
    explorer.until("location.search.includes('level=layer')")
    assert explorer.page.evaluate("history.length") == entries
