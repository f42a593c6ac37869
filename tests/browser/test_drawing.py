"""A digit drawn by hand goes through figure 5-28, by mouse and by keys."""

from typing import Any

# Corners of a seven, in shares of the pad.
SEVEN = [(0.3, 0.2), (0.72, 0.2), (0.45, 0.85)]


def draw(page: Any, corners: list[tuple[float, float]]) -> None:
    page.locator("#pad").scroll_into_view_if_needed()
    box = page.locator("#pad").bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()


def test_a_seven_by_mouse_and_a_one_by_keys_are_what_the_network_takes_them_for(
    explorer: Any,
) -> None:
    explorer.open("?preset=fig-5-28&at=0")
    page = explorer.page
    shipped = explorer.get("?max_cells=784")
    page.click("#draw")
    draw(page, SEVEN)
    page.wait_for_selector("#verdict >> text=takes it for a 7")
    explorer.settle()
    # At once, though nothing was stepped: ten scores, ten probabilities.
    cells = page.locator(".classes td[title]").evaluate_all("all => all.map((td) => td.title)")
    assert len([cell for cell in cells if cell]) == 20
    drawn = explorer.get("?max_cells=784")
    pixels = drawn["x"][0]
    assert (len(pixels), min(pixels), max(pixels)) == (784, 0, 1)
    rows = [k for k in range(28) if any(pixels[28 * k : 28 * k + 28])]
    assert rows[-1] - rows[0] == 19
    assert drawn["source"] is None
    page.select_option("#digit-right", "7")
    explorer.until(lambda: explorer.get("")["t"] == [7])
    assert explorer.get("")["loss"] < 0.1

    page.click("#pad-clear")
    for key in ("ArrowUp", "Space", *["ArrowDown"] * 18, "Space"):
        page.keyboard.press(key)
    page.wait_for_selector("#verdict >> text=takes it for a 1")
    explorer.settle()
    # The keys drew, and moved nothing else.
    assert explorer.get("?max_cells=784")["x"] != drawn["x"]
    assert page.evaluate("document.activeElement.id") == "pad"
    # Back to a digit of the data set, its own label with it.
    page.fill("#digit-row", str(shipped["source"]["rows"][0]))
    page.press("#digit-row", "Tab")
    explorer.until(lambda: explorer.get("?max_cells=784")["x"] == shipped["x"])
    assert explorer.get("")["t"] == shipped["t"]
