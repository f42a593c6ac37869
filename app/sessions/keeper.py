"""Reading and writing one session at a time, by those who may.

The store is the truth. A change reads the session, makes the next one and writes it with
compare-and-set; a lock for each session keeps the changes of this process in a row, so that
honest callers without a condition need not try again.
"""

import hashlib
import hmac
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from app.sessions.own_data import is_session
from app.sessions.repeats import Once, refuse_repeated, with_answer
from app.sessions.state import Session
from app.sessions.store.clock import now
from app.sessions.store.errors import Forbidden, Stale
from app.sessions.store.store import NOTHING, NotFound, SessionDamaged, Store, VersionConflict

LOCKS = 64
# How stale "last touched" may be: reading a session need not write it each time.
TOUCH_SECONDS = 60.0

Versions = Sequence[int] | None


class Keeper:
    """Sessions of one store, changed in a row.

    ``token`` is the edit token as sent; ``versions`` are those that the caller's condition allows,
    None for any.

    Args:
        store: Where they are.
        failed: Called with the id of a session that could not be written: what was worked out of
            the one that was to be must not be taken for what comes of another change.
    """

    def __init__(self, store: Store, failed: Callable[[str], None] = lambda id: None) -> None:
        self.store = store
        self._failed = failed
        self._locks = [threading.RLock() for _ in range(LOCKS)]

    def get(self, id: str) -> Session:
        """The session as it is in the store."""
        record = self.store.get(id)
        if not is_session(record):
            raise NotFound("there is no such session")
        try:
            session = Session.from_record(record)
        except (LookupError, TypeError, ValueError) as error:
            raise SessionDamaged(
                f"a session makes no sense: {error!r}", record.token_hash, record.version
            ) from error
        if abs(now() - session.touched) > TOUCH_SECONDS:
            self.store.touch(id)
        return session

    def lock(self, id: str) -> threading.RLock:
        """The lock under which the session is changed."""
        return self._locks[hash(id) % LOCKS]

    def change(
        self,
        id: str,
        token: str,
        versions: Versions,
        make: Callable[[Session], Session],
        once: Once | None = None,
    ) -> Session:
        """The session after ``make``, which gets it as it is and may be called again.

        Where the call may come again, ``once`` makes its answer, which is kept with the change.

        Raises:
            NotFound: no session of this id.
            Forbidden: the token is not its edit token.
            Stale: the session has another version.
            Repeated, KeyReused: see `repeats`.
        """
        with self.lock(id):
            while True:
                session = self.get(id)
                self.allow(session, token, versions, once)
                new = make(session)
                attached = self.answered(new, session, once)
                try:
                    return self.write(session, new, attached)
                except VersionConflict:
                    # Only another process can come between; with a condition it has won, unless
                    # it was the same call.
                    if versions is not None and once is None:
                        raise Stale(self.get(id).version) from None

    def allow(
        self, session: Session, token: str, versions: Versions, once: Once | None = None
    ) -> None:
        """As `allow`; a call that was made before has its answer, whatever came of the session.

        Raises:
            Repeated, KeyReused: see `repeats`.
        """
        if once is not None:
            allow(session, token, None)
            refuse_repeated(self.store, session.id, once.call)
        allow(session, token, versions)

    def answered(self, new: Session, old: Session, once: Once | None) -> Mapping[str, bytes | None]:
        """What is to be put beside a session with a change: the answer of a call that may come
        again.
        """
        if once is None:
            return NOTHING
        answer = once.answer(replace(new, version=old.version + 1))
        return with_answer(self.store, old.id, once.call, answer)

    def write(
        self,
        old: Session,
        new: Session,
        attached: Mapping[str, bytes | None] = NOTHING,
        fence: int | None = None,
    ) -> Session:
        """Write ``new`` over ``old``; only the arrays that differ. To be called under the lock.

        Args:
            old: As it is in the store.
            new: As it is to be.
            attached: What is to be put beside it, see `Store.replace`.
            fence: The number of whoever writes it for a run, see there, too.
        """
        arrays = new.changed_arrays(old)
        try:
            record = self.store.replace(old.id, old.version, new.meta(), arrays, attached, fence)
        except BaseException:
            self._failed(old.id)
            raise
        return replace(new, version=record.version, touched=record.touched)


def allow(session: Session | SessionDamaged, token: str, versions: Versions) -> None:
    """Refuse who has not the token, or not the current version.

    Raises:
        Forbidden: the token is not the session's edit token.
        Stale: the session has another version.
    """
    # In constant time, so that nobody can feel a way towards a hash.
    if not hmac.compare_digest(hash_token(token), session.token_hash):
        raise Forbidden
    if versions is not None and session.version not in versions:
        raise Stale(session.version)


def hash_token(token: str) -> bytes:
    """What is kept of an edit token: its SHA-256."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
