"""Mistakes at the page: homework beside the right gradient, and where its mistake was made."""

from typing import Any

STRUCK = """key => [...document.querySelectorAll(`#figure [data-key="${key}"] [data-struck]`)]
  .map((cell) => Number(cell.dataset.cell))"""


def written(value: Any) -> str:
    return "\n".join(" ".join(map(str, row)) for row in value)


def test_homework_is_compared_named_and_led_to_its_place(explorer: Any) -> None:
    page = explorer.open("?preset=two-layer&lang=en").page
    key = "affine2.W.grad"
    right = explorer.get(f"/tensors/{key}")["value"]
    page.click("#tab-mistakes")
    page.wait_for_selector("#homework-own")
    page.select_option("#homework-gradient", key)

    def hand_in(value: Any) -> str:
        page.fill("#homework-own", written(value))
        page.press("#homework-own", "Control+Enter")
        explorer.until("!document.getElementById('homework-compare').disabled")
        said: str = page.inner_text("#homework-said")
        return said

    # As NumPy prints it, which is right as far as its digits go.
    assert "Right" in hand_in([[round(cell, 6) for cell in row] for row in right])
    assert page.evaluate(STRUCK, key) == []

    one = [list(row) for row in right]
    one[2][1] += 0.5
    said = hand_in(one)
    assert "1 of 12 cells differ, by 0.5 at most." in said
    assert "No mistake that has a name" in said
    assert page.evaluate(STRUCK, key) == [7]
    # The table has it struck beside the right one, too.
    page.click("#tab-table")
    page.wait_for_selector(".figure-table del")
    page.click("#tab-mistakes")

    said = hand_in([[5 * cell for cell in row] for row in right])
    assert "1/N missing" in said
    assert len(page.evaluate(STRUCK, key)) == 12
    page.locator('[data-fault="not_averaged"] .place').first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#figure .node.lit")
    assert page.text_content("#figure .node.lit").startswith("Softmax")

    assert "shape" in hand_in([[1, 2], [3, 4]])
    page.fill("#homework-own", "1 2\nthree")
    page.click("#homework-compare")
    page.wait_for_selector("#panel .problem[role=alert]")
    # Other numbers make it an answer to another question.
    hand_in(one)
    page.click("#tab-data")
    explorer.type("affine1.W", "0,0", "0.75")
    explorer.settle()
    assert page.evaluate(STRUCK, key) == []
