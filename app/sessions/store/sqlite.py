"""Sessions in one SQLite file: committed before any write returns.

A step of the cursor writes one small row: arrays lie in a table of their own. When each session was
last used, and how large it is, is also kept in memory, exactly; see `Ledger`.
"""

import itertools
import logging
import sqlite3
from collections.abc import Mapping
from typing import Any, NamedTuple

from app.sessions.store.cache import ByteCache
from app.sessions.store.codec import CorruptArray, decode, decode_meta, encode, encode_meta
from app.sessions.store.database import Database
from app.sessions.store.ledger import Ledger
from app.sessions.store.store import (
    NOTHING,
    Array,
    Clock,
    Limits,
    Record,
    StoreError,
    StoreStats,
    VersionConflict,
    charged_bytes,
)

log = logging.getLogger(__name__)

# A last use is written when the one on disk is this much older, in seconds.
TOUCH_SECONDS = 60.0
# How long a sweep holds the lock at a time: sessions deleted, and free pages given back.
SWEEP_SESSIONS, SWEEP_PAGES = 100, 1000
# Arrays that need not be read again, since only this process writes them.
CACHE_BYTES = 64 * 1024**2


class SQLiteStore:
    """A `Store` in a file; see there for what the methods promise.

    The last use of a session is exact in memory; `touch` writes it at most once a minute a session,
    `replace` and `close` always. So after a crash a session may count as idle up to a minute longer
    than it was.
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
            with self._transaction() as db:
                _delete_rows(db, victims)
                db.execute(
                    "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (record.id, record.token_hash, record.version, record.created, record.touched,
                     size, meta),
                )  # fmt: skip
                _put_rows(db, "arrays", record.id, data)
            on_disk = _OnDisk(record.touched, next(self._stamps))
            self._written(record.id, on_disk, size, victims, owner)

    def get(self, id: str) -> Record:
        """See `Store.get`."""
        with self._access() as db:
            touched = self._ledger.require(id, self._clock()).touched
            head = db.execute(
                "SELECT token_hash, version, created, meta FROM sessions WHERE id = ?", (id,)
            ).fetchone()
            arrays = self._arrays(db, id, self._on_disk[id].stamp)
        token_hash, version, created, meta = head
        return Record(id, token_hash, version, created, touched, decode_meta(meta), arrays)

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
        with self._access():
            now = self._clock()
            before = self._ledger.require(id, now).bytes
            self._ledger.require_fence(id, fence)
            with self._transaction() as db:
                token_hash, version, created, meta_size = db.execute(
                    "SELECT token_hash, version, created, length(meta) FROM sessions WHERE id = ?",
                    (id,),
                ).fetchone()
                if version != expected_version:
                    raise VersionConflict(version)
                extra = len(encoded) - meta_size
                extra += sum(map(len, (*data.values(), *beside.values())))
                extra -= sum(_row_size(db, "arrays", id, name) for name in arrays)
                extra -= sum(_row_size(db, "attachments", id, name) for name in attached)
                victims = self._ledger.victims(extra, id, now)
                _delete_rows(db, victims)
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
                    _put_rows(db, table, id, new)
                stamp = next(self._stamps) if arrays else self._on_disk[id].stamp
                all_arrays = self._arrays(db, id, stamp)
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
            row: tuple[bytes] | None = db.execute(
                "SELECT data FROM attachments WHERE session_id = ? AND name = ?", (id, name)
            ).fetchone()
        return row[0] if row else None

    def attachments(self, id: str) -> dict[str, int]:
        """See `Store.attachments`."""
        with self._access() as db:
            self._ledger.require(id, self._clock())
            return dict(
                db.execute("SELECT name, length(data) FROM attachments WHERE session_id = ?", (id,))
            )

    def attached(self, name: str) -> dict[str, bytes]:
        """See `Store.attached`."""
        with self._access() as db:
            return dict(
                db.execute("SELECT session_id, data FROM attachments WHERE name = ?", (name,))
            )

    def delete(self, id: str) -> None:
        """See `Store.delete`."""
        with self._access():
            self._ledger.require(id, self._clock())
            with self._transaction() as db:
                _delete_rows(db, [id])
            self._drop([id])

    def touch(self, id: str) -> None:
        """See `Store.touch`."""
        with self._access():
            now = self._clock()
            size = self._ledger.require(id, now).bytes
            if now - self._on_disk[id].touched >= TOUCH_SECONDS:
                with self._transaction() as db:
                    db.execute("UPDATE sessions SET touched = ? WHERE id = ?", (now, id))
                self._on_disk[id] = self._on_disk[id]._replace(touched=now)
            self._ledger.put(id, now, size)

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
                with self._transaction() as db:
                    _delete_rows(db, expired)
                self._drop(expired)
            gone += expired
        free = SWEEP_PAGES if gone else 0
        while free >= SWEEP_PAGES:
            with self._access() as db:
                db.execute(f"PRAGMA incremental_vacuum({SWEEP_PAGES})").fetchall()
                (free,) = db.execute("PRAGMA freelist_count").fetchone()
        return gone

    def stats(self) -> StoreStats:
        """See `Store.stats`."""
        with self._access():
            return StoreStats(len(self._ledger), self._ledger.bytes)

    def ping(self) -> None:
        """See `Store.ping`."""
        with self._transaction() as db:
            db.execute("SELECT 1 FROM sessions LIMIT 1").fetchone()

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
        return dict(self._cache.get((id, stamp), lambda: _read_arrays(db, id)))

    def _read_ledger(self) -> None:
        with self._access() as db:
            for id, touched, size in db.execute(
                "SELECT id, touched, bytes FROM sessions ORDER BY touched"
            ):
                self._ledger.put(id, touched, size)
                self._on_disk[id] = _OnDisk(touched, next(self._stamps))

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
            del self._on_disk[id]


class _OnDisk(NamedTuple):
    """What is known of a session's rows: its last use there; a number new with its arrays."""

    touched: float
    stamp: int


def _read_arrays(db: sqlite3.Connection, id: str) -> dict[str, Array]:
    arrays = {}
    for name, data in db.execute("SELECT name, data FROM arrays WHERE session_id = ?", (id,)):
        try:
            arrays[name] = decode(data)
        except CorruptArray as error:
            raise StoreError(f"array {name} of session {id} is damaged: {error}") from error
    return arrays


def _row_size(db: sqlite3.Connection, table: str, id: str, name: str) -> int:
    row: tuple[int] | None = db.execute(
        f"SELECT length(data) FROM {table} WHERE session_id = ? AND name = ?", (id, name)
    ).fetchone()
    return row[0] if row else 0


def _put_rows(db: sqlite3.Connection, table: str, id: str, data: Mapping[str, bytes]) -> None:
    db.executemany(
        f"INSERT INTO {table} VALUES (?, ?, ?)", [(id, name, blob) for name, blob in data.items()]
    )


def _delete_rows(db: sqlite3.Connection, ids: list[str]) -> None:
    # Their arrays and attachments go with them: ON DELETE CASCADE.
    db.executemany("DELETE FROM sessions WHERE id = ?", [(id,) for id in ids])
