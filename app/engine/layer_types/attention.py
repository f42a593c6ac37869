r"""Self-attention (Vaswani et al. 2017, equation 1): every place of a sequence looks at all places.

A sample is ``(T, D)``. Queries, keys and values are products with weights ``(D, D)``; of several
heads each has D / heads of their columns. The heads' results stand beside each other and are
multiplied by a fourth weight.
"""

import math
from collections.abc import Mapping

from app.engine.bounds import whole
from app.engine.builder import Use
from app.engine.layer_types.kind import (
    LAST_AXIS,
    Field,
    LayerType,
    Opening,
    Parameter,
    Settings,
    Size,
)
from app.engine.op import ShapeClash

PARTS = ("q", "k", "v", "o")


def _size(size: Size, settings: Settings) -> Size:
    if len(size) != 2:
        raise ShapeClash(
            f"attention takes sequences, a sample of shape (length, numbers), not {size}: give the "
            "network an input_shape, or begin with an embedding"
        )
    if size[-1] % settings["heads"]:
        raise ShapeClash(f"{size[-1]} numbers do not go evenly into {settings['heads']} heads")
    return size


def _parameters(size: Size, settings: Settings) -> Mapping[str, Parameter]:
    width = _size(size, settings)[-1]
    return {
        f"W_{part}": Parameter((width, width), rf"\mathbf{{W}}^{{{part.upper()}}}", inputs=width)
        for part in PARTS
    }


def _cells(size: Size, settings: Settings) -> int:
    length, width = size
    heads: int = settings["heads"]
    return 11 * length * width + 6 * heads * length**2


def _build(layer: Opening) -> str:
    length, width = layer.builder.tensors[layer.x].shape[1:]
    heads = layer.settings["heads"]
    letter = {part: layer.told_apart(rf"\mathbf{{{part.upper()}}}") for part in "qkv"}
    made = {
        part: layer.node(part, "dot", [layer.x, layer.parameter(f"W_{part}")], letter[part])
        for part in "qkv"
    }
    turned = rf"{letter['k']}^{{\mathsf{{T}}}}"
    if heads > 1:
        split = (-1, length, heads, width // heads)
        for part, name in made.items():
            shown = rf"{letter[part]}_{{h}}"
            apart = layer.node(
                f"{part}_heads", "reshape", [name], rf"\mathrm{{split}}({letter[part]})",
                shape=split,
            )  # fmt: skip
            # Keys stand ready for the product with queries.
            axes = (0, 2, 3, 1) if part == "k" else (0, 2, 1, 3)
            symbol = rf"{shown}^{{\mathsf{{T}}}}" if part == "k" else shown
            made[part] = layer.node(f"{part}_turned", "transpose", [apart], symbol, axes=axes)
    else:
        made["k"] = layer.node("k_turned", "transpose", [made["k"]], turned, axes=(0, 2, 1))
    shares = _shares(layer, made["q"], made["k"], width // heads)
    mixed = layer.node("mix", "dot", [shares, made["v"]], layer.told_apart(r"\mathbf{C}"))
    if heads > 1:
        back = layer.node(
            "beside", "transpose", [mixed], r"\mathbf{C}^{\mathsf{T}}", axes=(0, 2, 1, 3)
        )
        mixed = layer.node(
            "joined", "reshape", [back], r"\mathrm{join}(\mathbf{C})", shape=(-1, length, width)
        )
    return layer.node("o", "dot", [mixed, layer.parameter("W_o")])


def _shares(layer: Opening, queries: str, keys: str, width: int) -> str:
    """How much every place looks at each: the softmax of the scores, a row for every place."""
    scores = layer.node("scores", "dot", [queries, keys], r"\mathbf{S}")
    scale = layer.builder.source(
        f"{layer.name}.scale", (), "constant", rf"\frac{{1}}{{\sqrt{{{width}}}}}",
        value=1 / math.sqrt(width),
    )  # fmt: skip
    scaled = layer.node("scaled", "multiply", [scores, scale], r"\mathbf{S}'")
    # The largest is taken off first, which changes nothing, so no gradient goes that way.
    largest = layer.node("max", "max", [Use(scaled, flows=False)], r"\mathbf{M}", **LAST_AXIS)
    shifted = layer.node(
        "subtract", "subtract", [scaled, Use(largest, flows=False)], r"\mathbf{S}' - \mathbf{M}"
    )
    e = layer.node("exp", "exp", [shifted], r"e^{\mathbf{S}' - \mathbf{M}}")
    total = layer.node("sum", "sum", [e], r"\sum e", **LAST_AXIS)
    return layer.node("shares", "divide", [e, total], layer.told_apart(r"\mathbf{A}^{s}"))


ATTENTION = LayerType(
    "attention",
    "Attention",
    _build,
    fields=(Field("heads", whole(1, 64), 1),),
    size=_size,
    parameters=_parameters,
    cells=_cells,
    formula=r"\mathrm{{softmax}}\left(\frac{{\mathbf{{Q}} \cdot \mathbf{{K}}^{{\mathsf{{T}}}}}}"
    r"{{\sqrt{{d}}}}\right) \cdot \mathbf{{V}} \cdot \mathbf{{W}}^{{O}}",
)
