"""A number of a matrix that is too large to be written out: seen, pointed at, and gone to."""

from typing import Any

import pytest


def network(units: int, samples: int) -> dict[str, Any]:
    return {
        "network": {
            "input_size": units,
            "layers": [{"type": "affine", "units": units}],
            "loss": {"type": "softmax_cross_entropy"},
        },
        "x": [[(i * units + j) % 19 / 10 - 0.9 for j in range(units)] for i in range(samples)],
        "t": [i % units for i in range(samples)],
    }


def open_made(explorer: Any, body: dict[str, Any], search: str) -> Any:
    made = explorer.page.request.post(f"{explorer.server}/api/v1/sessions", data=body).json()
    explorer.id = made["id"]
    explorer.open(f"?session={made['id']}&{search}")
    explorer.settle()
    return explorer.page


def hovered(page: Any, selector: str, at: tuple[float, float]) -> str:
    """What stands beside the pointer at a part of an element."""
    box = page.locator(selector).bounding_box()
    page.mouse.move(box["x"] + at[0] * box["width"], box["y"] + at[1] * box["height"])
    return page.locator(".hovered").inner_text() if page.locator(".hovered").is_visible() else ""


def test_eight_by_eight_numbers_are_written_and_can_be_read(explorer: Any) -> None:
    page = open_made(explorer, network(8, 8), "level=op&at=99&lang=en")
    shown = explorer.figure()
    for key in ("x", "affine1.W", "affine1.output", "affine1.W.grad"):
        assert len(shown[key]) == 64, key
    value = explorer.get("/tensors/affine1.W.grad")["value"]
    assert explorer.numbers("affine1.W.grad") == [cell for row in value for cell in row]
    # Close enough to read, a figure's digits are as large as anywhere.
    page.click('#figure [data-key="affine1.W"] [data-full] text')
    if page.inner_text("#fit") == "Read":
        explorer.press("0")
    scale = float(page.get_attribute("#figure", "data-scale"))
    size = page.locator('#figure [data-key="affine1.W"] .cell text').first
    assert scale * float(size.evaluate("t => parseFloat(getComputedStyle(t).fontSize)")) > 8
    texts = page.locator('#figure [data-key="affine1.W"] .cell text').all_text_contents()
    assert len({len(text.partition(".")[2]) for text in texts}) == 1


def test_the_cell_of_a_heat_map_that_is_pointed_at_is_told(explorer: Any) -> None:
    page = open_made(explorer, network(10, 12), "level=op&at=99&lang=en")
    cells = explorer.get("/tensors/affine1.W")["value"]
    key = '#figure [data-key="affine1.W"] .heat-frame'
    for row, column in ((0, 0), (3, 7), (9, 9)):
        said = hovered(page, key, ((column + 0.5) / 10, (row + 0.5) / 10))
        assert said == f"W[{row}, {column}] = {cells[row][column]!r}"
    page.mouse.move(2, 2)
    assert page.locator(".hovered").is_hidden()


def test_nothing_is_told_before_it_is_computed(explorer: Any) -> None:
    page = open_made(explorer, network(10, 12), "level=op&at=0&lang=en")
    key = '#figure [data-key="affine1.output"] .slot'
    assert hovered(page, key, (0.5, 0.5)) == ""
    explorer.press("End")
    assert hovered(page, key, (0.45, 0.55)).startswith("A[6, 4] = ")


def test_a_pixel_of_the_digit_is_told(explorer: Any) -> None:
    page = explorer.page
    explorer.open("?preset=fig-5-28&at=0&lang=en")
    explorer.until(
        "document.querySelector('#figure .node image.heat')?.getAttribute('href') !== null"
    )
    pixels = explorer.get("/tensors/x")["value"][0]
    row, column = divmod(pixels.index(max(pixels)), 28)
    at = ((column + 0.5) / 28, (row + 0.5) / 28)
    said = hovered(page, "#figure .node image.heat", at)
    place, _, value = said.partition(" = ")
    assert place.endswith(f"{28 * row + column}]")
    assert float(value) == max(pixels)


@pytest.mark.parametrize("language", ["en", "ko", "ja"])
def test_a_cell_of_a_large_matrix_is_gone_to_by_its_index(explorer: Any, language: str) -> None:
    page = open_made(explorer, network(40, 3), f"level=op&at=99&lang={language}")
    page.click('#figure [data-key="affine1.W.grad"] image.heat')
    gradient = explorer.get("/tensors/affine1.W.grad")["value"]
    page.fill("#cell-row", "31")
    page.keyboard.press("Enter")
    page.fill("#cell-column", "7")
    page.keyboard.press("Enter")
    explorer.until("document.querySelector('#chosen-title').innerText.includes('[31, 7]')")
    page.wait_for_selector("#chosen-title .number")
    assert page.get_attribute("#chosen-title .number", "title") == repr(gradient[31][7])
    # Whoever types stays where they are.
    assert page.evaluate("document.activeElement.id") == "cell-column"
    page.wait_for_selector("#figure [data-key='affine1.W.grad'] .heat-mark.shown")

    page.fill("#cell-column", "40")
    page.keyboard.press("Enter")
    assert page.inner_text("#cell-column-refusal") != ""
    assert page.input_value("#cell-column") == "7"


def test_a_matrix_that_is_written_needs_no_index(explorer: Any) -> None:
    page = explorer.page
    explorer.open("?preset=two-layer&at=18&lang=en")
    page.click('#figure [data-key="affine1.W"] [data-full]')
    page.wait_for_selector("#chosen-title .number")
    assert page.locator("#cell-column").count() == 0
