"""Ops that reckon cell by cell, and products: + - x /, dot, einsum, comparisons, a choice."""

import functools
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from app.engine import lines
from app.engine.op import (
    LETTERS,
    Array,
    Attributes,
    Op,
    Shape,
    ShapeClash,
    Shapes,
    broadcast_letters,
    broadcast_shape,
    unbroadcast,
)
from app.engine.rules import Factor, IndexRule, Term

SUMMED = "d"


def _sum_rule(shapes: Shapes, attributes: Attributes) -> IndexRule:
    result, axes = broadcast_letters(shapes)
    terms = tuple(Term((Factor(str(k), own),)) for k, own in enumerate(axes))
    return IndexRule(result, terms)


def _difference_rule(shapes: Shapes, attributes: Attributes) -> IndexRule:
    result, (left, right) = broadcast_letters(shapes)
    return IndexRule(result, (Term((Factor("0", left),)), Term((Factor("1", right),), -1.0)))


def _product_rule(shapes: Shapes, attributes: Attributes) -> IndexRule:
    result, (left, right) = broadcast_letters(shapes)
    return IndexRule(result, (Term((Factor("0", left), Factor("1", right))),))


def _quotient_rule(shapes: Shapes, attributes: Attributes) -> IndexRule:
    result, (left, right) = broadcast_letters(shapes)
    return IndexRule(result, (Term((Factor("0", left), Factor("1", right, "reciprocal"))),))


def _quotient_gradient(
    k: int, inputs: Sequence[Array], out: Array, grad: Array, attributes: Attributes
) -> Array:
    a, b = inputs
    return unbroadcast(grad / b if k == 0 else -grad * a / (b * b), inputs[k].shape)


def _largest_rule(shapes: Shapes, attributes: Attributes) -> IndexRule:
    rule = _sum_rule(shapes, attributes)
    return IndexRule(rule.result, rule.terms, largest=True)


def _which_largest(inputs: Sequence[Array], attributes: Attributes) -> Array:
    """The number of the input that is the largest, cell by cell: the first of equals."""
    return np.asarray(np.argmax(np.stack(np.broadcast_arrays(*inputs)), axis=0))


def _maximum_back(k: int, shapes: Shapes, attributes: Attributes) -> str:
    """Where it is the largest, and of equals the first."""
    others = [j for j in range(len(shapes)) if j != k]
    wins = [f"({{{k}}} {'>' if j < k else '>='} {{{j}}})" for j in others]
    return f"np.where({' & '.join(wins)}, {{g}}, 0)"


def _choice_rule(shapes: Shapes, attributes: Attributes) -> IndexRule:
    result, (mask, left, right) = broadcast_letters(shapes)
    return IndexRule(
        result,
        (
            Term((Factor("0", mask), Factor("1", left))),
            Term((Factor("0", mask, "one_minus"), Factor("2", right))),
        ),
    )


def _choice_gradient(
    k: int, inputs: Sequence[Array], out: Array, grad: Array, attributes: Attributes
) -> Array:
    chosen = np.where(inputs[0] != 0, grad, 0) if k == 1 else np.where(inputs[0] != 0, 0, grad)
    return unbroadcast(chosen, inputs[k].shape)


def _comparison(symbol: str, latex: str, swapped: bool, strict: bool) -> Op:
    """1 where a > b, say, and 0 elsewhere; no gradient comes through."""
    outer = "step" if strict else "step_or_zero"

    def rule(shapes: Shapes, attributes: Attributes) -> IndexRule:
        result, (left, right) = broadcast_letters(shapes)
        terms = (Term((Factor("0", left),)), Term((Factor("1", right),), -1.0))
        if swapped:
            terms = (Term(terms[0].factors, -1.0), Term(terms[1].factors))
        return IndexRule(result, terms, outer=outer)

    def forward(inputs: Sequence[Array], attributes: Attributes) -> Array:
        a, b = reversed(inputs) if swapped else inputs
        return np.asarray(np.greater(a, b) if strict else np.greater_equal(a, b)) * 1.0

    return Op(
        symbol, broadcast_shape, forward,
        lambda k, inputs, out, grad, attributes: np.zeros_like(inputs[k]),
        rule, rf"[{{0}} {latex} {{1}}]", ("0", "0"), f"{{0}} {symbol} {{1}}",
        differentiable=frozenset(), switches=forward, alone=f"({{0}} {symbol} {{1}}) * 1.0",
    )  # fmt: skip


