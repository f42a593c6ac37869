"""The table of ops: for each, how it computes, its gradient for every input, and its index rule.

Ops know shapes and numbers only. Layers open into graphs of them (`build`), and the trace runs
those graphs; training runs the fused layers of `layers`, and a test holds the two together. The
rows stand in files by kind; those of one number follow from `functions`.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from app.engine.functions import FAMILIES, FUNCTIONS, Function, function, named
from app.engine.op import (
    Array,
    Attributes,
    Op,
    Shapes,
    letters,
    unbroadcast,
    written,
)
from app.engine.ops_arithmetic import ARITHMETIC
from app.engine.ops_closed import CLOSED
from app.engine.ops_image import IMAGES
from app.engine.ops_reduce import REDUCTIONS
from app.engine.ops_shape import SHAPING
from app.engine.rules import Factor, IndexRule, Term

__all__ = ["OPS", "Op", "function_name", "sign_of", "unbroadcast"]


def function_name(op: str, attributes: Attributes) -> str:
    """The function of an op of one number, with its constant."""
    family = FAMILIES.get(op)
    return op if family is None else named(op, attributes.get(family.constant, family.default))


def _of_one_number(name: str) -> Op:
    def row(attributes: Attributes) -> Function:
        return function(function_name(name, attributes))

    def rule(shapes: Shapes, attributes: Attributes) -> IndexRule:
        axes = letters(shapes[0])
        return IndexRule(axes, (Term((Factor("0", axes, function_name(name, attributes)),)),))

    def above(inputs: Sequence[Array], attributes: Attributes) -> Array:
        return np.stack([inputs[0] > kink for kink in row(attributes).kinks])

    shown = function(name)
    return Op(
        shown.title,
        lambda shapes, attributes: shapes[0],
        lambda inputs, attributes: np.asarray(row(attributes).value(inputs[0])),
        lambda k, inputs, out, grad, attributes: row(attributes).back(inputs[0], out, grad),
        rule,
        lambda names, attributes: written(row(attributes).formula, names, attributes),
        lambda attributes: (row(attributes).gradient,),
        lambda names, attributes: written(row(attributes).numpy, names, attributes),
        lambda k, shapes, attributes: row(attributes).numpy_gradient,
        switches=above if shown.kinks or name in FAMILIES else None,
    )


def _one_or_many(one: Op, many: Op) -> Op:
    """A row for a single operand that is reduced, or for several that are compared."""

    def of(inputs: Sequence[object]) -> Op:
        return one if len(inputs) == 1 else many

    return Op(
        one.symbol,
        lambda shapes, attributes: of(shapes).shape(shapes, attributes),
        lambda inputs, attributes: of(inputs).forward(inputs, attributes),
        lambda k, inputs, out, grad, attributes: of(inputs).gradient(
            k, inputs, out, grad, attributes
        ),
        lambda shapes, attributes: of(shapes).rule(shapes, attributes),
        lambda names, attributes: written(of(names).formula, names, attributes),
        one.gradients,
        lambda names, attributes: of(names).line(names, attributes),
        lambda k, shapes, attributes: of(shapes).back(k, shapes, attributes),
        mask=lambda k, inputs, attributes: of(inputs).mask(k, inputs, attributes),  # type: ignore[misc]
        switches=lambda inputs, attributes: of(inputs).switches(inputs, attributes),  # type: ignore[misc]
    )


_REDUCTIONS = dict(REDUCTIONS) | {"max": _one_or_many(REDUCTIONS["max"], ARITHMETIC["maximum"])}

OPS: Mapping[str, Op] = {
    **ARITHMETIC,
    **_REDUCTIONS,
    **SHAPING,
    **IMAGES,
    **CLOSED,
    **{name: _of_one_number(name) for name in (*FUNCTIONS, *FAMILIES) if function(name).title},
}


def sign_of(op: str, attributes: Attributes) -> str:
    """What stands in the circle of an op with these attributes."""
    return function(function_name(op, attributes)).title if op in FAMILIES else OPS[op].symbol
