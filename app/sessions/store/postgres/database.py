"""Connections to one PostgreSQL database, and what is told of it when it is not there.

The address may hold a password, so nothing that psycopg says of it goes on: errors are told by
their kind alone, without the text and without the chain. A pool of its own, since a call after an
outage must try at once rather than when a back-off ends, and must not be logged with the address.
"""

import logging
import os
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import errors

from app.sessions.store.postgres.schema import prepare
from app.sessions.store.store import StoreError, StoreFull, StoreUnavailable

Connection = psycopg.Connection[Any]

log = logging.getLogger(__name__)

# Connections of one process; more callers than these wait for their turn.
MOST_CONNECTIONS = 16
CONNECT_SECONDS = 3
# Whoever has not answered by then will not: the connection is cut off.
CALL_SECONDS = 10.0
# While the database is away one caller tries so often, and the others are refused at once.
RETRY_SECONDS = 0.5
RETRY_AFTER = 2
DISK_FULL_SECONDS = 60
# What a network in between swallows is noticed by the system, too.
_OPTIONS: dict[str, Any] = {
    "connect_timeout": CONNECT_SECONDS,
    "tcp_user_timeout": int(CALL_SECONDS * 1000),
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "application_name": "backprop-explorer",
}
# What passes by itself: another writer, a restart, a server that only reads for now.
_PASSING = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    errors.SerializationFailure,
    errors.ReadOnlySqlTransaction,
)


class Database:
    """The database at an address.

    Args:
        address: Any that libpq takes: an URL or ``key=value`` pairs.

    Raises:
        StoreUnavailable: it cannot be reached.
        StoreError: the address makes no sense, or its tables are not ours.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(MOST_CONNECTIONS)
        self._free: deque[Connection] = deque()
        self._deadlines: dict[Connection, float] = {}
        self._closed = threading.Event()
        self._away_until = 0.0
        self._trying = threading.Lock()
        try:
            with self.transaction() as db:
                prepare(db)
        except BaseException:
            self.close()
            raise
        threading.Thread(target=self._watch, name="database", daemon=True).start()

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed.is_set()

    @contextmanager
    def access(self) -> Iterator[Connection]:
        """A connection; each statement is committed by itself.

        Raises:
            StoreUnavailable: the database is away.
            StoreFull: its disk is full.
            StoreError: it raised something else, or the store is closed.
        """
        if not self._places.acquire(timeout=CALL_SECONDS):
            raise StoreUnavailable(RETRY_AFTER)
        try:
            with self._at_work() as db:
                yield db
        finally:
            self._places.release()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection in a transaction: committed when the block ends, or nothing of it."""
        with self.access() as db, db.transaction():
            yield db

    def connect(self) -> Connection:
        """A connection apart from the others, for who listens; closed by the caller.

        Raises:
            StoreUnavailable: the database is away.
            StoreError: it refuses us.
        """
        with _told():
            return psycopg.connect(self._address, autocommit=True, **_OPTIONS)

    def close(self) -> None:
        """Let go of all connections; a second call does nothing."""
        self._closed.set()
        with self._lock:
            while self._free:
                self._free.pop().close()

    @contextmanager
    def _at_work(self) -> Iterator[Connection]:
        with self._attempt():
            db = self._take()
            with self._lock:
                self._deadlines[db] = time.monotonic() + CALL_SECONDS
            try:
                with _told():
                    yield db
            finally:
                with self._lock:
                    del self._deadlines[db]
                idle = db.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
                if idle and not db.broken and not self.closed:
                    self._free.append(db)
                else:
                    with suppress(psycopg.Error):
                        db.close()

    @contextmanager
    def _attempt(self) -> Iterator[None]:
        """Refuse at once while the database is away, but for one caller who tries now and then."""
        away = self._away_until
        if away and (time.monotonic() < away or not self._trying.acquire(blocking=False)):
            raise StoreUnavailable(RETRY_AFTER)
        try:
            yield
            if away:
                log.warning("the database is there again")
                self._away_until = 0.0
        except StoreUnavailable as error:
            if error.lost:
                if not self._away_until:
                    log.warning("the database is away: %s", error)
                self._away_until = time.monotonic() + RETRY_SECONDS
            raise
        except BaseException:
            self._away_until = 0.0  # it has answered, whatever it was
            raise
        finally:
            if away:
                self._trying.release()

    def _take(self) -> Connection:
        while True:
            if self.closed:
                raise StoreError("the store is closed")
            with suppress(IndexError):
                db = self._free.pop()
                # Who has nothing to answer and yet says something says goodbye.
                if not db.closed and not select.select([db], [], [], 0)[0]:
                    return db
                db.close()
                continue
            return self.connect()

    def _watch(self) -> None:
        """Cut off who does not answer: psycopg itself would wait for ever."""
        while not self._closed.wait(0.5):
            now = time.monotonic()
            with self._lock:
                late = [db for db, deadline in self._deadlines.items() if now > deadline]
            for db in late:
                with suppress(OSError, psycopg.Error):
                    cut(db)


def cut(db: Connection) -> None:
    """End a connection under whoever waits for it in another thread."""
    with socket.socket(fileno=os.dup(db.fileno())) as wire:
        wire.shutdown(socket.SHUT_RDWR)


@contextmanager
def _told() -> Iterator[None]:
    """Errors of psycopg as the store's, without what they say."""
    try:
        yield
    except errors.DiskFull:
        raise StoreFull(DISK_FULL_SECONDS, "the disk is full") from None
    except _PASSING as error:
        lost = error.sqlstate is None or error.sqlstate[:2] in ("08", "57", "53", "25")
        raise StoreUnavailable(RETRY_AFTER, _kind(error), lost=lost) from None
    except psycopg.Error as error:
        raise StoreError(f"PostgreSQL: {_kind(error)}") from None


def _kind(error: psycopg.Error) -> str:
    return f"{type(error).__name__} {error.sqlstate or ''}".strip()
