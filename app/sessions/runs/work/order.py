"""What is to be trained, and what has come of it, as a document and arrays."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from app.engine.code.spec import CodeSpec
from app.engine.code.training import ProgramTraining
from app.engine.history import History
from app.engine.meter import gates
from app.engine.network import Network
from app.engine.optimizers import OptimizerConfig, make_optimizer
from app.engine.rates import CONSTANT, Rates, Schedule
from app.engine.spec import NetworkSpec
from app.engine.training import Training, Watch
from app.sessions.state import NO_SAMPLES, below, kept_network, network_spec

Array = np.ndarray
Parts = tuple[dict[str, Any], dict[str, Array]]

_PARAMETER, _OPTIMIZER, _HISTORY, _GIVEN = "parameters/", "optimizer/", "history/", "given/"


@dataclass(frozen=True)
class Plan:
    """What a run is to do, from its first step to its last.

    Attributes:
        optimizer: With the learning rate of the first step; where it is None, the session's.
        batch_size: Rows of a mini-batch; all where it is None.
        steps: May be left out where there are ``batches``.
        seed: For the shuffles.
        batches: Row numbers of every mini-batch, to fix them.
        schedule: How the learning rate falls.
        evaluate_every: Steps after which held-out samples are looked at, where there are some.
        loss_below, patience: What may end it early; see `Watch`.
    """

    optimizer: OptimizerConfig | None = None
    batch_size: int | None = None
    steps: int | None = None
    seed: int = 0
    batches: Sequence[Sequence[int]] | None = None
    schedule: Schedule = CONSTANT
    evaluate_every: int | None = None
    loss_below: float | None = None
    patience: int | None = None

    def parts(self) -> Parts:
        """All of it."""
        assert self.optimizer is not None
        document = {
            "optimizer": asdict(self.optimizer),
            "batch_size": self.batch_size,
            "steps": self.steps,
            "seed": self.seed,
            "schedule": asdict(self.schedule),
            "evaluate_every": self.evaluate_every,
            "loss_below": self.loss_below,
            "patience": self.patience,
        }
        if self.batches is None:
            return document, {}
        rows = [row for batch in self.batches for row in batch]
        return document, {
            "batches": np.array(rows, dtype=np.int64),
            "batch_lengths": np.array([len(batch) for batch in self.batches], dtype=np.int64),
        }

    @classmethod
    def of(cls, document: Mapping[str, Any], arrays: Mapping[str, Array]) -> "Plan":
        """The plan that gave these `parts`; there may be others among them."""
        batches = None
        if "batches" in arrays:
            ends = np.cumsum(arrays["batch_lengths"])
            batches = [rows.tolist() for rows in np.split(arrays["batches"], ends[:-1])]
        return cls(
            OptimizerConfig(**document["optimizer"]),
            document["batch_size"],
            document["steps"],
            document["seed"],
            batches,
            Schedule(**document["schedule"]),
            document["evaluate_every"],
            document["loss_below"],
            document["patience"],
        )


@dataclass(frozen=True)
class Snapshot:
    """A training between two steps: all that going on from there needs.

    Attributes:
        step: Steps that were made.
        parameters: After them.
        optimizer_state: What the optimiser has gathered by then; see `Optimizer.state`.
        history: What was noted by then, see `History.arrays`; empty where it is not needed.
        best, waited: See `Watch`; of a run without patience nothing is known of them.
    """

    step: int
    parameters: Mapping[str, Array]
    optimizer_state: Mapping[str, Array] = field(default_factory=dict)
    history: Mapping[str, Array] = field(default_factory=dict)
    best: float = math.inf
    waited: int = 0

    @property
    def nbytes(self) -> int:
        """About how many bytes it takes."""
        return sum(array.nbytes for _, array in self._named())

    def parts(self) -> Parts:
        """All of it."""
        document = {"step": self.step, "best": self.best, "waited": self.waited}
        return document, dict(self._named())

    @classmethod
    def of(cls, document: Mapping[str, Any], arrays: Mapping[str, Array]) -> "Snapshot":
        """The snapshot that gave these `parts`; there may be others among them."""
        return cls(
            document["step"],
            below(arrays, _PARAMETER),
            below(arrays, _OPTIMIZER),
            below(arrays, _HISTORY),
            document["best"],
            document["waited"],
        )

    @classmethod
    def taken(cls, training: Training) -> "Snapshot":
        """Of a training as it is now; its parameters are the training's own, not copies."""
        training.settle()
        watch = training.watch
        return cls(
            training.done,
            training.parameters,
            training.optimizer.state(),
            {} if watch.history is None else watch.history.arrays(),
            watch.best,
            watch.waited,
        )

    def _named(self) -> Iterator[tuple[str, Array]]:
        for name, array in self.parameters.items():
            yield _PARAMETER + name, array
        for name, array in self.optimizer_state.items():
            yield _OPTIMIZER + name, array
        for name, array in self.history.items():
            yield _HISTORY + name, array


