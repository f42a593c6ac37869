"""A digit that somebody has drawn, made such a picture as those of the data set are.

As the makers of MNIST describe it (http://yann.lecun.com/exdb/mnist/): scaled to fit a box of 20 by
20 pixels with its proportions kept, grey where an edge falls within a pixel, and moved by whole
pixels so that its centre of mass is that of the 28 by 28 field.
"""

import numpy as np

from app.datasets import SIDE
from app.engine.bounds import whole
from app.engine.errors import EngineError

Array = np.ndarray

BOX = 20
MOST_PIXELS = 280
# The pixel, counted from 0, in which the centres of mass of the data set's pictures lie.
_MIDDLE = SIDE // 2


def prepared(picture: Array) -> Array:
    """A picture of a digit as the data set would have it.

    Args:
        picture: ``(rows, columns)``, sides from 1 to 280: 0 is paper, the largest number is ink.

    Returns:
        ``(28, 28)``, float64 from 0 to 1.

    Raises:
        EngineError: no ink, less than none, or too many pixels; the field is ``pixels``.
    """
    sides = whole(1, MOST_PIXELS)
    if picture.ndim != 2 or not all(sides.holds(side) for side in picture.shape):
        raise EngineError(
            f"either side of the picture is {sides.words}",
            "pixels",
            "limit",
            {"maxItems": MOST_PIXELS},
        )
    if (picture < 0).any():
        raise EngineError("a pixel is 0 (paper) or more", "pixels", "range", {"minimum": 0})
    rows, columns = (np.flatnonzero(picture.any(axis=axis)) for axis in (1, 0))
    if rows.size == 0:
        raise EngineError("the picture is empty", "pixels", "missing")
    ink = picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    # Whoever sends 1e308 wants ink, not infinity.
    ink = ink / ink.max()
    scale = BOX / max(ink.shape)
    height, width = (max(1, round(side * scale)) for side in ink.shape)
    small = _shares(height, ink.shape[0]) @ ink @ _shares(width, ink.shape[1]).T
    field = np.zeros((SIDE, SIDE))
    top, left = _start(small.sum(axis=1)), _start(small.sum(axis=0))
    field[top : top + height, left : left + width] = small / small.max()
    return field


def _shares(new: int, old: int) -> Array:
    """Which share of each new pixel each old one makes, ``(new, old)``; a row adds up to 1."""
    edges = np.linspace(0, new, old + 1)
    cells = np.arange(new)[:, np.newaxis]
    shared = np.minimum(edges[1:], cells + 1) - np.maximum(edges[:-1], cells)
    return np.asarray(np.clip(shared, 0, None))


def _start(ink: Array) -> int:
    """Where ink by line begins, so that its centre of mass is in the middle and all is inside."""
    centre = float(np.arange(len(ink)) @ ink / ink.sum())
    return min(max(0, round(_MIDDLE - centre)), SIDE - len(ink))
