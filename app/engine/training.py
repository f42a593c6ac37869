"""Learning in four steps, repeated: mini-batch, gradient, update, repeat (section 5.7.1).

A step is a call, so whoever trains decides when to look, to pause and to go on. Which rows a step
learns from depends on the seed and the step alone: a training that was stopped goes on as if it
had not been.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from app.engine.batches import Batches, MiniBatches, check_sizes, whole_number
from app.engine.errors import EngineError
from app.engine.history import History, is_due
from app.engine.layers import is_one_hot
from app.engine.losses import Head
from app.engine.meter import Meter, measured, norm
from app.engine.network import Network
from app.engine.optimizers import Optimizer
from app.engine.packed import Packed
from app.engine.rates import Rates
from app.engine.spec import Limits
from app.engine.targets import targets_of
from app.engine.workspace import Workspace

Array = np.ndarray

MAX_STEPS = 1_000_000


@dataclass(frozen=True)
class StepStats:
    """One step, as its mini-batch saw it before the update.

    Attributes:
        step: Counts from 1.
        loss: The mean over the mini-batch; it may be an infinity or NaN.
        accuracy: The share of the mini-batch, 0 to 1, whose largest score was at the target; None
            of a program, which has no classes.
        gradient_norms: The Euclidean norm of dL/d(parameter) for every parameter.
    """

    step: int
    loss: float
    accuracy: float | None
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


class Work(Protocol):
    """What a training has its passes made by, over mini-batches of the same samples."""

    @property
    def gradients(self) -> Packed:
        """dL/d(parameter) by name, of the last mini-batch."""

    @property
    def spare(self) -> Array:
        """Memory ``(n,)`` that holds nothing of worth between two passes."""

    def pass_over(self, rows: Array, step: int = 0) -> None:
        """Forward and backward over these rows ``(N,)`` of the samples, at a step from 0."""

    def loss(self) -> float:
        """The loss of the last mini-batch."""

    def accuracy(self) -> float | None:
        """The share of the last mini-batch that is right, where there are classes."""

    def copy_of_parameters(self) -> Packed:
        """The parameters as they are now, until the next copy."""

    def note(self, meter: Meter, step: int) -> None:
        """Have a step's loss and accuracy noted."""

    def note_health(self, meter: Meter, before: Packed) -> None:
        """Have norms and dead units noted; ``before``: the parameters before the step."""


class Training:
    """A network learning from samples, one step at a call.

    Attributes:
        done: How many steps were made.
        steps: How many there are in all.
        batch_size: Rows of the largest mini-batch.
        seed: Of the shuffles.
        parameters: As the steps so far have made them; changed in place by every step.
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
        targets = targets_of(spec, t, len(x))
        # One class is right in each sample, or the targets are rows of numbers.
        self._has_classes = spec.loss.has_classes and spec.loss.averages and is_one_hot(targets)
        mini_batches = MiniBatches(len(x), batch_size, seed, batches)
        if batches is not None:
            check_sizes(batches, spec, limits)
        classes = targets.argmax(axis=1) if self._has_classes else targets
        work = Workspace(network, x, classes, mini_batches.size)
        watch = watch or Watch()
        meter = None
        if watch.history is not None:
            meter = Meter(watch.history, network.parameters, spec.loss)
        self._begin(network.parameters, work, mini_batches, optimizer, steps, start)
        self._look(rates, watch, meter)

    def _begin(
        self, parameters: Packed, work: Work, batches: MiniBatches, optimizer: Optimizer,
        steps: int | None, start: int,
    ) -> None:  # fmt: skip
        """Take over what is learned, who makes the passes, over which rows, and how far."""
        self.parameters = parameters
        self.optimizer = optimizer
        self._batches, self._work = batches, work
        self.batch_size, self.seed = batches.size, batches.seed
        if steps is None:
            steps = batches.count
        if steps is None:
            raise EngineError("steps is needed where there are no batches", "steps", "missing")
        self.steps = whole_number(steps, "steps", 1, MAX_STEPS)
        self.done = self._start = whole_number(start, "start", 0, self.steps)
        optimizer.lend(work.spare)

    def _look(self, rates: Rates | None, watch: Watch, meter: Meter | None) -> None:
        """Take over what is looked at on the way, and what is noted by ``meter``."""
        self.rates, self.watch, self._meter = rates, watch, meter

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
        work, meter = self._work, self._meter
        step = self.done + 1
        work.pass_over(self._batches.rows(self.done), self.done)
        due = meter is not None and is_due(step)
        before = work.copy_of_parameters() if due else None
        if self.rates is not None:
            self.optimizer.rate = self.rates.at(step)
        self.optimizer.step(self.parameters, work.gradients)
        self.done = step
        if meter is not None:
            work.note(meter, step)
            if before is not None:
                work.note_health(meter, before)
        if self.watch.held_out is not None:
            self._test(step)
        if self.watch.loss_below is not None and work.loss() < self.watch.loss_below:
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
        spec = self.network.spec
        scores = Network(spec.for_inference(), self.network.parameters).forward(x)
        assert spec.loss is not None
        wanted = labels if self._has_classes else targets_of(spec, labels, len(x))
        losses, accuracies = measured(scores[np.newaxis], wanted[np.newaxis], spec.loss)
        losses = losses + Head(spec, self.parameters).penalty()
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
        work = self._work
        if self.done == self._start:
            raise RuntimeError("no step was made yet")
        norms = {name: norm(gradient) for name, gradient in work.gradients.items()}
        return StepStats(self.done, work.loss(), work.accuracy(), norms)
