"""Ops that move cells and change none: repeat, reshape, transpose, concatenate, index, gather."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from app.engine.op import Array, Attributes, Op, Shape, ShapeClash, Shapes, letters, unbroadcast
from app.engine.rules import Axis, Factor, IndexRule, Looked, Shifted, Term

# One place of an index: a number, or start, stop and step.
Place = int | tuple[int, int, int]


def _repeat_shape(shapes: Shapes, attributes: Attributes) -> Shape:
    return (attributes["rows"], *shapes[0])


def _repeat_rule(shapes: Shapes, attributes: Attributes) -> IndexRule:
    # The copies come first: row n of the result is the whole input, whatever n is.
    result = letters(_repeat_shape(shapes, attributes))
    return IndexRule(result, (Term((Factor("0", result[1:]),)),))


def _reshape_shape(shapes: Shapes, attributes: Attributes) -> Shape:
    wanted = tuple(attributes["shape"])
    known = math.prod(size for size in wanted if size != -1)
    cells = math.prod(shapes[0])
    if wanted.count(-1) > 1 or (-1 in wanted and (known == 0 or cells % known)):
        raise ShapeClash(f"{shapes[0]} has {cells} cells, which {wanted} cannot hold")
    whole = tuple(cells // known if size == -1 else size for size in wanted)
    if math.prod(whole) != cells:
        raise ShapeClash(f"{shapes[0]} has {cells} cells, {wanted} has {math.prod(whole)}")
    return whole


def _reshape_rule(shapes: Shapes, attributes: Attributes) -> IndexRule:
    return IndexRule("n", (Term((Factor("0", "n", flat=True),)),), flat=True)


def _order(rank: int, attributes: Attributes) -> tuple[int, ...]:
    axes = attributes.get("axes")
    order = tuple(reversed(range(rank))) if axes is None else tuple(axis % rank for axis in axes)
    if sorted(order) != list(range(rank)):
        raise ShapeClash(f"transpose of {rank} axes needs each of them once, not {axes}")
    return order


def _transpose_shape(shapes: Shapes, attributes: Attributes) -> Shape:
    return tuple(shapes[0][axis] for axis in _order(len(shapes[0]), attributes))


def _transpose_rule(shapes: Shapes, attributes: Attributes) -> IndexRule:
    result = letters(shapes[0])
    order = _order(len(result), attributes)
    own = "".join(result[order.index(axis)] for axis in range(len(result)))
    return IndexRule(result, (Term((Factor("0", own),)),))


def _concatenate_shape(shapes: Shapes, attributes: Attributes) -> Shape:
    axis = _axis(shapes, attributes)
    others = {(*shape[:axis], *shape[axis + 1 :]) for shape in shapes}
    if len(others) > 1 or len({len(shape) for shape in shapes}) > 1:
        told = ", ".join(map(str, shapes))
        raise ShapeClash(f"concatenate along axis {axis}: all other sizes have to agree: {told}")
    return (*shapes[0][:axis], sum(shape[axis] for shape in shapes), *shapes[0][axis + 1 :])


def _axis(shapes: Shapes, attributes: Attributes) -> int:
    rank, axis = len(shapes[0]), int(attributes.get("axis", 0))
    if not -rank <= axis < rank:
        raise ShapeClash(f"there is no axis {axis} in an array of {rank} axes")
    return axis % rank


def _offsets(shapes: Shapes, axis: int) -> list[int]:
    return [sum(shape[axis] for shape in shapes[:k]) for k in range(len(shapes))]


def _concatenate_rule(shapes: Shapes, attributes: Attributes) -> IndexRule:
    axis = _axis(shapes, attributes)
    result = letters(shapes[0])
    terms = []
    for k, offset in enumerate(_offsets(shapes, axis)):
        own: list[Axis] = list(result)
        own[axis] = Shifted(((result[axis], 1),), -offset)
        terms.append(Term((Factor(str(k), tuple(own)),)))
    return IndexRule(result, tuple(terms))


def _concatenate_gradient(
    k: int, inputs: Sequence[Array], out: Array, grad: Array, attributes: Attributes
) -> Array:
    shapes = [array.shape for array in inputs]
    axis = _axis(shapes, attributes)
    start = _offsets(shapes, axis)[k]
    part = [slice(None)] * grad.ndim
    part[axis] = slice(start, start + shapes[k][axis])
    return grad[tuple(part)]


def _concatenate_back(k: int, shapes: Shapes, attributes: Attributes) -> str:
    axis = _axis(shapes, attributes)
    start = _offsets(shapes, axis)[k]
    return f"{{g}}[{':, ' * axis}{start}:{start + shapes[k][axis]}]"


def places(attributes: Attributes, shape: Shape) -> list[Place]:
    """An index with a place for every axis, counted from 0 and within the shape.

    Raises:
        ShapeClash: too many places, or one outside.
    """
    index = attributes["index"]
    if len(index) > len(shape):
        raise ShapeClash(f"an index of {len(index)} places into shape {shape}")
    found: list[Place] = []
    for at, size in enumerate(shape):
        wanted = index[at] if at < len(index) else (None, None, None)
        if isinstance(wanted, int):
            if not -size <= wanted < size:
                raise ShapeClash(f"place {wanted} is outside axis {at} of shape {shape}")
            found.append(wanted % size)
        else:
            found.append(slice(*wanted).indices(size))
    return found


def _slices(attributes: Attributes, shape: Shape) -> tuple[Any, ...]:
    return tuple(
        one if isinstance(one, int) else slice(one[0], None if one[1] < 0 else one[1], one[2])
        for one in places(attributes, shape)
    )


def _index_shape(shapes: Shapes, attributes: Attributes) -> Shape:
    ranges = [one for one in places(attributes, shapes[0]) if not isinstance(one, int)]
    sizes = tuple(len(range(*one)) for one in ranges)
    if 0 in sizes:
        raise ShapeClash(f"the index leaves nothing of shape {shapes[0]}")
    return sizes


def _index_rule(shapes: Shapes, attributes: Attributes) -> IndexRule:
    result = letters(_index_shape(shapes, attributes))
    left = iter(result)
    own: list[Axis] = []
    for one in places(attributes, shapes[0]):
        own.append(
            Shifted((), one) if isinstance(one, int) else Shifted(((next(left), one[2]),), one[0])
        )
    return IndexRule(
        result, (Term((Factor("0", tuple(own)),)),),
        ranges=tuple(zip(result, _index_shape(shapes, attributes), strict=True)),
    )  # fmt: skip


def _index_gradient(
    k: int, inputs: Sequence[Array], out: Array, grad: Array, attributes: Attributes
) -> Array:
    whole = np.zeros(inputs[0].shape, grad.dtype)
    whole[_slices(attributes, inputs[0].shape)] = grad
    return whole


def takes_backwards(attributes: Attributes) -> bool:
    """Whether a slice of an index goes from the end to the start."""
    return any(
        not isinstance(one, int) and one[2] is not None and one[2] < 0
        for one in attributes["index"]
    )


def index_text(attributes: Attributes) -> str:
    """An index as it is written, without its brackets."""

    def place(one: Any) -> str:
        if isinstance(one, int):
            return str(one)
        start, stop, step = ("" if end is None else str(end) for end in one)
        return f"{start}:{stop}" + (f":{step}" if step else "")

    return ", ".join(map(place, attributes["index"]))


def _gather_shape(shapes: Shapes, attributes: Attributes) -> Shape:
    if not shapes[0]:
        raise ShapeClash("rows are taken of a table, not of a single number")
    return (*shapes[1], *shapes[0][1:])


def _gather_rule(shapes: Shapes, attributes: Attributes) -> IndexRule:
    result = letters(_gather_shape(shapes, attributes))
    looked = Looked("1", result[: len(shapes[1])])
    own: tuple[Axis, ...] = (looked, *result[len(shapes[1]) :])
    return IndexRule(result, (Term((Factor("0", own),)),))


def _gather_gradient(
    k: int, inputs: Sequence[Array], out: Array, grad: Array, attributes: Attributes
) -> Array:
    if k == 1:
        return np.zeros_like(inputs[1])
    whole = np.zeros(inputs[0].shape, grad.dtype)
    np.add.at(whole, inputs[1].astype(int), grad)
    return whole


SHAPING: Mapping[str, Op] = {
    "repeat": Op(
        "Repeat", _repeat_shape,
        lambda inputs, attributes: np.broadcast_to(
            inputs[0], (attributes["rows"], *inputs[0].shape)
        ),
        lambda k, inputs, out, grad, attributes: unbroadcast(grad, inputs[0].shape),
        _repeat_rule, r"\mathbf{{1}} \cdot {0}",
        (r"\sum_{{n}} {g} = \mathbf{{1}}^{{\mathsf{{T}}}} \cdot {g}",),
        lambda names, attributes: f"np.repeat({names[0]}[None], {attributes['rows']}, axis=0)",
        ("{g}.sum(axis=0)",),
    ),
    "reshape": Op(
        "reshape", _reshape_shape,
        lambda inputs, attributes: inputs[0].reshape(
            _reshape_shape([inputs[0].shape], attributes)
        ),
        lambda k, inputs, out, grad, attributes: grad.reshape(inputs[0].shape),
        _reshape_rule, r"\mathrm{{reshape}}({0})", (r"\mathrm{{reshape}}({g})",),
        lambda names, attributes: (
            f"{names[0]}.reshape({', '.join(map(str, attributes['shape'])) or '()'})"
        ),
        lambda k, shapes, attributes: f"{{g}}.reshape({shapes[0]})",
    ),
    "transpose": Op(
        "T", _transpose_shape,
        lambda inputs, attributes: inputs[0].transpose(_order(inputs[0].ndim, attributes)),
        lambda k, inputs, out, grad, attributes: grad.transpose(
            np.argsort(_order(inputs[0].ndim, attributes))
        ),
        _transpose_rule, r"{0}^{{\mathsf{{T}}}}", (r"{g}^{{\mathsf{{T}}}}",),
        lambda names, attributes: (
            f"{names[0]}.T" if attributes.get("axes") is None
            else f"{names[0]}.transpose({', '.join(map(str, attributes['axes']))})"
        ),
        lambda k, shapes, attributes: (
            "{g}.T" if attributes.get("axes") is None
            else "{g}.transpose(" + ", ".join(
                map(str, np.argsort(_order(len(shapes[0]), attributes)).tolist())
            ) + ")"
        ),
    ),
    "concatenate": Op(
        "concat", _concatenate_shape,
        lambda inputs, attributes: np.concatenate(
            inputs, axis=_axis([one.shape for one in inputs], attributes)
        ),
        _concatenate_gradient, _concatenate_rule,
        lambda names, attributes: r"\left[" + ", ".join(names) + r"\right]",
        (r"\mathrm{{part}}({g})",) * 4,
        lambda names, attributes: (
            f"np.concatenate([{', '.join(names)}], axis={attributes.get('axis', 0)})"
        ),
        _concatenate_back,
    ),
    "index": Op(
        "[ ]", _index_shape,
        lambda inputs, attributes: np.asarray(inputs[0][_slices(attributes, inputs[0].shape)]),
        _index_gradient, _index_rule,
        lambda names, attributes: f"{names[0]}[{index_text(attributes)}]",
        (r"\mathrm{{placed}}({g})",),
        lambda names, attributes: f"{names[0]}[{index_text(attributes)}]",
        lambda k, shapes, attributes: (
            f"placed({{g}}, {shapes[0]}, np.s_[{index_text(attributes) or '...'}])"
        ),
    ),
    "gather": Op(
        "rows", _gather_shape,
        lambda inputs, attributes: inputs[0][inputs[1].astype(int)],
        _gather_gradient, _gather_rule, r"{0}[{1}]",
        (r"\sum_{{{1}}} {g}", "0"), "{0}[{1}]",
        lambda k, shapes, attributes: f"added({{g}}, {shapes[0]}, {{1}})",
        "{0}[{1}.astype(int)]",
        differentiable=frozenset({0}),
    ),
}  # fmt: skip
