"""Matrices as people copy them, pasted into the tables of the Data panel (section 5.6's shapes)."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.pasting import becomes, open_own, paste, problem, selector, tensor

W1 = (np.random.default_rng(0).normal(size=(4, 10)) * 0.1).round(8)


def test_a_wrapped_row_of_numpy_is_one_row(explorer: Any) -> None:
    open_own(explorer)
    before = tensor(explorer, "affine1.W")
    text = str(W1[0])
    assert "\n" in text
    paste(explorer, "affine1.W", "0,0", text)
    explorer.until(lambda: tensor(explorer, "affine1.W")[0] == W1[0].tolist())
    assert tensor(explorer, "affine1.W")[1:] == before[1:]


def test_a_whole_matrix_is_taken_wherever_the_focus_is(explorer: Any) -> None:
    open_own(explorer)
    writers: list[Callable[[np.ndarray], str]] = [str, repr, listed, matlab]
    for k, written in enumerate(writers):
        text = written(W1 + k)
        paste(explorer, "affine1.W", "2,3", text)
        becomes(explorer, "affine1.W", np.reshape(numbers_in(text), (4, 10)).tolist())


def test_decimal_commas_and_wide_digits_are_numbers(explorer: Any) -> None:
    open_own(explorer)
    x = tensor(explorer, "x")
    for index, text, row in (
        ("0,0", "0,5\t0,25", [0.5, 0.25]),
        ("1,2", "0,5;0,25", [0.5, 0.25]),
        ("2,1", "\uff10\uff0e\uff15\t\u22121", [0.5, -1]),
    ):
        paste(explorer, "x", index, text)
        at, start = map(int, index.split(","))
        x[at][start : start + 2] = row
        becomes(explorer, "x", x)


def test_a_bias_comes_from_whatever_printed_it_as_a_row_or_a_column(explorer: Any) -> None:
    open_own(explorer)
    for k, text in enumerate(
        ("array([{}1, 0.2, 0.3], dtype=float32)", "{}1\n0.2\n0.3", "[[{}1, 0.2, 0.3]]",
         "tensor([ {}1000,  0.2000,  0.3000], requires_grad=True)",
         "[np.float64({}1), np.float64(0.2), np.float64(0.3)]",
         r"\begin{{bmatrix}} {}1 \\ 0.2 \\ 0.3 \end{{bmatrix}}",
         "| b |\n|---|\n| {}1 |\n| 0.2 |\n| 0.3 |"),
    ):  # fmt: skip
        paste(explorer, "affine2.b", "0", text.format(f"{k}."))
        becomes(explorer, "affine2.b", [k + 0.1, 0.2, 0.3])


def test_typeset_matrices_are_taken_from_the_field_on(explorer: Any) -> None:
    open_own(explorer)
    before = tensor(explorer, "affine2.W")
    paste(explorer, "affine2.W", "0,0", r"\begin{bmatrix} 1 & -2 \\ 3 & 4 \end{bmatrix}")
    wanted = [[1, -2, before[0][2]], [3, 4, before[1][2]], *before[2:]]
    becomes(explorer, "affine2.W", wanted)
    paste(explorer, "affine2.W", "8,1", "| a | b |\n|---|:-:|\n| 7 | 8 |\n| 9 | 10 |")
    wanted = [*wanted[:8], [wanted[8][0], 7, 8], [wanted[9][0], 9, 10]]
    becomes(explorer, "affine2.W", wanted)
    assert "first row holds names" in explorer.page.inner_text("#panel")


def test_one_hot_rows_become_labels(explorer: Any) -> None:
    open_own(explorer)
    paste(explorer, "t", "0", "1 0 0\n0 1 0\n0 0 1\n0 0 1\n0 1 0")
    becomes(explorer, "t", [0, 1, 2, 2, 1])
    paste(explorer, "t", "3", "[[2], [2]]")
    becomes(explorer, "t", [0, 1, 2, 2, 2])
    paste(explorer, "t", "0", "1 0 0\n0 1 1\n0 0 1\n0 0 1\n0 1 0")
    assert "Row 2 of the text is not one-hot" in problem(explorer, "t")
    assert tensor(explorer, "t") == [0, 1, 2, 2, 2]


def test_what_is_in_doubt_is_refused_with_words_and_changes_nothing(explorer: Any) -> None:
    open_own(explorer)
    before = explorer.get("")
    for text, words in {
        "1.234,5\t2,5": "thousands",
        "1,5": "could be a decimal point",
        "1 2\n3": "Row 2 of the text has a length of 1 instead of 2",
        "1\tnan": "Row 1, column 2 of the text: \u201cnan\u201d is not a finite number",
        "1/3 2": "\u201c1/3\u201d is a fraction",
        "[0. 1. ... 8. 9.]": "numbers that were left out",
        "[1 2\n 3 4]": "A line ends inside the brackets",
        "np.array([1, 2]).T": "\u201c.T\u201d",
        "1 2 3 4 5 6": "(1, 6), X has shape (5, 4). From this field on there is room for (5, 4)",
    }.items():
        paste(explorer, "x", "0,0", text)
        explorer.until(lambda words=words: words in problem(explorer, "x"))
    assert explorer.get("")["version"] == before["version"]


def test_what_fits_only_transposed_is_offered(explorer: Any) -> None:
    open_own(explorer)
    before = tensor(explorer, "affine1.W")
    paste(explorer, "affine1.W", "0,0", repr(W1.T))
    explorer.page.wait_for_selector("#panel .offer")
    said = "shape (10, 4), W\u2081 has shape (4, 10). They fit only when transposed"
    assert said in problem(explorer, "affine1.W")
    assert tensor(explorer, "affine1.W") == before
    explorer.page.get_by_role("button", name="Paste transposed").click()
    becomes(explorer, "affine1.W", W1.tolist())
    assert explorer.page.locator("#panel .offer, #panel .problem").count() == 0


def test_one_pasted_number_takes_the_place_of_the_field_s(explorer: Any) -> None:
    open_own(explorer)
    for text, value in {"0.25": 0.25, "np.float64(4.8)": 4.8, "\u22121e-3": -0.001}.items():
        paste(explorer, "affine1.b", "1", text)
        explorer.until(lambda value=value: tensor(explorer, "affine1.b")[1] == value)


def test_what_is_typed_and_no_number_gets_words_and_escape_brings_the_number_back(
    explorer: Any,
) -> None:
    explorer.open("?preset=two-layer&lang=en")
    page = explorer.page
    page.click("#tab-data")
    for typed, words in {
        "0,5": "decimal point, such as 0.5", "1/3": "a fraction", "abc": "like 0.5, -2 or 1e-3",
        "0x10": "decimal digits", "": "missing", "1e999": "finite", "1d-3": "with e",
    }.items():  # fmt: skip
        for at, old in (
            (selector("affine1.W", "0,1"), "-0.8"),
            ('[data-tensor="learning_rate"]', "0.1"),
        ):
            field = page.locator(at)
            field.fill(typed)
            field.press("Enter")
            assert field.get_attribute("aria-invalid") == "true"
            described = field.get_attribute("aria-describedby")
            assert words in page.inner_text(f'[id="{described}"]')
            assert page.get_attribute(f'[id="{described}"]', "role") == "alert"
            field.blur()
            assert field.input_value() == typed
            field.focus()
            field.press("Escape")
            assert field.input_value() == old
            assert field.get_attribute("aria-invalid") == "false"
            assert page.locator("#panel .problem").count() == 0
    assert explorer.get("")["version"] == 1


@pytest.mark.parametrize("width", [1440, 390])
def test_a_long_number_is_short_at_rest_and_whole_with_the_focus(explorer: Any, width: int) -> None:
    explorer.page.set_viewport_size({"width": width, "height": 844})
    explorer.open("?preset=fig-5-25")
    page = explorer.page
    page.click("#tab-data")
    field = page.locator(selector("affine1.b", "0"))
    for typed, shown in {
        "1.23456789e-7": "1.235e-7", "0.1234567890123456": "0.1235", "-1.5e-300": "-1.5e-300",
        "123456789.123": "1.235e8", "-0.09772779": "-0.09773", "-1.23456e-300": "-1.2e-300",
    }.items():  # fmt: skip
        explorer.type("affine1.b", "0", typed)
        becomes(explorer, "affine1.b", [float(typed), 2, 3])
        assert float(field.input_value()) == float(typed)
        field.blur()
        assert field.input_value() == shown
        assert field.evaluate("field => field.scrollWidth <= field.clientWidth"), shown
        cut = float(shown) != float(typed)
        line = field.evaluate("field => getComputedStyle(field).textDecorationLine")
        assert line == ("underline" if cut else "none")
        assert float(field.get_attribute("title")) == float(typed)
        field.focus()
        assert float(field.input_value()) == float(typed)
        field.blur()


def test_a_refused_number_stays_in_its_field_until_escape(explorer: Any) -> None:
    explorer.open("?preset=two-layer")
    explorer.expect("422")
    page = explorer.page
    page.click("#tab-data")
    explorer.type("t", "0", "7")
    field = page.locator(selector("t", "0"))
    page.wait_for_selector("#panel .problem")
    explorer.settle()
    assert (field.input_value(), field.get_attribute("aria-invalid")) == ("7", "true")
    described = field.get_attribute("aria-describedby")
    assert page.locator(f'[id="{described}"]').count() == 1
    field.press("Escape")
    assert (field.input_value(), field.get_attribute("aria-invalid")) == ("0", "false")


def test_what_was_said_of_another_figure_goes_with_it(explorer: Any) -> None:
    explorer.open("?preset=fig-5-25&lang=en")
    page = explorer.page
    page.click("#tab-data")
    page.fill(selector("x", "0,0"), "abc")
    page.press(selector("x", "0,0"), "Enter")
    paste(explorer, "affine1.W", "0,0", "1/3 2")
    explorer.until(lambda: page.locator("#panel .problem").count() == 2)
    page.click("#choose")
    page.click('[data-preset="fig-5-24"]')
    explorer.until("location.search.includes('preset=fig-5-24')")
    assert page.input_value(selector("x", "0,0")) == "1"
    assert page.locator('#panel .problem, #panel [aria-invalid="true"]').count() == 0


def numbers_in(text: str) -> list[float]:
    """The printed numbers, in reading order."""
    return [
        float(number) for number in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", text.replace("W1", ""))
    ]


def listed(w: np.ndarray) -> str:
    return str(w.tolist())


def matlab(w: np.ndarray) -> str:
    return f"W1 = [{'; '.join(' '.join(map(repr, row)) for row in w.tolist())}];"
