"""Mistakes at the page: homework beside the right gradient, and where its mistake was made."""

from typing import Any

import pytest

STRUCK = """key => [...document.querySelectorAll(`#figure [data-key="${key}"] [data-struck]`)]
  .map((cell) => Number(cell.dataset.cell))"""


def written(value: Any) -> str:
    return "\n".join(" ".join(map(str, row)) for row in value)


def test_homework_is_compared_named_and_led_to_its_place(explorer: Any) -> None:
    page = explorer.open("?preset=two-layer&lang=en").page
    key = "affine2.W.grad"
    right = explorer.get(f"/tensors/{key}")["value"]
    page.click("#tab-practice")
    page.click("#mode-homework")
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
    page.click("#tab-practice")

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


def test_a_mistake_at_work_is_struck_flagged_and_trained_beside_the_right_one(
    explorer: Any,
) -> None:
    page = explorer.open("?preset=two-layer&lang=en").page
    page.click("#tab-practice")
    page.click("#mode-zoo")
    page.wait_for_selector("#zoo-fault")
    page.select_option("#zoo-fault", "mask_missing")
    page.focus("#zoo-make")
    page.keyboard.press("Enter")
    page.wait_for_selector("#zoo-said .u-wrap")

    told = explorer.get("/faults/mask_missing?steps=50")
    struck = {key for key in told["gradients"] if page.evaluate(STRUCK, key)}
    assert {"affine1.W.grad", "affine1.b.grad", "x.grad"} <= struck
    shown = page.locator('#figure [data-key="affine1.b.grad"] .struck').all_text_contents()
    wrong = told["gradients"]["affine1.b.grad"]
    assert [float(text.replace("\u2212", "-")) for text in shown] == [
        pytest.approx(cell, abs=5e-5) for cell in wrong
    ]
    flags = page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll("#zoo-said [data-parameter]")]
             .map((row) => [row.dataset.parameter, row.dataset.flagged === "true"]))"""
    )
    assert flags == {name: flag["flagged"] for name, flag in told["check"].items()}
    assert flags["affine1.W"]
    assert not flags["affine2.W"]
    assert told["curves"]["still_falls"]
    assert "still falls" in page.inner_text("#zoo-said .verdict")
    page.click("#zoo-clear")
    assert page.locator("#figure [data-struck]").count() == 0
    # At one place alone, and with a loss that rises.
    page.select_option("#zoo-fault", "sign")
    page.select_option("#zoo-place", "0")
    page.click("#zoo-make")
    page.wait_for_selector("#zoo-said .place")
    assert "does not fall" in page.inner_text("#zoo-said .verdict")


def test_a_hidden_mistake_is_nudged_guessed_and_told(explorer: Any) -> None:
    page = explorer.open("?preset=two-layer&lang=en&find=7").page
    page.wait_for_selector("#find-nudge")
    told = explorer.get("/hidden?seed=7")["gradients"]
    for key in ("affine1.W.grad", "x.grad"):
        flat = [cell for row in told[key] for cell in row]
        assert explorer.numbers(key) == pytest.approx(flat, rel=1e-9)
    assert "find=7" in page.url
    # What is chosen in the figure is nudged, not derived.
    page.locator('#figure [data-key="x.grad"] [data-cell="1"]').dispatch_event("click")
    assert page.input_value("#find-gradient") == "x.grad"
    page.select_option("#find-cell", "1")
    page.focus("#find-nudge")
    page.keyboard.press("Enter")
    page.wait_for_selector('[data-agrees="false"]')
    page.select_option("#find-gradient", "affine2.W.grad")
    page.click("#find-nudge")
    page.wait_for_selector('[data-agrees="true"]')
    assert page.inner_text("#find-nudges") == "Nudges left: 3"

    answer = explorer.page.request.post(
        f"{explorer.server}/api/v1/sessions/{explorer.id}/hidden",
        data={"seed": 7, "fault": "sign", "layer": "affine1", "reveal": True},
    ).json()
    page.select_option("#find-fault", "sign")
    page.click("#find-guess")
    page.wait_for_selector("#find-said .problem")
    page.select_option("#find-fault", answer["id"])
    page.select_option("#find-layer", answer["site"]["layer"])
    page.click("#find-guess")
    page.wait_for_selector(f'#find-said [data-fault="{answer["id"]}"]')
    assert "Found" in page.inner_text("#find-said")
    # The true numbers are back, with the wrong ones struck beside them.
    assert len(page.evaluate(STRUCK, "x.grad")) == 10
    assert "find=" not in page.url
