"""Lines of PyTorch for the ops of the table: of equals, the first has the gradient, as here."""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

from app.engine.ops import OPS
from app.engine.ops_shape import index_text, takes_backwards

Attributes = Mapping[str, Any]
Shape = tuple[int, ...]
Line = Callable[[Sequence[str], Attributes, Sequence[Shape]], str]

HELPERS: Mapping[str, str] = {
    "largest": '''
def largest(x, axis, keepdim=False):
    """The largest along the axes; of equals, the first has the gradient."""
    kept = [k for k in range(x.dim()) if k not in axis]
    rows = x.permute(*kept, *axis).reshape(*(x.shape[k] for k in kept), -1)
    found = rows.max(dim=-1).values
    wide = [1 if k in axis else size for k, size in enumerate(x.shape)]
    return found.reshape(wide) if keepdim else found
''',
    "taken": '''
def taken(x, index):
    """x[index], also where a slice goes backwards."""
    places = np.arange(x.numel()).reshape(x.shape)[index]
    return x.reshape(-1)[torch.as_tensor(places.reshape(-1).copy())].reshape(places.shape)
''',
}  # fmt: skip


def _template(text: str) -> Line:
    return lambda names, attributes, shapes: text.format(*names)


def _over(function: str) -> Line:
    def line(names: Sequence[str], attributes: Attributes, shapes: Sequence[Shape]) -> str:
        axes = attributes.get("axes")
        if axes is None and not attributes.get("keepdims"):
            return f"torch.{function}({names[0]})"
        over = f"dim={_axes(attributes, shapes[0])}{_keep(attributes)}"
        return f"torch.{function}({names[0]}, {over})"

    return line


def _axes(attributes: Attributes, shape: Shape) -> tuple[int, ...]:
    axes = attributes.get("axes")
    whole = range(len(shape)) if axes is None else (axis % len(shape) for axis in axes)
    return tuple(sorted(set(whole)))


def _keep(attributes: Attributes) -> str:
    return ", keepdim=True" if attributes.get("keepdims") else ""


def _maximum(names: Sequence[str], attributes: Attributes, shapes: Sequence[Shape]) -> str:
    return reduce(lambda a, b: f"torch.where({a} >= {b}, {a}, {b})", names)


def _max(names: Sequence[str], attributes: Attributes, shapes: Sequence[Shape]) -> str:
    if len(names) > 1:
        return _maximum(names, attributes, shapes)
    if not shapes[0]:
        return names[0]
    return f"largest({names[0]}, {_axes(attributes, shapes[0])}{_keep(attributes)})"


def _transpose(names: Sequence[str], attributes: Attributes, shapes: Sequence[Shape]) -> str:
    rank = len(shapes[0])
    axes = attributes.get("axes")
    if axes is None:
        if rank < 2:
            return names[0]
        return f"{names[0]}.T" if rank == 2 else f"{names[0]}.permute{tuple(reversed(range(rank)))}"
    return f"{names[0]}.permute({', '.join(str(axis % rank) for axis in axes)})"


def _index(names: Sequence[str], attributes: Attributes, shapes: Sequence[Shape]) -> str:
    text = index_text(attributes) or "..."
    if takes_backwards(attributes):
        return f"taken({names[0]}, np.s_[{text}])"
    return f"{names[0]}[{text}]"


def _pool(names: Sequence[str], attributes: Attributes, shapes: Sequence[Shape]) -> str:
    size = attributes["size"]
    stride, pad = attributes.get("stride", size), attributes.get("pad", 0)
    return f"F.max_pool2d({names[0]}, {size}, stride={stride}, padding={pad})"


def _softmax_with_loss(
    names: Sequence[str], attributes: Attributes, shapes: Sequence[Shape]
) -> str:
    how = "sum" if attributes.get("total") else "mean"
    return f"F.cross_entropy({names[0]}, {names[1]}, reduction='{how}')"


_LINES: Mapping[str, Line] = {
    "maximum": _maximum,
    "max": _max,
    "where": _template("torch.where({0} != 0, {1}, {2})"),
    "einsum": lambda names, attributes, shapes: (
        f"torch.einsum({attributes['subscripts']!r}, {', '.join(names)})"
    ),
    "sum": _over("sum"),
    "mean": _over("mean"),
    "repeat": lambda names, attributes, shapes: (
        f"{names[0]}.expand({attributes['rows']}, {', '.join(['-1'] * len(shapes[0]))})"
    ),
    "transpose": _transpose,
    "concatenate": lambda names, attributes, shapes: (
        f"torch.cat([{', '.join(names)}], dim={attributes.get('axis', 0)})"
    ),
    "index": _index,
    "gather": _template("{0}[{1}.long()]"),
    "conv2d": lambda names, attributes, shapes: (
        f"F.conv2d({names[0]}, {names[1]}, stride={attributes.get('stride', 1)}, "
        f"padding={attributes.get('pad', 0)})"
    ),
    "max_pool": _pool,
    "softmax": _template("torch.softmax({0}, dim=1)"),
    "softmax_with_loss": _softmax_with_loss,
    "exp": _template("torch.exp({0})"),
    "log": _template("torch.log({0})"),
    "sqrt": _template("torch.sqrt({0})"),
    "abs": _template("torch.abs({0})"),
    "relu": _template("torch.relu({0})"),
    "sigmoid": _template("torch.sigmoid({0})"),
    "tanh": _template("torch.tanh({0})"),
    "softplus": _template("torch.logaddexp({0}, torch.zeros_like({0}))"),
    "gelu": _template("F.gelu({0})"),
    "gelu_tanh": _template("F.gelu({0}, approximate='tanh')"),
    "sin": _template("torch.sin({0})"),
    "cos": _template("torch.cos({0})"),
    "leaky_relu": lambda names, attributes, shapes: (
        f"torch.where({names[0]} > 0, {names[0]}, {attributes['slope']!r} * {names[0]})"
    ),
}


def torch_line(
    op: str, names: Sequence[str], attributes: Attributes, shapes: Sequence[Shape]
) -> str:
    """An op's line of PyTorch: that of NumPy where both write it alike, as ``{0} @ {1}``.

    Args:
        op: A row of the table.
        names: Of the operands, in parentheses where they are no single name.
        attributes: The op's.
        shapes: Of the operands.
    """
    line = _LINES.get(op)
    if line is None:
        return OPS[op].script_line(names, attributes)
    return line(names, attributes, shapes)
