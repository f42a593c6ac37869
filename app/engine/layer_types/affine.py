"""Affine: x . W + b (section 5.6.2), or x . W alone."""

from collections.abc import Mapping

from app.engine.bounds import whole
from app.engine.layer_types.kind import Array, Field, LayerType, Opening, Parameter, Settings, Size
from app.engine.layers import Affine, Layer
from app.engine.open_ops import REPEAT, is_open


def _parameters(size: Size, settings: Settings) -> Mapping[str, Parameter]:
    rows, units = size[-1], settings["units"]
    weight = {"W": Parameter((rows, units), "W", inputs=rows)}
    return weight | ({"b": Parameter((units,), "B")} if settings["bias"] else {})


def _build(layer: Opening) -> str:
    """x . W, then + b with b copied to every row (figure 5-27), by + itself or by a node."""
    weight = layer.parameter("W")
    uses = [layer.x, weight]
    if not layer.settings["bias"]:
        return layer.node("dot", "dot", uses)
    slope = layer.derivative("output")
    bias = layer.parameter("b")
    product = rf"{layer.x_symbol} \cdot {layer.symbols['W']}"
    dot = layer.node("dot", "dot", uses, product, slope)
    rows = layer.builder.n
    if is_open(layer.name, layer.open_ops) and rows > 1:
        copies = rf"\mathbf{{1}} \cdot {layer.symbols['b']}"
        bias = layer.node(REPEAT, REPEAT, [bias], copies, slope, rows=rows)
    return layer.node("add", "add", [dot, bias])


def _kernel(settings: Settings, parameters: Mapping[str, Array], size: Size) -> Layer | None:
    # The book's class is for rows of numbers with a bias.
    if len(size) != 1 or "b" not in parameters:
        return None
    return Affine(parameters["W"], parameters["b"])


AFFINE = LayerType(
    "affine",
    "Affine",
    _build,
    fields=(Field("units", whole(1)), Field("bias", None, True)),
    size=lambda size, settings: (*size[:-1], settings["units"]),
    parameters=_parameters,
    kernel=_kernel,
    formula=r"{0} \cdot \mathbf{{W}} + \mathbf{{B}}",
)
