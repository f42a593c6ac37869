"""The numerical check: it passes right gradients, would catch wrong ones, and sets kinks apart."""

import numpy as np
import pytest

from app.engine.check import gradient_check
from app.engine.layers import Affine
from app.engine.network import Network
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
        assert check.passed
        assert check.shape == CASE.parameters[name].shape
        assert max(error or 0 for error in check.errors) == check.max_relative_error


def test_each_cell_has_its_own_error_and_the_norm_is_over_all_of_them() -> None:
    """The same by hand, from the definition."""
    h = 1e-3
    check = gradient_check(CASE.spec, CASE.parameters, CASE.x, CASE.t, h).parameters["affine1.W"]
    network = Network(CASE.spec, CASE.parameters)
    exact = network.gradients(CASE.x, CASE.t)["affine1.W"]
    slopes = np.empty_like(exact)
    for index in np.ndindex(exact.shape):
        losses = []
        for sign in (1, -1):
            moved = CASE.parameters["affine1.W"].copy()
            moved[index] += sign * h
            other = Network(CASE.spec, CASE.parameters | {"affine1.W": moved})
            losses.append(other.loss(CASE.x, CASE.t))
        slopes[index] = (losses[0] - losses[1]) / (2 * h)
    difference = np.abs(slopes - exact)
    larger = np.maximum(np.abs(slopes), np.abs(exact))
    assert check.places == tuple(range(12))
    assert check.errors == pytest.approx((difference / larger).ravel(), rel=1e-6)
    norms = max(np.linalg.norm(slopes), np.linalg.norm(exact))
    assert check.norm_error == pytest.approx(np.linalg.norm(difference) / norms, rel=1e-6)
    assert check.mean_difference == pytest.approx(difference.mean(), rel=1e-6)
    assert check.worst == divmod(int(np.argmax(difference / larger)), exact.shape[1])


def test_one_wrong_cell_among_very_many_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    case = make_case([60, 30, 3], ["tanh"], 2, 0)
    right = Affine.backward_parameters

    def wrong(layer: Affine, dout: np.ndarray) -> None:
        right(layer, dout)
        if layer.dW.shape == (60, 30):
            layer.dW[7, 5] *= 1.01

    monkeypatch.setattr(Affine, "backward_parameters", wrong)
    result = gradient_check(case.spec, case.parameters, case.x, case.t, max_cells=10_000)
    check = result.parameters["affine1.W"]
    assert (check.passed, check.worst) == (False, (7, 5))
    assert [result.parameters[name].passed for name in ("affine1.b", "affine2.W")] == [True, True]


def test_with_a_gradient_from_above_the_check_is_of_what_that_stands_for() -> None:
    spec = NetworkSpec.build(3, [LayerSpec("affine", units=4), LayerSpec("relu")])
    parameters = {"affine1.W": CASE.parameters["affine1.W"], "affine1.b": np.zeros(4)}
    dy = np.random.default_rng(1).standard_normal((5, 4))
    result = gradient_check(spec, parameters, CASE.x, None, grad_output=dy)
    opened = CASE.x @ parameters["affine1.W"] > 0
    assert result.parameters["affine1.b"].passed
    assert result.parameters["affine1.W"].passed
    check = result.parameters["affine1.W"]
    assert check.worst is not None
    assert check.backpropagated == pytest.approx((CASE.x.T @ (dy * opened))[check.worst])


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
    kink = result.parameters["affine1.b"]
    assert kink.errors[0] is None
    assert kink.errors[1] is not None
    assert kink.passed
    alone = result.parameters["affine1.W"]
    assert (alone.checked, alone.errors[0]) == (2, None)


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
