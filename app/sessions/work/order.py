"""What is to be trained, and what has come of it, as a document and arrays."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from app.engine.network import Network
from app.engine.optimizers import OptimizerConfig, make_optimizer
from app.engine.spec import NetworkSpec
from app.engine.training import Training
from app.sessions.state import network_json, network_spec

Array = np.ndarray
Parts = tuple[dict[str, Any], dict[str, Array]]

_PARAMETER, _OPTIMIZER = "parameters/", "optimizer/"


@dataclass(frozen=True)
class Plan:
    """What a run is to do, from its first step to its last.

    Attributes:
        optimizer: With the learning rate of the first step.
        batch_size: Rows of a mini-batch; all where it is None.
        steps: May be left out where there are ``batches``.
        seed: For the shuffles.
        batches: Row numbers of every mini-batch, to fix them.
    """

    optimizer: OptimizerConfig
    batch_size: int | None = None
    steps: int | None = None
    seed: int = 0
    batches: Sequence[Sequence[int]] | None = None

    def parts(self) -> Parts:
        """All of it."""
        document = {
            "optimizer": asdict(self.optimizer),
            "batch_size": self.batch_size,
            "steps": self.steps,
            "seed": self.seed,
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
        )


@dataclass(frozen=True)
class Snapshot:
    """A training between two steps: all that going on from there needs.

    Attributes:
        step: Steps that were made.
        parameters: After them.
        optimizer_state: What the optimiser has gathered by then; see `Optimizer.state`.
    """

    step: int
    parameters: Mapping[str, Array]
    optimizer_state: Mapping[str, Array] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        """About how many bytes it takes."""
        return sum(array.nbytes for _, array in self._named())

    def parts(self) -> Parts:
        """All of it."""
        return {"step": self.step}, dict(self._named())

    @classmethod
    def of(cls, document: Mapping[str, Any], arrays: Mapping[str, Array]) -> "Snapshot":
        """The snapshot that gave these `parts`; there may be others among them."""
        return cls(document["step"], _below(arrays, _PARAMETER), _below(arrays, _OPTIMIZER))

    @classmethod
    def taken(cls, training: Training) -> "Snapshot":
        """Of a training as it is now; its parameters are the training's own, not copies."""
        return cls(training.done, training.network.parameters, training.optimizer.state())

    def _named(self) -> Iterator[tuple[str, Array]]:
        for name, array in self.parameters.items():
            yield _PARAMETER + name, array
        for name, array in self.optimizer_state.items():
            yield _OPTIMIZER + name, array


@dataclass(frozen=True)
class Order:
    """A training to be made: the network, its samples, the plan and where it stands.

    Attributes:
        x: Inputs ``(N, D)``.
        t: Labels ``(N,)`` or one-hot rows ``(N, C)``.
    """

    spec: NetworkSpec
    x: Array
    t: Array
    plan: Plan
    start: Snapshot

    def training(self) -> Training:
        """The training, ready for the step after ``start``.

        Raises:
            EngineError: a wrong size or row.
            TooLarge: one of the batches is beyond the limits.
        """
        optimizer = make_optimizer(self.plan.optimizer)
        if self.start.optimizer_state:
            optimizer.restore(self.start.optimizer_state)
        return Training(
            Network(self.spec, self.start.parameters),
            self.x,
            self.t,
            optimizer,
            self.plan.batch_size,
            self.plan.steps,
            self.plan.seed,
            self.plan.batches,
            self.start.step,
        )

    def parts(self) -> Parts:
        """All of it."""
        plan, batches = self.plan.parts()
        start, arrays = self.start.parts()
        document = {"network": network_json(self.spec), "plan": plan, "start": start}
        return document, {**batches, **arrays, "x": self.x, "t": self.t}

    @classmethod
    def of(cls, document: Mapping[str, Any], arrays: Mapping[str, Array]) -> "Order":
        """The order that gave these `parts`."""
        return cls(
            network_spec(document["network"]),
            arrays["x"],
            arrays["t"],
            Plan.of(document["plan"], arrays),
            Snapshot.of(document["start"], arrays),
        )


def _below(arrays: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