def _dot_letters(left: Shape, right: Shape) -> tuple[str, str, str]:
    """Axes of both operands of a matrix product and of the result, as NumPy's ``@`` has them."""
    a, b = len(left), len(right)
    batch = np.broadcast_shapes(left[:-2], right[:-2])
    own = [letter for letter in LETTERS if letter != SUMMED]
    # Two matrices are n, d and d, h, as everywhere; batches come first.
    heads = "".join(own[2 : 2 + len(batch)])
    rows, columns = own[0] if a > 1 else "", own[1] if b > 1 else ""

    def head(shape: Shape) -> str:
        sizes = shape[:-2]
        names = heads[len(heads) - len(sizes) :] if sizes else ""
        wide = batch[len(batch) - len(sizes) :]
        return "".join(
            name if size == whole else "0"
            for name, size, whole in zip(names, sizes, wide, strict=True)
        )

    return (
        head(left) + rows + SUMMED,
        head(right) + SUMMED + columns,
        heads + rows + columns,
    )


def _dot_shape(shapes: Shapes, attributes: Attributes) -> Shape:
    left, right = shapes
    if not left or not right:
        raise ShapeClash(f"dot needs at least one axis on both sides, not {left} and {right}")
    inner = right[-2] if len(right) > 1 else right[0]
    if left[-1] != inner:
        raise ShapeClash(
            f"dot of {left} and {right}: the last axis of the left, {left[-1]}, has to be the "
            f"{'last but one' if len(right) > 1 else 'only'} of the right, {inner}"
            + _turned(left, right)
        )
    try:
        batch = np.broadcast_shapes(left[:-2], right[:-2])
    except ValueError as error:
        raise ShapeClash(f"dot of {left} and {right}: the leading axes do not fit") from error
    rows = left[-2:-1] if len(left) > 1 else ()
    columns = right[-1:] if len(right) > 1 else ()
    return (*batch, *rows, *columns)


def _turned(left: Shape, right: Shape) -> str:
    """Which transposes would make a product possible."""
    if len(left) != 2 or len(right) != 2:
        return ""
    ways = [("a @ b.T", left[1] == right[1]), ("a.T @ b", left[0] == right[0])]
    ways += [("a.T @ b.T", left[0] == right[1]), ("b @ a", right[1] == left[0])]
    fits = [way for way, is_right in ways if is_right]
    return f"; {' or '.join(fits)} would fit" if fits else ""


def _dot_rule(shapes: Shapes, attributes: Attributes) -> IndexRule:
    left, right, result = _dot_letters(*shapes)
    return IndexRule(result, (Term((Factor("0", left), Factor("1", right))),), SUMMED)


def _dot_gradient(
    k: int, inputs: Sequence[Array], out: Array, grad: Array, attributes: Attributes
) -> Array:
    a, b = inputs
    if a.ndim == b.ndim == 2:
        return np.asarray(grad @ b.T if k == 0 else a.T @ grad)
    left, right, result = _dot_letters(a.shape, b.shape)
    return _product_gradient(k, inputs, grad, (left, right), result)


def _dot_back(k: int, shapes: Shapes, attributes: Attributes) -> str:
    left, right, result = _dot_letters(*shapes)
    plain = lines.matrix_product(k, *shapes)
    return lines.product(k, (left, right), result, shapes) if plain is None else plain


