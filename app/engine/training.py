"""Learning in four steps, repeated: mini-batch, gradient, update, repeat (section 5.7.1)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.engine.errors import EngineError
from app.engine.layers import SoftmaxWithLoss
from app.engine.network import Network
from app.engine.optimizers import Optimizer

Array = np.ndarray

MAX_STEPS = 1_000_000


@dataclass(frozen=True)
class StepStats:
    """One step: the mini-batch's loss and accuracy before the update, and the gradients' sizes."""

    step: int
    loss: float
    accuracy: float
    gradient_norms: dict[str, float]


class MiniBatches:
    """Which rows each step learns from.

    Fixed batches are used in their order, and again from the first when there are more steps.
    Otherwise every epoch is a new shuffle without replacement, whose last batch may be short.
    """

    def __init__(
        self, n: int, size: int | None, seed: int, fixed: Sequence[Sequence[int]] | None
    ) -> None:
        """Check the sizes and rows.

        Raises:
            EngineError: names the batch and the row at fault.
        """
        self._n = n
        self._size = n if size is None else size
        self._generator = np.random.default_rng(seed)
        self._order = np.arange(0)
        self._fixed: list[Array] | None = None
        if fixed is not None:
            if size is not None:
                raise EngineError("batch_size and batches exclude each other", "batch_size")
            self._fixed = [_rows(rows, n, k) for k, rows in enumerate(fixed)]
            if not self._fixed:
                raise EngineError("batches holds at least one batch", "batches", "shape")
        elif not 1 <= self._size <= n:
            raise EngineError(f"batch_size is from 1 to the {n} rows of x", "batch_size", "range")

    @property
    def count(self) -> int | None:
        """How many batches were fixed; None where they are drawn."""
        return None if self._fixed is None else len(self._fixed)

    def rows(self, step: int) -> Array:
        """The rows of step ``step``, counted from 0; to be asked for in order."""
        if self._fixed is not None:
            return self._fixed[step % len(self._fixed)]
        if not len(self._order):
            self._order = self._generator.permutation(self._n)
        batch, self._order = self._order[: self._size], self._order[self._size :]
        return batch


class Training:
    """A network learning from samples, one step at a call."""

    def __init__(
        self,
        network: Network,
        x: Array,
        t: Array,
        optimizer: Optimizer,
        batch_size: int | None = None,
        steps: int | None = None,
        seed: int = 0,
        batches: Sequence[Sequence[int]] | None = None,
    ) -> None:
        """Set up a training; nothing is computed yet.

        Args:
            network: Is changed in place by every step.
            x: All samples ``(N, D)``.
            t: One-hot targets ``(N, C)``.
            optimizer: Goes on from whatever it has gathered.
            batch_size: Rows of a mini-batch; all N where neither it nor ``batches`` is given.
            steps: How many in all; by default as many as ``batches`` has, else 1.
            seed: For the shuffles.
            batches: Row numbers of every mini-batch, to fix them.

        Raises:
            EngineError: a size or a row out of range.
        """
        self.network = network
        self.optimizer = optimizer
        self._x, self._t = x, t
        self._batches = MiniBatches(len(x), batch_size, seed, batches)
        self.steps = steps if steps is not None else self._batches.count or 1
        if not 1 <= self.steps <= MAX_STEPS:
            raise EngineError(f"steps is from 1 to {MAX_STEPS:,}", "steps", "range")
        self.done = 0
        self._scores = self._targets = np.zeros((0, 0))
        self._loss = math.nan
        self._gradients: dict[str, Array] = {}

    @np.errstate(all="ignore")  # A training may blow up; that is worth seeing.
    def advance(self) -> None:
        """One step: mini-batch, gradient, update. `stats` tells of it."""
        rows = self._batches.rows(self.done)
        self._targets = self._t[rows]
        self._scores = self.network.forward(self._x[rows])
        head = SoftmaxWithLoss()
        self._loss = float(head.forward(self._scores, self._targets))
        self._gradients = self.network.backward(head.backward())
        new = self.optimizer.update(self.network.parameters, self._gradients)
        self.network.set_parameters(new)
        self.done += 1

    @np.errstate(all="ignore")
    def stats(self) -> StepStats:
        """What the last step saw; apart, since most steps of a run are told to nobody."""
        right = self._scores.argmax(axis=1) == self._targets.argmax(axis=1)
        norms = {name: float(np.linalg.norm(g)) for name, g in self._gradients.items()}
        return StepStats(self.done, self._loss, float(right.mean()), norms)

    def step(self) -> StepStats:
        """`advance`, then `stats`."""
        self.advance()
        return self.stats()

    @property
    def loss(self) -> float:
        """The last mini-batch's loss before its update; NaN before the first step."""
        return self._loss


def _rows(rows: Sequence[int], n: int, batch: int) -> Array:
    if not len(rows):
        raise EngineError("a batch has at least one row", f"batches/{batch}", "shape")
    for place, row in enumerate(rows):
        if not 0 <= row < n:
            raise EngineError(
                f"a row is a whole number from 0 to {n - 1}", f"batches/{batch}/{place}", "range"
            )
    return np.array(rows, dtype=np.intp)
