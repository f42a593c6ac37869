"""A small graph in single numbers has the numbers that it has in arrays."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from app.engine.code.compiling import build_code
from app.engine.code.running import fits_scalars, read_code, trace_code
from app.engine.errors import TooLarge
from app.engine.explain import explain
from app.engine.nudge import nudged
from app.engine.run import fits_single, make_trace
from app.engine.scalars import MOST_SCALARS, as_scalars, cell_symbol
from app.engine.spec import LayerSpec, NetworkSpec
from app.engine.trace import Trace

Array = np.ndarray

PROGRAMS: dict[str, tuple[str, dict[str, Any]]] = {
    "affine": ("Y = X @ W + B", {"X": (1, 2), "W": (2, 3), "B": (3,)}),
    "2-2-2": (
        "h = sigmoid(x @ W1 + 0.35)\ny = sigmoid(h @ W2 + 0.6)\nL = np.sum((t - y) ** 2) / 2",
        {"x": (2,), "W1": (2, 2), "W2": (2, 2), "t": (2,)},
    ),
    "shapes": (
        "a = x.reshape(3, 2).T[:, 1:]\nb = np.concatenate([a, a * 2], axis=1)\nL = np.sum(b)",
        {"x": (2, 3)},
    ),
    "softmax": ("y = softmax(x)", {"x": (3,)}),
    "mean and max": ("L = np.mean(x, axis=0).max() + np.max(x)", {"x": (2, 3)}),
    "einsum": ("L = np.einsum('i,ij,j->', a, W, b)", {"a": (2,), "W": (2, 3), "b": (3,)}),
    "choice": ("L = np.sum(np.where(x > 0, x ** 3, -x / w))", {"x": (4,), "w": ()}),
    "convolution": (
        "L = np.sum(max_pool(conv2d(x, w), 2) ** 2)",
        {"x": (1, 1, 3, 3), "w": (1, 1, 2, 2)},
    ),
    "moved": ("y = np.concatenate([x.T, x.T])", {"x": (2, 2)}),
    "broadcast": ("L = np.sum((x - x.mean(axis=0)) * w)", {"x": (2, 2), "w": (2, 1)}),
    "one number many times": ("y = x * x + x / (x + 1)", {"x": ()}),
}  # fmt: skip


def passes(name: str) -> tuple[Trace, Trace, dict[str, Array]]:
    code, shapes = PROGRAMS[name]
    generator = np.random.default_rng(1)
    values = {one: generator.standard_normal(shape) for one, shape in shapes.items()}
    spec, values, _ = read_code(code, values)
    gradient = generator.standard_normal(spec.output_shape) if spec.output_shape else None
    whole = trace_code(spec, values, gradient)
    return whole, trace_code(spec, values, gradient, "element"), values


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_gradient_is_the_one_of_the_arrays(name: str) -> None:
    whole, single, values = passes(name)
    for one in values:
        assert_array_equal(single.array(f"{one}.grad"), whole.array(f"{one}.grad"))
    result = whole.array(whole.graph.output)
    for tensor, cell in (single.graph.parts or {single.graph.output: ()}).items():
        assert float(single.array(tensor)) == result[cell]
    assert all(
        tensor.shape == () for tensor in single.graph.tensors.values() if tensor.name not in values
    )


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_single_number_is_derived_from_its_terms(name: str) -> None:
    _, single, _ = passes(name)
    for event in single.events:
        for key in event.writes:
            derived = explain(single, key, ())
            total = sum(term.value for term in derived.terms) * derived.scale
            if derived.combine == "max":
                total = max(term.value for term in derived.terms)
            if derived.combine != "positive":
                assert_allclose(total, float(single.array(key)), rtol=1e-12, atol=1e-15)


def test_a_number_is_nudged_where_the_result_is_several() -> None:
    _, single, _ = passes("affine")
    key = next(edge.id for edge in single.graph.edges if edge.tensor == "W") + ".grad"
    tried = nudged(single, key, (), [1e-4])
    assert tried.objective == "upstream"
    assert tried.nudges[0].relative_error < 1e-8


def test_an_affine_layer_of_a_network_opens_into_its_products() -> None:
    spec = NetworkSpec.build(2, [LayerSpec("affine", units=3), LayerSpec("relu")])
    generator = np.random.default_rng(2)
    parameters = {name: generator.standard_normal(s) for name, s in spec.parameter_shapes.items()}
    x, given = generator.standard_normal((4, 2)), generator.standard_normal((4, 3))
    single = make_trace(spec, parameters, x, None, given, "element", sample=2)
    ops = [node.op for node in single.graph.nodes]
    assert (ops.count("multiply"), ops.count("add"), ops.count("relu")) == (6, 6, 3)
    alone = make_trace(spec, parameters, x[2:3], None, given[2:3])
    for name in ("x", *parameters):
        assert_allclose(single.array(f"{name}.grad"), alone.array(f"{name}.grad"), rtol=1e-13)


def test_what_is_too_large_is_refused_or_left_in_arrays() -> None:
    code, values = "L = np.sum(X @ W)", {"X": np.ones((9, 9)), "W": np.ones((9, 9))}
    spec, checked, _ = read_code(code, values)
    assert not fits_scalars(spec)
    with pytest.raises(TooLarge) as told:
        as_scalars(build_code(code, spec.shapes)[1])
    assert str(MOST_SCALARS) in told.value.message
    assert trace_code(spec, checked, None, "element").graph.level == "op"
    wide = NetworkSpec.build(9, [LayerSpec("affine", units=40)])
    parameters = {name: np.ones(shape) for name, shape in wide.parameter_shapes.items()}
    trace = make_trace(wide, parameters, np.ones((1, 9)), None, np.ones((1, 40)), "element")
    assert trace.array("affine1.output").shape == (1, 40)


def test_cells_are_called_as_one_writes_them_by_hand() -> None:
    assert cell_symbol(r"\mathbf{W}_{1}", (0, 1), (2, 3)) == "w^{(1)}_{12}"
    assert cell_symbol(r"\mathbf{X}", (0, 1), (1, 2)) == "x_{2}"
    assert cell_symbol(r"\mathbf{b}", (9,), (12,)) == "b_{10}"
    assert cell_symbol("L", (), ()) == "L"


@pytest.mark.parametrize("units", [14, 40])
def test_what_is_said_to_fit_is_what_opens(units: int) -> None:
    # With each sigmoid opened into its four ops the smaller one would be too large, too.
    spec = NetworkSpec.build(2, [LayerSpec("affine", units=units), LayerSpec("sigmoid")])
    parameters = {name: np.ones(shape) for name, shape in spec.parameter_shapes.items()}
    trace = make_trace(spec, parameters, np.ones((1, 2)), None, np.ones((1, units)), "element")
    assert fits_single(spec) == trace.graph.is_program == (units == 14)
