"""One SQLite file that only this process uses, through one connection behind one lock.

SQLite from 3.7.0 to 3.51.2 can corrupt a WAL file when a commit of one connection races a
checkpoint of another (sqlite.org/wal.html, "the WAL-reset bug"). With one connection that cannot
happen; a lock file keeps other processes of this program away for the same reason.

A file that somebody removes, replaces or empties meanwhile is noticed before the next write: SQLite
would go on with what it has, and everything would be lost at the end.
"""

import logging
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from app.sessions.store.lockfile import Held, LockFile
from app.sessions.store.reserve import Reserve
from app.sessions.store.schema import SCHEMA_VERSION, prepare
from app.sessions.store.store import StoreBusy, StoreDamaged, StoreError, StoreFull

log = logging.getLogger(__name__)

# How long to wait for a lock of some other program that looks into the file, in seconds.
BUSY_SECONDS = 5.0
# When to try again where the disk is full, in seconds.
DISK_FULL_SECONDS = 60
FULL = "the disk is full"


class Database:
    """The open file. Within `access` and `transaction` the caller is alone; they nest."""

    def __init__(self, path: str) -> None:
        """Open or make the file, its folder and its tables.

        Raises:
            StoreBusy: another process has it.
            StoreDamaged: it has parts that cannot be read.
            StoreError: it is no store, or a newer version of this program wrote it.
            OSError: it cannot be made or written.
        """
        self._is_short = False
        self._is_gone = False
        self._lock = threading.RLock()
        # Links are followed, so that two names of one file have one lock.
        file = Path(path).expanduser().resolve()
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with ExitStack() as opened:
            opened.enter_context(locked(file))
            if file.exists() and not file.stat().st_size:
                log.warning("the store %s was empty, and is begun anew", file)
            # Made here, for only its owner to read; SQLite gives its other files the same mode.
            os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
            try:
                self._db = sqlite3.connect(
                    file, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
                )
                opened.callback(self._db.close)
                self._prepare(Reserve.path_of(file))
            except sqlite3.Error as error:
                kind = StoreDamaged if _is_damage(error) else StoreError
                raise kind(f"cannot open the store {file}: {error}") from error
            self._file, self._identity = file, _identity(file)
            self.reserve = Reserve(Reserve.path_of(file))
            self._opened: ExitStack | None = opened.pop_all()
        log.info("SQLite %s, sessions in %s", sqlite3.sqlite_version, file)

    def _prepare(self, reserve: Path) -> None:
        try:
            prepare(self._db)
        except sqlite3.OperationalError:
            # On a full disk not even reading can begin, until there is a little room.
            if not reserve.exists():
                raise
            reserve.unlink()
            prepare(self._db)

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._opened is None

    @contextmanager
    def access(self) -> Iterator[sqlite3.Connection]:
        """The connection, alone.

        Raises:
            StoreFull: the disk is full.
            StoreDamaged: what was asked for cannot be read.
            StoreError: SQLite raised something else, or the file is closed.
        """
        with self._lock:
            if self._opened is None:
                raise StoreError("the store is closed")
            try:
                yield self._db
            except sqlite3.Error as error:
                if _code(error) == sqlite3.SQLITE_FULL:
                    self._is_short = True
                    raise StoreFull(DISK_FULL_SECONDS, FULL) from error
                if _is_damage(error):
                    raise StoreDamaged(f"SQLite: {error}") from error
                raise StoreError(f"SQLite: {error}") from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The connection in a transaction: committed when the block ends, or nothing of it.

        Raises:
            StoreError: as `access`; or the file is not there any more.
        """
        with self.access() as db:
            self._require_file()
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

    def ping(self) -> None:
        """Raise where a write would fail, or soon would.

        Raises:
            StoreFull: the disk is as good as full.
            StoreError: something else.
        """
        with self.transaction() as db:
            db.execute("SELECT 1 FROM sessions LIMIT 1").fetchone()
            if self._is_short:
                # Changes nothing, and yet is written.
                db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        self._is_short = False
        if self.reserve.is_short():
            raise StoreFull(DISK_FULL_SECONDS, FULL)

    def shrink(self, pages: int) -> bool:
        """Give free pages at the end of the file back, so many at a time; whether there are more.

        A few are kept for what comes.
        """
        with self.access() as db:
            (free,) = db.execute("PRAGMA freelist_count").fetchone()
            if free < pages:
                return False
            self._require_file()
            # The pragma gives back one page a step, and `execute` takes one step of a statement
            # that has no columns.
            db.executescript(f"PRAGMA incremental_vacuum({pages})")
            self.checkpoint()
            return True

    def checkpoint(self) -> None:
        """Put what has changed into the file, where it lies in the log beside it until then.

        What there is no room for stays in the log.
        """
        with self.access() as db, suppress(sqlite3.OperationalError):
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _require_file(self) -> None:
        if _identity(self._file) == self._identity:
            self._is_gone = False
            return
        message = f"the store's file {self._file} was removed, replaced or emptied while in use"
        if not self._is_gone:
            self._is_gone = True
            log.error("%s: nothing is kept any more; restart the server", message)
        raise StoreError(message)

    def close(self) -> None:
        """Close the file and let other processes have it; a second call does nothing."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Keep other processes of this program away from a store's file.

    Raises:
        StoreBusy: one of them has it.
    """
    try:
        guard = LockFile(file.with_name(f"{file.name}.lock"))
    except Held as held:
        raise StoreBusy(f"another process ({held.holder}) is using the store {file}") from None
    try:
        yield
    finally:
        guard.release()


def _identity(file: Path) -> tuple[int, int] | None:
    """Which file this is, by whatever name; None for none, and for an empty one."""
    try:
        found = file.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found.st_size else None


def _code(error: sqlite3.Error) -> int | None:
    # The module's own errors have no code.
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return code


def _is_damage(error: sqlite3.Error) -> bool:
    code = _code(error)
    # The lowest byte is the kind, the others say more.
    return code is not None and code & 0xFF == sqlite3.SQLITE_CORRUPT
