"""A run with what the server needs to have it made."""

import secrets
import time
from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from app.sessions.run import Run
from app.sessions.runs.pace import Pace
from app.sessions.runs.work.order import Order, Snapshot
from app.sessions.runs.work.process import WorkerProcess


@dataclass(frozen=True)
class News:
    """A word of a worker that has to be kept: a snapshot, or why there is none."""

    document: dict[str, Any]
    snapshot: Snapshot | None


@dataclass(eq=False)
class Job:
    """A run that is active; changed under its manager's lock.

    Attributes:
        run: As it is told of.
        kept: As it was last written to the store: what is left of it if its worker dies.
        order: What to begin with; afterwards it is in the store.
        owner: Who asked for it; nobody of one that a server before this has left.
        wanted: What somebody has asked for and what has not come about yet.
        rate: The learning rate that somebody has asked for and that is not noted yet.
        process, key: Who trains it, and by which name; None while nobody does.
        begun: Whether he has told that he does.
        parked: Nobody trains it, and nobody is to.
        news: What has come from the worker and is still to be written.
        queued: Whether it is at the desk, or waits there.
        moving: Whether it is to go on with another worker.
        looking: Whether a snapshot was asked for that has not been written yet.
        deaths: How many workers have died over it since it last came on.
    """

    session_id: str
    run: Run
    kept: Run
    order: Order | None = None
    owner: str = ""
    wanted: Literal["", "pause", "stop"] = ""
    rate: float | None = None
    process: WorkerProcess | None = None
    key: str = ""
    begun: bool = False
    parked: bool = False
    parked_at: float = 0.0
    news: deque[News] = field(default_factory=deque)
    queued: bool = False
    looking: bool = False
    moving: bool = False
    deaths: int = 0
    saved_at: float = field(default_factory=time.monotonic)
    saved_bytes: int = 0
    pace: Pace = field(default_factory=Pace)

    def see(self, document: dict[str, Any]) -> None:
        """Take over what the last step saw, where the worker has told of one."""
        seen = document.get("seen")
        if seen is None:
            return
        self.pace.note(seen["step"], time.monotonic())
        self.run = replace(
            self.run, **seen, seconds_left=self.pace.seconds(self.run.steps - seen["step"])
        )


def new_run(order: Order) -> Run:
    """The run that an order makes, before its first step.

    Raises:
        EngineError: the training cannot be made.
    """
    training = order.training()
    return Run(
        id=secrets.token_urlsafe(9),
        state="queued",
        step=training.done,
        steps=training.steps,
        optimizer=training.optimizer.config,
        batch_size=training.batch_size,
        seed=training.seed,
        schedule=order.plan.schedule,
        evaluate_every=order.plan.evaluate_every,
        loss_below=order.plan.loss_below,
        patience=order.plan.patience,
        fixed_batches=order.plan.batches is not None,
    )
