"""Gradients against their definition, on the page: of all parameters, and of one number."""

import math
from typing import Any

PIXELS = """name => {
  const canvas = document.querySelector(`[data-map="${name}"] canvas`);
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const at = (_, i) => [...data.slice(4 * i, 4 * i + 4)];
  const pixels = Array.from({ length: data.length / 4 }, at);
  return { rows: canvas.height, columns: canvas.width, pixels };
}"""
READ = """() => Object.fromEntries([...document.querySelectorAll(".checks tbody tr")].map((row) => [
  row.dataset.parameter, [...row.cells].map((cell) => cell.innerText.trim())
]))"""
NUDGE = """() => Object.fromEntries([...document.querySelectorAll("[data-nudge]")].map((cell) => [
  cell.dataset.nudge, cell.dataset.full
]))"""


def check(explorer: Any, h: float) -> Any:
    """What REST says of the page's own session."""
    answer = explorer.page.request.post(
        f"{explorer.server}/api/v1/sessions/{explorer.id}/check",
        data={"h": h},
        headers={"Authorization": f"Bearer {explorer.token}"},
    )
    return answer.json()["parameters"]


def size_of(text: str) -> float:
    return float(text.replace("\u2212", "-"))


def test_the_check_tells_of_every_parameter_and_leads_to_the_worst_cell(explorer: Any) -> None:
    page = explorer.open("?preset=two-layer&lang=en").page
    page.click("#tab-learn")
    page.focus("#check-h")
    explorer.press("End")
    page.click("#check-run")
    page.wait_for_selector(".checks")
    wanted, shown = check(explorer, 0.1), page.evaluate(READ)
    assert shown.keys() == wanted.keys()
    kinks = {name: len(one["not_comparable"]) for name, one in wanted.items()}
    assert sum(kinks.values()) > 0
    for name, one in wanted.items():
        _, result, largest, norm, mean, cells, at_kink = shown[name]
        assert result == ("passed" if one["passed"] else "not passed")
        told = [(largest, "max_relative_error"), (norm, "norm_error"), (mean, "mean_difference")]
        for text, key in told:
            assert math.isclose(size_of(text), one[key], rel_tol=0.06)
        assert cells == f"{one['cells'] - kinks[name]} of {one['cells']}"
        assert at_kink == str(kinks[name])
        # A pixel a cell: darker for larger errors, another ink for kinks.
        picture = page.evaluate(PIXELS, name)
        assert [picture["rows"], picture["columns"]] == [1, *one["shape"]][-2:]
        inks = dict(zip(one["errors"], picture["pixels"], strict=True))
        blue = [pixel[2] > pixel[0] for pixel in picture["pixels"]]
        assert blue == [error is None for error in one["errors"]]
        known = sorted(error for error in inks if error is not None)
        greens = [inks[error][1] for error in known]
        assert greens == sorted(greens, reverse=True)
    assert "did not pass" in page.inner_text(".gradient-check .verdict")

    page.focus('[data-map="affine1.W"] canvas')
    explorer.press("ArrowRight", "ArrowDown")
    assert "[1, 1]:" in page.inner_text('[data-map="affine1.W"] p')
    explorer.press("Enter")
    page.wait_for_selector("#panel .chosen")
    assert "[1, 1]" in page.inner_text("#chosen-title")
    page.click("#tab-learn")
    # Nothing old passes as current.
    page.click("#tab-data")
    explorer.type("x", "0,0", "0.25")
    explorer.settle()
    page.click("#tab-learn")
    assert page.locator(".checks").count() == 0


