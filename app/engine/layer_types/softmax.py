"""Softmax as a layer: exp(a) over the sum of all exp(a) of a sample (section 3.5).

Opened, the two ways back show its Jacobian: one through the numerator, one through the sum. The
largest score is subtracted first. That changes nothing, so no gradient goes that way.
"""

import numpy as np

from app.engine.builder import Use
from app.engine.layer_types.kind import LAST_AXIS, Array, LayerType, Opening
from app.engine.layers import Layer, softmax


def _build(layer: Opening) -> str:
    a, y, up = layer.x_symbol, layer.symbols["output"], layer.derivative("output")
    largest = layer.node("max", "max", [Use(layer.x, flows=False)], r"\mathbf{M}", **LAST_AXIS)
    shifted = layer.node(
        "subtract", "subtract", [layer.x, Use(largest, flows=False)], rf"{a} - \mathbf{{M}}"
    )
    e = layer.node("exp", "exp", [shifted], rf"e^{{{a} - \mathbf{{M}}}}")
    back = rf"-\sum {up} \frac{{{y}}}{{\mathbf{{S}}}}"
    total = layer.node("sum", "sum", [e], r"\mathbf{S}", back, **LAST_AXIS)
    return layer.node("divide", "divide", [Use(e, rf"\frac{{1}}{{\mathbf{{S}}}} {up}"), total])


class _Softmax(Layer):
    """The same in one go."""

    _is_reused = False

    def forward(self, x: Array) -> Array:
        """Shares that add up to 1 in every row."""
        self._y = softmax(x)
        return self._y.copy() if self._is_reused else self._y

    def reuse(self, rows: int, width: int, dtype: np.dtype) -> None:
        """What it gives is written over, and it needs it still."""
        self._is_reused = True

    def backward(self, dout: Array) -> Array:
        """y (g - sum of g y): the Jacobian, which is symmetric, times g."""
        return np.asarray(self._y * (dout - (dout * self._y).sum(axis=1, keepdims=True)))


SOFTMAX = LayerType(
    "softmax",
    "Softmax",
    _build,
    kernel=lambda settings, parameters, size: _Softmax() if len(size) == 1 else None,
    formula=r"\frac{{\exp({0})}}{{\sum \exp({0})}}",
)
