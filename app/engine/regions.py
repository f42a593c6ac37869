"""What a network says of many samples at once: over a piece of the plane, or of a data set."""

from dataclasses import dataclass

import numpy as np

from app.engine.layers import softmax
from app.engine.network import Network
from app.engine.spec import Limits

Array = np.ndarray

SIZES = (8, 100)
# Multiplications that a picture may take: some tenths of a second.
WORK = 2e9
# The plane goes on beyond the points by this share of their extent.
MARGIN = 0.1
LARGEST = float(np.finfo(np.float64).max)


@dataclass(frozen=True)
class Plane:
    """A square of the plane.

    Attributes:
        low, high: Its corners ``(x, y)``.
    """

    low: tuple[float, float]
    high: tuple[float, float]

    @classmethod
    def around(cls, points: Array) -> "Plane":
        """The square that holds all points ``(N, 2)``, with some room around them.

        It ends where numbers end, and is no square there.
        """
        wide = points.astype(np.float64)
        least, most = wide.min(axis=0), wide.max(axis=0)
        # Half of each first: the sum of two numbers of 1e308 is beyond what there is.
        middle, half = least / 2 + most / 2, float((most / 2 - least / 2).max())
        # Points that are one have room around them that counts beside them.
        half = half * (1 + 2 * MARGIN) or max(1.0, MARGIN * float(np.abs(middle).max()))

        def corner(way: float) -> tuple[float, float]:
            x, y = (min(max(float(value) + way, -LARGEST), LARGEST) for value in middle)
            return x, y

        return cls(corner(-half), corner(half))

    def grid(self, size: int) -> Array:
        """The middles ``(size * size, 2)`` of equal cells, row by row from the top."""
        share = (np.arange(size) + 0.5) / size
        # Each end has its share: their difference may be beyond what there is.
        x = (1 - share) * self.low[0] + share * self.high[0]
        y = share * self.low[1] + (1 - share) * self.high[1]
        return np.column_stack([np.tile(x, size), np.repeat(y, size)])


def bounded(network: Network, size: int) -> int:
    """``size``, or less where so many passes would take long."""
    most = int((WORK / max(network.spec.parameter_count, 1)) ** 0.5)
    return max(SIZES[0], min(size, SIZES[1], most))


@np.errstate(all="ignore")
def probabilities(network: Network, x: Array, limits: Limits = Limits()) -> Array:
    """The classes' probabilities ``(N, C)`` of samples x ``(N, D)``, in as few passes as may be.

    They are no numbers where the network's own parameters are none.
    """
    spec = network.spec
    given = spec.pass_cells(0)
    rows = max(1, (limits.cells - given) // max(1, spec.pass_cells(1) - given))
    x = x.astype(spec.dtype)
    parts = [network.forward(x[start : start + rows]) for start in range(0, len(x), rows)]
    return softmax(np.concatenate(parts))
