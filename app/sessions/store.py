"""Where sessions are kept: one small interface, with memory and SQLite behind it.

StoreError              something about a session that the caller must deal with
  ├─ NotFound           no such session, or one that was idle too long
  ├─ VersionConflict    somebody else changed it first
  └─ StoreFull          no room, and nothing idle enough to make some
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

Array = np.ndarray
Clock = Callable[[], float]

MAX_META_BYTES = 64 * 1024


@dataclass(frozen=True)
class Limits:
    """How long and how much the store keeps.

    Attributes:
        idle_seconds: A session untouched for longer is gone.
        max_bytes: All sessions together; beyond it, those idle longest go first.
        grace_seconds: A session touched within this time is in use and never goes for another.
    """

    idle_seconds: float = 24 * 3600.0
    max_bytes: int = 2 * 1024**3
    grace_seconds: float = 60.0


@dataclass(frozen=True)
class Record:
    """A session as the store sees it: a small JSON part and named arrays, which are read-only.

    ``created`` and ``touched`` are seconds since 1970; ``meta`` is at most 64 KB as JSON.
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
    """There is no room, and every session is in use.

    Attributes:
        retry_after: Seconds until some session may count as idle.
    """

    def __init__(self, retry_after: int) -> None:
        super().__init__("the store is full of sessions in use")
        self.retry_after = retry_after


class Store(Protocol):
    """Sessions by id. All methods are synchronous and thread-safe; a write is kept on return."""

    def create(self, record: Record) -> None:
        """Keep a new session.

        Raises:
            StoreFull: no room for it.
            ValueError: the id is taken, or meta is too large.
        """

    def get(self, id: str) -> Record:
        """The session as last written.

        Raises:
            NotFound: there is none, or it was idle too long.
        """

    def replace(
        self,
        id: str,
        expected_version: int,
        meta: dict[str, Any],
        arrays: Mapping[str, Array | None],
    ) -> Record:
        """Write new meta and the arrays named (None deletes one); the others stay.

        Raises:
            NotFound: there is no such session.
            VersionConflict: it has another version; nothing is written then.
            StoreFull: no room for what grew.
        """

    def delete(self, id: str) -> None:
        """Forget a session.

        Raises:
            NotFound: there is none.
        """

    def touch(self, id: str) -> None:
        """Count a session as used now; its version stays.

        Raises:
            NotFound: there is none.
        """

    def sweep(self) -> list[str]:
        """Remove all that was idle too long; their ids."""

    def stats(self) -> StoreStats:
        """What is kept, expired sessions that no sweep has met yet included."""

    def ping(self) -> None:
        """Raise where the store cannot be read."""

    def close(self) -> None:
        """Release files; nothing may be called after it."""


def open_store(url: str, limits: Limits = Limits(), clock: Clock = time.time) -> Store:
    """The store of ``url``: ``memory``, or ``sqlite:PATH`` for a file.

    Raises:
        ValueError: another url.
        StoreBusy: another process has the file.
    """
    # Here, so that each implementation can import the interface from this module.
    from app.sessions.memory import MemoryStore
    from app.sessions.sqlite import SQLiteStore

    if url == "memory":
        return MemoryStore(limits, clock)
    kind, _, path = url.partition(":")
    if kind == "sqlite" and path:
        return SQLiteStore(path, limits, clock)
    raise ValueError("a store is `memory` or `sqlite:PATH`")
