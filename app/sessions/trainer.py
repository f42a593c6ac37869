"""Training runs of sessions: a run changes the session it belongs to, and nobody else does then."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.engine.optimizers import OptimizerConfig
from app.sessions.archive import Archive, Attached
from app.sessions.edits import Loader
from app.sessions.errors import Conflict, Unknown
from app.sessions.events import Hub
from app.sessions.keeper import Keeper, Versions, allow
from app.sessions.learning import require_targets
from app.sessions.ring import RING_BYTES
from app.sessions.run import KEPT_RUNS, Run
from app.sessions.runs import RunManager
from app.sessions.state import Session
from app.sessions.store import NotFound, StoreFull
from app.sessions.work.order import Order, Plan, Snapshot


@dataclass(frozen=True)
class RunPlan:
    """What a run is to do; without an optimiser it uses the session's.

    Attributes:
        batch_size: Rows of a mini-batch; all where it is None.
        steps: May be left out where there are ``batches``.
        seed: For the shuffles.
        batches: Row numbers of every mini-batch, to fix them.
    """

    optimizer: OptimizerConfig | None = None
    batch_size: int | None = None
    steps: int | None = None
    seed: int = 0
    batches: Sequence[Sequence[int]] | None = None


class Trainer:
    """Starts, tells of and controls the runs of sessions, and keeps what they learn.

    Runs that were active when the last server ended go on at once.
    """

    def __init__(self, keeper: Keeper, hub: Hub, loader: Loader) -> None:
        self.keeper = keeper
        self.archive = Archive(keeper.store, loader)
        self.manager = RunManager(hub, self._save, self._recall)
        for id, run in self.archive.interrupted():
            self.manager.adopt(id, run)

    def start(self, id: str, token: str, versions: Versions, plan: RunPlan) -> Run:
        """Train the session's network on its samples, from its parameters as they are now.

        What the session's optimiser has gathered stays with it, unless the plan has another
        optimiser; another learning rate alone makes it no other.

        Raises:
            Conflict: a run is active, or there is nothing to learn from.
            RunsFull: as many runs are active as may be.
            EngineError: a wrong size or row.
        """
        with self.keeper.lock(id):
            session = self.keeper.get(id)
            allow(session, token, versions)
            require_targets(session)
            order = _order(session, plan)
            run = self.manager.start(id, lambda: order)
            # Under the lock, so that the run's own first write comes after this one.
            try:
                begun = self.archive.begun(session, run, order)
                self._write(session, session, run, begun)
            except BaseException:
                # The caller hears of an error, so nothing may go on behind it.
                self.manager.stop(id, run.id)
                raise
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
        return self.manager.settled(id, run_id).as_json()

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

    def _save(self, id: str, run: Run, snapshot: Snapshot | None) -> None:
        """Keep what a run has learned so far; called in a thread of the manager."""
        with self.keeper.lock(id):
            try:
                session = self.keeper.get(id)
            except NotFound:
                return  # It was idle for a day or deleted: nobody will miss it.
            learned = session
            if snapshot is not None:
                learned = replace(
                    session,
                    parameters=snapshot.parameters,
                    optimizer=run.optimizer,
                    optimizer_state=snapshot.optimizer_state,
                    steps=session.steps.cut(),
                    data_version=session.data_version + 1,
                )
            self._write(session, learned, run, self.archive.came_on(session, run, snapshot))

    def _recall(self, id: str, run_id: str) -> Order:
        """What a run goes on with, from where it was saved last."""
        return self.archive.order(self.keeper.get(id), run_id)

    def _write(self, old: Session, new: Session, run: Run, attached: Attached) -> None:
        """Write a session with what it remembers of a run; with less where the store is full."""
        new = _with_run(new, run)
        try:
            gone = self.archive.thinned(new, attached, RING_BYTES)
            self.keeper.write(old, new, attached | gone)
        except StoreFull:
            gone = self.archive.thinned(new, attached, 0)
            self.keeper.write(old, new, attached | gone)


def _order(session: Session, plan: RunPlan) -> Order:
    """The order that a plan makes of a session."""
    assert session.t is not None
    config = plan.optimizer or session.optimizer
    same = replace(config, learning_rate=session.optimizer.learning_rate) == session.optimizer
    state = session.optimizer_state if same else {}
    return Order(
        session.spec,
        session.x,
        session.t,
        Plan(config, plan.batch_size, plan.steps, plan.seed, plan.batches),
        Snapshot(0, session.parameters, state),
    )


def _with_run(session: Session, run: Run) -> Session:
    """The session that remembers ``run`` as it is now."""
    # Norms are for those who watch; twenty runs of them would not fit beside the rest.
    document = {**run.as_json(), "gradient_norms": {}, "seconds_left": None}
    others = [kept for kept in session.runs if kept["id"] != run.id]
    return replace(session, runs=(*others, document)[-KEPT_RUNS:])
