"""Numbers of one tensor as text: one number of decimals, nothing rounded away."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.drawing.svg.numbers import ACCIDENT, MINUS, short, shorts

SIZES = st.floats(min_value=-350, max_value=300).map(lambda power: 10.0**power)
ANY = st.one_of(
    # Not to the very end, where rounding up reads as infinity.
    st.floats(-1e307, 1e307),
    st.floats(-2, 2),
    st.integers(-200_000, 200_000).map(float),
    st.builds(lambda size, sign: size * sign, SIZES, st.sampled_from((1.0, -1.0))),
    st.builds(lambda number, k: number / 10**k, st.integers(-99_999, 99_999), st.integers(0, 8)),
)
MATRICES = st.lists(ANY, min_size=1, max_size=30)
NEAR_ONE = st.lists(st.one_of(st.just(0.0), st.floats(-9999, 9999)), min_size=1, max_size=30)


def read(text: str) -> float:
    return float(text.replace(MINUS, "-"))


def decimals(text: str) -> int:
    return len(text.partition(".")[2])


@pytest.mark.parametrize(
    ("numbers", "texts"),
    [
        ([0.1 + 0.2], "0.3"),
        ([0.1 + 0.2, 0.2, 0.5], "0.3 0.2 0.5"),
        ([-0.45, 0.35, 1.1, 0.7], "-0.45 0.35 1.10 0.70"),
        ([1, 2, 5, 11, 17], "1 2 5 11 17"),
        ([2.9999999999999996, -1], "3 -1"),
        ([0.0, -0.0, 0.35], "0.00 0.00 0.35"),
        ([1, 1 / 3], "1.000 0.333"),
        ([3.367123, 0.04131], "3.367 0.041"),
        ([0.97961, 0.0123, 0.000012345], "0.9796 0.0123 1.2e-5"),
        ([1e-9, 1], "1e-9 1"),
        ([1 / 3e9, -2e-9, 0], "3.333e-10 -2.000e-9 0"),
        ([1e-9, 2.5e-9], "1.0e-9 2.5e-9"),
        ([12345, 0.5], "12345.0 0.5"),
        ([123456.7, 1.5], "1.235e5 1.5"),
        ([1234.56, 0.0523], "1234.560 0.052"),
        ([math.nan, -math.inf, 1.5, 0], "NaN -\u221e 1.5 0.0"),
        ([0.30001], "0.3000"),
        ([99999.99999999999], "1e5"),
        ([0.00099999999999999999], "0.001"),
        ([5.551115123125783e-17], "5.551e-17"),
        ([], ""),
    ],
)
def test_what_a_tensor_reads(numbers: list[float], texts: str) -> None:
    assert shorts(numbers) == texts.replace("-", MINUS).split()


@given(MATRICES)
def test_only_0_reads_0_and_every_number_shows_two_digits_of_itself_at_least(
    numbers: list[float],
) -> None:
    for number, text in zip(numbers, shorts(numbers), strict=True):
        shown = read(text)
        assert (shown == 0) == (number == 0)
        # Two digits round by a twentieth at most; the smallest doubles have no exact tenth.
        assert abs(shown - number) <= 0.0501 * abs(number) + 5e-324
        assert math.copysign(1, shown) == math.copysign(1, number) or number == 0


@given(MATRICES)
def test_the_numbers_of_a_tensor_have_the_same_number_of_decimals(numbers: list[float]) -> None:
    plain = [text for text in shorts(numbers) if "e" not in text]
    assert len({decimals(text) for text in plain}) <= 1
    # As many as a cell of the figure has room for.
    assert all(len(re.sub(r"\D", "", text)) <= 7 for text in plain)


@given(NEAR_ONE)
def test_the_largest_shows_four_digits(numbers: list[float]) -> None:
    largest = max(numbers, key=abs)
    shown = read(shorts(numbers)[numbers.index(largest)])
    assert abs(shown - largest) <= 0.0005001 * abs(largest)


@given(st.lists(st.integers(-9999, 9999), min_size=1, max_size=20), st.integers(0, 8))
def test_a_float_accident_changes_nothing(numerators: list[int], k: int) -> None:
    numbers = [numerator / 10**k for numerator in numerators]
    near = [number * (1 + 0.9 * ACCIDENT) for number in numbers]
    next_double = [math.nextafter(number, math.inf) if number else 0.0 for number in numbers]
    assert shorts(near) == shorts(next_double) == shorts(numbers)


@given(MATRICES)
def test_the_order_of_the_cells_makes_no_difference(numbers: list[float]) -> None:
    assert shorts(numbers[::-1]) == shorts(numbers)[::-1]


@given(ANY)
def test_a_number_by_itself_is_a_tensor_of_one(number: float) -> None:
    assert short(number) == shorts([number])[0]
    assert abs(read(short(number)) - number) <= 0.0005001 * abs(number) + 5e-324