def _product_gradient(
    k: int, inputs: Sequence[Array], grad: Array, axes: Sequence[str], result: str
) -> Array:
    """dL/d(input k) of a sum of products: a sum of products again, by the same letters."""
    shape = inputs[k].shape
    # An axis of length 1 that was broadcast has no letter; it is put back at the end.
    own = axes[k].replace("0", "")
    others = [
        (operand.reshape([size for size, axis in zip(operand.shape, letters, strict=True)
                          if axis != "0"]), letters.replace("0", ""))
        for j, (operand, letters) in enumerate(zip(inputs, axes, strict=True))
        if j != k
    ]  # fmt: skip
    given = "".join(letter for letter in own if letter in result + "".join(o for _, o in others))
    sums = ",".join([result, *(letters for _, letters in others)])
    found = np.einsum(f"{sums}->{given}", grad, *(operand for operand, _ in others))
    # A letter that stands in this operand alone was summed over: every cell has the same gradient.
    sizes = [size for size, axis in zip(shape, axes[k], strict=True) if axis != "0"]
    place = [slice(None) if letter in given else np.newaxis for letter in own]
    return np.array(np.broadcast_to(found[tuple(place)], sizes).reshape(shape))


def _einsum_parts(attributes: Attributes) -> tuple[list[str], str]:
    left, _, result = attributes["subscripts"].partition("->")
    return left.split(","), result


def _einsum_shape(shapes: Shapes, attributes: Attributes) -> Shape:
    axes, result = _einsum_parts(attributes)
    sizes: dict[str, int] = {}
    if len(axes) != len(shapes):
        raise ShapeClash(f"einsum names {len(axes)} operands, {len(shapes)} are given")
    for own, shape in zip(axes, shapes, strict=True):
        if len(own) != len(shape):
            raise ShapeClash(f"einsum calls an operand {own}, whose shape is {shape}")
        if len(set(own)) < len(own):
            raise ShapeClash(f"einsum with one letter twice in an operand, {own}, is not offered")
        for letter, size in zip(own, shape, strict=True):
            if sizes.setdefault(letter, size) != size:
                raise ShapeClash(f"einsum: {letter} is {sizes[letter]} and {size}")
    return tuple(sizes[letter] for letter in result)


def _einsum_rule(shapes: Shapes, attributes: Attributes) -> IndexRule:
    axes, result = _einsum_parts(attributes)
    factors = tuple(Factor(str(k), own) for k, own in enumerate(axes))
    summed = "".join(sorted(set("".join(axes)) - set(result)))
    return IndexRule(result, (Term(factors),), summed)


def _einsum_gradient(
    k: int, inputs: Sequence[Array], out: Array, grad: Array, attributes: Attributes
) -> Array:
    axes, result = _einsum_parts(attributes)
    return _product_gradient(k, inputs, grad, axes, result)


def _plus(names: Sequence[str], attributes: Attributes) -> str:
    return " + ".join(names)


def _elementwise(
    forward: Callable[..., Array],
    gradient: Callable[[int, Sequence[Array], Array], Array],
) -> tuple[
    Callable[[Sequence[Array], Attributes], Array],
    Callable[[int, Sequence[Array], Array, Array, Attributes], Array],
]:
    """Both halves of an op whose operands are broadcast against each other."""

    def back(
        k: int, inputs: Sequence[Array], out: Array, grad: Array, attributes: Attributes
    ) -> Array:
        return unbroadcast(gradient(k, inputs, grad), inputs[k].shape)

    return lambda inputs, attributes: np.asarray(forward(*inputs)), back


