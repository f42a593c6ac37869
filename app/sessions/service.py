"""Everything one can do with sessions, without a word of HTTP.

The store is the truth. A change reads the session, makes the next one and writes it with
compare-and-set; a lock for each session keeps the changes of this process in a row, so that
honest callers without a condition need not try again.
"""

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from app.engine.check import CheckResult
from app.engine.network import Network
from app.engine.optimizers import OptimizerConfig, make_optimizer
from app.engine.spec import Limits
from app.engine.strides import Passed, advance
from app.engine.trace import Trace
from app.engine.training import Training
from app.sessions import presets
from app.sessions.creation import Numbers, Wanted, check
from app.sessions.edits import ChangeView, Edit, Loader, apply_edits, changed_view
from app.sessions.errors import Conflict, Forbidden, Stale, Unknown
from app.sessions.events import Hub, Subscription
from app.sessions.learning import UpdateResult, check_gradients, require_targets, update
from app.sessions.passes import Passes, clamp
from app.sessions.run import ACTIVE, Run
from app.sessions.runs import RunManager
from app.sessions.state import KEPT_RUNS, Session, View
from app.sessions.store import NotFound, Store, VersionConflict

LIMITS = Limits()
LOCKS = 64
# How stale "last touched" may be: reading a session need not write it each time.
TOUCH_SECONDS = 60.0
IDLE_SECONDS = 24 * 3600.0

Versions = Sequence[int] | None


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


