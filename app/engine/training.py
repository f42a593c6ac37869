"""Learning in four steps, repeated: mini-batch, gradient, update, repeat (section 5.7.1).

A step is a call, so whoever trains decides when to look, to pause and to go on. Which rows a step
learns from depends on the seed and the step alone: a training that was stopped goes on as if it
had not been.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.engine.bounds import whole
from app.engine.errors import EngineError, TooLarge
from app.engine.history import History, is_due
from app.engine.layers import cross_entropy, score_gradient, softmax
from app.engine.meter import Meter, measured
from app.engine.network import Network
from app.engine.optimizers import Optimizer
from app.engine.rates import Rates
from app.engine.spec import Limits, NetworkSpec
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


@dataclass
class Watch:
    """What of a training is looked at while it goes on, and what may end it before its last step.

    Attributes:
        history: Where all is noted.
        held_out: Samples ``(M, D)`` and labels ``(M,)`` that the training never learns from.
        evaluate_every: Steps after which these are passed through the network; and after the last.
        loss_below: End with the first mini-batch whose loss is smaller.
        patience: End when so many evaluations in a row have not lowered the held-out loss.
        best, waited: The lowest held-out loss, and evaluations since: to go on from a checkpoint.
        ended: Which of the two has ended it, if one has.
    """

    history: History | None = None
    held_out: tuple[Array, Array] | None = None
    evaluate_every: int | None = None
    loss_below: float | None = None
    patience: int | None = None
    best: float = float("inf")
    waited: int = 0
    ended: str | None = None


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
            if not _listed(fixed):
                raise EngineError("batches is a list of at least one batch", "batches", "shape")
            self._fixed = [_rows(rows, n, f"batches/{k}") for k, rows in enumerate(fixed)]
            self.size = max(map(len, self._fixed))
        else:
            self.size = (
                n if size is None else _whole(size, "batch_size", 1, n, ", the number of samples")
            )

    @property
    def count(self) -> int | None:
        """How many batches were fixed; None where they are drawn."""
        return None if self._fixed is None else len(self._fixed)

    @property
    def per_epoch(self) -> int:
        """How many steps an epoch has."""
        return -(-self._n // self.size) if self._fixed is None else len(self._fixed)

    def seen(self, steps: int) -> int:
        """How many samples ``steps`` steps learn from, a row as often as it comes."""
        epochs, rest = divmod(steps, self.per_epoch)
        if self._fixed is None:
            return epochs * self._n + min(rest * self.size, self._n)
        lengths = [len(batch) for batch in self._fixed]
        return epochs * sum(lengths) + sum(lengths[:rest])

    def rows(self, step: int) -> Array:
        """The rows of step ``step``, counted from 0."""
        if self._fixed is not None:
            return self._fixed[step % len(self._fixed)]
        epoch, place = divmod(step, self.per_epoch)
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
        limits: Limits = Limits(),
        rates: Rates | None = None,
        watch: Watch | None = None,
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
            limits: How large the pass over one of ``batches`` may be.
            rates: Of all steps; the optimiser's own rate for each where there are none.
            watch: What is noted on the way, and what ends it early.

        Raises:
            EngineError: names the field, such as ``batches/3/1``: a size or a row out of range,
                or a network that cannot learn.
            TooLarge: one of ``batches`` is beyond the limits.
        """
        spec = network.spec
        if spec.loss is None or not network.parameters:
            raise EngineError("training needs a loss and an affine layer", "network")
        self.network = network
        self.optimizer = optimizer
        self._x = np.asarray(x, dtype=spec.dtype)
        self._t = as_one_hot(t, len(self._x), spec.output_size, spec.dtype)
        self._batches = MiniBatches(len(self._x), batch_size, seed, batches)
        if batches is not None:
            _check_sizes(batches, spec, limits)
        self.batch_size, self.seed = self._batches.size, self._batches.seed
        if steps is None:
            steps = self._batches.count
        if steps is None:
            raise EngineError("steps is needed where there are no batches", "steps", "missing")
        self.steps = _whole(steps, "steps", 1, MAX_STEPS)
        self.done = _whole(start, "start", 0, self.steps)
        self._scores = self._targets = np.zeros((0, spec.output_size))
        self._gradients: dict[str, Array] = {}
        self.rates = rates
        self.watch = watch or Watch()
        history = self.watch.history
        self._meter = None if history is None else Meter(history, network)
        self._labels = self._t.argmax(axis=1)

    @property
    def finished(self) -> bool:
        """Whether all steps were made, or as many as it took."""
        return self.done >= self.steps or self.watch.ended is not None

    @property
    def epoch(self) -> int:
        """How many times the samples were gone through, counted from 0."""
        return self.done // self._batches.per_epoch

    @property
    def seen(self) -> int:
        """How many samples were learned from, each as often as it came."""
        return self._batches.seen(self.done)

    def rows(self, step: int) -> Array:
        """The rows that a step, counted from 1, learns from."""
        return self._batches.rows(step - 1)

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
        step = self.done + 1
        rows = self._batches.rows(self.done)
        if self.rates is not None:
            self.optimizer.rate = self.rates.at(step)
        self._targets = self._t[rows]
        self._scores = self.network.forward(self._x[rows])
        # Softmax with loss, without the loss itself: `stats` computes it from the same scores.
        dout = score_gradient(softmax(self._scores), self._targets)
        self._gradients = self.network.backward(dout)
        meter = self._meter
        before = None
        if meter is not None and is_due(step):
            before = {name: value.copy() for name, value in self.network.parameters.items()}
        self.optimizer.step(self.network.parameters, self._gradients)
        self.done = step
        if meter is not None:
            meter.note(step, self._scores, self._labels[rows])
            if before is not None:
                meter.health(self._gradients, before)
        if self.watch.held_out is not None:
            self._test(step)
        if self.watch.loss_below is not None and self.stats().loss < self.watch.loss_below:
            self.watch.ended = "loss_below"

    def settle(self) -> None:
        """Bring the history up to the last step; what is measured waits for company otherwise."""
        if self._meter is not None:
            self._meter.flush()

    def _test(self, step: int) -> None:
        watch = self.watch
        every = watch.evaluate_every
        if watch.held_out is None or not (step == self.steps or (every and step % every == 0)):
            return
        x, labels = watch.held_out
        # A network of its own: this one's layers still hold what the step made.
        scores = Network(self.network.spec, self.network.parameters).forward(x)
        losses, accuracies = measured(scores[np.newaxis], labels[np.newaxis])
        if self._meter is not None:
            self._meter.flush()
            self._meter.history.note_test(float(losses[0]), float(accuracies[0]))
        if losses[0] < watch.best:
            watch.best, watch.waited = float(losses[0]), 0
        else:
            watch.waited += 1
        if watch.patience is not None and watch.waited >= watch.patience:
            watch.ended = "patience"

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