ARITHMETIC: Mapping[str, Op] = {
    "dot": Op(
        "dot", _dot_shape,
        lambda inputs, attributes: np.asarray(inputs[0] @ inputs[1]),
        _dot_gradient, _dot_rule, r"{0} \cdot {1}",
        (r"{g} \cdot {1}^{{\mathsf{{T}}}}", r"{0}^{{\mathsf{{T}}}} \cdot {g}"), "{0} @ {1}",
        _dot_back,
    ),
    "add": Op(
        "+", broadcast_shape,
        *_elementwise(
            lambda *inputs: sum(inputs[1:], start=inputs[0]), lambda k, inputs, grad: grad
        ),
        _sum_rule, _plus, ("{g}", "{g}"), _plus, ("{g}",),
        broadcasts=True,
    ),
    "subtract": Op(
        "-", broadcast_shape,
        *_elementwise(np.subtract, lambda k, inputs, grad: grad if k == 0 else -grad),
        _difference_rule, "{0} - {1}", ("{g}", "-{g}"), "{0} - {1}", ("{g}", "-{g}"),
        broadcasts=True,
    ),
    "multiply": Op(
        "x", broadcast_shape,
        *_elementwise(np.multiply, lambda k, inputs, grad: grad * inputs[1 - k]),
        _product_rule, r"{0} \times {1}", (r"{g} \, {1}", r"{g} \, {0}"), "{0} * {1}",
        ("{g} * {1}", "{g} * {0}"),
        broadcasts=True,
    ),
    "divide": Op(
        "/", broadcast_shape,
        lambda inputs, attributes: np.asarray(inputs[0] / inputs[1]),
        _quotient_gradient, _quotient_rule, r"\frac{{{0}}}{{{1}}}",
        (r"\frac{{{g}}}{{{1}}}", r"-{g} \, \frac{{{0}}}{{{1}^{{2}}}}"), "{0} / {1}",
        ("{g} / {1}", "-{g} * {0} / {1} ** 2"),
        broadcasts=True,
    ),
    "maximum": Op(
        "max", broadcast_shape,
        *_elementwise(
            lambda *inputs: functools.reduce(np.maximum, inputs),
            lambda k, inputs, grad: np.where(_which_largest(inputs, {}) == k, grad, 0),
        ),
        _largest_rule,
        lambda names, attributes: rf"\max({', '.join(names)})",
        (r"{g} \odot [{0} \geq {1}]", r"{g} \odot [{1} > {0}]"), lambda names, attributes: (
            functools.reduce(lambda left, right: f"np.maximum({left}, {right})", names)
        ),
        _maximum_back,
        mask=lambda k, inputs, attributes: (_which_largest(inputs, attributes) == k) * 1.0,
        switches=_which_largest,
        broadcasts=True,
    ),
    "where": Op(
        "where", broadcast_shape,
        lambda inputs, attributes: np.where(inputs[0] != 0, inputs[1], inputs[2]),
        _choice_gradient, _choice_rule, r"{0} \odot {1} + (1 - {0}) \odot {2}",
        ("0", r"{g} \odot {0}", r"{g} \odot (1 - {0})"), "np.where({0}, {1}, {2})",
        ("", "np.where({0}, {g}, 0)", "np.where({0}, 0, {g})"),
        differentiable=frozenset({1, 2}),
        broadcasts=True,
    ),
    "greater": _comparison(">", ">", False, True),
    "less": _comparison("<", "<", True, True),
    "greater_equal": _comparison(">=", r"\geq", False, False),
    "less_equal": _comparison("<=", r"\leq", True, False),
    "einsum": Op(
        "einsum", _einsum_shape,
        lambda inputs, attributes: np.asarray(np.einsum(attributes["subscripts"], *inputs)),
        _einsum_gradient, _einsum_rule,
        lambda names, attributes: r"\mathrm{einsum}(" + ", ".join(names) + ")",
        (r"\mathrm{{einsum}}({g})",) * 4,
        lambda names, attributes: f"np.einsum({attributes['subscripts']!r}, {', '.join(names)})",
        lambda k, shapes, attributes: lines.product(k, *_einsum_parts(attributes), shapes),
    ),
}  # fmt: skip
