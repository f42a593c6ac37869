"""The layers of one function of one number each: a row of `app.engine.functions` is one of them."""

from collections.abc import Mapping

import numpy as np

from app.engine.bounds import Bounds
from app.engine.functions import FAMILIES, FUNCTIONS, Function, function, named
from app.engine.layer_types.kind import Array, Field, LayerType, Opening, Settings, Size
from app.engine.layers import Layer, Relu, Sigmoid, Tanh

# Constants of functions that have one.
CONSTANT = Bounds(minimum=-1e6, maximum=1e6)

# Fast code that a training has; the others run their row of the table.
_KERNELS: Mapping[str, type[Layer]] = {"relu": Relu, "sigmoid": Sigmoid, "tanh": Tanh}


class Elementwise(Layer):
    """A row of the table of functions as a layer."""

    def __init__(self, row: Function) -> None:
        self._row = row
        self._needs_y = row.backward is not None or any(of == "out" for of, _ in row.slope)
        self._is_reused = False

    def forward(self, x: Array) -> Array:
        """The function, cell by cell."""
        self._x = x
        self._y = np.asarray(self._row.value(x), dtype=x.dtype)
        return self._y.copy() if self._is_reused and self._needs_y else self._y

    def reuse(self, rows: int, width: int, dtype: np.dtype) -> None:
        """What it gives is written over, and it may need it still."""
        self._is_reused = True

    def backward(self, dout: Array) -> Array:
        """dL/d(output) times the slope."""
        return np.asarray(self._row.back(self._x, self._y, dout), dtype=dout.dtype)

    def switches(self) -> tuple[Array, ...]:
        """On which side of each kink every cell is."""
        return tuple(self._x > kink for kink in self._row.kinks)


def _row(name: str, settings: Settings) -> Function:
    family = FAMILIES.get(name)
    return function(name if family is None else named(name, settings[family.constant]))


def _elementwise(name: str) -> LayerType:
    family = FAMILIES.get(name)

    def build(layer: Opening) -> str:
        return layer.node(name, name, [layer.x], **layer.settings)

    def kernel(settings: Settings, parameters: Mapping[str, Array], size: Size) -> Layer:
        fast = _KERNELS.get(name)
        return fast() if fast else Elementwise(_row(name, settings))

    fields = () if family is None else (Field(family.constant, CONSTANT, family.default),)
    row = function(name)
    return LayerType(
        name, row.title, _sigmoid if name == "sigmoid" else build, fields, kernel=kernel,
        activation=True, opens=name == "sigmoid", formula=row.formula,
    )  # fmt: skip


def _sigmoid(layer: Opening) -> str:
    """1 / (1 + exp(-x)) as the ops of figure 5-20, unless it is to stay closed."""
    if layer.closed:
        return layer.node("sigmoid", "sigmoid", [layer.x])
    builder, name, symbol = layer.builder, layer.name, layer.x_symbol
    y = layer.symbols["output"]
    builder.source(f"{name}.minus_one", (), "constant", "-1", value=-1.0)
    builder.source(f"{name}.one", (), "constant", "1", value=1.0)
    slope = rf"-{layer.derivative('output')} {y}^{{2}}"
    power = rf"\exp(-{symbol})"
    negative = layer.node(
        "negate", "multiply", [layer.x, f"{name}.minus_one"], f"-{symbol}", f"{slope} {power}"
    )
    e = layer.node("exp", "exp", [negative], power, slope)
    total = layer.node("add", "add", [e, f"{name}.one"], f"1 + {power}", slope)
    builder.whole(f"{name}.output", "sigmoid", layer.x)
    builder.whole(f"{layer.x}.grad", "sigmoid_gradient", layer.x)
    return layer.node("reciprocal", "reciprocal", [total])


ELEMENTWISE = tuple(_elementwise(name) for name in (*FUNCTIONS, *FAMILIES) if function(name).layer)
