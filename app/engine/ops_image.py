"""Ops on images ``(N, C, H, W)``: convolution and max pooling (chapter 7)."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from app.engine.op import Array, Attributes, Op, Shape, ShapeClash, Shapes
from app.engine.rules import Factor, IndexRule, Shifted, Term


def windows(size: int, window: int, stride: int, pad: int) -> int:
    """How many windows fit along an axis (equation 7.1).

    Raises:
        ShapeClash: not one.
    """
    count = (size + 2 * pad - window) // stride + 1
    if size + 2 * pad < window:
        raise ShapeClash(f"a window of {window} does not fit in {size} with padding {pad}")
    return count


def _steps(attributes: Attributes) -> tuple[int, int]:
    return int(attributes.get("stride", 1)), int(attributes.get("pad", 0))


def _convolution_shape(shapes: Shapes, attributes: Attributes) -> Shape:
    x, w = shapes
    if len(x) != 4 or len(w) != 4:
        raise ShapeClash(f"conv2d needs (N, C, H, W) and (F, C, KH, KW), not {x} and {w}")
    if x[1] != w[1]:
        raise ShapeClash(f"conv2d: x has {x[1]} channels, w has {w[1]}")
    stride, pad = _steps(attributes)
    return (x[0], w[0], windows(x[2], w[2], stride, pad), windows(x[3], w[3], stride, pad))


def _convolution_rule(shapes: Shapes, attributes: Attributes) -> IndexRule:
    stride, pad = _steps(attributes)
    # The cell of x under cell (u, v) of the window at (i, j); what is outside is the padding, 0.
    down = Shifted((("i", stride), ("u", 1)), -pad)
    across = Shifted((("j", stride), ("v", 1)), -pad)
    product = (Factor("0", ("n", "c", down, across)), Factor("1", "hcuv"))
    out = _convolution_shape(shapes, attributes)
    return IndexRule("nhij", (Term(product),), "cuv", ranges=(("i", out[2]), ("j", out[3])))


def _padded(x: Array, pad: int, value: float = 0.0) -> Array:
    edges = ((0, 0), (0, 0), (pad, pad), (pad, pad))
    return np.pad(x, edges, constant_values=value) if pad else x


def _views(x: Array, size: tuple[int, int], attributes: Attributes, value: float = 0.0) -> Array:
    """The windows of x ``(N, C, OH, OW, KH, KW)``."""
    stride, pad = _steps(attributes)
    whole = sliding_window_view(_padded(x, pad, value), size, axis=(2, 3))
    return np.asarray(whole[:, :, ::stride, ::stride])


def _put_back(parts: Array, x: Array, attributes: Attributes) -> Array:
    """What every window cell hands back ``(N, C, OH, OW, KH, KW)``, added up where it came from."""
    stride, pad = _steps(attributes)
    n, channels, height, width = x.shape
    whole = np.zeros((n, channels, height + 2 * pad, width + 2 * pad), parts.dtype)
    rows, columns = parts.shape[2:4]
    for u, v in np.ndindex(*parts.shape[4:]):
        to = (slice(u, u + stride * rows, stride), slice(v, v + stride * columns, stride))
        whole[:, :, *to] += parts[..., u, v]
    return whole[:, :, pad : pad + height, pad : pad + width]


def _convolution(inputs: Sequence[Array], attributes: Attributes) -> Array:
    x, w = inputs
    views = _views(x, (w.shape[2], w.shape[3]), attributes)
    return np.asarray(np.einsum("ncijuv,hcuv->nhij", views, w, optimize=True))


def _convolution_gradient(
    k: int, inputs: Sequence[Array], out: Array, grad: Array, attributes: Attributes
) -> Array:
    x, w = inputs
    if k == 0:
        parts = np.einsum("nhij,hcuv->ncijuv", grad, w, optimize=True)
        return _put_back(parts, x, attributes)
    views = _views(x, (w.shape[2], w.shape[3]), attributes)
    return np.asarray(np.einsum("nhij,ncijuv->hcuv", grad, views, optimize=True))


def _pool_steps(attributes: Attributes) -> tuple[int, Attributes]:
    size = int(attributes["size"])
    return size, {"stride": attributes.get("stride", size), "pad": attributes.get("pad", 0)}


def _pool_shape(shapes: Shapes, attributes: Attributes) -> Shape:
    x = shapes[0]
    if len(x) != 4:
        raise ShapeClash(f"max_pool needs (N, C, H, W), not {x}")
    size, steps = _pool_steps(attributes)
    stride, pad = _steps(steps)
    return (x[0], x[1], windows(x[2], size, stride, pad), windows(x[3], size, stride, pad))


def _pool_rule(shapes: Shapes, attributes: Attributes) -> IndexRule:
    size, steps = _pool_steps(attributes)
    stride, pad = _steps(steps)
    out = _pool_shape(shapes, attributes)
    own = (
        "n",
        "h",
        Shifted((("i", stride), ("u", 1)), -pad),
        Shifted((("j", stride), ("v", 1)), -pad),
    )
    ranges = (("i", out[2]), ("j", out[3]), ("u", size), ("v", size))
    return IndexRule("nhij", (Term((Factor("0", own),)),), "uv", largest=True, ranges=ranges)


def _pool_views(x: Array, attributes: Attributes) -> Array:
    size, steps = _pool_steps(attributes)
    return _views(x, (size, size), steps, -np.inf)


def pool_mask(inputs: Sequence[Array], attributes: Attributes) -> Array:
    """1 at the cell that each window took, ``(N, C, OH, OW, KH, KW)``: the first of equals."""
    views = _pool_views(inputs[0], attributes)
    rows = views.reshape(*views.shape[:4], -1)
    mask = np.zeros_like(rows)
    np.put_along_axis(mask, rows.argmax(axis=-1)[..., np.newaxis], 1, axis=-1)
    return mask.reshape(views.shape)


def _pool_gradient(
    k: int, inputs: Sequence[Array], out: Array, grad: Array, attributes: Attributes
) -> Array:
    mask = pool_mask(inputs, attributes)
    parts = np.where(mask > 0, grad[..., np.newaxis, np.newaxis], 0)
    return _put_back(parts, inputs[0], _pool_steps(attributes)[1])


def _extras(attributes: Attributes) -> str:
    return "".join(f", {name}={attributes[name]}" for name in ("size", "stride", "pad")
                   if name in attributes)  # fmt: skip


IMAGES: Mapping[str, Op] = {
    "conv2d": Op(
        "conv", _convolution_shape, _convolution, _convolution_gradient, _convolution_rule,
        r"{0} \ast {1}", (r"{g} \ast \mathrm{{rot}}({1})", r"{0} \ast {g}"),
        lambda names, attributes: f"conv2d({', '.join(names)}{_extras(attributes)})",
        lambda k, shapes, attributes: (
            f"conv2d_{'dx' if k == 0 else 'dw'}"
            f"({{g}}, {{{1 - k}}}, {shapes[k]}{_extras(attributes)})"
        ),
    ),
    "max_pool": Op(
        "max pool", _pool_shape,
        lambda inputs, attributes: np.asarray(
            _pool_views(inputs[0], attributes).max(axis=(4, 5))
        ),
        _pool_gradient, _pool_rule, r"\max_{{\mathrm{{window}}}} {0}",
        (r"{g} \odot [{0} = {y}]",),
        lambda names, attributes: f"max_pool({names[0]}{_extras(attributes)})",
        lambda k, shapes, attributes: f"max_pool_dx({{g}}, {{0}}{_extras(attributes)})",
        mask=lambda k, inputs, attributes: pool_mask(inputs, attributes),
        switches=pool_mask,
    ),
}  # fmt: skip
