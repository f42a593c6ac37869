"""The nudge: the slope by its definition agrees with every gradient of every pass."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.errors import EngineError, TooLarge
from app.engine.nudge import nudged
from app.engine.run import make_trace
from app.engine.spec import LayerSpec, NetworkSpec
from app.engine.trace import Trace
from tests.engine.networks import Case, cases, make_case

CASE = make_case([3, 4, 3], ["tanh"], 5, 0)
# The nearer a logarithm is to 0, the smaller the step that suits.
SMALL_STEPS = (1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10)


def pass_of(case: Case = CASE, **view: Any) -> Trace:
    return make_trace(case.spec, case.parameters, case.x, case.t, **view)


def agrees(trace: Trace, key: str, seed: int | None = None) -> None:
    """Every cell of a gradient, or one drawn, is the slope, with the step that suits."""
    cells = list(np.ndindex(trace.array(key).shape))
    for index in cells if seed is None else [cells[seed % len(cells)]]:
        found = nudged(trace, key, index, SMALL_STEPS)
        smooth = [one.error for one in found.nudges if not one.kink]
        if smooth:
            size = max(1.0, abs(found.start), abs(found.backpropagated))
            assert np.nanmin(smooth) <= 1e-7 * size, (key, index, found)


@settings(max_examples=15)
@given(
    case=cases(max_n=3),
    view=st.sampled_from(
        [
            {},
            {"loss": "opened"},
            {"loss": "opened", "stable": True},
            {"loss": "opened", "form": "logsumexp"},
            {"level": "element", "loss": "opened"},
            {"level": "element", "loss": "opened", "form": "shifted"},
            {"level": "element"},
            {"open_ops": ("affine1.add", "loss.mean")},
        ]
    ),
    seed=st.integers(0, 59),
)
def test_every_gradient_on_every_arrow_is_the_slope_of_the_loss(
    case: Case, view: dict[str, Any], seed: int
) -> None:
    trace = pass_of(case, **view)
    for key in trace.known:
        if key.endswith(".grad"):
            agrees(trace, key, seed)


def test_with_a_gradient_from_above_it_is_the_slope_of_what_that_stands_for() -> None:
    spec = NetworkSpec.build(3, [LayerSpec("affine", units=4), LayerSpec("sigmoid")])
    dy = np.random.default_rng(0).standard_normal((5, 4))
    parameters = {"affine1.W": CASE.parameters["affine1.W"], "affine1.b": np.zeros(4)}
    trace = make_trace(spec, parameters, CASE.x, grad_output=dy)
    for key in ("affine1.W.grad", "affine1.b.grad", "x.grad", "sigmoid1.output.grad"):
        agrees(trace, key)
    found = nudged(trace, "affine1.b.grad", (2,), (1e-4,))
    assert found.objective == "upstream"
    assert found.start == pytest.approx(np.sum(dy * trace.array("sigmoid1.output")), rel=1e-15)
    assert found.value == 0


def test_the_error_falls_with_the_square_of_h_and_rises_again_with_rounding() -> None:
    found = nudged(pass_of(), "affine1.W.grad", (1, 2))
    error = {round(np.log10(one.h), 2): one.error for one in found.nudges}
    assert len(error) == 53
    assert error[-1] / error[-2] == pytest.approx(100, rel=0.05)
    assert error[-2] / error[-3] == pytest.approx(100, rel=0.05)
    assert error[-11] > 100 * error[-5]
    middle = found.nudges[32]
    assert middle.h == 1e-4
    assert middle.numerical == (middle.plus - middle.minus) / 2e-4
    assert middle.error == abs(middle.numerical - found.backpropagated)
    assert found.backpropagated == pass_of().array("affine1.W.grad")[1, 2]


def test_one_step_is_the_loss_of_the_network_with_that_very_cell() -> None:
    found = nudged(pass_of(loss="opened"), "affine2.b.grad", (1,), (0.25,)).nudges[0]
    for sign, loss in ((-1, found.minus), (1, found.plus)):
        b = CASE.parameters["affine2.b"] + sign * 0.25 * np.eye(3)[1]
        other = Case(CASE.spec, CASE.parameters | {"affine2.b": b}, CASE.x, CASE.t)
        assert loss == pytest.approx(float(pass_of(other).array("loss")), rel=1e-14)


def test_where_a_gate_opens_on_the_way_it_says_so() -> None:
    spec = NetworkSpec.build(1, [LayerSpec("affine", units=1), LayerSpec("relu")])
    parameters = {"affine1.W": np.array([[1.0]]), "affine1.b": np.array([-0.9])}
    trace = make_trace(spec, parameters, np.array([[1.0]]), grad_output=np.array([[1.0]]))
    far, near = nudged(trace, "affine1.b.grad", (0,), (0.2, 0.01)).nudges
    assert (far.kink, near.kink) == (True, False)
    assert far.numerical == pytest.approx(0.75)
    assert near.numerical == pytest.approx(1)


def test_float32_passes_are_nudged_in_float64() -> None:
    spec = NetworkSpec.build(3, CASE.spec.layers, CASE.spec.loss, "float32")
    parameters = {name: value.astype("f4") for name, value in CASE.parameters.items()}
    trace = make_trace(spec, parameters, CASE.x.astype("f4"), CASE.t.astype("f4"))
    (found,) = nudged(trace, "affine1.W.grad", (0, 0), (1e-5,)).nudges
    assert found.relative_error < 1e-6


@pytest.mark.parametrize(
    ("key", "index", "steps", "field"),
    [
        ("affine1.W", (0, 0), None, "tensor"),
        ("nope.grad", (0, 0), None, "tensor"),
        ("t.grad", (0, 0), None, "tensor"),
        ("affine1.W.grad", (0, 4), None, "index"),
        ("affine1.W.grad", (0,), None, "index"),
        ("affine1.W.grad", (0, 0), (1e-4, 0.0), "h/1"),
        ("affine1.W.grad", (0, 0), (float("nan"),), "h/0"),
    ],
)
def test_what_cannot_be_nudged_is_refused_by_name(
    key: str, index: tuple[int, ...], steps: tuple[float, ...] | None, field: str
) -> None:
    with pytest.raises(EngineError) as refusal:
        nudged(pass_of(), key, index, steps)
    assert refusal.value.field == field


def test_a_long_pass_is_tried_with_fewer_steps() -> None:
    case = make_case([784, 200, 10], ["tanh"], 100, 0)
    trace = pass_of(case)
    assert len(nudged(trace, "affine1.W.grad", (3, 4)).nudges) == 14
    # What lies behind the long product is short again.
    assert len(nudged(trace, "affine2.b.grad", (3,)).nudges) == 53
    with pytest.raises(TooLarge, match="at most 26"):
        nudged(trace, "affine1.W.grad", (3, 4), [1e-4] * 27)
