"""Sessions in one SQLite file: committed before any write returns.

A step of the cursor writes one small row: arrays lie in a table of their own. When each session was
last used, and how large it is, is also kept in memory, exactly; see `Ledger`.
"""

import itertools
import logging
import math
import sqlite3
from collections.abc import Mapping
from typing import Any, NamedTuple

from app.sessions.store.cache import ByteCache
from app.sessions.store.codec import decode_meta, encode, encode_meta
from app.sessions.store.database import Database
from app.sessions.store.ledger import Ledger
from app.sessions.store.removal import remove, write_without
from app.sessions.store.store import (
    NOTHING,
    Array,
    Clock,
    Limits,
    Record,
    SessionDamaged,
    StoreError,
    StoreFull,
    StoreStats,
    VersionConflict,
    charged_bytes,
)
from app.sessions.store.tables import (
    put_rows,
    read_arrays,
    read_attachment,
    read_head,
    row_size,
)

log = logging.getLogger(__name__)

# A last use is written when the one on disk is this much older, in seconds.
TOUCH_SECONDS = 60.0
# How long a sweep holds the lock at a time: sessions deleted, and free pages given back.
SWEEP_SESSIONS, SWEEP_PAGES = 100, 1000
# A file that was last used longer ago, or later than now, in seconds: nobody could use a session
# meanwhile, or a clock was wrong.
PAUSE_SECONDS = 3600.0
# Arrays that need not be read again, since only this process writes them.
CACHE_BYTES = 64 * 1024**2


