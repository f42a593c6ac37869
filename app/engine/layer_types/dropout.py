r"""Dropout (section 6.4.3; Srivastava et al. 2014): some cells of x, drawn anew, are left out.

The book's form: training multiplies by a mask of ones and zeros, inference by the share of cells
that a mask keeps. Where it is ``inverted``, the mask has 1 / (1 - ratio) in place of its ones, so
that inference changes nothing.

A mask follows from the layer's seed and the step of learning alone: the same numbers give the same
pass, and a step that is made again has the mask that it had. Row n of a mask does not depend on how
many rows there are.
"""

from collections.abc import Mapping

import numpy as np

from app.engine.bounds import Bounds, whole
from app.engine.layer_types.kind import (
    INFERENCE,
    MODES,
    TRAIN,
    Array,
    Field,
    LayerType,
    Opening,
    Settings,
    Size,
)
from app.engine.layers import Layer

SEED = whole(0, 2**32 - 1)


def mask_of(settings: Settings, rows: int, size: Size, step: int) -> Array:
    """The mask ``(rows, *size)`` of a step of learning, counted from 0, as float64."""
    draws = np.random.default_rng([settings["seed"], step]).random((rows, *size))
    return np.where(draws > settings["ratio"], _kept(settings), 0.0)


def _kept(settings: Settings) -> float:
    """What a cell that is not left out is multiplied by."""
    return 1 / (1 - settings["ratio"]) if settings["inverted"] else 1.0


def _resting(settings: Settings) -> float:
    """What every cell is multiplied by in inference."""
    return 1.0 if settings["inverted"] else 1 - settings["ratio"]


def _build(layer: Opening) -> str:
    settings, builder = layer.settings, layer.builder
    if settings["mode"] == INFERENCE:
        share = "1" if settings["inverted"] else "1 - p"
        factor = builder.source(
            f"{layer.name}.share", (), "constant", share, value=_resting(settings)
        )
    else:
        shape = builder.tensors[layer.x].shape
        # Of one sample of several, seen alone, its own row.
        first = builder.sample or 0
        drawn = mask_of(settings, first + shape[0], shape[1:], layer.step)[first:]
        factor = builder.source(
            f"{layer.name}.mask", shape, "mask", layer.told_apart(r"\mathbf{M}"), value=drawn
        )
    return layer.node("multiply", "multiply", [layer.x, factor])


class _Dropout(Layer):
    """The same without a graph."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._step = 0

    def at_step(self, step: int) -> None:
        """Its mask is another at every step."""
        self._step = step

    def forward(self, x: Array) -> Array:
        """x times the mask, or times the share that a mask keeps."""
        if self._settings["mode"] == INFERENCE:
            self._factor: Array = np.asarray(_resting(self._settings), dtype=x.dtype)
        else:
            made = mask_of(self._settings, len(x), x.shape[1:], self._step)
            self._factor = made.astype(x.dtype)
        return np.asarray(x * self._factor)

    def backward(self, dout: Array) -> Array:
        """dL/d(output) times the same."""
        return np.asarray(dout * self._factor)


def _kernel(settings: Settings, parameters: Mapping[str, Array], size: Size) -> Layer:
    return _Dropout(settings)


DROPOUT = LayerType(
    "dropout",
    "Dropout",
    _build,
    fields=(
        Field("ratio", Bounds(minimum=0, below=1), 0.5),
        Field("seed", SEED, 0),
        Field("mode", None, TRAIN, MODES),
        Field("inverted", None, False),
    ),
    kernel=_kernel,
    draws=True,
    formula=r"{0} \odot \mathbf{{M}}",
)
