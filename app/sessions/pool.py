"""The part of a data set that a session learns from, a mini-batch at a step.

A session names its pool and holds the rows of the current step alone; which rows those are follows
from the pool's seed and the step, as in a training (`app.engine.batches.MiniBatches`).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from app.engine.batches import MiniBatches
from app.engine.spec import NetworkSpec
from app.sessions.planes import PLANES

Array = np.ndarray

# Rows of a mini-batch where nobody says how many; the book's (section 4.5.2).
BATCH_SIZE = 100


@dataclass(frozen=True)
class Pool:
    """Rows by name.

    Attributes:
        dataset: The name of a data set, or one of `planes.PLANES`.
        split: Of the data set.
        samples: How many rows: the first of the split, or of the points.
        batch_size: How many of them a step learns from.
        seed: Of the shuffles, and of the points of a plane.
        noise: Of the points of a plane.
    """

    dataset: str
    split: str
    samples: int
    batch_size: int
    seed: int = 0
    noise: float = 0.0

    def rows(self, steps: int) -> Array:
        """The rows of the mini-batch after so many steps, as numbers within the pool."""
        return MiniBatches(self.samples, self.batch_size, self.seed, None).rows(steps)

    def name(self, spec: NetworkSpec) -> str:
        """A name that no other rows have: neither those of another pool nor the same otherwise."""
        of: tuple[object, ...] = (self.dataset, self.split, self.samples, spec.dtype)
        if spec.input_shape:
            of += ("x".join(map(str, spec.input_shape)),)
        if self.dataset in PLANES:
            of += (self.seed, self.noise, spec.output_size)
        return "/".join(map(str, of))

    def as_json(self) -> dict[str, Any]:
        """All of it."""
        return asdict(self)

    @classmethod
    def of(cls, document: Mapping[str, Any] | None) -> "Pool | None":
        """The pool that `as_json` made a document of, if there was one."""
        return None if document is None else cls(**document)
