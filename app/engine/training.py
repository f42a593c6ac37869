"""Learning in four steps, repeated: mini-batch, gradient, update, repeat (section 5.7.1).

A step is a call, so whoever trains decides when to look, to pause and to go on. Which rows a step
learns from depends on the seed and the step alone: a training that was stopped goes on as if it
had not been.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.engine.errors import EngineError
from app.engine.layers import Affine, cross_entropy, score_gradient, softmax
from app.engine.network import Network
from app.engine.optimizers import Optimizer
from app.engine.targets import as_one_hot

Array = np.ndarray
Batches = Sequence[Sequence[int]]

MAX_STEPS = 1_000_000


@dataclass(frozen=True)
class StepStats:
    """One step, as its mini-batch saw it before the update.

    Attributes:
        step: Counts from 1.
        loss: The mean over the mini-batch; it may be an infinity or NaN.
        accuracy: The share of the mini-batch, 0 to 1, whose largest score was at the target.
        gradient_norms: The Euclidean norm of dL/d(parameter) for every parameter.
    """

    step: int
    loss: float
    accuracy: float
    gradient_norms: dict[str, float]


class MiniBatches:
    """Which rows each step learns from.

    Fixed batches are used in their order, and again from the first when there are more steps.
    Otherwise every epoch is a new shuffle without replacement, whose last batch may be short.
    """

    def __init__(self, n: int, size: int | None, seed: int, fixed: Batches | None) -> None:
        """Check the sizes and rows.

        Raises:
            EngineError: names the batch and the row at fault.
        """
        self.seed = _whole(seed, "seed", 0, 2**63 - 1)
        self._n = n
        self._order = np.arange(0)
        self._epoch = -1
        self._fixed: list[Array] | None = None
        if fixed is not None:
            if size is not None:
                raise EngineError("batch_size and batches exclude each other", "batch_size")
            if not len(fixed):
                raise EngineError("batches holds at least one batch", "batches", "shape")
            self._fixed = [_rows(rows, n, f"batches/{k}") for k, rows in enumerate(fixed)]
            self.size = max(map(len, self._fixed))
        else:
            self.size = n if size is None else _whole(size, "batch_size", 1, n)

    @property
    def count(self) -> int | None:
        """How many batches were fixed; None where they are drawn."""
        return None if self._fixed is None else len(self._fixed)

    def rows(self, step: int) -> Array:
        """The rows of step ``step``, counted from 0."""
        if self._fixed is not None:
            return self._fixed[step % len(self._fixed)]
        epoch, place = divmod(step, -(-self._n // self.size))
        if epoch != self._epoch:
            self._order = np.random.default_rng([self.seed, epoch]).permutation(self._n)
            self._epoch = epoch
        return self._order[place * self.size : (place + 1) * self.size]


class Training:
    """A network learning from samples, one step at a call.

    Attributes:
        done: How many steps were made.
        steps: How many there are in all.
        batch_size: Rows of the largest mini-batch.
        seed: Of the shuffles.
    """

    def __init__(
        self,
        network: Network,
        x: Array,
        t: Array,
        optimizer: Optimizer,
        batch_size: int | None = None,
        steps: int | None = None,
        seed: int = 0,
        batches: Batches | None = None,
        start: int = 0,
    ) -> None:
        """Set up a training; nothing is computed yet.

        Args:
            network: Is changed in place by every step.
            x: All samples ``(N, D)``, checked.
            t: Labels ``(N,)`` or one-hot targets ``(N, C)``.
            optimizer: Goes on from whatever it has gathered.
            batch_size: Rows of a mini-batch; all N where neither it nor ``batches`` is given.
            steps: How many in all, 1 to 1,000,000; may be left out where there are ``batches``.
            seed: For the shuffles, 0 or more.
            batches: Row numbers of every mini-batch, to fix them.
            start: Steps that were made before, where a training is taken up again with the
                parameters and the optimiser's state that it had then.

        Raises:
            EngineError: names the field, such as ``batches/3/1``: a size or a row out of range,
                or a network that cannot learn.
        """
        spec = network.spec
        if spec.loss is None or not network.parameters:
            raise EngineError("training needs a loss and an affine layer", "network")
        self.network = network
        self.optimizer = optimizer
        self._x = np.asarray(x, dtype=spec.dtype)
        self._t = as_one_hot(t, len(self._x), spec.output_size, spec.dtype)
        self._batches = MiniBatches(len(self._x), batch_size, seed, batches)
        self.batch_size, self.seed = self._batches.size, self._batches.seed
        if steps is None:
            steps = self._batches.count
        if steps is None:
            raise EngineError("steps is needed where there are no batches", "steps", "missing")
        self.steps = _whole(steps, "steps", 1, MAX_STEPS)
        self.done = _whole(start, "start", 0, self.steps)
        self._scores = self._targets = np.zeros((0, spec.output_size))
        self._gradients: dict[str, Array] = {}

    @property
    def finished(self) -> bool:
        """Whether all steps were made."""
        return self.done >= self.steps

    def step(self) -> StepStats:
        """`advance`, then `stats`."""
        self.advance()
        return self.stats()

    @np.errstate(all="ignore")  # A training may blow up; that is worth seeing.
    def advance(self) -> None:
        """One step: mini-batch, gradient, update. `stats` tells of it.

        Raises:
            RuntimeError: all steps were made.
        """
        if self.finished:
            raise RuntimeError("all steps of the training were made")
        rows = self._batches.rows(self.done)
        self._targets = self._t[rows]
        self._scores = self.network.forward(self._x[rows])
        # Softmax with loss, without the loss itself: `stats` computes it from the same scores.
        self._gradients = self._backward(score_gradient(softmax(self._scores), self._targets))
        new = self.optimizer.update(self.network.parameters, self._gradients)
        self.network.set_parameters(new)
        self.done += 1

    @np.errstate(all="ignore")
    def stats(self) -> StepStats:
        """What the last step saw; apart, since most steps of a run are told to nobody.

        Raises:
            RuntimeError: no step was made yet.
        """
        if not self._gradients:
            raise RuntimeError("no step was made yet")
        loss = float(cross_entropy(self._scores, self._targets))
        right = self._scores.argmax(axis=1) == self._targets.argmax(axis=1)
        norms = {
            name: float(np.linalg.norm(self._gradients[name])) for name in self.network.parameters
        }
        return StepStats(self.done, loss, float(right.mean()), norms)

    def _backward(self, dout: Array) -> dict[str, Array]:
        """The gradients of `Network.backward`, without dL/dx.

        Nothing before the first parameters has to learn, and dL/dx of a wide input would be a
        third of the work.
        """
        gradients: dict[str, Array] = {}
        waiting = len(self.network.parameters)
        for name, layer in reversed(self.network.layers.items()):
            if not isinstance(layer, Affine):
                dout = layer.backward(dout)
                continue
            waiting -= 2
            if not waiting:
                gradients[f"{name}.W"] = layer.x.T @ dout
                gradients[f"{name}.b"] = dout.sum(axis=0)
                break
            dout = layer.backward(dout)
            gradients[f"{name}.W"] = layer.dW
            gradients[f"{name}.b"] = layer.db
        return gradients


def _rows(rows: Sequence[int], n: int, field: str) -> Array:
    try:
        array = np.asarray(rows)
    except ValueError:  # Lists of several lengths.
        array = np.zeros((0, 0))
    if array.ndim != 1 or not array.size:
        raise EngineError("a batch is a list of at least one row number", field, "shape")
    if array.dtype.kind not in "iu":
        raise EngineError("a row is a whole number", field, "type")
    wrong = (array < 0) | (array >= n)
    if wrong.any():
        raise EngineError(
            f"a row is a whole number from 0 to {n - 1}", f"{field}/{wrong.argmax()}", "range"
        )
    return array.astype(np.intp)


def _whole(value: object, field: str, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise EngineError(f"{field} is a whole number", field, "type")
    if not low <= value <= high:
        raise EngineError(f"{field} is from {low:,} to {high:,}", field, "range")
    return int(value)
