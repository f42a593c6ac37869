"""One SQLite file that only this process uses, through one connection behind one lock.

SQLite from 3.7.0 to 3.51.2 can corrupt a WAL file when a commit of one connection races a
checkpoint of another (sqlite.org/wal.html, "the WAL-reset bug"). With one connection that cannot
happen; a lock file keeps other processes of this program away for the same reason.
"""

import logging
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from app.sessions.store.lockfile import Held, LockFile
from app.sessions.store.schema import prepare
from app.sessions.store.store import StoreBusy, StoreError, StoreFull

log = logging.getLogger(__name__)

# How long to wait for a lock of some other program that looks into the file, in seconds.
BUSY_SECONDS = 5.0
# When to try again where the disk is full, in seconds.
DISK_FULL_SECONDS = 60


class Database:
    """The open file. Within `access` and `transaction` the caller is alone; they nest."""

    def __init__(self, path: str) -> None:
        """Open or make the file, its folder and its tables.

        Raises:
            StoreBusy: another process has it.
            StoreError: it is no store, or a newer version of this program wrote it.
            OSError: it cannot be made or written.
        """
        self._lock = threading.RLock()
        # Links are followed, so that two names of one file have one lock.
        file = Path(path).expanduser().resolve()
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with ExitStack() as opened:
            try:
                guard = LockFile(file.with_name(f"{file.name}.lock"))
            except Held as held:
                raise StoreBusy(
                    f"another process ({held.holder}) is using the store {file}"
                ) from None
            opened.callback(guard.release)
            # Made here, for only its owner to read; SQLite gives its other files the same mode.
            os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
            try:
                self._db = sqlite3.connect(
                    file, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
                )
                opened.callback(self._db.close)
                prepare(self._db)
            except sqlite3.Error as error:
                raise StoreError(f"cannot open the store {file}: {error}") from error
            self._opened: ExitStack | None = opened.pop_all()
        log.info("SQLite %s, sessions in %s", sqlite3.sqlite_version, file)

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._opened is None

    @contextmanager
    def access(self) -> Iterator[sqlite3.Connection]:
        """The connection, alone.

        Raises:
            StoreFull: the disk is full.
            StoreError: SQLite raised something else, or the file is closed.
        """
        with self._lock:
            if self._opened is None:
                raise StoreError("the store is closed")
            try:
                yield self._db
            except sqlite3.Error as error:
                # The module's own errors have no code.
                if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
                    raise StoreFull(DISK_FULL_SECONDS, "the disk is full") from error
                raise StoreError(f"SQLite: {error}") from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The connection in a transaction: committed when the block ends, or nothing of it."""
        with self.access() as db:
            # IMMEDIATE: a transaction that reads first and writes later can fail in between.
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                # After a failed commit the transaction may be open or not.
                with suppress(sqlite3.Error):
                    db.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the file and let other processes have it; a second call does nothing."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None
