"""The arithmetic behind a number, as a learner would write it down."""

from typing import Any

import pytest

WIDE = {"width": 3400, "height": 1000}


@pytest.fixture
def wide(explorer: Any) -> Any:
    """The page on a screen that shows every cell of a whole network."""
    explorer.page.set_viewport_size(WIDE)
    return explorer


def arithmetic(explorer: Any, key: str, cell: int) -> str:
    """What the panel writes for a cell: terms and result in one line."""
    explorer.page.click(f'[data-key="{key}"] [data-cell="{cell}"]')
    explorer.page.wait_for_selector(".result")
    parts = explorer.page.locator(".terms li, .quotient, .scale, .result").all_inner_texts()
    return " ".join(" ".join(parts).split())


def test_single_numbers_are_added_in_one_line(wide: Any) -> None:
    wide.open("?preset=fig-5-27").press("End")
    assert arithmetic(wide, "affine1.b.grad", 1) == "2 + 4 + 1 = 7"


def test_y_minus_t_is_divided_by_the_number_of_samples(wide: Any) -> None:
    wide.open("?preset=two-layer").press("End")
    assert arithmetic(wide, "affine2.output.grad", 0) == "( 0.2100 \u2212 1 ) / 5 = \u22120.1580"


def test_softmax_is_a_ratio_of_its_own_numbers(wide: Any) -> None:
    wide.open("?preset=two-layer").press("End")
    written = arithmetic(wide, "loss.probabilities", 0)
    assert written.startswith("exp(")
    assert written.count("exp(") == 4
    assert written.endswith("= 0.2100")
    assert " / ( exp(" in written


def test_the_loss_is_minus_the_logarithms_of_the_right_probabilities(wide: Any) -> None:
    wide.open("?preset=fig-5-30").press("End")
    assert arithmetic(wide, "loss", 0) == "\u2212 1 \u00d7 log(0.2) = 1.609 = 1.609"


def test_of_a_long_sum_the_rest_is_told_as_a_number(explorer: Any) -> None:
    explorer.open("?preset=fig-5-28&level=op&at=0.1&stride=element")
    explorer.press(".")
    explorer.page.wait_for_selector(".result")
    assert explorer.page.locator(".terms li").count() == 13
    sizes = explorer.page.eval_on_selector_all(
        ".terms .term-value", "all => all.map((one) => Math.abs(Number(one.title)))"
    )
    assert sizes == sorted(sizes, reverse=True)
    assert "772 more, together" in explorer.page.inner_text(".terms .rest")
    rest = explorer.page.get_attribute(".terms .rest span", "title")
    terms = explorer.page.eval_on_selector_all(
        ".terms .term-value", "all => all.map((one) => Number(one.title))"
    )
    value = float(explorer.page.get_attribute(".result output", "data-full"))
    assert sum(terms) + float(rest) == pytest.approx(value, rel=1e-12)


def test_one_sample_of_a_batch_has_a_loss_of_its_own_name(wide: Any) -> None:
    wide.open("?preset=two-layer&level=element&sample=1").press("End")
    said = wide.page.inner_text("#alone")
    assert all(part in said for part in ("Sample 1", "L\u2081", "0.9017"))
    assert "\u2202L\u2081/\u2202W\u2081" in wide.page.inner_text("#sentence")
    wide.page.select_option("#level", "op")
    wide.page.wait_for_selector("#alone", state="detached")
    wide.open("?preset=fig-5-29").press("End")
    assert wide.page.locator("#alone").count() == 0


@pytest.mark.parametrize(
    ("preset", "said"), [("fig-5-25", "unchanged"), ("fig-5-27", "all rows")]
)  # fmt: skip
def test_the_bias_is_said_to_add_up_rows_where_samples_have_an_axis(
    explorer: Any, preset: str, said: str
) -> None:
    explorer.open(f"?preset={preset}").press("End")
    for _ in range(20):
        explorer.press(",")
        sentence = explorer.page.inner_text("#sentence")
        if "+ hands" in sentence or "all rows" in sentence:
            break
    assert said in sentence
