"""Ops that make fewer numbers of many: sum, mean and max, over some axes or over all."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from app.engine import lines
from app.engine.op import Array, Attributes, Op, Shape, ShapeClash, Shapes, letters
from app.engine.rules import BROADCAST, Factor, IndexRule, Term


def reduced(attributes: Attributes, rank: int) -> tuple[int, ...]:
    """The axes that are reduced, counted from 0; all where none are named.

    Raises:
        ShapeClash: there is no such axis.
    """
    axes = attributes.get("axes")
    if axes is None:
        return tuple(range(rank))
    if any(not -rank <= axis < rank for axis in axes):
        raise ShapeClash(f"there is no axis {axes[0]} in an array of {rank} axes")
    return tuple(sorted({axis % rank for axis in axes}))


def _shape(shapes: Shapes, attributes: Attributes) -> Shape:
    gone = reduced(attributes, len(shapes[0]))
    if attributes.get("keepdims"):
        return tuple(1 if axis in gone else size for axis, size in enumerate(shapes[0]))
    return tuple(size for axis, size in enumerate(shapes[0]) if axis not in gone)


def _rule(shapes: Shapes, attributes: Attributes) -> IndexRule:
    axes = letters(shapes[0])
    gone = reduced(attributes, len(axes))
    kept = "".join(
        axis if at not in gone else BROADCAST if attributes.get("keepdims") else ""
        for at, axis in enumerate(axes)
    )
    return IndexRule(kept, (Term((Factor("0", axes),)),), "".join(axes[at] for at in gone))


def _mean_rule(shapes: Shapes, attributes: Attributes) -> IndexRule:
    rule = _rule(shapes, attributes)
    return IndexRule(rule.result, rule.terms, rule.summed, scale=1 / _count(shapes[0], attributes))


def _largest_rule(shapes: Shapes, attributes: Attributes) -> IndexRule:
    rule = _rule(shapes, attributes)
    return IndexRule(rule.result, rule.terms, rule.summed, largest=True)


def _count(shape: Shape, attributes: Attributes) -> int:
    return math.prod(shape[axis] for axis in reduced(attributes, len(shape)))


def spread(grad: Array, shape: Shape, attributes: Attributes) -> Array:
    """``grad`` of a result copied to every cell of the operand that it was made of."""
    gone = reduced(attributes, len(shape))
    wide = tuple(1 if axis in gone else size for axis, size in enumerate(shape))
    return np.broadcast_to(grad.reshape(wide), shape)


def _kept_first(attributes: Attributes, rank: int) -> list[int]:
    """The axes that are kept, then those that are reduced."""
    gone = reduced(attributes, rank)
    return [*(axis for axis in range(rank) if axis not in gone), *gone]


def first_largest(x: Array, attributes: Attributes) -> Array:
    """1 where ``max`` took its result from, else 0, in the shape of x: the first of equals."""
    order = _kept_first(attributes, x.ndim)
    turned = x.transpose(order)
    kept = turned.shape[: x.ndim - len(reduced(attributes, x.ndim))]
    rows = turned.reshape(math.prod(kept), -1)
    mask = np.zeros_like(rows)
    mask[np.arange(len(rows)), rows.argmax(axis=1)] = 1
    return mask.reshape(turned.shape).transpose(np.argsort(order))


def _mask(k: int, inputs: Sequence[Array], attributes: Attributes) -> Array:
    """`first_largest` with the axes that are kept before those that are reduced."""
    (x,) = inputs
    return first_largest(x, attributes).transpose(_kept_first(attributes, x.ndim))


def _by(reduce: Callable[..., Any]) -> Callable[[Sequence[Array], Attributes], Array]:
    """The forward half of a reduction by one of NumPy's own."""

    def forward(inputs: Sequence[Array], attributes: Attributes) -> Array:
        axis = reduced(attributes, inputs[0].ndim)
        return np.asarray(reduce(inputs[0], axis=axis, keepdims=bool(attributes.get("keepdims"))))

    return forward


def _spread_line(k: int, shapes: Shapes, attributes: Attributes) -> str:
    gone = reduced(attributes, len(shapes[0]))
    return lines.spread(shapes[0], gone, bool(attributes.get("keepdims")))


def _max_back(k: int, shapes: Shapes, attributes: Attributes) -> str:
    axis = lines.one_or_many(reduced(attributes, len(shapes[0])))
    return f"np.where(first_largest({{0}}, {axis}), {_spread_line(k, shapes, attributes)}, 0)"


def _share(attributes: Attributes) -> str:
    """1/n of a mean, with the number where the graph knows it."""
    return rf"\frac{{1}}{{{attributes.get('count', 'n')}}}"


def _over(names: Sequence[str], attributes: Attributes) -> str:
    """The arguments of a reduction in NumPy."""
    axes = attributes.get("axes")
    told = [*names]
    if axes is not None:
        told.append(f"axis={axes[0] if len(axes) == 1 else tuple(axes)}")
    if attributes.get("keepdims"):
        told.append("keepdims=True")
    return ", ".join(told)


def _max_gradient(
    k: int, inputs: Sequence[Array], out: Array, grad: Array, attributes: Attributes
) -> Array:
    x = inputs[0]
    return np.where(first_largest(x, attributes) > 0, spread(grad, x.shape, attributes), 0)


REDUCTIONS: Mapping[str, Op] = {
    "sum": Op(
        "+", _shape,
        _by(np.sum),
        lambda k, inputs, out, grad, attributes: spread(grad, inputs[0].shape, attributes),
        _rule, r"\sum {0}", ("{g}",),
        lambda names, attributes: f"np.sum({_over(names, attributes)})",
        _spread_line,
    ),
    "mean": Op(
        "mean", _shape,
        _by(np.mean),
        lambda k, inputs, out, grad, attributes: (
            spread(grad, inputs[0].shape, attributes) / _count(inputs[0].shape, attributes)
        ),
        _mean_rule, lambda names, attributes: rf"{_share(attributes)} \sum {names[0]}",
        lambda attributes: (_share(attributes).replace("{", "{{").replace("}", "}}") + r" \, {g}",),
        lambda names, attributes: f"np.mean({_over(names, attributes)})",
        lambda k, shapes, attributes: (
            f"{_spread_line(k, shapes, attributes)} / {_count(shapes[0], attributes)}"
        ),
    ),
    "max": Op(
        "max", _shape,
        _by(np.max),
        _max_gradient, _largest_rule, r"\max {0}", (r"{g} \odot [{0} = {y}]",),
        lambda names, attributes: f"np.max({_over(names, attributes)})",
        _max_back,
        mask=_mask,
        switches=lambda inputs, attributes: first_largest(inputs[0], attributes),
    ),
}  # fmt: skip
