"""Where sessions are kept: one small interface; memory, SQLite and PostgreSQL are behind it.

StoreError              something about a session that the caller must deal with
  ├─ NotFound           no such session, or one that was idle too long
  ├─ VersionConflict    somebody else changed it first
  ├─ StoreFull          no room, and nothing idle enough to make some
  ├─ StoreBusy          another process has the file
  ├─ StoreUnavailable   the database is away
  ├─ Fenced             who writes has lost its claim to another
  ├─ SessionDamaged     what was kept of this one session cannot be read
  └─ StoreDamaged       the file has parts that cannot be read
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from app.settings import limit

Array = np.ndarray
Clock = Callable[[], float]

NOTHING: Mapping[str, bytes | None] = {}

# A session without anything in it still takes a row and an entry in the books.
ROW_BYTES = 256


@dataclass(frozen=True)
class Limits:
    """How long and how much the store keeps.

    A session is charged to its owner, the address that made it, as long as the process lives that
    made it; no address is ever written down. Who has nobody's name is bounded by the whole alone.

    Attributes:
        idle_seconds: A session untouched for longer is gone.
        max_bytes: All sessions together; beyond it, those idle longest go first.
        grace_seconds: A session touched within this time is in use and never goes for another.
        reserve: This share of ``max_bytes`` is for what exists already to grow, not for newcomers.
        owner_sessions, owner_bytes: What one owner may have before its newcomers are refused.
        small_growth: A session may always grow by so many bytes at a time, as a step does.
    """

    idle_seconds: float = limit(24 * 3600.0, 60, "after which a session that nobody uses is gone")
    max_bytes: int = limit(2 * 1024**3, 1 << 20, "bytes of all sessions together")
    grace_seconds: float = limit(1800.0, 0, "within which a session that was used is never evicted")
    reserve: float = limit(0.1, 0, "share of all bytes that no newcomer gets")
    owner_sessions: int = limit(3_000, 1, "sessions made from one address")
    owner_bytes: int = limit(512 * 1024**2, 1 << 20, "bytes of sessions made from one address")
    small_growth: int = 4096


@dataclass(frozen=True, eq=False)
class Record:
    """A session as the store sees it: a small JSON part and named arrays.

    What a store gives out is read-only and shares nothing with what it was given. ``created`` and
    ``touched`` are seconds since 1970; ``meta`` is at most 64 KB as JSON; arrays are float64,
    float32, int64 or uint8.

    What is large and seldom asked for, such as the checkpoints of a run, is attached: bytes by name
    that lie beside the record and go with it, but are read one at a time. What a call under an
    ``Idempotency-Key`` came to is attached in the same way, and what makes a session under one
    leaves a record of its own: all that a store has to do for it is to write a record and what is
    attached to it in one, and to refuse an id that is taken; see `repeats`.
    """

    id: str
    token_hash: bytes
    version: int
    created: float
    touched: float
    meta: dict[str, Any]
    arrays: Mapping[str, Array]


@dataclass(frozen=True)
class StoreStats:
    """How many sessions there are and how many bytes they take."""

    sessions: int
    bytes: int


class StoreError(Exception):
    """What the caller of a store must deal with."""


class NotFound(StoreError):
    """There is no such session, or it was idle too long."""


class VersionConflict(StoreError):
    """The session has another version than the one expected."""

    def __init__(self, current: int) -> None:
        super().__init__(f"the current version is {current}")
        self.current = current


class StoreFull(StoreError):
    """There is no room: every session is in use, or the disk is full.

    Attributes:
        retry_after: Seconds until some session may count as idle.
    """

    def __init__(
        self, retry_after: int, message: str = "the store is full of sessions in use"
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class StoreBusy(StoreError):
    """Another process has the file open."""


class StoreUnavailable(StoreError):
    """The database cannot be reached, or cannot write now; it may be there again soon.

    Attributes:
        retry_after: Seconds after which it is worth trying again.
        lost: Whether there is no connection, so that nobody else need try just now.
    """

    def __init__(self, retry_after: int, kind: str = "", *, lost: bool = False) -> None:
        super().__init__(f"the database does not answer{kind and f' ({kind})'}")
        self.retry_after = retry_after
        self.lost = lost


class Fenced(StoreError):
    """Somebody with a higher number writes this session; see `Store.fence`."""

    def __init__(self) -> None:
        super().__init__("another process has taken over")


class SessionDamaged(StoreError):
    """What was kept of a session cannot be read; others are not concerned.

    Attributes:
        token_hash: Of its edit token, so that its owner can delete it; empty if that is lost, too.
        version: Its version; 0 if that is lost.
    """

    def __init__(self, message: str, token_hash: bytes = b"", version: int = 0) -> None:
        super().__init__(message)
        self.token_hash = token_hash
        self.version = version


class StoreDamaged(StoreError):
    """The store's file has parts that cannot be read."""


