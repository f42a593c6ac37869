"""One number has one answer, however it is asked for, also where functions saturate."""

import math
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from app.engine.by_layer import by_layer
from app.engine.explain import explain
from app.engine.functions import FUNCTIONS, function
from app.engine.layers import sigmoid_slope, tanh_slope
from app.engine.network import Evaluation, Network
from app.engine.rules import tolerance
from app.engine.run import make_trace
from app.engine.spec import LayerSpec, NetworkSpec
from app.engine.trace import Trace

Array = np.ndarray
LARGEST = {"float64": 700.0, "float32": 80.0}


@dataclass(frozen=True)
class Wild:
    """A network of any layers in any order, with numbers of any size that exp can take."""

    spec: NetworkSpec
    parameters: dict[str, Array]
    x: Array
    t: Array | None
    grad_output: Array | None

    def evaluate(self, rows: slice = slice(None)) -> Evaluation:
        t, grad = (None if a is None else a[rows] for a in (self.t, self.grad_output))
        return Network(self.spec, self.parameters).evaluate(self.x[rows], t, grad)

    def trace(self, **asked: Any) -> Trace:
        return make_trace(self.spec, self.parameters, self.x, self.t, self.grad_output, **asked)


@st.composite
def wild_networks(draw: st.DrawFn, max_n: int = 3) -> Wild:
    kinds = draw(st.lists(st.sampled_from(["affine", "relu", "sigmoid", "tanh"]), max_size=4))
    layers = [LayerSpec(k, units=draw(st.integers(1, 4)) if k == "affine" else None) for k in kinds]
    loss = draw(st.sampled_from([None, "softmax_cross_entropy"]))
    dtype = draw(st.sampled_from(["float64", "float32"]))
    spec = NetworkSpec.build(draw(st.integers(1, 4)), layers, loss, dtype)
    generator = np.random.default_rng(draw(st.integers(0, 2**31)))
    n = draw(st.integers(1, max_n))
    size = draw(st.sampled_from([1.0, 10.0, 40.0, LARGEST[dtype]]))
    weight = draw(st.sampled_from([0.5, 3.0, 30.0]))

    def numbers(shape: tuple[int, ...], largest: float) -> Array:
        return generator.uniform(-largest, largest, shape).astype(dtype)

    parameters = {name: numbers(shape, weight) for name, shape in spec.parameter_shapes.items()}
    t = np.eye(spec.output_size, dtype=dtype)[generator.integers(spec.output_size, size=n)]
    given = None if loss else numbers((n, spec.output_size), 2.0)
    return Wild(spec, parameters, numbers((n, spec.input_size), size), t if loss else None, given)


def numbers_of(evaluation: Evaluation) -> dict[str, Array | None]:
    """What a pass layer by layer tells, by the names of a trace."""
    found: dict[str, Array | None] = {
        f"{name}.grad": gradient for name, gradient in evaluation.parameter_gradients.items()
    }
    found["x.grad"] = evaluation.grad_input
    for layer in evaluation.layers:
        found[f"{layer.name}.output"] = layer.output
        found[f"{layer.name}.output.grad"] = layer.grad_output
    if evaluation.loss is not None:
        found["loss"] = np.array(evaluation.loss)
    return found


VIEWS = st.fixed_dictionaries(
    {
        "level": st.sampled_from(["op", "element"]),
        "loss": st.sampled_from(["closed", "opened"]),
        "stable": st.booleans(),
        "sample": st.integers(0, 2),
        "open_ops": st.sampled_from([(), ("affine1.add", "affine2.add", "loss.mean")]),
    }
)


@given(case=wild_networks(), view=VIEWS)
@settings(max_examples=300)
def test_a_trace_has_the_numbers_of_the_layers_to_the_last_bit(
    case: Wild, view: dict[str, Any]
) -> None:
    view |= {"sample": min(view["sample"], len(case.x) - 1)}
    is_element = view["level"] == "element"
    rows = slice(view["sample"], view["sample"] + 1) if is_element else slice(None)
    trace = case.trace(**view)
    for key, expected in numbers_of(case.evaluate(rows)).items():
        if expected is not None and trace.graph.is_program and ".output" in key:
            # Every cell is a number of its own there.
            name, dot, grad = key.partition(".grad")
            for index in np.ndindex(expected.shape):
                cell = ".".join([name, *(str(at + 1) for at in index)]) + dot + grad
                assert_array_equal(trace.array(cell), expected[index], err_msg=cell)
        elif expected is not None:
            assert_array_equal(trace.array(key), expected, err_msg=key)
            assert not np.signbit(trace.array(key)[trace.array(key) == 0]).any(), key


@given(case=wild_networks())
@settings(max_examples=100)
def test_training_and_a_trace_told_layer_by_layer_have_the_same_bits(case: Wild) -> None:
    evaluation = case.evaluate()
    if case.t is not None:
        gradients = Network(case.spec, case.parameters).gradients(case.x, case.t)
        for name, gradient in gradients.items():
            assert_array_equal(gradient, evaluation.parameter_gradients[name])
    told = numbers_of(by_layer(case.spec, case.trace()))
    for key, value in numbers_of(evaluation).items():
        assert_array_equal(told[key], value)