def _check_sizes(batches: Batches, spec: NetworkSpec, limits: Limits) -> None:
    # A row may come often, so a batch can be far larger than the samples that were let in.
    for k, rows in enumerate(batches):
        n = len(rows)
        if n > limits.samples:
            raise TooLarge(
                f"a batch has at most {limits.samples:,} rows",
                f"batches/{k}",
                {"maxItems": limits.samples},
            )
        if spec.pass_cells(n) > limits.cells:
            raise TooLarge(
                f"one pass over this batch would hold {spec.pass_cells(n):,} numbers, "
                f"at most {limits.cells:,} are allowed",
                f"batches/{k}",
                {"maximum": limits.cells},
            )


def _rows(rows: Sequence[int], n: int, field: str) -> Array:
    if not _listed(rows):
        raise EngineError("a batch is a list of at least one row number", field, "shape")
    allowed = whole(0, n - 1)
    for place, row in enumerate(rows):
        if isinstance(row, bool) or not isinstance(row, int | np.integer):
            raise EngineError("a row is a whole number", f"{field}/{place}", "type")
        if not 0 <= row < n:
            raise EngineError(
                f"a row is {allowed.words}", f"{field}/{place}", "range", allowed.schema
            )
    return np.array(rows, dtype=np.intp)


def _listed(value: object) -> bool:
    if isinstance(value, np.ndarray):
        return value.size > 0 and value.ndim > 0
    return isinstance(value, list | tuple | range) and len(value) > 0


def _whole(value: object, field: str, low: int, high: int, what: str = "") -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise EngineError(f"{field} is a whole number", field, "type")
    if not low <= value <= high:
        allowed = whole(low, high).schema
        raise EngineError(f"{field} is from {low:,} to {high:,}{what}", field, "range", allowed)
    return int(value)
