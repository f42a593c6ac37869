"""Dropout: which cells a mask leaves out, in training and after it, and at every step anew."""

from typing import Any

import numpy as np
import pytest

from app.engine.errors import EngineError
from app.engine.explain import explain
from app.engine.initializers import Initializer, initialize
from app.engine.layer_types.dropout import mask_of
from app.engine.network import Network
from app.engine.optimizers import OptimizerConfig, make_optimizer
from app.engine.run import make_trace
from app.engine.spec import LayerSpec, NetworkSpec
from app.engine.training import Training
from tests.engine.networks import some

X = np.array([[-2.5, -0.3, 0.7], [1.9, -7.0, 30.0]])
DY = np.array([[1.0, 2.0, -1.0], [0.5, 3.0, 1.0]])
KEPT = np.random.default_rng([3, 2]).random((2, 3)) > 0.4
# Of PyTorch in float64 for this mask: x times it over 1 - 0.4, and native_dropout_backward.
OUTPUT = [[0.0, -0.5, 1.1666666666666667], [0.0, 0.0, 0.0]]
GRAD_INPUT = [[0.0, 3.3333333333333335, -1.6666666666666667], [0.0, 0.0, 0.0]]


def dropout(**fields: Any) -> NetworkSpec:
    return NetworkSpec.build(3, [LayerSpec("dropout", **fields)])


def test_the_inverted_form_gives_the_numbers_of_pytorch_for_the_same_mask() -> None:
    spec = dropout(ratio=0.4, seed=3, inverted=True).at_step(2)

    found = Network(spec, {}).evaluate(X, grad_output=DY)

    np.testing.assert_allclose(found.layers[0].output, OUTPUT, rtol=1e-15)
    np.testing.assert_allclose(some(found.grad_input), GRAD_INPUT, rtol=1e-15)
    resting = Network(spec.for_inference(), {}).evaluate(X, grad_output=DY)
    assert resting.layers[0].output.tolist() == X.tolist()
    assert some(resting.grad_input).tolist() == DY.tolist()


def test_the_books_form_multiplies_by_ones_and_zeros_and_then_by_the_share_that_is_kept() -> None:
    spec = dropout(ratio=0.4, seed=3).at_step(2)

    found = Network(spec, {}).evaluate(X, grad_output=DY)

    assert found.layers[0].output.tolist() == (X * KEPT + 0.0).tolist()
    assert some(found.grad_input).tolist() == (DY * KEPT).tolist()
    resting = Network(spec.for_inference(), {}).evaluate(X, grad_output=DY)
    assert resting.layers[0].output.tolist() == (X * 0.6).tolist()


@pytest.mark.parametrize("ratio", [0.0, 0.2, 0.9])
def test_a_mask_leaves_out_the_share_that_it_is_to(ratio: float) -> None:
    mask = mask_of({"ratio": ratio, "seed": 1, "inverted": False}, 1000, (40,), 0)

    assert abs((mask == 0).mean() - ratio) < 0.01
    assert set(np.unique(mask)) <= {0.0, 1.0}


def test_a_row_of_a_mask_does_not_depend_on_how_many_rows_there_are() -> None:
    settings = {"ratio": 0.5, "seed": 1, "inverted": False}

    assert (mask_of(settings, 9, (4, 2), 3)[:5] == mask_of(settings, 5, (4, 2), 3)).all()
    spec = dropout(seed=1)
    whole = make_trace(spec, {}, np.ones((3, 3)), grad_output=np.ones((3, 3)))
    for row in range(3):
        alone = make_trace(
            spec, {}, np.ones((3, 3)), grad_output=np.ones((3, 3)), level="element", sample=row
        )
        told = [float(alone.array(name)) for name in alone.graph.results]
        assert told == whole.array("dropout1.output")[row].tolist()


def test_layers_that_nobody_has_given_a_seed_draw_differently_and_keep_what_they_have() -> None:
    spec = NetworkSpec.build(30, [LayerSpec("dropout"), LayerSpec("dropout")])
    trace = make_trace(spec, {}, np.ones((2, 30)))

    assert not (trace.array("dropout1.mask") == trace.array("dropout2.mask")).all()
    again = NetworkSpec.build(30, spec.layers)
    assert again == spec
    same = NetworkSpec.build(30, [LayerSpec("dropout", seed=0), LayerSpec("dropout", seed=0)])
    assert NetworkSpec.build(30, same.layers) == same
    assert [layer.settings["seed"] for layer in same.layers] == [0, 0]


def test_the_mask_is_a_factor_of_every_number_that_it_makes() -> None:
    trace = make_trace(dropout(ratio=0.4, seed=3), {}, X, grad_output=DY)

    found = explain(trace, "dropout1.output", (1, 2))
    assert [factor.tensor for factor in found.terms[0].factors] == ["x", "dropout1.mask"]
    back = explain(trace, "x.grad", (1, 2))
    assert "dropout1.mask" in [factor.tensor for factor in back.terms[0].factors]


def test_a_training_has_another_mask_at_every_step_and_none_on_samples_held_out() -> None:
    layers = [LayerSpec("affine", units=8), LayerSpec("relu"), LayerSpec("dropout", seed=5),
              LayerSpec("affine", units=2)]  # fmt: skip
    spec = NetworkSpec.build(3, layers, "softmax_cross_entropy")
    x, t = np.random.default_rng(0).normal(size=(6, 3)), np.array([0, 1, 0, 1, 1, 0])
    first = initialize(spec, Initializer("he"), 0)
    training = Training(
        Network(spec, first), x, t, make_optimizer(OptimizerConfig("sgd", 0.1)), 6, 3
    )
    network = Network(spec, first)
    rows = [training.rows(step) for step in (1, 2, 3)]
    for step in range(3):
        training.advance()
        drawn = Network(spec.at_step(step), network.parameters)
        gradients = drawn.gradients(x[rows[step]], np.eye(2)[t[rows[step]]])
        for name, gradient in gradients.items():
            network.parameters[name][...] -= 0.1 * gradient
    for name, value in training.network.parameters.items():
        np.testing.assert_allclose(value, network.parameters[name], rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize(
    "fields", [{"ratio": 1.0}, {"ratio": -0.1}, {"seed": -1}, {"mode": "test"}, {"inverted": 1}]
)
def test_what_is_no_dropout_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(EngineError) as refused:
        dropout(**fields)
    assert refused.value.field == f"network/layers/0/{next(iter(fields))}"