@given(case=wild_networks(max_n=2), view=VIEWS)
@settings(max_examples=200)
def test_every_derivation_gives_its_value_and_names_what_there_is(
    case: Wild, view: dict[str, Any]
) -> None:
    view |= {"sample": min(view["sample"], len(case.x) - 1)}
    trace = case.trace(**view)
    for key in trace.known:
        for index in np.ndindex(trace.array(key).shape):
            check_derivation(trace, key, index)


def check_derivation(trace: Trace, key: str, index: tuple[int, ...]) -> None:
    found = explain(trace, key, index)
    array = trace.array(key)
    value = float(array[index])
    assert (found.tensor, found.index, found.value) == (key, index, value)
    if not math.isfinite(value):
        return
    allowed, floor = tolerance(array.dtype), 1e3 * float(np.finfo(array.dtype).tiny)
    values = [term.value for term in found.terms]
    total = max(values) if found.combine == "max" else math.fsum([*values, found.omitted_value])
    # A sum is as exact as its largest terms; one term alone has no such excuse.
    size = max(map(abs, values), default=0.0) * len(values) if len(values) > 1 else abs(total)
    exact = trace.graph.whole.get(key)
    if exact is not None and exact.quantity in ("score_gradient", "exp_gradient"):
        size = abs(total)
    assert abs(total * found.scale - value) <= allowed * size * found.scale + floor, (key, found)
    for term in (*found.terms, *(found.divisor.terms if found.divisor else ())):
        product = term.coefficient * math.prod(factor.value for factor in term.factors)
        assert abs(product - term.value) <= allowed * abs(product) + floor
        for factor in term.factors:
            cell = float(trace.array(factor.tensor)[factor.index])
            assert cell == factor.cell_value, (key, factor)
            if factor.function in FUNCTIONS and found.note != "digits":
                of_cell = function(factor.function).value(np.asarray(cell))
                assert (
                    abs(float(of_cell) - factor.value) <= 64 * allowed * abs(factor.value) + floor
                )
    if found.divisor is not None:
        total = math.fsum([term.value for term in found.divisor.terms])
        assert abs(total + found.divisor.omitted_value - found.divisor.value) <= allowed * total
        assert found.scale == 1 / found.divisor.value


@pytest.mark.parametrize("x", [0.0, 1e-9, -0.3, 2.0, 15.0, -20.0, 37.42994775023705, 40.0, -700.0])
def test_the_slopes_of_sigmoid_and_tanh_have_all_their_digits(x: float) -> None:
    with localcontext(prec=50):
        e = Decimal(-x).exp()
        slope = e / (1 + e) ** 2
    assert float(sigmoid_slope(np.array(x))) == pytest.approx(float(slope), rel=1e-15, abs=0)
    # 1 - tanh(x/2)^2 is four times that.
    assert float(tanh_slope(np.array(x / 2))) == pytest.approx(float(4 * slope), rel=1e-15, abs=0)


def test_the_smallest_probabilities_and_losses_keep_their_digits_when_opened() -> None:
    spec = NetworkSpec.build(3, [], "softmax_cross_entropy")
    x, t = np.array([[45.0, 0.0, 5.0]]), np.array([[1.0, 0.0, 0.0]])
    with localcontext(prec=50):
        exact = float((1 + Decimal(-45).exp() + Decimal(-40).exp()).ln())
    for level in ("op", "element"):
        for stable in (False, True):
            trace = make_trace(spec, {}, x, t, level=level, loss="opened", stable=stable)
            assert float(trace.array("loss")) == pytest.approx(exact, rel=1e-15, abs=0)
            found = explain(trace, "x.grad", (0, 0))
            assert found.value == pytest.approx(-exact, rel=1e-14, abs=0)
            parts = (
                explain(trace, "loss.a.1.grad", ()) if level == "element" and not stable else found
            )
            total = math.fsum(term.value for term in parts.terms) * parts.scale
            assert total == pytest.approx(found.value, rel=1e-14, abs=0)


def test_a_saturated_sigmoid_is_explained_by_numbers_that_are_true() -> None:
    spec = NetworkSpec.build(1, [LayerSpec("sigmoid")], None)
    low, high = (
        explain(make_trace(spec, {}, np.array([[x]]), grad_output=np.ones((1, 1)), loss="opened"),
                "x.grad", (0, 0))
        for x in (1.0, 40.0)
    )  # fmt: skip
    closed = explain(
        make_trace(spec, {}, np.array([[400.0]]), grad_output=np.ones((1, 1))), "x.grad", (0, 0)
    )
    assert low.note is None
    assert high.value == pytest.approx(4.248354255291589e-18, rel=1e-15)
    assert [factor.function for factor in closed.terms[0].factors] == [
        "identity", "identity", "sigmoid_of_minus"
    ]  # fmt: skip
    assert closed.note == "complement"


@pytest.mark.parametrize("level", ["op", "element"])
def test_what_is_subtracted_from_all_scores_has_no_gradient(level: str) -> None:
    spec = NetworkSpec.build(4, [], "softmax_cross_entropy")
    x, t = np.array([[0.1, 0.7, 0.3, -0.2]]), np.array([[0.0, 0.0, 1.0, 0.0]])
    trace = make_trace(spec, {}, x, t, level=level, loss="opened", stable=True)
    assert float(trace.array("loss.max.grad").sum()) == 0
    found = explain(trace, "loss.max.grad", () if level == "element" else (0, 0))
    values = [term.value for term in found.terms]
    assert len(values) == 4
    assert math.fsum(values) == pytest.approx(0, abs=1e-16)