def charged_bytes(meta: bytes, others: Iterable[int]) -> int:
    """What a session counts for against the limit: its row, its JSON, all arrays and attachments.

    Args:
        meta: The encoded JSON.
        others: The sizes of the encoded arrays and of the attachments.
    """
    return ROW_BYTES + len(meta) + sum(others)


class Store(Protocol):
    """Sessions by id. All methods are synchronous and thread-safe.

    A write is kept on return, whatever then happens to the process; only the last use that `touch`
    and `get` know exactly may be up to a minute older after a crash. Any method raises `StoreError`
    where the disk fails or the store is closed.
    """

    def create(self, record: Record, owner: str = "") -> None:
        """Keep a new session, charged to an owner; the empty text is nobody.

        Raises:
            StoreFull: no room for it.
            ValueError: the id is taken; or meta is too large or not finite.
            TypeError: an array of another dtype.
        """

    def get(self, id: str) -> Record:
        """The session as last written.

        Raises:
            NotFound: there is none, or it was idle too long.
            SessionDamaged: it cannot be read.
        """

    def replace(
        self,
        id: str,
        expected_version: int,
        meta: dict[str, Any],
        arrays: Mapping[str, Array | None],
        attached: Mapping[str, bytes | None] = NOTHING,
        fence: int | None = None,
    ) -> Record:
        """Write new meta, and the arrays and attachments named (None deletes one); others stay.

        All of it or nothing. It counts as a use. The record returned is the one written here,
        though another writer may have followed.

        Raises:
            NotFound: there is no such session.
            VersionConflict: it has another version; nothing is written then.
            Fenced: ``fence`` is lower than the session's; nothing is written then.
            StoreFull: no room for what grew.
            ValueError, TypeError: as `create`.
        """

    def fence(self, id: str, number: int) -> None:
        """From now on refuse writes that carry a lower number; those without one go on.

        Whoever takes over from another raises it before it reads, so that nothing of the other's
        can come in between. It lasts as long as several processes can have the store.

        Raises:
            NotFound: there is no such session.
            Fenced: it is higher already.
        """

    def attachment(self, id: str, name: str) -> bytes | None:
        """Bytes that `replace` has put beside a session; None where there are none of this name.

        Raises:
            NotFound: there is no such session.
            SessionDamaged: they cannot be read.
        """

    def attachments(self, id: str) -> dict[str, int]:
        """The names and sizes of what is beside a session.

        Raises:
            NotFound: there is no such session.
        """

    def attached(self, name: str) -> dict[str, bytes]:
        """What is attached under a name, by the ids of the sessions; for the start of a server.

        What cannot be read is left out.
        """

    def delete(self, id: str) -> None:
        """Forget a session, with all that is beside it, whether or not it can be read.

        Raises:
            NotFound: there is none.
        """

    def touch(self, id: str) -> None:
        """Count a session as used now; its version stays. Cheap: mostly no write at all.

        Where it cannot be written, as on a full disk, it is remembered in memory alone: a session
        can be read whatever the disk is like.

        Raises:
            NotFound: there is none.
        """

    def sweep(self) -> list[str]:
        """Remove all that was idle too long, and give back the room; their ids."""

    def stats(self) -> StoreStats:
        """What is kept, expired sessions that no sweep has met yet included."""

    def ping(self) -> None:
        """Raise where the store cannot be read and written, or soon could not."""

    def close(self) -> None:
        """Release files; a second call does nothing."""
