"""Training runs of sessions: a run changes the session it belongs to, and nobody else does then."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from app.engine.errors import EngineError
from app.engine.history import MAX_ROWS, Rows
from app.engine.optimizers import OptimizerConfig
from app.sessions.edits import Loader
from app.sessions.keeper import Keeper, Versions, allow
from app.sessions.learning import require_mini_batches
from app.sessions.pool import Pool
from app.sessions.pools import kept, whole
from app.sessions.repeats import Once
from app.sessions.run import ACTIVE, KEPT_RUNS, Run
from app.sessions.runs.archive import Archive, Attached
from app.sessions.runs.claims import Claims
from app.sessions.runs.heldout import held_out, looks
from app.sessions.runs.openings import Openings, Placed, at_start, with_learned
from app.sessions.runs.ring import RING_BYTES
from app.sessions.runs.roll import RunLimits
from app.sessions.runs.runs import RunManager
from app.sessions.runs.work.order import Order, Plan, Snapshot
from app.sessions.state import NO_SAMPLES, Session
from app.sessions.store.bus import Bus
from app.sessions.store.errors import Conflict, Stale, Unknown
from app.sessions.store.store import NotFound, StoreFull, VersionConflict

# A worker hears of it when its slice ends: some milliseconds, but on a busy machine.
CHANGE_SECONDS = 2.0


class Trainer:
    """Starts, tells of and controls the runs of sessions, and keeps what they learn.

    Runs that were active when the last server ended go on at once.
    """

    def __init__(
        self,
        keeper: Keeper,
        hub: Bus,
        loader: Loader,
        limits: RunLimits = RunLimits(),
        claims: "Callable[[Trainer], Claims] | None" = None,
    ) -> None:
        """Have runs.

        Args:
            keeper: Of the sessions.
            hub: Where to tell of runs.
            loader: Gives the rows of a data set.
            limits: How many runs there may be.
            claims: Makes who has the runs; by default as the store demands.
        """
        self.keeper = keeper
        self.loader = loader
        self.archive = Archive(keeper.store, loader)
        self.manager = claims(self) if claims else self._claims(hub, limits)
        self.openings = Openings(keeper, loader, self.archive, self.manager)

    def _claims(self, hub: Bus, limits: RunLimits) -> Claims:
        """Of the processes that have the store, or of this one alone."""
        database = getattr(self.keeper.store, "database", None)
        if database is not None:
            from app.sessions.runs.postgres.claims import PostgresClaims

            return PostgresClaims(database, self.archive, limits)
        manager = RunManager(hub, self.save, self.recall, limits=limits)
        for id, run in self.archive.interrupted():
            manager.adopt(id, run)
        return manager

    def start(
        self,
        id: str,
        token: str,
        versions: Versions,
        plan: Plan,
        once: Once | None = None,
        owner: str = "",
    ) -> Run:
        """Train the session's network on its samples, from its parameters as they are now.

        What the session's optimiser has gathered stays with it, unless the plan has another
        optimiser; another learning rate alone makes it no other.

        Raises:
            Conflict: a run is active, or there is nothing to learn from, or no longer.
            RunsFull: as many runs are active as may be.
            EngineError: a wrong size or row.
            Repeated, KeyReused: see `repeats`; the answer of ``once`` is made of the run.
        """
        while True:
            try:
                return self._start(id, token, versions, plan, once, owner)
            except VersionConflict:
                # Another process has come between, perhaps with a run.
                if versions is not None and once is None:
                    raise Stale(self.keeper.get(id).version) from None

    def _start(
        self, id: str, token: str, versions: Versions, plan: Plan, once: Once | None, owner: str
    ) -> Run:
        with self.keeper.lock(id):
            session = old = self.keeper.get(id)
            self.keeper.allow(session, token, versions, once)
            require_mini_batches(session)
            session = self.openings.closed(session)
            test = held_out(session, self.loader)
            if plan.patience is not None and test is None:
                raise EngineError(
                    "patience goes with held-out samples, and this data has none",
                    "stop/patience",
                    "value",
                )
            order = self._order(session, plan, test)
            run = self.manager.start(id, lambda: order, owner)
            # Under the lock, so that the run's own first write comes after this one.
            try:
                begun = self.archive.begun(session, run, order, test)
                told = None if once is None else Once(once.call, lambda _: once.answer(run))
                begun |= self.keeper.answered(session, old, told)
                self._write(old, session, run, begun)
            except BaseException:
                # The caller hears of an error, so nothing may go on behind it.
                self.manager.abandon(id, run.id)
                raise
        self.manager.begun(id, run)
        return run

    def run(self, id: str, run_id: str) -> dict[str, Any]:
        """A run as it is now, as JSON.

        Raises:
            Unknown: the session has no such run.
        """
        for run in self.all_runs(id):
            if run["id"] == run_id:
                return run
        raise Unknown("the session has no such run")

    def all_runs(self, id: str) -> list[dict[str, Any]]:
        """The session's runs as JSON, oldest first."""
        session = self.keeper.get(id)
        known = {run.id: run.as_json() for run in self.manager.list(id)}
        return [
            *(run for run in session.runs if run["id"] not in known),
            *known.values(),
        ]

    def control(self, id: str, token: str, run_id: str, action: str) -> dict[str, Any]:
        """``pause``, ``resume`` or ``stop`` a run; the run as JSON once it has done so.

        Raises:
            Unknown: the session has no such run.
            Conflict: the run is over; stopping it once more is no mistake.
        """
        allow(self.keeper.get(id), token, None)
        while action == "resume":
            with suppress(VersionConflict):
                self.openings.close_again(id, run_id)
                break
        active = self.manager.active(id)
        if active is None or active.id != run_id:
            # Over, or from before a restart and known to the session alone.
            run = self.run(id, run_id)
            if action != "stop":
                raise Conflict("the run is over", "run-over")
            return run
        ask = {
            "pause": self.manager.pause,
            "resume": self.manager.resume,
            "stop": self.manager.stop,
        }[action]
        ask(id, run_id)
        self.manager.settled(id, run_id, CHANGE_SECONDS)
        return self.run(id, run_id)

    def change_rate(self, id: str, token: str, run_id: str, rate: float) -> dict[str, Any]:
        """Another learning rate from the run's next step on; the run as JSON.

        Raises:
            Unknown: the session has no such run.
            Conflict: the run is over.
            EngineError: a rate out of its bounds.
        """
        allow(self.keeper.get(id), token, None)
        run = self.run(id, run_id)
        if run["state"] not in ACTIVE:
            raise Conflict("the run is over", "run-over")
        try:
            rate = OptimizerConfig(learning_rate=rate).learning_rate
        except EngineError as error:
            raise EngineError(error.message, "learning_rate", error.code, error.allowed) from None
        self.manager.change_rate(id, run_id, rate)
        self.manager.settled(id, run_id, CHANGE_SECONDS)
        return self.run(id, run_id)

    def history(
        self, id: str, run_id: str, first: int = 1, last: int | None = None, points: int = MAX_ROWS
    ) -> tuple[Rows, np.ndarray]:
        """What a run has noted of its steps from ``first`` to ``last``, and their learning rates.

        Raises:
            Unknown: the session has no such run, or nothing is kept of it.
        """
        self.run(id, run_id)
        self.manager.refresh(id, run_id)
        history, rates = self.archive.history(self.keeper.get(id), run_id)
        rows = history.rows(first, last, points)
        return rows, np.array([rates.at(int(step)) for step in rows.step])

    def open(
        self,
        id: str,
        token: str,
        versions: Versions,
        run_id: str,
        step: int | None,
        placed: Placed = at_start,
        once: Once | None = None,
    ) -> Session:
        """See `Openings.open`.

        Raises:
            Unknown: the session has no such run, or nothing is kept of that step.
            Conflict: the run goes on.
            RunsFull: it takes too long now.
            EngineError: there is no such step.
        """
        self.keeper.allow(self.keeper.get(id), token, versions, once)
        run = self.run(id, run_id)
        return self.openings.open(id, token, versions, run, step, placed, once)

    def require_idle(self, id: str) -> None:
        """Refuse a change of what a run is changing.

        Raises:
            Conflict: a run of the session is active.
        """
        if self.manager.active(id) is not None:
            raise Conflict("a run is active; stop it before you change anything", "run-active")

    def forget(self, id: str) -> None:
        """Drop the runs of a session that is gone."""
        self.manager.forget(id)

    def close(self) -> None:
        """Save all runs, which go on with the next server, and end what trains them."""
        self.manager.close()

    def _order(self, session: Session, plan: Plan, test: Pool | None) -> Order:
        """The order that a plan makes of a session, of whose samples ``test`` are held out."""
        config = plan.optimizer or session.optimizer
        same = replace(config, learning_rate=session.optimizer.learning_rate) == session.optimizer
        state = session.optimizer_state if same else {}
        plan = replace(plan, optimizer=config)
        spec, parameters = session.spec, session.parameters
        if spec.is_program:
            given = {name: one for name, one in parameters.items() if name not in spec.learned}
            learned = {name: parameters[name] for name in spec.learned}
            start = Snapshot(0, learned, state)
            return Order(spec, session.x, NO_SAMPLES, plan, start, given=given)
        assert session.t is not None
        x, t, pool, name = session.x, session.t, session.pool, None
        if pool is not None:
            x, t = kept(session.spec, pool, self.loader)
            name = pool.name(session.spec)
            if plan.batch_size is None and plan.batches is None:
                plan = replace(plan, batch_size=pool.batch_size)
        tested = None
        if test is not None:
            tested = whole(session.spec, test, self.loader)
            if plan.evaluate_every is None:
                plan = replace(plan, evaluate_every=looks(len(x), plan))
        start = Snapshot(0, parameters, state)
        return Order(spec, x, t, plan, start, held_out=tested, data=name)

    def save(self, id: str, run: Run, snapshot: Snapshot | None, fence: int | None = None) -> None:
        """Keep what a run has learned so far; called in a thread of who trains it.

        Raises:
            Fenced: ``fence`` is lower than the session's; nothing is kept then.
        """
        with self.keeper.lock(id):
            while True:
                try:
                    session = self.keeper.get(id)
                except NotFound:
                    return  # It was idle for a day or deleted: nobody will miss it.
                learned = session
                if snapshot is not None:
                    learned = replace(
                        with_learned(self.openings.closed(session), snapshot.parameters),
                        optimizer=run.optimizer,
                        optimizer_state=snapshot.optimizer_state,
                        steps=session.steps.cut(),
                        data_version=session.data_version + 1,
                    )
                came_on = self.archive.came_on(session, run, snapshot)
                with suppress(VersionConflict):
                    self._write(session, learned, run, came_on, fence)
                    return

    def recall(self, id: str, run_id: str) -> Order:
        """What a run goes on with, from where it was saved last."""
        return self.archive.order(self.keeper.get(id), run_id)

    def _write(
        self, old: Session, new: Session, run: Run, attached: Attached, fence: int | None = None
    ) -> None:
        """Write a session with what it remembers of a run; with less where the store is full."""
        new = _with_run(new, run)
        try:
            gone = self.archive.thinned(new, attached, RING_BYTES)
            self.keeper.write(old, new, attached | gone, fence)
        except StoreFull:
            gone = self.archive.thinned(new, attached, 0)
            self.keeper.write(old, new, attached | gone, fence)


def _with_run(session: Session, run: Run) -> Session:
    """The session that remembers ``run`` as it is now."""
    # Norms are for those who watch; twenty runs of them would not fit beside the rest.
    document = {**run.as_json(), "gradient_norms": {}, "seconds_left": None}
    others = [kept for kept in session.runs if kept["id"] != run.id]
    return replace(session, runs=(*others, document)[-KEPT_RUNS:])
