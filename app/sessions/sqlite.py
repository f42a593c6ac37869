"""Sessions in one SQLite file: kept on disk before any write returns.

One connection does all writes and all checkpoints, behind a lock: SQLite before 3.51.3 can
corrupt a WAL file when a commit of one connection races a checkpoint of another.
"""

import json
import logging
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from app.sessions.codec import decode, encode
from app.sessions.memory import meta_bytes
from app.sessions.store import (
    Array,
    Clock,
    Limits,
    NotFound,
    Record,
    StoreError,
    StoreFull,
    StoreStats,
    VersionConflict,
)

try:
    import fcntl
except ImportError:  # Windows has no flock; there SQLite's own locks must do.
    fcntl = None  # type: ignore[assignment]

log = logging.getLogger(__name__)

SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    token_hash BLOB NOT NULL,
    version INTEGER NOT NULL,
    created REAL NOT NULL,
    touched REAL NOT NULL,
    bytes INTEGER NOT NULL,
    meta BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_by_touched ON sessions (touched);
CREATE TABLE arrays (
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (session_id, name)
);
"""


class StoreBusy(StoreError):
    """Another process has the file open."""


class SQLiteStore:
    """A `Store` in a file; see there for what the methods promise."""

    def __init__(self, path: str, limits: Limits, clock: Clock) -> None:
        """Open or make the file, and its folder.

        Raises:
            StoreBusy: another process has it.
            StoreError: a newer version of this program wrote it.
        """
        self._limits = limits
        self._clock = clock
        self._lock = threading.RLock()
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._guard = _only_process(f"{path}.lock")
        self._db = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
        log.info("SQLite %s, sessions in %s", sqlite3.sqlite_version, path)
        try:
            self._set_up()
        except BaseException:
            self.close()
            raise

    def _set_up(self) -> None:
        # auto_vacuum must stand before the first table is made.
        self._db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("PRAGMA foreign_keys = ON")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise StoreError("a newer version of this program wrote the store")
        if version == 0:
            self._db.executescript(
                f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
            )

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction: all of it, on disk when the block ends, or nothing."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def create(self, record: Record) -> None:
        """See `Store.create`."""
        meta = meta_bytes(record.meta)
        data = {name: encode(array) for name, array in record.arrays.items()}
        size = len(meta) + sum(map(len, data.values()))
        with self._writing():
            if self._db.execute("SELECT 1 FROM sessions WHERE id = ?", (record.id,)).fetchone():
                raise ValueError("the id is taken")
            self._make_room(size, record.id)
            self._db.execute(
                "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?)",
                (record.id, record.token_hash, record.version, record.created, record.touched,
                 size, meta),
            )  # fmt: skip
            self._put(record.id, data)

    def get(self, id: str) -> Record:
        """See `Store.get`."""
        with self._lock:
            head = self._head(id)
            rows = self._db.execute(
                "SELECT name, data FROM arrays WHERE session_id = ?", (id,)
            ).fetchall()
        return replace(head, arrays={name: decode(data) for name, data in rows})

    def replace(
        self,
        id: str,
        expected_version: int,
        meta: dict[str, Any],
        arrays: Mapping[str, Array | None],
    ) -> Record:
        """See `Store.replace`."""
        encoded_meta = meta_bytes(meta)
        data = {name: encode(array) for name, array in arrays.items() if array is not None}
        with self._writing():
            head = self._head(id)
            if head.version != expected_version:
                raise VersionConflict(head.version)
            for name in arrays:
                self._db.execute("DELETE FROM arrays WHERE session_id = ? AND name = ?", (id, name))
            self._put(id, data)
            (stored,) = self._db.execute(
                "SELECT coalesce(sum(length(data)), 0) FROM arrays WHERE session_id = ?", (id,)
            ).fetchone()
            (before,) = self._db.execute(
                "SELECT bytes FROM sessions WHERE id = ?", (id,)
            ).fetchone()
            size = stored + len(encoded_meta)
            self._make_room(size - before, id)
            self._db.execute(
                "UPDATE sessions SET version = ?, touched = ?, bytes = ?, meta = ? WHERE id = ?",
                (head.version + 1, self._clock(), size, encoded_meta, id),
            )
        return self.get(id)

    def delete(self, id: str) -> None:
        """See `Store.delete`."""
        with self._writing():
            self._head(id)
            self._forget([id])

    def touch(self, id: str) -> None:
        """See `Store.touch`."""
        with self._writing():
            self._head(id)
            self._db.execute("UPDATE sessions SET touched = ? WHERE id = ?", (self._clock(), id))

    def sweep(self) -> list[str]:
        """See `Store.sweep`; freed pages go back to the file system."""
        oldest = self._clock() - self._limits.idle_seconds
        with self._writing():
            rows = self._db.execute("SELECT id FROM sessions WHERE touched < ?", (oldest,))
            gone = [id for (id,) in rows]
            self._forget(gone)
        if gone:
            with self._lock:
                self._db.execute("PRAGMA incremental_vacuum").fetchall()
        return gone

    def stats(self) -> StoreStats:
        """See `Store.stats`."""
        with self._lock:
            row = self._db.execute("SELECT count(*), coalesce(sum(bytes), 0) FROM sessions")
            return StoreStats(*row.fetchone())

    def ping(self) -> None:
        """Read from the file."""
        with self._lock:
            self._db.execute("SELECT 1 FROM sessions LIMIT 1").fetchone()

    def close(self) -> None:
        """Close the file and let other processes have it."""
        with self._lock:
            self._db.close()
            if self._guard is not None:
                self._guard.close()

    def _head(self, id: str) -> Record:
        """The session without its arrays."""
        row = self._db.execute(
            "SELECT token_hash, version, created, touched, meta FROM sessions WHERE id = ?", (id,)
        ).fetchone()
        if row is None or self._clock() - row[3] > self._limits.idle_seconds:
            raise NotFound
        token_hash, version, created, touched, meta = row
        return Record(id, token_hash, version, created, touched, _parsed(meta), {})

    def _put(self, id: str, data: Mapping[str, bytes]) -> None:
        self._db.executemany(
            "INSERT INTO arrays VALUES (?, ?, ?)",
            [(id, name, blob) for name, blob in data.items()],
        )

    def _forget(self, ids: list[str]) -> None:
        self._db.executemany("DELETE FROM sessions WHERE id = ?", [(id,) for id in ids])

    def _make_room(self, extra: int, keep: str) -> None:
        """Let the longest idle go until ``extra`` bytes fit, within the caller's transaction."""
        if extra <= 0:
            return
        excess = self.stats().bytes + extra - self._limits.max_bytes
        if excess <= 0:
            return
        idle = self._db.execute(
            "SELECT id, bytes FROM sessions WHERE id != ? AND touched <= ? ORDER BY touched, id",
            (keep, self._clock() - self._limits.grace_seconds),
        ).fetchall()
        going = []
        for id, size in idle:
            if excess <= 0:
                break
            going.append(id)
            excess -= size
        if excess > 0:
            raise StoreFull(int(self._limits.grace_seconds))
        self._forget(going)


def _parsed(meta: bytes) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(meta)
    return parsed


def _only_process(path: str) -> IO[bytes] | None:
    """Hold a lock beside the file; the system lets go of it however the process ends."""
    if fcntl is None:
        return None
    guard = open(path, "ab")  # noqa: SIM115 - held as long as the store
    try:
        fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        guard.close()
        raise StoreBusy(f"another process is using the store (lock {path})") from None
    return guard
