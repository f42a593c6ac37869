"""Sizes, ratios and shares that the health of a training is told in."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.health import dead_units, flat_cells, layer_health, ratio, size
from app.engine.network import LayerResult, Network
from tests.engine.networks import Case, cases, make_case, some

NUMBERS = st.lists(st.floats(-1e3, 1e3, width=16), min_size=1, max_size=20)


@given(NUMBERS)
def test_a_size_is_the_root_of_the_mean_square(numbers: list[float]) -> None:
    array = np.array(numbers)
    assert size(array) == pytest.approx(np.sqrt(np.mean(array**2)), rel=1e-12)


def test_a_size_neither_overflows_nor_hides_what_is_no_number() -> None:
    assert size(np.array([3e200, -4e200])) == pytest.approx(np.sqrt(12.5) * 1e200)
    assert size(np.full(4, 3e38, np.float32)) == pytest.approx(3e38)
    assert size(np.zeros(3)) == size(np.zeros((0, 2))) == 0
    assert np.isnan(size(np.array([1.0, np.nan])))
    assert size(np.array([1.0, np.inf])) == np.inf


def test_a_ratio_of_nothing_is_nothing_and_of_something_to_nothing_infinite() -> None:
    assert ratio(np.array([3.0, 4.0]), np.array([6.0, 8.0])) == pytest.approx(0.5)
    assert ratio(np.zeros(2), np.zeros(2)) == 0
    with np.errstate(divide="ignore"):
        assert ratio(np.ones(2), np.zeros(2)) == np.inf


def test_dead_units_and_flat_cells() -> None:
    output = np.array([[0.0, 2.0, 0.0], [0.0, 0.0, 1.0]])
    relu = LayerResult("relu1", "relu", (2, 3), (2, 3), output)
    assert dead_units(relu).tolist() == [True, False, False]
    y = np.array([[0.5, 0.999, 0.001]])
    assert flat_cells(y, "sigmoid").tolist() == [[False, True, True]]
    tanh = np.tanh([[0.0, 2.2, -2.4]])
    assert flat_cells(tanh, "tanh").tolist() == [[False, False, True]]


@settings(max_examples=20)
@given(cases())
def test_every_layer_is_told_of_with_what_it_has(case: Case) -> None:
    network = Network(case.spec, case.parameters)
    evaluation = network.evaluate(case.x, case.t)
    changes = {k: -0.1 * g for k, g in evaluation.parameter_gradients.items()}
    told = layer_health(evaluation, changes)
    assert [one.name for one in told] == [layer.name for layer in case.spec.layers]
    for one, layer in zip(told, evaluation.layers, strict=True):
        assert one.value == size(layer.output)
        assert one.gradient == size(some(layer.grad_output))
        assert (one.ratio is not None) is (layer.type == "affine")
        assert (one.dead is not None) is (layer.type == "relu")
        assert (one.saturated is not None) is (layer.type in ("sigmoid", "tanh"))
        if one.ratio is not None:
            weights = case.parameters[f"{one.name}.W"]
            wanted = np.linalg.norm(changes[f"{one.name}.W"]) / np.linalg.norm(weights)
            assert one.ratio == pytest.approx(wanted)


def test_without_a_backward_half_there_are_values_alone() -> None:
    case = make_case([2, 3, 2], ["relu"], 4, 0)
    (first, *_) = layer_health(Network(case.spec, case.parameters).evaluate(case.x), {})
    assert first.value > 0
    assert first.gradient is first.ratio is None
