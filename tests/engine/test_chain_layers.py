"""Layers beside the book's own, held to numbers of PyTorch 2 in float64."""

from typing import Any

import numpy as np
import pytest

from app.engine.errors import EngineError
from app.engine.network import Network
from app.engine.run import make_trace
from app.engine.spec import LayerSpec, NetworkSpec
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