@dataclass(frozen=True)
class Order:
    """A training to be made: the network, its samples, the plan and where it stands.

    Attributes:
        x: Inputs ``(N, D)``.
        t: Labels ``(N,)`` or one-hot rows ``(N, C)``.
        changes: ``(step, learning rate)``, made on the way; see `Rates`.
        held_out: x and labels of samples that it never learns from.
        until: Go no further than so many steps, and note nothing: made before, to be seen again.
        data: What x, t and the held-out samples are called where others have the very same ones; a
            worker is sent those once for all.
        given: In place of x and t, what a program is given and does not learn, by name.
    """

    spec: NetworkSpec
    x: Array
    t: Array
    plan: Plan
    start: Snapshot
    changes: Sequence[tuple[int, float]] = ()
    held_out: tuple[Array, Array] | None = None
    until: int | None = None
    data: str | None = None
    given: Mapping[str, Array] = field(default_factory=dict)

    def training(self) -> Training:
        """The training, ready for the step after ``start``.

        Raises:
            EngineError: a wrong size or row.
            TooLarge: one of the batches is beyond the limits.
        """
        assert self.plan.optimizer is not None
        optimizer = make_optimizer(self.plan.optimizer)
        if self.start.optimizer_state:
            optimizer.restore(self.start.optimizer_state)
        plan, start = self.plan, self.start
        asked = (plan.batch_size, plan.steps, plan.seed, plan.batches, start.step)
        training: Training
        if isinstance(self.spec, CodeSpec):
            watch = self._watch(self.spec.learned)
            values = {**self.given, **start.parameters}
            training = ProgramTraining(self.spec, values, optimizer, *asked, watch=watch)
        else:
            network = Network(self.spec, start.parameters)
            watch = self._watch(tuple(network.parameters), gates(network))
            training = Training(network, self.x, self.t, optimizer, *asked, watch=watch)
        training.rates = Rates(
            self.plan.optimizer.learning_rate, plan.schedule, training.steps, self.changes
        )
        return training

    def _watch(self, learned: tuple[str, ...], relus: tuple[str, ...] = ()) -> Watch:
        if self.until is not None:
            return Watch()
        kept = self.start.history
        return Watch(
            History.of(learned, relus, kept) if kept else History(learned, relus),
            self.held_out,
            self.plan.evaluate_every,
            self.plan.loss_below,
            self.plan.patience,
            self.start.best,
            self.start.waited,
        )

    def parts(self) -> Parts:
        """All of it, but samples that have a name."""
        plan, batches = self.plan.parts()
        start, arrays = self.start.parts()
        document = {
            "network": kept_network(self.spec),
            "plan": plan,
            "start": start,
            "changes": list(self.changes),
            "until": self.until,
            "data": self.data,
        }
        if self.data is None:
            arrays |= self.samples()
        return document, batches | arrays

    def samples(self) -> dict[str, Array]:
        """What it learns from, which `parts` leaves out where it has a name."""
        if isinstance(self.spec, CodeSpec):
            return {_GIVEN + name: array for name, array in self.given.items()}
        arrays = {"x": self.x, "t": self.t}
        if self.held_out is not None:
            arrays["held_out/x"], arrays["held_out/t"] = self.held_out
        return arrays

    @classmethod
    def of(cls, document: Mapping[str, Any], arrays: Mapping[str, Array]) -> "Order":
        """The order that gave these `parts`, with the `samples` where those were left out."""
        return cls(
            network_spec(document["network"]),
            arrays.get("x", NO_SAMPLES),
            arrays.get("t", NO_SAMPLES),
            Plan.of(document["plan"], arrays),
            Snapshot.of(document["start"], arrays),
            [(step, rate) for step, rate in document["changes"]],
            (arrays["held_out/x"], arrays["held_out/t"]) if "held_out/x" in arrays else None,
            document["until"],
            document["data"],
            given_of(arrays),
        )


def given_of(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """What a program is given and does not learn, of the `Order.samples` of one."""
    return below(arrays, _GIVEN)
