"""Whole passes: PyTorch's answers, finite differences, edits that take effect."""

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.testing import assert_allclose

from app.engine.network import Network
from app.engine.run import make_trace
from app.engine.spec import NetworkSpec
from app.engine.targets import as_one_hot, check_parameters, check_rows
from tests.engine.networks import Case, cases, make_case, some
from tests.reference import load, network_of, passes

RTOL = 1e-10


@pytest.mark.parametrize("name", passes())
@pytest.mark.parametrize(("loss", "level"), [("fused", ""), ("closed", "op"), ("opened", "op")])
def test_every_number_agrees_with_pytorch(name: str, loss: str, level: str) -> None:
    case = load(name)
    spec = network_of(case)
    x = check_rows(case["x"], spec.input_size, "float64", "x")
    t = as_one_hot(case["t"], len(x), spec.output_size)
    parameters = check_parameters(spec, case["parameters"])
    expected = case["expected"]
    if loss == "fused":
        found = Network(spec, parameters).evaluate(x, t)
        assert_allclose(some(found.loss), expected["loss"], rtol=RTOL)
        assert_allclose(some(found.probabilities), expected["probabilities"], rtol=RTOL)
        assert found.predictions is not None
        assert found.predictions.tolist() == expected["predictions"]
        for layer, answer in zip(found.layers, expected["layers"], strict=True):
            assert (layer.name, layer.type) == (answer["name"], answer["type"])
            assert_allclose(layer.output, answer["output"], rtol=RTOL)
            assert_allclose(some(layer.grad_output), answer["grad_output"], rtol=RTOL)
            assert_allclose(some(layer.grad_input), answer["grad_input"], rtol=RTOL)
        gradients = dict(found.parameter_gradients)
    else:
        trace = make_trace(spec, parameters, x, t, level=level, loss=loss)
        assert_allclose(trace.array("loss"), expected["loss"], rtol=RTOL)
        gradients = {key: trace.array(f"{key}.grad") for key in parameters}
    # Sums whose parts cancel to 0 keep the rounding of their parts.
    for key, answer in expected["parameter_gradients"].items():
        assert_allclose(gradients[key], answer, rtol=RTOL, atol=1e-15)


@given(case=cases())
@settings(max_examples=25)
def test_the_gradient_is_the_slope_of_the_loss(case: Case) -> None:
    network, h = Network(case.spec, case.parameters), 1e-6
    gradients = network.gradients(case.x, case.t)
    for name, value in network.parameters.items():
        index = tuple(size // 2 for size in value.shape)
        value[index] += h
        upper = network.loss(case.x, case.t)
        value[index] -= 2 * h
        lower = network.loss(case.x, case.t)
        value[index] += h
        assert_allclose((upper - lower) / (2 * h), gradients[name][index], rtol=1e-4, atol=1e-7)


def test_editing_a_weight_in_place_changes_what_the_network_computes() -> None:
    case = make_case([2, 3], [], 2, 0)
    network = Network(case.spec, case.parameters)
    before = network.forward(case.x)
    network.parameters["affine1.W"][0, 0] += 1
    assert_allclose(network.forward(case.x)[:, 0] - before[:, 0], case.x[:, 0])
    assert case.parameters["affine1.W"][0, 0] != network.parameters["affine1.W"][0, 0]


def test_without_targets_only_the_forward_half_is_there() -> None:
    case = make_case([2, 3], [], 2, 0)
    found = Network(case.spec, case.parameters).evaluate(case.x)
    assert found.loss is None
    assert found.layers[0].grad_output is None
    assert found.parameter_gradients == {}
    assert_allclose(some(found.probabilities).sum(axis=1), 1)


def test_accuracy_counts_the_largest_scores() -> None:
    spec = NetworkSpec.build(2, [], "softmax_cross_entropy")
    x = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    assert Network(spec, {}).accuracy(x, as_one_hot([0, 1, 1, 1], 4, 2)) == 0.75
