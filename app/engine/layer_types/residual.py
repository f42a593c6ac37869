r"""Residual (He, Zhang, Ren and Sun 2015): F(x) + x for a chain of layers F.

On the way back the gradient goes through F, and past it unchanged; the two meet at x by a sum. The
layers of F have names of their own within it: ``residual1.affine1.W``.
"""

from collections.abc import Mapping, Sequence

from app.engine.layer_types.kind import (
    Field,
    LayerType,
    Nested,
    Opening,
    Parameter,
    Settings,
    Size,
)
from app.engine.op import ShapeClash


def _sizes(size: Size, layers: Sequence[Nested]) -> list[Size]:
    """Shapes of one sample before each layer, and after the last."""
    sizes = [size]
    for layer in layers:
        sizes.append(layer.kind.size(sizes[-1], layer.settings))
    return sizes


def _size(size: Size, settings: Settings) -> Size:
    *_, made = _sizes(size, settings["layers"])
    if made != size:
        raise ShapeClash(
            f"what its layers make has shape {made} and is added to what they are given, which "
            f"has shape {size}: the two have to agree"
        )
    return size


def _parameters(size: Size, settings: Settings) -> Mapping[str, Parameter]:
    layers = settings["layers"]
    return {
        f"{layer.name}.{part}": parameter
        for layer, own in zip(layers, _sizes(size, layers), strict=False)
        for part, parameter in layer.kind.parameters(own, layer.settings).items()
    }


def _cells(size: Size, settings: Settings) -> int:
    layers = settings["layers"]
    return sum(
        layer.kind.held(own, layer.settings)
        for layer, own in zip(layers, _sizes(size, layers), strict=False)
    )


def _build(layer: Opening) -> str:
    layers: Sequence[Nested] = layer.settings["layers"]
    x = layer.x
    for position, inner in enumerate(layers):
        prefix = f"{inner.name}."
        parts = {
            name.removeprefix(prefix): symbol
            for name, symbol in layer.symbols.items()
            if name.startswith(prefix)
        }
        is_last = position == len(layers) - 1
        letter = r"\mathbf{F}" if is_last else rf"\mathbf{{H}}_{{{position + 1}}}"
        x = inner.kind.build(
            Opening(
                layer.builder, f"{layer.name}.{inner.name}", inner.type, x, inner.settings,
                {**parts, "output": layer.told_apart(letter)},
                {name: layer.parameters[f"{prefix}{name}"] for name in parts},
                closed=True, step=inner.step, owner=layer.group,
            )
        )  # fmt: skip
    return layer.node("add", "add", [x, layer.x])


RESIDUAL = LayerType(
    "residual",
    "Residual",
    _build,
    fields=(Field("layers", None, nested=True),),
    size=_size,
    parameters=_parameters,
    cells=_cells,
    formula=r"F({0}) + {0}",
)
