r"""Layers of images ``(C, H, W)`` (chapter 7): convolution, max pooling, and flatten.

A convolution has F filters over all channels: W ``(F, C, size, size)`` and b ``(F,)``, one number a
filter. Its output is ``(F, OH, OW)`` by equation 7.1.
"""

import math
from collections.abc import Mapping

from app.engine.bounds import whole
from app.engine.layer_types.kind import Field, LayerType, Opening, Parameter, Settings, Size
from app.engine.op import ShapeClash
from app.engine.ops_image import windows

# Of windows, as programs have them.
WINDOW, PAD = whole(1, 64), whole(0, 64)


def _image(size: Size) -> tuple[int, int, int]:
    if len(size) != 3:
        raise ShapeClash(
            f"images are needed here, a sample of shape (channels, height, width), not {size}: "
            "give the network an input_shape"
        )
    channels, height, width = size
    return channels, height, width


def _convolved(size: Size, settings: Settings) -> Size:
    _, height, width = _image(size)
    window, stride, pad = settings["size"], settings["stride"], settings["pad"]
    return (
        settings["filters"],
        windows(height, window, stride, pad),
        windows(width, window, stride, pad),
    )


def _columns(size: Size, settings: Settings) -> int:
    """Cells of all windows of a sample, side by side: what the product is made of."""
    _, rows, columns = _convolved(size, settings)
    return int(size[0] * settings["size"] ** 2 * rows * columns)


def _filters(size: Size, settings: Settings) -> Mapping[str, Parameter]:
    channels, window, filters = _image(size)[0], settings["size"], settings["filters"]
    inputs = channels * window**2
    weight = {"W": Parameter((filters, channels, window, window), "W", inputs=inputs)}
    return weight | ({"b": Parameter((filters,), "B")} if settings["bias"] else {})


def _build_convolution(layer: Opening) -> str:
    settings = layer.settings
    uses = [layer.x, layer.parameter("W")]
    steps = {"stride": settings["stride"], "pad": settings["pad"]}
    if not settings["bias"]:
        return layer.node("conv2d", "conv2d", uses, **steps)
    bias, slope = layer.parameter("b"), layer.derivative("output")
    product = rf"{layer.x_symbol} \ast {layer.symbols['W']}"
    made = layer.node("conv2d", "conv2d", uses, product, slope, **steps)
    # One number a filter meets images of rows and columns.
    shape = (settings["filters"], 1, 1)
    column = layer.node(
        "reshape", "reshape", [bias], rf"\mathrm{{reshape}}({layer.symbols['b']})", shape=shape
    )
    return layer.node("add", "add", [made, column])


def _pooled(size: Size, settings: Settings) -> Size:
    channels, height, width = _image(size)
    window, stride = settings["size"], settings["stride"]
    return (channels, windows(height, window, stride, 0), windows(width, window, stride, 0))


def _flat(size: Size, settings: Settings) -> Size:
    return (math.prod(size),)


CONV2D = LayerType(
    "conv2d",
    "Convolution",
    _build_convolution,
    fields=(
        Field("filters", whole(1)),
        Field("size", WINDOW),
        Field("stride", WINDOW, 1),
        Field("pad", PAD, 0),
        Field("bias", None, True),
    ),
    size=_convolved,
    parameters=_filters,
    cells=lambda size, settings: math.prod(_convolved(size, settings)) + _columns(size, settings),
    formula=r"{0} \ast \mathbf{{W}} + \mathbf{{B}}",
)
MAX_POOL = LayerType(
    "max_pool",
    "Max Pooling",
    lambda layer: layer.node(
        "max_pool", "max_pool", [layer.x],
        size=layer.settings["size"], stride=layer.settings["stride"],
    ),
    fields=(Field("size", WINDOW, 2), Field("stride", WINDOW, follows="size")),
    size=_pooled,
    cells=lambda size, settings: (
        math.prod(_pooled(size, settings)) * settings["size"] ** 2
    ),
    formula=r"\max_{{\mathrm{{window}}}} {0}",
)  # fmt: skip
FLATTEN = LayerType(
    "flatten",
    "Flatten",
    lambda layer: layer.node(
        "reshape", "reshape", [layer.x],
        shape=(-1, math.prod(layer.builder.tensors[layer.x].shape[1:])),
    ),
    size=_flat,
    formula=r"\mathrm{{reshape}}({0})",
)  # fmt: skip