class Service:
    """Sessions: created, read, edited, stepped, forked and deleted.

    All methods are synchronous and thread-safe. ``token`` is the edit token as sent; ``versions``
    are those that the caller's condition allows, None for any.

    Raises (every method that takes an id):
        NotFound: no session of this id.
        Forbidden: the token is not its edit token.
        Stale: the session has another version.
        EngineError: a wrong value.
    """

    def __init__(
        self,
        store: Store,
        loader: Loader,
        limits: Limits = LIMITS,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self.store = store
        self.loader = loader
        self.limits = limits
        self.idle_seconds = idle_seconds
        self.passes = Passes()
        self.hub = Hub()
        self.runs = RunManager(self.hub, self._save_run)
        self._locks = [threading.RLock() for _ in range(LOCKS)]

    def check(self, wanted: Wanted) -> Numbers:
        """The checked numbers of a network that is asked for."""
        return check(wanted, self.limits)

    def create(self, wanted: Wanted, preset: str | None = None) -> tuple[Session, str]:
        """A new session, and the edit token that only the caller will ever see.

        Raises:
            StoreFull: no room, and no idle session to make some.
        """
        numbers = self.check(wanted)
        now = time.time()
        token = secrets.token_urlsafe(32)
        session = Session(
            id=secrets.token_urlsafe(16),
            token_hash=_hash(token),
            version=1,
            created=now,
            touched=now,
            spec=numbers.spec,
            parameters=numbers.parameters,
            x=numbers.x,
            t=numbers.t,
            grad_output=numbers.grad_output,
            preset=preset,
        )
        if wanted.optimizer is not None:
            session = replace(session, optimizer=wanted.optimizer)
        if wanted.view is not None:
            view = changed_view(session.view, wanted.view, session, "view")
            session = replace(session, view=view)
        self.store.create(session.record())
        return session, token

    def create_preset(self, preset: str, row: int | None) -> tuple[Session, str]:
        """A new session from a preset; ``row`` chooses the digit where it shows one."""
        return self.create(presets.wanted(preset, row, self.loader), preset)

    def fork(self, id: str) -> tuple[Session, str]:
        """One's own copy of a session that one may read, with a token of its own."""
        source = self.get(id)
        now = time.time()
        token = secrets.token_urlsafe(32)
        session = replace(
            source,
            id=secrets.token_urlsafe(16),
            token_hash=_hash(token),
            version=1,
            created=now,
            touched=now,
            runs=(),
        )
        self.store.create(session.record())
        return session, token

    def get(self, id: str) -> Session:
        """The session as it is in the store."""
        session = Session.from_record(self.store.get(id))
        if time.time() - session.touched > TOUCH_SECONDS:
            self.store.touch(id)
        return session

    def delete(self, id: str, token: str, versions: Versions = None) -> None:
        """Forget a session."""
        with self._lock(id):
            _allow(self.get(id), token, versions)
            self.store.delete(id)
        self._forget(id)

    def edit(self, id: str, token: str, versions: Versions, edits: Sequence[Edit]) -> Session:
        """All edits, or none of them.

        Raises:
            Conflict: a run is active.
        """

        def change(session: Session) -> Session:
            self._require_idle(session)
            edited = apply_edits(session, edits, self.limits, self.loader)
            return replace(edited, cursor=self.passes.same_place(session, edited))

        return self._change(id, token, versions, change)

    def step(
        self, id: str, token: str, versions: Versions, direction: str, stride: str
    ) -> tuple[Session, Trace, tuple[Passed, ...]]:
        """One stride of the cursor: the session after it, its trace, and what was passed."""
        passed: tuple[Passed, ...] = ()

        def change(session: Session) -> Session:
            nonlocal passed
            trace = self.passes.trace(session)
            cursor, passed = advance(trace, clamp(session.cursor, trace), direction, stride)
            return replace(session, cursor=cursor)

        session = self._change(id, token, versions, change)
        return session, self.passes.trace(session), passed

    def update(
        self, id: str, token: str, versions: Versions, optimizer: OptimizerConfig | None
    ) -> tuple[Session, UpdateResult]:
        """One step of the optimiser on all samples.

        Raises:
            Conflict: a run is active, or there is nothing to learn from.
        """
        result: UpdateResult | None = None

        def change(session: Session) -> Session:
            nonlocal result
            self._require_idle(session)
            session, result = update(session, optimizer)
            return session

        session = self._change(id, token, versions, change)
        assert result is not None
        return session, result

    def check_gradients(self, id: str, token: str, h: float, seed: int) -> CheckResult:
        """The numerical check; it changes nothing, but it is work, so it needs the token."""
        session = self.get(id)
        _allow(session, token, None)
        return check_gradients(session, h, seed)

    def view(self, session: Session, change: ChangeView) -> View:
        """The session's view with what a reader asks for instead."""
        return changed_view(session.view, change, session, "")

    def sweep(self) -> None:
        """Let go of sessions that were idle too long; to be called now and then."""
        for id in self.store.sweep():
            self._forget(id)

    def close(self) -> None:
        """Stop and save all runs, end all streams and close the store."""
        self.runs.close()
        self.hub.close()
        self.store.close()

    def start_run(self, id: str, token: str, versions: Versions, plan: RunPlan) -> Run:
        """Train the session's network on its samples, from its parameters as they are now.

        Raises:
            Conflict: a run is active, or there is nothing to learn from.
            RunsFull: as many runs are active as may be.
            EngineError: a wrong size or row.
        """
        with self._lock(id):
            session = self.get(id)
            _allow(session, token, versions)
            targets = require_targets(session)
            config = plan.optimizer or session.optimizer
            run = self.runs.start(
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
            self._write(session, _with_run(session, run))
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
        session = self.get(id)
        known = {run.id: run.as_json() for run in self.runs.list(id)}
        kept = [
            {**run, "state": "stopped"} if run["state"] in ACTIVE else run
            for run in session.runs
            if run["id"] not in known
        ]
        return [*kept, *known.values()]

    def control_run(self, id: str, token: str, run_id: str, action: str) -> Run:
        """``pause``, ``resume`` or ``stop`` a run; the run once it has done so.

        Raises:
            Unknown: the session has no such run.
            Conflict: the run is over.
        """
        session = self.get(id)
        _allow(session, token, None)
        active = self.runs.active(id)
        if (active is None or active.id != run_id) and action != "stop":
            # Runs from before a restart are known to the session alone.
            self.run(id, run_id)
            raise Conflict("the run is over")
        {"pause": self.runs.pause, "resume": self.runs.resume, "stop": self.runs.stop}[action](
            id, run_id
        )
        return self.runs.settled(id, run_id)

    def subscribe(self, id: str, last_event_id: str | None) -> Subscription:
        """A reader of the session's events; to be called in the reader's event loop."""
        return self.hub.subscribe(id, last_event_id)

    def _save_run(self, id: str, parameters: dict[str, np.ndarray], run: Run) -> None:
        """Keep what a run has learned so far; called in the run's thread."""
        with self._lock(id):
            try:
                session = self.get(id)
            except NotFound:
                return  # It was idle for a day or deleted: nobody will miss it.
            learned = replace(
                session,
                parameters=parameters,
                optimizer=run.optimizer,
                optimizer_state={},
                data_version=session.data_version + 1,
            )
            self._write(session, _with_run(learned, run))

    def _forget(self, id: str) -> None:
        self.passes.forget(id)
        self.runs.forget(id)
        self.hub.forget(id)

    def _lock(self, id: str) -> threading.RLock:
        return self._locks[hash(id) % LOCKS]

    def _change(
        self, id: str, token: str, versions: Versions, change: Callable[[Session], Session]
    ) -> Session:
        with self._lock(id):
            while True:
                session = self.get(id)
                _allow(session, token, versions)
                new = change(session)
                try:
                    return self._write(session, new)
                except VersionConflict:
                    # Only another process can come between; with a condition it has won.
                    if versions is not None:
                        raise Stale(self.get(id).version) from None

    def _write(self, old: Session, new: Session) -> Session:
        record = self.store.replace(old.id, old.version, new.meta(), new.changed_arrays(old))
        return replace(new, version=record.version, touched=record.touched)

    def _require_idle(self, session: Session) -> None:
        if self.runs.active(session.id) is not None:
            raise Conflict("a run is active; stop it before you change anything")


def _with_run(session: Session, run: Run) -> Session:
    """The session that remembers ``run`` as it is now."""
    # Norms are for those who watch; twenty runs of them would not fit beside the rest.
    document = {**run.as_json(), "gradient_norms": {}}
    others = [kept for kept in session.runs if kept["id"] != run.id]
    return replace(session, runs=(*others, document)[-KEPT_RUNS:])


def _allow(session: Session, token: str, versions: Versions) -> None:
    if not hmac.compare_digest(_hash(token), session.token_hash):
        raise Forbidden
    if versions is not None and session.version not in versions:
        raise Stale(session.version)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
