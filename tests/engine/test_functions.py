"""The table of functions of one number: what each row promises beside its slope (`test_ops`)."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose

from app.engine.functions import FAMILIES, FUNCTIONS, function, named

ALL = [*FUNCTIONS, *FAMILIES, "power(3.0)", "power(-0.5)", "leaky_relu(0.3)"]


@pytest.mark.parametrize("name", ALL)
def test_a_row_says_how_it_is_written_with_a_number_in_it(name: str) -> None:
    row = function(name)
    assert len(re.findall(r"\{(?:x|\(x\)|-x)\}", row.plain)) >= 1
    assert not re.search(r"\{(?!x\}|\(x\)\}|-x\})", row.plain)
    assert bool(row.title) == bool(row.formula) == bool(row.numpy) or name == "identity"


@pytest.mark.parametrize("name", [name for name in ALL if function(name).layer])
def test_layers_give_numbers_and_slopes_where_their_input_is_very_large(name: str) -> None:
    row = function(name)
    with np.errstate(over="raise", invalid="raise", divide="raise", under="ignore"):
        for size in (40.0, 800.0, 1e4):
            x = np.array([-size, size])
            y = row.value(x)
            assert np.isfinite(y).all(), (name, size)
            assert np.isfinite(row.back(x, y, np.ones(2))).all(), (name, size)


@pytest.mark.parametrize("name", [name for name in ALL if function(name).kinks])
def test_the_slope_jumps_at_a_kink_and_nowhere_near(name: str) -> None:
    row = function(name)
    for kink in row.kinks:
        if name.startswith("power"):
            continue
        sides = np.array([kink - 1e-9, kink + 1e-9])
        slopes = row.back(sides, row.value(sides), np.ones(2))
        assert abs(slopes[1] - slopes[0]) > 0.5


def test_a_name_carries_a_constant_and_two_functions_are_taken_one_after_the_other() -> None:
    x = np.array([0.5, 2.0])
    assert_allclose(function("power(3.0)").value(x), x**3)
    assert_allclose(function("leaky_relu(0.25)").value(-x), -0.25 * x)
    assert_allclose(function("square.of.reciprocal").value(x), 1 / x**2)
    assert function("square.of.reciprocal").plain == "(1/{(x)})²"
    assert named("leaky_relu") == "leaky_relu(0.01)"
    assert named("tanh") == "tanh"
    with pytest.raises(KeyError):
        function("no such function")


def test_gelu_keeps_the_digits_of_its_tail() -> None:
    # Phi(-10) = 7.619853024160527e-24, known to all digits from tables of the normal distribution.
    assert_allclose(function("gelu").value(np.array(-10.0)), -7.619853024160527e-23, rtol=1e-13)
