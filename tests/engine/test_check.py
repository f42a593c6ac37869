"""The numerical check: it passes right gradients, would catch wrong ones, and sets kinks apart."""

import numpy as np
import pytest

from app.engine.check import gradient_check
from app.engine.layers import Affine
from app.engine.spec import LayerSpec, NetworkSpec
from tests.engine.networks import make_case

CASE = make_case([3, 4, 3], ["tanh"], 5, 0)


def test_right_gradients_agree_to_the_order_of_h_squared() -> None:
    result = gradient_check(CASE.spec, CASE.parameters, CASE.x, CASE.t)
    for name, check in result.parameters.items():
        assert check.max_relative_error is not None
        assert check.max_relative_error < 1e-6
        assert check.checked == check.cells == CASE.parameters[name].size
        assert check.not_comparable == ()


def test_a_wrong_gradient_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Affine.backward

    def wrong(layer: Affine, dout: np.ndarray) -> np.ndarray:
        dx = right(layer, dout)
        layer.db = layer.db / len(dout)
        return dx

    monkeypatch.setattr(Affine, "backward", wrong)
    result = gradient_check(CASE.spec, CASE.parameters, CASE.x, CASE.t)
    error = result.parameters["affine2.b"].max_relative_error
    assert error is not None
    assert error > 0.5


def test_cells_at_a_relu_kink_are_set_apart() -> None:
    layers = [LayerSpec("affine", units=2), LayerSpec("relu"), LayerSpec("affine", units=2)]
    spec = NetworkSpec.build(1, layers, "softmax_cross_entropy")
    parameters = {
        "affine1.W": np.array([[1.0, 1.0]]), "affine1.b": np.array([-1.0, 5.0]),
        "affine2.W": np.eye(2), "affine2.b": np.zeros(2),
    }  # fmt: skip
    result = gradient_check(spec, parameters, np.array([[1.0]]), np.array([[1.0, 0.0]]))
    assert result.parameters["affine1.b"].not_comparable == ((0,),)
    assert result.parameters["affine1.W"].not_comparable == ((0, 0),)
    assert result.parameters["affine2.W"].not_comparable == ()


def test_a_large_network_is_sampled_evenly_and_by_seed() -> None:
    case = make_case([30, 20, 5], ["tanh"], 2, 0)
    one = gradient_check(case.spec, case.parameters, case.x, case.t, max_cells=40)
    two = gradient_check(case.spec, case.parameters, case.x, case.t, max_cells=40)
    assert one == two
    assert {name: check.checked for name, check in one.parameters.items()} == {
        "affine1.W": 10, "affine1.b": 10, "affine2.W": 10, "affine2.b": 5,
    }  # fmt: skip
    assert max(check.max_relative_error or 0 for check in one.parameters.values()) < 1e-6


def test_float32_networks_are_checked_in_float64() -> None:
    spec = NetworkSpec.build(3, CASE.spec.layers, CASE.spec.loss, "float32")
    parameters = {name: value.astype("f4") for name, value in CASE.parameters.items()}
    result = gradient_check(spec, parameters, CASE.x.astype("f4"), CASE.t.astype("f4"))
    assert max(check.max_relative_error or 0 for check in result.parameters.values()) < 1e-6