def test_beside_a_gradient_stands_its_nudge_for_every_step(explorer: Any) -> None:
    page = explorer.open("?preset=two-layer&lang=en").page
    page.locator("#choose").focus()
    explorer.press("End")
    page.locator('#figure [data-key="affine1.W.grad"] [data-cell="1"]').click()
    page.click(".nudge summary")
    page.wait_for_selector("#nudge-h")
    answer = explorer.get("/nudge?tensor=affine1.W.grad&index=0,1")
    usual = next(k for k, one in enumerate(answer["nudges"]) if one["h"] == 1e-4)
    verdicts = {}
    for key, place in (("", usual), ("Home", 0), ("End", len(answer["nudges"]) - 1)):
        if key:
            page.focus("#nudge-h")
            explorer.press(key)
        one = answer["nudges"][place]
        shown = page.evaluate(NUDGE)
        for name in ("minus", "plus", "numerical", "error"):
            assert float(shown[name]) == one[name]
        assert float(shown["backpropagated"]) == answer["backpropagated"]
        verdicts[key] = page.inner_text(".nudge .verdict")
    assert "agree" in verdicts[""]
    assert "too small" in verdicts["Home"]
    assert answer["nudges"][-1]["kink"]
    assert "ReLU" in verdicts["End"]
    # The curve moves the step too, and the next number is nudged by the same one.
    curve = page.locator(".nudge-curve")
    curve.click(position={"x": curve.bounding_box()["width"] * 0.8, "y": 20})
    moved = page.inner_text("#nudge-h + output")
    assert "too large" in page.inner_text(".nudge .verdict")
    page.locator('#figure [data-key="x.grad"] [data-cell="0"]').click()
    page.wait_for_selector("#nudge-h")
    assert page.inner_text("#nudge-h + output") == moved
    now = explorer.get("/nudge?tensor=x.grad&index=0,0")["backpropagated"]
    assert float(page.evaluate(NUDGE)["backpropagated"]) == now


def test_a_given_gradient_is_checked_and_followed_by_an_update(explorer: Any) -> None:
    page = explorer.open("?preset=fig-5-27&lang=en").page
    page.click("#tab-learn")
    page.click("#check-run")
    page.wait_for_selector(".checks")
    assert [row[1] for row in page.evaluate(READ).values()] == ["passed", "passed"]
    assert "sum of the given gradient" in page.inner_text(".gradient-check")
    page.check("#learn-single")
    page.wait_for_selector(".phase-part.update")
    page.locator("#choose").focus()
    explorer.press("End")
    w = explorer.get("/trace?update=true")["events"][-2]["values"]["affine1.W.new"]
    page.click("#tab-explain")
    page.wait_for_selector("#panel .update")
    around = explorer.get("/trace?update=true")["update"]["loss"]
    told = page.locator("#panel .losses dd")
    assert [float(one.get_attribute("title")) for one in told.all()] == list(around.values())
    assert page.locator("#panel .losses dt").first.inner_text() == "S before"
    explorer.press(".")
    explorer.until(lambda: explorer.get("")["parameters"]["affine1.W"] == w)
    # The same step as a button, with a rate of one's own.
    page.click("#tab-data")
    page.fill('[data-tensor="learning_rate"]', "0.5")
    page.click("#update")
    page.wait_for_selector('[aria-labelledby="data-rate"] .hint')
    assert page.inner_text('[aria-labelledby="data-rate"] .hint').startswith("S ")
    assert explorer.get("")["optimizer"]["learning_rate"] == 0.5


def test_a_check_that_is_asked_for_while_numbers_are_on_their_way_is_one_of_those(
    explorer: Any,
) -> None:
    page = explorer.open("?preset=two-layer&lang=en").page
    page.click("#tab-data")

    def late(route: Any) -> None:
        page.click("#tab-learn")
        page.click("#check-run")
        route.continue_()

    page.route("**/trace?*", late, times=1)
    explorer.type("x", "0,0", "0.25")
    page.wait_for_selector(".gradient-check .verdict")
    wanted, shown = check(explorer, 1e-4), page.evaluate(READ)
    assert {name: row[1] for name, row in shown.items()} == dict.fromkeys(wanted, "passed")
