"""Runs as a replica has them: all that it knows of them is in the database."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson

from app.sessions.run import Run, RunConflict, RunsFull
from app.sessions.runs.archive import Archive
from app.sessions.runs.job import new_run
from app.sessions.runs.postgres.table import ClaimsTable
from app.sessions.runs.roll import RETRY_SECONDS, RunLimits
from app.sessions.runs.runs import RunManager
from app.sessions.runs.work.order import Order, Snapshot
from app.sessions.store.errors import Unknown
from app.sessions.store.events import Hub
from app.sessions.store.postgres.database import Database
from app.sessions.store.store import StoreUnavailable

# How often it is asked whether what was asked for has come about: usually after some of the first.
POLLS = (0.005, 0.01, 0.02, 0.04, 0.08)


class PostgresClaims:
    """`Claims` of a replica, which trains nothing but steps that are looked at again.

    Args:
        database: Where the claims are.
        archive: What lies beside the sessions.
        limits: How many runs there may be for each worker.
    """

    def __init__(
        self, database: Database, archive: Archive, limits: RunLimits = RunLimits()
    ) -> None:
        self._table = ClaimsTable(database)
        self._archive = archive
        self._limits = limits
        self._replays = RunManager(Hub(), _never, _never)

    def start(self, session_id: str, make: Callable[[], Order], owner: str = "") -> Run:
        """See `Claims.start`; who writes the session first has the run, see `Trainer.start`.

        It is charged to whoever made the session: of others' addresses nothing is known elsewhere.
        """
        if self.active(session_id) is not None:
            raise RunConflict("the session has an active run; stop it first", "run-active")
        counts, his = self._table.counts(), self._table.of_owner(session_id)
        free = self._limits.runs * max(1, counts.workers) - counts.active
        if his >= self._limits.runs_per_address or (his and his >= free):
            raise RunsFull(RETRY_SECONDS)
        if free <= 0:
            # Who paused and left gives way to those who are here; what he has is saved.
            paused = self._table.parked()
            if paused is None:
                raise RunsFull(RETRY_SECONDS)
            self._table.ask(*paused, "stop")
        return new_run(make())

    def begun(self, session_id: str, run: Run) -> None:
        """See `Claims.begun`."""
        self._table.wake()

    def abandon(self, session_id: str, run_id: str) -> None:
        """See `Claims.abandon`; nobody has heard of it."""

    def pause(self, session_id: str, run_id: str) -> Run:
        """See `Claims.pause`."""
        run = self._require(session_id, run_id)
        if run.state != "paused":
            self._table.ask(session_id, run_id, "pause")
        return run

    def resume(self, session_id: str, run_id: str) -> Run:
        """See `Claims.resume`."""
        self._require(session_id, run_id)
        # Before anybody trains it, so that nobody takes it for paused meanwhile.
        run = self._archive.unpause(session_id, run_id)
        if run is None:
            raise RunConflict("the run is over", "run-over")
        self._table.ask(session_id, run_id, "resume")
        return run

    def stop(self, session_id: str, run_id: str) -> Run:
        """See `Claims.stop`."""
        run = self._require(session_id, run_id)
        self._table.ask(session_id, run_id, "stop")
        return run

    def change_rate(self, session_id: str, run_id: str, rate: float) -> None:
        """See `Claims.change_rate`."""
        self._require(session_id, run_id)
        self._table.ask(session_id, run_id, rate=rate)

    def settled(self, session_id: str, run_id: str, timeout: float) -> None:
        """See `Claims.settled`."""
        self._wait(lambda: self._table.is_open(session_id)[0], timeout)

    def refresh(self, session_id: str, run_id: str, timeout: float = 0.25) -> None:
        """See `Claims.refresh`."""
        run = self.active(session_id)
        if run is not None and run.id == run_id and run.state != "paused":
            self._table.ask(session_id, run_id, look=True)
            self._wait(lambda: self._table.is_open(session_id)[1], timeout)

    def replay(self, order: Order) -> Snapshot:
        """See `Claims.replay`; by processes of the replica's own."""
        return self._replays.replay(order)

    def list(self, session_id: str) -> tuple[Run, ...]:
        """The active run, as it was told of last; of those that are over the session knows all."""
        run = self.active(session_id)
        if run is None:
            return ()
        told = self._table.latest(session_id)
        return (run if told is None else _later(run, orjson.loads(told)),)

    def active(self, session_id: str) -> Run | None:
        """See `Claims.active`; as it was saved last."""
        return self._archive.active(session_id)

    def counts(self) -> Counter[str]:
        """See `Claims.counts`; of all replicas together: at work, and not.

        While the database is away, nothing is known of any.
        """
        try:
            counts = self._table.counts()
        except StoreUnavailable:
            return Counter()
        waiting = max(0, counts.active - counts.working)
        return Counter({"running": counts.working, "queued": waiting})

    def forget(self, session_id: str) -> None:
        """See `Claims.forget`; the claim has gone with the session."""
        self._table.wake()

    def close(self) -> None:
        """See `Claims.close`."""
        self._replays.close()

    def _require(self, session_id: str, run_id: str) -> Run:
        run = self.active(session_id)
        if run is None or run.id != run_id:
            raise RunConflict("the run is over", "run-over")
        return run

    def _wait(self, goes_on: Callable[[], bool], timeout: float) -> None:
        end, polls = time.monotonic() + timeout, iter(POLLS)
        while goes_on() and time.monotonic() < end:
            time.sleep(next(polls, POLLS[-1]))


def _later(run: Run, told: dict[str, Any]) -> Run:
    """A run as it was saved, with what was told of it since then."""
    # That it is paused is always saved first, and that it goes on again, too.
    if told.get("run") != run.id or run.state == "paused":
        return run
    state = told["state"] if told["state"] in ("queued", "running", "interrupted") else run.state
    if told["step"] < run.step:
        return replace(run, state=state)
    return replace(
        run,
        state=state,
        step=told["step"],
        loss=_number(told["loss"]),
        accuracy=_number(told["accuracy"]),
        gradient_norms={name: float(norm) for name, norm in told["gradient_norms"].items()},
        seconds_left=told["seconds_left"],
        epoch=told["epoch"],
        samples=told["samples"],
    )


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _never(*_: Any) -> Any:
    raise Unknown("a replica saves no run")
