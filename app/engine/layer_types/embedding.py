"""Embedding: for every number of a word its row of a table, which is learned.

A sample is a sequence of such numbers ``(T,)``, whole and from 0; W is ``(vocabulary, units)`` and
the output ``(T, units)``. It is the product of one-hot rows and W, of which nothing but the row
that is looked up is left (Mikolov et al. 2013). No gradient goes to the numbers themselves.
"""

from collections.abc import Mapping

from app.engine.bounds import whole
from app.engine.builder import Use
from app.engine.layer_types.kind import Field, LayerType, Opening, Parameter, Settings, Size
from app.engine.op import ShapeClash


def _size(size: Size, settings: Settings) -> Size:
    if len(size) != 1:
        raise ShapeClash(f"an embedding takes rows of whole numbers, not samples of shape {size}")
    return (*size, settings["units"])


def _parameters(size: Size, settings: Settings) -> Mapping[str, Parameter]:
    # Of the one-hot row that a number stands for, one is not 0.
    return {"W": Parameter((settings["vocabulary"], settings["units"]), "W", inputs=1)}


def _build(layer: Opening) -> str:
    table = layer.parameter("W")
    return layer.node("gather", "gather", [table, Use(layer.x, flows=False)])


EMBEDDING = LayerType(
    "embedding",
    "Embedding",
    _build,
    fields=(Field("vocabulary", whole(1)), Field("units", whole(1))),
    size=_size,
    parameters=_parameters,
    takes_ids=True,
    formula=r"\mathbf{{W}}[{0}]",
)
