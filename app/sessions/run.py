"""A training run as a reader sees it, and what can stand in the way of one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from app.engine.optimizers import OptimizerConfig
from app.engine.rates import CONSTANT, Schedule
from app.sessions.store.errors import Conflict
from app.sessions.store.wire import json_safe

State = Literal["queued", "running", "paused", "interrupted", "finished", "stopped", "failed"]

ACTIVE: tuple[State, ...] = ("queued", "running", "paused", "interrupted")
OVER: tuple[State, ...] = ("finished", "stopped", "failed")
# Runs that are over and still told of, for each session.
KEPT_RUNS = 20


class RunConflict(Conflict):
    """The session has an active run already, or the run is over."""


class RunsFull(Exception):
    """As many runs are active as may be.

    Attributes:
        retry_after: Seconds after which it is worth trying again.
    """

    def __init__(self, retry_after: int, message: str = "Too many runs are active.") -> None:
        super().__init__(message)
        self.retry_after = retry_after


@dataclass(frozen=True)
class Run:
    """A run as it is at one moment.

    Attributes:
        state: ``queued`` until its first slice; ``paused`` is still active, and so is
            ``interrupted``: what trained it has ended, and it is about to go on. The other three
            are its end.
        step: Steps made, of ``steps``.
        loss: Of the last mini-batch before its update; None before the first step.
        accuracy: Of the same mini-batch.
        gradient_norms: By parameter, of the same mini-batch.
        error: What went wrong, of a run that has failed.
        epoch: How many times the samples were gone through.
        samples: How many samples were learned from, each as often as it came.
        ended_by: What has ended it before its last step: ``loss_below`` or ``patience``.
        changes: ``(step, learning rate)``: from which steps on somebody wanted another rate; that
            of ``optimizer`` is the last of them.
        seconds_left: How long it will take, as fast as it goes; None while it does not.
        schedule, evaluate_every, loss_below, patience: As it was asked for; see `Plan`.
        fixed_batches: Whether its mini-batches were given by their rows, in place of a seed.
    """

    id: str
    state: State
    step: int
    steps: int
    optimizer: OptimizerConfig
    batch_size: int
    seed: int
    loss: float | None = None
    accuracy: float | None = None
    gradient_norms: Mapping[str, float] = field(default_factory=dict)
    error: str | None = None
    seconds_left: float | None = None
    epoch: int = 0
    samples: int = 0
    ended_by: str | None = None
    changes: tuple[tuple[int, float], ...] = ()
    schedule: Schedule = CONSTANT
    evaluate_every: int | None = None
    loss_below: float | None = None
    patience: int | None = None
    fixed_batches: bool = False

    @property
    def active(self) -> bool:
        """Whether it goes on, or may."""
        return self.state in ACTIVE

    def as_json(self) -> dict[str, Any]:
        """All of it as JSON; NaN and infinities are texts."""
        document: dict[str, Any] = {
            "id": self.id,
            "state": self.state,
            "step": self.step,
            "steps": self.steps,
            "optimizer": self.optimizer.settings(),
            "schedule": self.schedule.settings(),
            "batch_size": self.batch_size,
            "fixed_batches": self.fixed_batches,
            "seed": self.seed,
            "evaluate_every": self.evaluate_every,
            "stop": {"loss_below": self.loss_below, "patience": self.patience},
            "loss": json_safe(self.loss),
            "accuracy": json_safe(self.accuracy),
            "gradient_norms": json_safe(self.gradient_norms),
            "error": self.error,
            "seconds_left": self.seconds_left,
            "epoch": self.epoch,
            "samples": self.samples,
            "ended_by": self.ended_by,
        }
        return document

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Run":
        """The run that `asdict` made a document of."""
        settings = OptimizerConfig(**document["optimizer"])
        schedule = Schedule(**document["schedule"])
        changes = tuple((step, rate) for step, rate in document["changes"])
        return cls(**{**document, "optimizer": settings, "schedule": schedule, "changes": changes})

    def as_event(self) -> dict[str, Any]:
        """What readers of the session's events are told."""
        event = {
            "run": self.id,
            "state": self.state,
            "step": self.step,
            "steps": self.steps,
            "loss": self.loss,
            "accuracy": self.accuracy,
            "gradient_norms": dict(self.gradient_norms),
            "seconds_left": self.seconds_left,
            "epoch": self.epoch,
            "samples": self.samples,
        }
        return event if self.error is None else event | {"error": self.error}


def event_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """What readers are told of a run that is over, by the JSON that its session has of it."""
    names = ("state", "step", "steps", "loss", "accuracy", "epoch", "samples")
    event = {name: document[name] for name in names}
    event |= {"run": document["id"], "gradient_norms": {}, "seconds_left": None}
    return event if document["error"] is None else event | {"error": document["error"]}
