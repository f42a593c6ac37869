"""Layers beside the book's own, held to numbers of PyTorch 2 in float64."""

import json
from typing import Any

import numpy as np
import pytest

from app.engine.check import gradient_check
from app.engine.errors import EngineError, TooLarge
from app.engine.initializers import Initializer, initialize
from app.engine.network import Network
from app.engine.run import make_trace
from app.engine.spec import LayerSpec, NetworkSpec
from app.sessions.state import network_json, network_spec
from tests.engine.networks import some

Array = np.ndarray


def held(
    spec: NetworkSpec, parameters: dict[str, Any], x: Any, above: Any, wanted: dict[str, Any]
) -> None:
    """Training code and recorded pass both have the numbers wanted, and the very same bits."""
    given = {name: np.array(value, float) for name, value in parameters.items()}
    x, above = np.array(x, float), np.array(above, float)
    found = Network(spec, given).evaluate(x, grad_output=above)
    trace = make_trace(spec, given, x, grad_output=above)
    told = {"output": found.layers[-1].output, "x": found.grad_input, **found.parameter_gradients}
    recorded = {
        "output": trace.array(spec.output_tensor),
        **{name: trace.array(f"{name}.grad") for name in told if name not in ("output", "x")},
    }
    if found.grad_input is not None:
        recorded["x"] = trace.array("x.grad")
    for name, value in wanted.items():
        np.testing.assert_allclose(some(told[name]), value, rtol=1e-11, atol=1e-14, err_msg=name)
    for name, value in recorded.items():
        assert (some(told[name]) + 0.0).tobytes() == value.tobytes(), name


def test_batch_norm_of_rows() -> None:
    held(
        NetworkSpec.build(3, [LayerSpec("batch_norm")]),
        {"batch_norm1.gamma": [1.5, -0.5, 2.0], "batch_norm1.beta": [0.1, 0.2, -0.3]},
        [[-2.5, -0.3, 0.7], [1.9, -7.0, 30.0], [0.5, 1.5, -4.0]],
        [[1.0, 2.0, -1.0], [0.5, 3.0, 1.0], [-2.0, 0.25, 4.0]],
        {
            "output": [
                [-1.9158504774244813, -0.02330009026931672, -1.3902205514888415],
                [1.679990914738107, 0.8926859943048192, 2.5053236141968966],
                [0.5358595626863744, -0.2693859040355025, -2.0151030627080555],
            ],
            "x": [
                [0.4415020259390561, -0.0958096281471034, -0.34603822025511705],
                [0.9460753251332177, 0.02028908440763666, 0.04783469476755252],
                [-1.387577351072274, 0.07552054373946673, 0.29820352548756457],
            ],
            "batch_norm1.gamma": [-1.3983827636187842, -3.028222652733897, -1.4824340425732414],
            "batch_norm1.beta": [-0.5, 5.25, 4.0],
        },
    )


def test_what_hangs_on_other_samples_joins_them() -> None:
    assert NetworkSpec.build(3, [LayerSpec("batch_norm")]).joins_samples
    assert not NetworkSpec.build(3, [LayerSpec("layer_norm")]).joins_samples


def test_an_epsilon_of_0_is_refused() -> None:
    with pytest.raises(EngineError, match="epsilon is a number above 0"):
        NetworkSpec.build(3, [LayerSpec("batch_norm", epsilon=0.0)])


def test_a_chain_around_which_x_is_added() -> None:
    layers = [LayerSpec("affine", units=3), LayerSpec("relu"), LayerSpec("affine", units=2)]
    held(
        NetworkSpec.build(2, [LayerSpec("residual", layers=layers)]),
        {
            "residual1.affine1.W": [[1.0, -1.0, 0.5], [0.25, 1.0, -0.5]],
            "residual1.affine1.b": [0.1, 0.2, -0.3],
            "residual1.affine2.W": [[0.5, -1.0], [-0.25, 2.0], [1.5, 0.75]],
            "residual1.affine2.b": [0.3, -0.1],
        },
        [[-2.5, -0.3], [1.9, -7.0], [0.5, 1.5]],
        [[1.0, 2.0], [0.5, 3.0], [-2.0, 0.25]],
        {
            "output": [
                [-2.8, 4.4],
                [8.55, -4.2375],
                [0.9875, 2.825],
            ],
            "x": [[-2.75, 5.75], [-0.75, 0.8125], [-4.25, 0.9375]],
            "residual1.affine1.W": [[-5.85, -8.875, 5.7], [17.375, 0.375, -21.0]],
            "residual1.affine1.b": [-4.0, 4.75, 3.0],
            "residual1.affine2.W": [
                [-1.825, 0.99375],
                [0.0, 5.1],
                [2.075, 12.45],
            ],
            "residual1.affine2.b": [-0.5, 5.25],
        },
    )


def test_chains_stand_in_chains_with_what_they_draw() -> None:
    inner = LayerSpec("residual", layers=[LayerSpec("affine", units=3), LayerSpec("dropout")])
    layers = [LayerSpec("layer_norm"), inner, LayerSpec("tanh"), LayerSpec("dropout")]
    spec = NetworkSpec.build(
        3, [LayerSpec("residual", layers=layers), LayerSpec("affine", units=2)],
        "softmax_cross_entropy",
    )  # fmt: skip
    assert "residual1.residual1.affine1.W" in spec.parameter_shapes
    assert network_spec(json.loads(json.dumps(network_json(spec)))) == spec
    x, t = np.random.default_rng(0).normal(size=(3, 3)), np.eye(2)[[0, 1, 1]]
    parameters = initialize(spec, Initializer("he"), 0)
    losses = set()
    for step in range(3):
        drawn = spec.at_step(step)
        trace, found = make_trace(drawn, parameters, x, t), Network(drawn, parameters)
        evaluation = found.evaluate(x, t)
        losses.add(evaluation.loss)
        assert evaluation.loss == trace.array("loss")
        for name, gradient in evaluation.parameter_gradients.items():
            assert gradient.tobytes() == trace.array(f"{name}.grad").tobytes(), name
    assert len(losses) == 3
    masks = {name for name in trace.graph.tensors if name.endswith(".mask")}
    assert len(masks) == 2
    checked = gradient_check(spec, parameters, x, t)
    assert all(some(one.max_relative_error) < 1e-5 for one in checked.parameters.values())
    resting = spec.for_inference()
    tensors = make_trace(resting, parameters, x, t).graph.tensors.values()
    assert not any(tensor.role == "mask" for tensor in tensors)


def test_what_is_no_chain_that_ends_as_it_begins_is_refused() -> None:
    with pytest.raises(EngineError, match=r"what its layers make has shape \(2,\)") as refused:
        NetworkSpec.build(3, [LayerSpec("residual", layers=[LayerSpec("affine", units=2)])])
    assert refused.value.field == "network/layers/0"
    with pytest.raises(EngineError, match="units is") as refused:
        NetworkSpec.build(3, [LayerSpec("residual", layers=[LayerSpec("affine")])])
    assert refused.value.field == "network/layers/0/layers/0/units"
    with pytest.raises(EngineError, match="a list of at least one layer"):
        NetworkSpec.build(3, [LayerSpec("residual", layers=[])])
    deep = LayerSpec("relu")
    for _ in range(4):
        deep = LayerSpec("residual", layers=[deep])
    with pytest.raises(TooLarge, match="at most 3 deep"):
        NetworkSpec.build(3, [deep])
