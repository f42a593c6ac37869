"""Every row of the table of ops: gradient, derived rule and finite differences agree."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from app.engine.ops import OPS, largest_mask, unbroadcast
from app.engine.rules import expand

Array = np.ndarray
Shapes = list[tuple[int, ...]]

Use = tuple[str, Shapes, dict[str, Any]]


def _uses() -> Iterator[Use]:
    """Every op in every way the builders use it, for one sample and for several."""
    for n in (1, 4):
        yield "dot", [(n, 2), (2, 3)], {}
        yield "add", [(n, 3), (3,)], {}
        yield "subtract", [(n, 3), (n, 1)], {}
        yield "multiply", [(n, 3), (n, 1)], {}
        yield "multiply", [(n, 3), (n, 3)], {}
        yield "multiply", [(n, 3), ()], {}
        yield "add", [(n, 3), ()], {}
        yield "repeat", [(3,)], {"rows": n}
        yield "sum", [(n, 3)], {"axis": 1}
        yield "sum", [(n, 3)], {}
        yield "max", [(n, 3)], {"axis": 1}
    for name in ("subtract", "multiply"):
        yield name, [(), ()], {}
    for name in ("add", "max"):
        yield name, [(), (), ()], {}
    for name in ("exp", "log", "reciprocal", "relu", "sigmoid", "tanh"):
        for shape in ((), (1, 3), (4, 3)):
            yield name, [shape], {}


USES = list(_uses())


def operands(shapes: Shapes, seed: int) -> list[Array]:
    """Positive numbers well away from each other and from the kink at 0."""
    generator = np.random.default_rng(seed)
    size = sum(math.prod(shape) for shape in shapes)
    numbers = iter(0.5 + generator.permutation(size) / size)
    return [np.array([next(numbers) for _ in range(math.prod(s))]).reshape(s) for s in shapes]


@pytest.mark.parametrize(("name", "shapes", "attributes"), USES)
def test_the_table_gives_the_shape_and_leaves_its_inputs_alone(
    name: str, shapes: Shapes, attributes: dict[str, Any]
) -> None:
    inputs = operands(shapes, 1)
    kept = [array.copy() for array in inputs]
    for array in inputs:
        array.setflags(write=False)
    out = np.asarray(OPS[name].forward(inputs, attributes))
    grad = np.ones_like(out)
    grad.setflags(write=False)
    for k, array in enumerate(inputs):
        assert np.shape(OPS[name].gradient(k, inputs, out, grad, attributes)) == array.shape
    assert out.shape == OPS[name].shape(shapes, attributes)
    assert all(np.array_equal(a, b) for a, b in zip(inputs, kept, strict=True))


@pytest.mark.parametrize(("name", "shapes", "attributes"), USES)
def test_the_gradient_is_the_slope_by_finite_differences(
    name: str, shapes: Shapes, attributes: dict[str, Any]
) -> None:
    op, inputs, h = OPS[name], operands(shapes, 2), 1e-6
    out = np.asarray(op.forward(inputs, attributes))
    weights = np.random.default_rng(3).standard_normal(out.shape)
    for k, array in enumerate(inputs):
        exact = np.asarray(op.gradient(k, inputs, out, weights, attributes))
        for index in np.ndindex(array.shape):
            sums = []
            for step in (-h, h):
                moved = [value.copy() for value in inputs]
                moved[k][index] += step
                sums.append(float((np.asarray(op.forward(moved, attributes)) * weights).sum()))
            assert_allclose(exact[index], (sums[1] - sums[0]) / (2 * h), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("name", "shapes", "attributes"), USES)
def test_the_one_index_rule_says_the_same_as_the_code_forward_and_backward(
    name: str, shapes: Shapes, attributes: dict[str, Any]
) -> None:
    op, inputs = OPS[name], operands(shapes, 4)
    out = np.asarray(op.forward(inputs, attributes))
    named = {str(k): array for k, array in enumerate(inputs)}
    rule = op.rule(shapes, attributes)
    for index in np.ndindex(out.shape):
        parts = [product.value for product in expand(rule, index, named)]
        assert_allclose(max(parts) if rule.largest else sum(parts), out[index], rtol=1e-12)
    grad = np.random.default_rng(5).standard_normal(out.shape)
    for k, array in enumerate(inputs):
        derived = op.gradient_rule(k, shapes, attributes)
        kept = {"out": out, "grad": grad}
        if name == "max":
            kept["largest"] = largest_mask(inputs, k, attributes)
        exact = np.asarray(op.gradient(k, inputs, out, grad, attributes))
        for index in np.ndindex(array.shape):
            parts = [product.value for product in expand(derived, index, named | kept)]
            assert_allclose(sum(parts), exact[index], rtol=1e-12, atol=1e-14)


def test_relu_sends_no_gradient_where_its_input_is_zero_or_less() -> None:
    x = np.array([[-1.0, 0.0, 2.0]])
    grad = OPS["relu"].gradient(0, [x], np.maximum(x, 0), np.array([[5.0, 6.0, 7.0]]), {})
    assert grad.tolist() == [[0.0, 0.0, 7.0]]


def test_max_sends_its_gradient_to_the_first_of_equals() -> None:
    x = np.array([[2.0, 2.0, 1.0]])
    assert largest_mask([x], 0, {"axis": 1}).tolist() == [[1.0, 0.0, 0.0]]
    scalars = [np.array(2.0), np.array(2.0)]
    assert [float(largest_mask(scalars, k, {})) for k in (0, 1)] == [1.0, 0.0]


def test_a_gradient_is_added_up_over_the_rows_that_a_bias_was_copied_to() -> None:
    dy = np.array([[1.0, 2, 3], [4, 5, 6]])
    assert unbroadcast(dy, (3,)).tolist() == [5.0, 7.0, 9.0]
