"""Batch normalisation (section 6.3; Ioffe and Szegedy 2015): each column to mean 0, variance 1.

Mean and variance are those of the samples of the pass, in training and after it. Of images they are
taken for every channel, over samples and pixels; of sequences for every number of a place.
"""

from app.engine.layer_types.kind import Field, LayerType, Opening, Size
from app.engine.layer_types.layer_norm import EPSILON
from app.engine.layer_types.normal import normalized, scale_and_shift

# What the book's code adds to the variance: it is written 10e-7 there.
BOOKS_EPSILON = 1e-6


def _features(size: Size) -> int:
    """The axis of a sample that has a gamma and a beta of its own: the channels of images."""
    return 0 if len(size) == 3 else len(size) - 1


def _build(layer: Opening) -> str:
    size = layer.builder.tensors[layer.x].shape[1:]
    kept = _features(size)
    axes = (0, *(1 + axis for axis in range(len(size)) if axis != kept))
    if kept == len(size) - 1:
        return normalized(layer, axes)
    return normalized(layer, axes, (size[kept], *(1 for _ in size[kept + 1 :])))


BATCH_NORM = LayerType(
    "batch_norm",
    "Batch Norm",
    _build,
    fields=(Field("epsilon", EPSILON, BOOKS_EPSILON),),
    parameters=lambda size, settings: scale_and_shift((size[_features(size)],)),
    joins=True,
    formula=r"\gamma \, \frac{{{0} - \mu}}{{\sqrt{{\sigma^{{2}} + \epsilon}}}} + \beta",
)
