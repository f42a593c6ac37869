"""The table of ops: for each, how it computes, its gradient for every input, and its index rule.

Ops know shapes and numbers only. Layers open into graphs of them (`build`), and the trace runs
those graphs; training runs the fused layers of `layers`, and a test holds the two together.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.engine import layers
from app.engine.rules import Factor, IndexRule, Term, broadcast_axes

Array = np.ndarray
Shape = tuple[int, ...]
Attributes = Mapping[str, Any]

LETTERS = "nhd"


@dataclass(frozen=True)
class Op:
    """One row of the table.

    Attributes:
        symbol: What stands in its circle; a layer of one op has its name from here.
        shape: Result shape from the inputs' shapes.
        forward: ``forward(inputs, attributes) -> result``.
        gradient: ``gradient(k, inputs, out, grad, attributes)``: dL/d(input k) from dL/d(out),
            of the input's shape.
        rule: The index rule from the inputs' shapes; the gradients' rules follow from it.
    """

    symbol: str
    shape: Callable[[Sequence[Shape], Attributes], Shape]
    forward: Callable[[Sequence[Array], Attributes], Array]
    gradient: Callable[[int, Sequence[Array], Array, Array, Attributes], Array]
    rule: Callable[[Sequence[Shape], Attributes], IndexRule]

    def gradient_rule(self, k: int, shapes: Sequence[Shape], attributes: Attributes) -> IndexRule:
        """The rule of dL/d(input k), derived from the one forward rule."""
        rule = self.rule(shapes, attributes)
        if rule.largest:
            # Only the largest cell of a row was used, so only it hears of the gradient.
            (factor,) = rule.terms[0].factors
            gate = (Factor("grad", rule.result), Factor("largest", factor.axes))
            return IndexRule(factor.axes, (Term(gate),))
        axes = next(
            factor.axes
            for term in rule.terms
            for factor in term.factors
            if factor.operand == str(k)
        )
        return rule.gradient(str(k), axes)


def unbroadcast(grad: Array, shape: Shape) -> Array:
    """Add up ``grad`` over the axes along which an operand of ``shape`` was copied."""
    extra = grad.ndim - len(shape)
    summed = tuple(range(extra)) + tuple(
        extra + axis for axis, size in enumerate(shape) if size == 1 < grad.shape[extra + axis]
    )
    return np.asarray(grad.sum(axis=summed).reshape(shape) if summed else grad)


def largest_mask(inputs: Sequence[Array], k: int, attributes: Attributes) -> Array:
    """1 where ``max`` took its result from input k, else 0: the first of equals only."""
    if attributes.get("axis") == 1:
        mask = np.zeros_like(inputs[0])
        np.put_along_axis(mask, inputs[0].argmax(axis=1, keepdims=True), 1, axis=1)
        return mask
    return np.asarray(int(np.argmax(np.stack(inputs))) == k, dtype=inputs[k].dtype)


def _letters(shape: Shape) -> str:
    return LETTERS[: len(shape)]


def _broadcast_shape(shapes: Sequence[Shape], attributes: Attributes) -> Shape:
    return np.broadcast_shapes(*shapes)


def _broadcast_factors(shapes: Sequence[Shape]) -> tuple[str, list[Factor]]:
    result_shape = np.broadcast_shapes(*shapes)
    result = _letters(result_shape)
    factors = [
        Factor(str(k), broadcast_axes(shape, result_shape, result))
        for k, shape in enumerate(shapes)
    ]
    return result, factors


def _sum_rule(shapes: Sequence[Shape], attributes: Attributes) -> IndexRule:
    result, factors = _broadcast_factors(shapes)
    return IndexRule(result, tuple(Term((factor,)) for factor in factors))


def _difference_rule(shapes: Sequence[Shape], attributes: Attributes) -> IndexRule:
    result, (left, right) = _broadcast_factors(shapes)
    return IndexRule(result, (Term((left,)), Term((right,), -1.0)))


def _product_rule(shapes: Sequence[Shape], attributes: Attributes) -> IndexRule:
    result, factors = _broadcast_factors(shapes)
    return IndexRule(result, (Term(tuple(factors)),))


def _repeat_rule(shapes: Sequence[Shape], attributes: Attributes) -> IndexRule:
    # The copies come first: row n of the result is the whole input, whatever n is.
    result = _letters((attributes["rows"], *shapes[0]))
    return IndexRule(result, (Term((Factor("0", result[1:]),)),))


def _dot_rule(shapes: Sequence[Shape], attributes: Attributes) -> IndexRule:
    return IndexRule("nh", (Term((Factor("0", "nd"), Factor("1", "dh"))),), "d")


def _reduced(axes: str, attributes: Attributes) -> tuple[str, str]:
    """Result axes and summed axes of a reduction over the last axis, or over all."""
    return (axes[:-1] + "0", axes[-1]) if attributes.get("axis") == 1 else ("", axes)


def _reduction_rule(shapes: Sequence[Shape], attributes: Attributes) -> IndexRule:
    axes = _letters(shapes[0])
    result, summed = _reduced(axes, attributes)
    return IndexRule(result, (Term((Factor("0", axes),)),), summed)


def _largest_rule(shapes: Sequence[Shape], attributes: Attributes) -> IndexRule:
    reduces = attributes.get("axis") == 1
    rule = (_reduction_rule if reduces else _sum_rule)(shapes, attributes)
    return IndexRule(rule.result, rule.terms, rule.summed, largest=True)


def _reduced_shape(shapes: Sequence[Shape], attributes: Attributes) -> Shape:
    return (*shapes[0][:-1], 1) if attributes.get("axis") == 1 else ()


def _sum(inputs: Sequence[Array], attributes: Attributes) -> Array:
    over_rows = attributes.get("axis") == 1
    return np.asarray(inputs[0].sum(axis=1, keepdims=True) if over_rows else inputs[0].sum())


def _max(inputs: Sequence[Array], attributes: Attributes) -> Array:
    if attributes.get("axis") == 1:
        return np.asarray(inputs[0].max(axis=1, keepdims=True))
    return np.asarray(np.stack(inputs).max())


def _elementwise(
    symbol: str,
    name: str,
    function: Callable[[Array], Array],
    gradient: Callable[[Array, Array, Array], Array],
) -> Op:
    """An op of one input, cell by cell.

    Args:
        symbol: What is shown.
        name: Of the function, in the table of ``rules``.
        function: It.
        gradient: ``gradient(x, y, grad)`` is dL/dx from dL/dy.
    """

    def rule(shapes: Sequence[Shape], attributes: Attributes) -> IndexRule:
        axes = _letters(shapes[0])
        return IndexRule(axes, (Term((Factor("0", axes, name),)),))

    return Op(
        symbol,
        lambda shapes, attributes: shapes[0],
        lambda inputs, attributes: function(inputs[0]),
        lambda k, inputs, out, grad, attributes: gradient(inputs[0], out, grad),
        rule,
    )


OPS: Mapping[str, Op] = {
    "dot": Op(
        "dot",
        lambda shapes, attributes: (shapes[0][0], shapes[1][1]),
        lambda inputs, attributes: inputs[0] @ inputs[1],
        lambda k, inputs, out, grad, attributes: (
            grad @ inputs[1].T if k == 0 else inputs[0].T @ grad
        ),
        _dot_rule,
    ),
    "add": Op(
        "+",
        _broadcast_shape,
        lambda inputs, attributes: np.asarray(sum(inputs[1:], start=inputs[0])),
        lambda k, inputs, out, grad, attributes: unbroadcast(grad, inputs[k].shape),
        _sum_rule,
    ),
    "repeat": Op(
        "Repeat",
        lambda shapes, attributes: (attributes["rows"], *shapes[0]),
        lambda inputs, attributes: np.broadcast_to(
            inputs[0], (attributes["rows"], *inputs[0].shape)
        ),
        lambda k, inputs, out, grad, attributes: unbroadcast(grad, inputs[0].shape),
        _repeat_rule,
    ),
    "subtract": Op(
        "-",
        _broadcast_shape,
        lambda inputs, attributes: inputs[0] - inputs[1],
        lambda k, inputs, out, grad, attributes: unbroadcast(
            grad if k == 0 else -grad, inputs[k].shape
        ),
        _difference_rule,
    ),
    "multiply": Op(
        "x",
        _broadcast_shape,
        lambda inputs, attributes: inputs[0] * inputs[1],
        lambda k, inputs, out, grad, attributes: unbroadcast(grad * inputs[1 - k], inputs[k].shape),
        _product_rule,
    ),
    "sum": Op(
        "+",
        _reduced_shape,
        _sum,
        lambda k, inputs, out, grad, attributes: np.broadcast_to(grad, inputs[0].shape),
        _reduction_rule,
    ),
    "max": Op(
        "max",
        _reduced_shape,
        _max,
        lambda k, inputs, out, grad, attributes: np.where(
            largest_mask(inputs, k, attributes) > 0, grad, 0
        ),
        _largest_rule,
    ),
    "exp": _elementwise("exp", "exp", np.exp, lambda x, y, grad: grad * y),
    "log": _elementwise("log", "log", np.log, lambda x, y, grad: grad * (1 / x)),
    "reciprocal": _elementwise(
        "/", "reciprocal", lambda x: 1 / x, lambda x, y, grad: grad * (-y * y)
    ),
    "relu": _elementwise(
        "ReLU", "relu", lambda x: np.maximum(x, 0), lambda x, y, grad: np.where(x > 0, grad, 0)
    ),
    "sigmoid": _elementwise(
        "Sigmoid", "sigmoid", layers.sigmoid, lambda x, y, grad: grad * layers.sigmoid_slope(x)
    ),
    "tanh": _elementwise("Tanh", "tanh", np.tanh, lambda x, y, grad: grad * layers.tanh_slope(x)),
}
