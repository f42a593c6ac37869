"""Training runs of sessions: a run changes the session it belongs to, and nobody else does then."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from app.engine.network import Network
from app.engine.optimizers import OptimizerConfig, make_optimizer
from app.engine.training import Training
from app.sessions.errors import Conflict, Unknown
from app.sessions.events import Hub
from app.sessions.keeper import Keeper, Versions, allow
from app.sessions.learning import require_targets
from app.sessions.run import ACTIVE, KEPT_RUNS, Run
from app.sessions.runs import RunManager
from app.sessions.state import Session
from app.sessions.store import NotFound


@dataclass(frozen=True)
class RunPlan:
    """What a run is to do; without an optimiser it uses the session's, from a fresh start.

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
    """Starts, tells of and controls the runs of sessions, and keeps what they learn."""

    def __init__(self, keeper: Keeper, hub: Hub) -> None:
        self.keeper = keeper
        self.manager = RunManager(hub, self._save)

    def start(self, id: str, token: str, versions: Versions, plan: RunPlan) -> Run:
        """Train the session's network on its samples, from its parameters as they are now.

        Raises:
            Conflict: a run is active, or there is nothing to learn from.
            RunsFull: as many runs are active as may be.
            EngineError: a wrong size or row.
        """
        with self.keeper.lock(id):
            session = self.keeper.get(id)
            allow(session, token, versions)
            targets = require_targets(session)
            config = plan.optimizer or session.optimizer
            run = self.manager.start(
                id,
                lambda: Training(
                    Network(session.spec, session.parameters),
                    session.x,
                    targets,
                    make_optimizer(config),
                    plan.batch_size,
                    plan.steps,
                    plan.seed,
                    plan.batches,
                ),
            )
            # Under the lock, so that the run's own first write comes after this one.
            try:
                self.keeper.write(session, _with_run(session, run))
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
        """The session's runs as JSON, oldest first.

        One that was active when the server ended is stopped: its parameters are those of its last
        checkpoint.
        """
        session = self.keeper.get(id)
        known = {run.id: run.as_json() for run in self.manager.list(id)}
        kept = [
            {**run, "state": "stopped"} if run["state"] in ACTIVE else run
            for run in session.runs
            if run["id"] not in known
        ]
        return [*kept, *known.values()]

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
        """Stop and save all runs."""
        self.manager.close()

    def _save(self, id: str, parameters: dict[str, np.ndarray], run: Run) -> None:
        """Keep what a run has learned so far; called in the run's thread."""
        with self.keeper.lock(id):
            try:
                session = self.keeper.get(id)
            except NotFound:
                return  # It was idle for a day or deleted: nobody will miss it.
            learned = replace(
                session,
                parameters=parameters,
                optimizer=run.optimizer,
                optimizer_state={},
                data_version=session.data_version + 1,
            )
            self.keeper.write(session, _with_run(learned, run))


def _with_run(session: Session, run: Run) -> Session:
    """The session that remembers ``run`` as it is now."""
    # Norms are for those who watch; twenty runs of them would not fit beside the rest.
    document = {**run.as_json(), "gradient_norms": {}}
    others = [kept for kept in session.runs if kept["id"] != run.id]
    return replace(session, runs=(*others, document)[-KEPT_RUNS:])
