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
from dataclasses import replace

from app.engine.check import CheckResult
from app.engine.optimizers import OptimizerConfig
from app.engine.spec import Limits
from app.engine.strides import Passed, advance
from app.engine.trace import Trace
from app.sessions import presets
from app.sessions.creation import Numbers, Wanted, check
from app.sessions.edits import ChangeView, Edit, Loader, apply_edits, changed_view
from app.sessions.errors import Forbidden, Stale
from app.sessions.learning import UpdateResult, check_gradients, update
from app.sessions.passes import Passes, clamp
from app.sessions.state import Session, View
from app.sessions.store import Store, VersionConflict

LIMITS = Limits()
LOCKS = 64
# How stale "last touched" may be: reading a session need not write it each time.
TOUCH_SECONDS = 60.0
IDLE_SECONDS = 24 * 3600.0

Versions = Sequence[int] | None


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
        self.passes.forget(id)

    def edit(
        self, id: str, token: str, versions: Versions, edits: Sequence[Edit]
    ) -> Session:
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
            self.passes.forget(id)

    def close(self) -> None:
        """Stop everything and close the store."""
        self.store.close()

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
        return


def _allow(session: Session, token: str, versions: Versions) -> None:
    if not hmac.compare_digest(_hash(token), session.token_hash):
        raise Forbidden
    if versions is not None and session.version not in versions:
        raise Stale(session.version)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