class SQLiteStore:
    """A `Store` in a file; see there for what the methods promise.

    The last use of a session is exact in memory; `touch` writes it at most once a minute a session,
    `replace` and `close` always. So after a crash a session may count as idle up to a minute longer
    than it was. Time in which nobody has the file open makes no session older.
    """

    def __init__(self, path: str, limits: Limits, clock: Clock) -> None:
        """Open or make the file, and its folder.

        Raises:
            StoreBusy: another process has it.
            StoreError: it is no store, or a newer version of this program wrote it.
            OSError: it cannot be made or written.
        """
        self._clock = clock
        self._database = Database(path)
        self._access, self._transaction = self._database.access, self._database.transaction
        self._ledger = Ledger(limits)
        self._on_disk: dict[str, _OnDisk] = {}
        self._stamps = itertools.count()
        # Before then no last use is written: the disk has just refused one.
        self._no_touch_before = -math.inf
        self._cache: ByteCache[tuple[str, int], dict[str, Array]] = ByteCache(
            CACHE_BYTES, lambda arrays: sum(array.nbytes for array in arrays.values())
        )
        try:
            self._read_ledger()
        except BaseException:
            self._database.close()
            raise

    def create(self, record: Record, owner: str = "") -> None:
        """See `Store.create`."""
        meta = encode_meta(record.meta)
        data = {name: encode(array) for name, array in record.arrays.items()}
        size = charged_bytes(meta, map(len, data.values()))
        with self._access():
            if record.id in self._ledger:
                raise ValueError("the id is taken")
            victims = self._ledger.victims(size, record.id, self._clock(), owner)

            def write(db: sqlite3.Connection) -> None:
                db.execute(
                    "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (record.id, record.token_hash, record.version, record.created, record.touched,
                     size, meta),
                )  # fmt: skip
                put_rows(db, "arrays", record.id, data)

            write_without(self._database, victims, write)
            on_disk = _OnDisk(record.touched, next(self._stamps))
            self._written(record.id, on_disk, size, victims, owner)

    def get(self, id: str) -> Record:
        """See `Store.get`."""
        with self._access() as db:
            touched = self._ledger.require(id, self._clock()).touched
            token_hash, version, created, meta = read_head(db, id)
            arrays = self._arrays(db, id, self._on_disk[id].stamp)
        try:
            read = decode_meta(meta)
        except ValueError as error:
            raise SessionDamaged(f"session {id}: {error}", token_hash, version) from error
        return Record(id, token_hash, version, created, touched, read, arrays)

    def replace(
        self,
        id: str,
        expected_version: int,
        meta: dict[str, Any],
        arrays: Mapping[str, Array | None],
        attached: Mapping[str, bytes | None] = NOTHING,
        fence: int | None = None,
    ) -> Record:
        """See `Store.replace`."""
        encoded = encode_meta(meta)
        data = {name: encode(array) for name, array in arrays.items() if array is not None}
        beside = {name: blob for name, blob in attached.items() if blob is not None}
        with self._access() as db:
            now = self._clock()
            before = self._ledger.require(id, now).bytes
            self._ledger.require_fence(id, fence)
            token_hash, version, created, old_meta = read_head(db, id)
            if version != expected_version:
                raise VersionConflict(version)
            extra = len(encoded) - len(old_meta)
            extra += sum(map(len, (*data.values(), *beside.values())))
            extra -= sum(row_size(db, "arrays", id, name) for name in arrays)
            extra -= sum(row_size(db, "attachments", id, name) for name in attached)
            victims = self._ledger.victims(extra, id, now)
            stamp = next(self._stamps) if arrays else self._on_disk[id].stamp

            def write(db: sqlite3.Connection) -> dict[str, Array]:
                db.execute(
                    "UPDATE sessions SET version = ?, touched = ?, bytes = ?, meta = ?"
                    " WHERE id = ?",
                    (version + 1, now, before + extra, encoded, id),
                )
                for table, gone, new in (
                    ("arrays", arrays, data),
                    ("attachments", attached, beside),
                ):
                    db.executemany(
                        f"DELETE FROM {table} WHERE session_id = ? AND name = ?",
                        [(id, name) for name in gone],
                    )
                    put_rows(db, table, id, new)
                return self._arrays(db, id, stamp)

            all_arrays = write_without(self._database, victims, write)
            self._written(id, _OnDisk(now, stamp), before + extra, victims)
        return Record(id, token_hash, version + 1, created, now, decode_meta(encoded), all_arrays)

    def fence(self, id: str, number: int) -> None:
        """See `Store.fence`."""
        with self._access():
            self._ledger.require(id, self._clock())
            self._ledger.raise_fence(id, number)

    def attachment(self, id: str, name: str) -> bytes | None:
        """See `Store.attachment`."""
        with self._access() as db:
            self._ledger.require(id, self._clock())
            return read_attachment(db, id, name)

    def attachments(self, id: str) -> dict[str, int]:
        """See `Store.attachments`."""
        with self._access() as db:
            self._ledger.require(id, self._clock())
            return dict(
                db.execute("SELECT name, length(data) FROM attachments WHERE session_id = ?", (id,))
            )

    def attached(self, name: str) -> dict[str, bytes]:
        """See `Store.attached`."""
        found = {}
        with self._access() as db:
            ids = db.execute("SELECT session_id FROM attachments WHERE name = ?", (name,))
            for (id,) in ids.fetchall():
                try:
                    data = read_attachment(db, id, name)
                except SessionDamaged as error:
                    log.error("%s", error)
                    continue
                if data is not None:
                    found[id] = data
        return found

    def delete(self, id: str) -> None:
        """See `Store.delete`."""
        with self._access():
            self._ledger.require(id, self._clock())
            remove(self._database, [id])
            self._drop([id])

    def touch(self, id: str) -> None:
        """See `Store.touch`."""
        with self._access():
            now = self._clock()
            size = self._ledger.require(id, now).bytes
            self._ledger.put(id, now, size)
            late = now - self._on_disk[id].touched >= TOUCH_SECONDS
            if not late or now < self._no_touch_before:
                return
            try:
                with self._transaction() as db:
                    db.execute("UPDATE sessions SET touched = ? WHERE id = ?", (now, id))
            except StoreError as error:
                # Nobody is kept from reading by that.
                log.warning("last uses are not kept for now: %s", error)
                self._no_touch_before = now + TOUCH_SECONDS
            else:
                self._on_disk[id] = self._on_disk[id]._replace(touched=now)

    def sweep(self) -> list[str]:
        """See `Store.sweep`; the file gives back what is free. Others get their turn between."""
        gone: list[str] = []
        while True:
            with self._access():
                expired = list(
                    itertools.islice(self._ledger.expired(self._clock()), SWEEP_SESSIONS)
                )
                if not expired:
                    break
                remove(self._database, expired)
                self._drop(expired)
            gone += expired
        while self._database.shrink(SWEEP_PAGES):
            pass
        self._database.reserve.keep()
        return gone

    def stats(self) -> StoreStats:
        """See `Store.stats`."""
        with self._access():
            return StoreStats(len(self._ledger), self._ledger.bytes)

    def ping(self) -> None:
        """See `Store.ping`."""
        self._database.ping()

    def close(self) -> None:
        """Write the last uses, close the file and let other processes have it."""
        if self._database.closed:
            return
        try:
            with self._transaction() as db:
                late = [
                    (touched, id)
                    for id, on_disk in self._on_disk.items()
                    if (touched := self._ledger.touched(id)) != on_disk.touched
                ]
                db.executemany("UPDATE sessions SET touched = ? WHERE id = ?", late)
        except StoreError as error:
            log.warning("last uses are not kept: %s", error)
        finally:
            self._database.close()

    def _arrays(self, db: sqlite3.Connection, id: str, stamp: int) -> dict[str, Array]:
        """The session's arrays; read only where the cache does not have them by this stamp."""
        return dict(self._cache.get((id, stamp), lambda: read_arrays(db, id)))

    def _read_ledger(self) -> None:
        """Which sessions there are; the one used last counts as used now after a long pause."""
        now = self._clock()
        with self._access() as db:
            rows = db.execute("SELECT id, touched, bytes FROM sessions ORDER BY touched").fetchall()
            later = now - rows[-1][1] if rows else 0.0
            if abs(later) <= PAUSE_SECONDS:
                later = 0.0
            if later:
                self._put_off(later)
            for id, touched, size in rows:
                self._ledger.put(id, touched + later, size)
                self._on_disk[id] = _OnDisk(touched + later, next(self._stamps))

    def _put_off(self, seconds: float) -> None:
        log.info("the store was not in use for %.0f s, which make no session older", seconds)
        try:
            with self._transaction() as db:
                db.execute("UPDATE sessions SET touched = touched + ?", (seconds,))
        except StoreFull as error:
            log.warning("last uses are not kept: %s", error)

    def _written(
        self, id: str, on_disk: "_OnDisk", size: int, victims: list[str], owner: str = ""
    ) -> None:
        """What a committed write means for the books in memory."""
        self._drop(victims)
        self._ledger.put(id, on_disk.touched, size, owner)
        self._on_disk[id] = on_disk

    def _drop(self, ids: list[str]) -> None:
        self._ledger.drop(ids)
        for id in ids:
            self._on_disk.pop(id, None)


class _OnDisk(NamedTuple):
    """What is known of a session's rows: its last use there; a number new with its arrays."""

    touched: float
    stamp: int
