"""Sessions in PostgreSQL, for any number of processes: committed before any write returns.

What `Store` promises of limits holds for all processes together, but for two things that only one
that is asked at every write could know: the sum of all bytes is counted anew every few seconds, and
a use that another process has only noted may be up to a minute old.
"""

import hashlib
import hmac
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from app.sessions.store.cache import ByteCache
from app.sessions.store.codec import (
    CorruptArray,
    decode,
    decode_meta,
    encode,
    encode_meta,
    frozen,
)
from app.sessions.store.ledger import Ledger
from app.sessions.store.postgres.database import Connection, Database
from app.sessions.store.store import (
    NOTHING,
    Array,
    Clock,
    Fenced,
    Limits,
    NotFound,
    Record,
    SessionDamaged,
    StoreError,
    StoreStats,
    VersionConflict,
    charged_bytes,
)

log = logging.getLogger(__name__)

# A last use is written when the one in the table is this much older, in seconds.
TOUCH_SECONDS = 60.0
# Uses that are noted and not written; the oldest are forgotten, which makes them a minute older.
NOTED_USES = 100_000
# How long the sum of all bytes is believed: what others write meanwhile is not in it.
COUNT_SECONDS = 5.0
SWEEP_SESSIONS = 100
CACHE_BYTES = 64 * 1024**2


class PostgresStore:
    """A `Store` in a database; see there for what the methods promise."""

    def __init__(self, database: Database, limits: Limits, clock: Clock) -> None:
        """Use a database, which `close` closes, too."""
        self.database = database
        self._access, self._transaction = database.access, database.transaction
        self._limits, self._clock = limits, clock
        self._lock = threading.Lock()
        self._uses: OrderedDict[str, float] = OrderedDict()
        self._total, self._counted_at = 0, -COUNT_SECONDS
        # By the stamp of the arrays, which is new whenever one of them is: nothing in it is stale.
        self._cache: ByteCache[tuple[str, int], dict[str, Array]] = ByteCache(
            CACHE_BYTES, lambda arrays: sum(array.nbytes for array in arrays.values())
        )
        try:
            with self._access() as db:
                (self._key,) = _one(db.execute("SELECT key FROM backprop_key"))
        except BaseException:
            database.close()
            raise

    def create(self, record: Record, owner: str = "") -> None:
        """See `Store.create`."""
        meta = encode_meta(record.meta)
        data = {name: encode(array) for name, array in record.arrays.items()}
        size = charged_bytes(meta, map(len, data.values()))
        whose = self._digest(owner)
        with self._transaction() as db:
            if db.execute("SELECT 1 FROM sessions WHERE id = %s", (record.id,)).fetchone():
                raise ValueError("the id is taken")
            freed = self._make_room(db, size, record.id, whose)
            made = db.execute(
                "INSERT INTO sessions (id, token_hash, version, created, touched, bytes, meta,"
                " owner) VALUES (%s, %b, %s, %s, %s, %s, %b, %b) ON CONFLICT DO NOTHING",
                (record.id, record.token_hash, record.version, record.created, record.touched,
                 size, meta, whose),
            )  # fmt: skip
            if not made.rowcount:
                raise ValueError("the id is taken")
            _put_rows(db, "arrays", record.id, data)
        self._note(record.id, record.touched)
        self._count(size - freed)

    def get(self, id: str) -> Record:
        """See `Store.get`."""
        while True:
            with suppress(_Moved):
                return self._get(id)

    def _get(self, id: str) -> Record:
        with self._access() as db:
            head = db.execute(
                "SELECT token_hash, version, created, touched, meta, stamp FROM sessions"
                " WHERE id = %s",
                (id,), binary=True,
            ).fetchone()  # fmt: skip
            touched = self._require(id, head and head[3])
            assert head is not None
            token_hash, version, created, _, meta, stamp = head
            arrays = self._cache.get((id, stamp), lambda: _read_arrays(db, id, stamp))
        return Record(id, token_hash, version, created, touched, decode_meta(meta), dict(arrays))

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
        new = {name: array for name, array in arrays.items() if array is not None}
        data = {name: encode(array) for name, array in new.items()}
        beside = {name: blob for name, blob in attached.items() if blob is not None}
        now = self._clock()
        with self._transaction() as db:
            head = db.execute(
                "SELECT token_hash, version, created, touched, bytes, length(meta), owner, fence,"
                " stamp FROM sessions WHERE id = %s FOR UPDATE",
                (id,), binary=True,
            ).fetchone()  # fmt: skip
            self._require(id, head and head[3])
            assert head is not None
            token_hash, version, created, _, before, meta_size, whose, raised, stamp = head
            if fence is not None and fence < raised:
                raise Fenced
            if version != expected_version:
                raise VersionConflict(version)
            extra = len(encoded) - meta_size
            extra += sum(map(len, (*data.values(), *beside.values())))
            extra -= _rows_size(db, "arrays", id, arrays)
            extra -= _rows_size(db, "attachments", id, attached)
            freed = self._make_room(db, extra, id, whose)
            same = self._cache.get((id, stamp), lambda: _read_arrays(db, id, stamp))
            if arrays:
                (stamp,) = _one(db.execute("SELECT nextval('backprop_stamps')"))
            db.execute(
                "UPDATE sessions SET version = %s, touched = %s, bytes = %s, meta = %b, stamp = %s"
                " WHERE id = %s",
                (version + 1, now, before + extra, encoded, stamp, id),
            )
            for table, named, blobs in (
                ("arrays", arrays, data),
                ("attachments", attached, beside),
            ):
                _delete_rows(db, table, id, [name for name in named if name not in blobs])
                _put_rows(db, table, id, blobs)
        kept = {name: array for name, array in same.items() if name not in arrays}
        kept |= {name: frozen(array) for name, array in new.items()}
        self._cache.get((id, stamp), lambda: kept)
        self._note(id, now)
        self._count(extra - freed)
        return Record(id, token_hash, version + 1, created, now, decode_meta(encoded), dict(kept))

    def fence(self, id: str, number: int) -> None:
        """See `Store.fence`."""
        with self._access() as db:
            row = db.execute(
                "UPDATE sessions SET fence = greatest(fence, %s) WHERE id = %s RETURNING fence,"
                " touched",
                (number, id),
            ).fetchone()
        self._require(id, row and row[1])
        assert row is not None
        if row[0] > number:
            raise Fenced

    def attachment(self, id: str, name: str) -> bytes | None:
        """See `Store.attachment`."""
        with self._access() as db:
            row = db.execute(
                "SELECT s.touched, a.data FROM sessions s LEFT JOIN attachments a"
                " ON a.session_id = s.id AND a.name = %s WHERE s.id = %s",
                (name, id), binary=True,
            ).fetchone()  # fmt: skip
        self._require(id, row and row[0])
        assert row is not None
        found: bytes | None = row[1]
        return found

    def attachments(self, id: str) -> dict[str, int]:
        """See `Store.attachments`."""
        with self._access() as db:
            rows = db.execute(
                "SELECT s.touched, a.name, length(a.data) FROM sessions s LEFT JOIN attachments a"
                " ON a.session_id = s.id WHERE s.id = %s",
                (id,),
            ).fetchall()
        self._require(id, rows[0][0] if rows else None)
        return {name: size for _, name, size in rows if name is not None}

    def attached(self, name: str) -> dict[str, bytes]:
        """See `Store.attached`."""
        with self._access() as db:
            return dict(
                db.execute(
                    "SELECT session_id, data FROM attachments WHERE name = %s", (name,), binary=True
                )
            )

    def delete(self, id: str) -> None:
        """See `Store.delete`."""
        with self._transaction() as db:
            row = db.execute(
                "SELECT touched FROM sessions WHERE id = %s FOR UPDATE", (id,)
            ).fetchone()
            self._require(id, row and row[0])
            freed = _delete_sessions(db, [id])
        self._forget([id])
        self._count(-freed)

    def touch(self, id: str) -> None:
        """See `Store.touch`."""
        now = self._clock()
        with self._access() as db:
            row = db.execute("SELECT touched FROM sessions WHERE id = %s", (id,)).fetchone()
            self._require(id, row and row[0])
            assert row is not None
            if now - row[0] >= TOUCH_SECONDS:
                db.execute("UPDATE sessions SET touched = %s WHERE id = %s", (now, id))
        self._note(id, now)

    def sweep(self) -> list[str]:
        """See `Store.sweep`; a hundred at a time, so that others get their turn between."""
        gone: list[str] = []
        self._write_uses()
        latest = self._clock() - self._limits.idle_seconds
        while True:
            with self._transaction() as db:
                rows = db.execute(
                    "SELECT id FROM sessions WHERE touched < %s ORDER BY touched LIMIT %s"
                    " FOR UPDATE SKIP LOCKED",
                    (latest, SWEEP_SESSIONS),
                ).fetchall()
                expired = [id for (id,) in rows]
                freed = _delete_sessions(db, expired)
            if not expired:
                return gone
            self._forget(expired)
            self._count(-freed)
            gone += expired

    def stats(self) -> StoreStats:
        """See `Store.stats`."""
        with self._access() as db:
            count, size = _one(
                db.execute("SELECT count(*), coalesce(sum(bytes), 0)::bigint FROM sessions")
            )
        return StoreStats(count, size)

    def ping(self) -> None:
        """See `Store.ping`."""
        with self._transaction() as db:
            # Only who may write gets a number; nothing is written for it.
            db.execute("SELECT pg_current_xact_id(), (SELECT count(*) FROM backprop_key)")

    def close(self) -> None:
        """Write the last uses, and let go of the database."""
        if self.database.closed:
            return
        try:
            self._write_uses()
        except StoreError as error:
            log.warning("last uses are not kept: %s", error)
        finally:
            self.database.close()

    # When each session was last used, as far as this process knows.

    def _require(self, id: str, touched: float | None) -> float:
        """When a session was last used, by the table and by what is noted here.

        Raises:
            NotFound: it is not there (None), or idle too long.
        """
        if touched is None:
            raise NotFound(id)
        with self._lock:
            latest = max(touched, self._uses.get(id, touched))
        if self._clock() - latest > self._limits.idle_seconds:
            raise NotFound(id)
        return latest

    def _note(self, id: str, now: float) -> None:
        with self._lock:
            self._uses[id] = now
            self._uses.move_to_end(id)
            if len(self._uses) > NOTED_USES:
                self._uses.popitem(last=False)

    def _forget(self, ids: list[str]) -> None:
        with self._lock:
            for id in ids:
                self._uses.pop(id, None)

    def _write_uses(self) -> None:
        with self._lock:
            noted = list(self._uses.items())
        ids, times = [id for id, _ in noted], [now for _, now in noted]
        with self._access() as db:
            db.execute(
                "UPDATE sessions s SET touched = n.touched"
                " FROM unnest(%s::text[], %s::float8[]) AS n (id, touched)"
                " WHERE s.id = n.id AND s.touched < n.touched",
                (ids, times),
            )

    # How much there is, and who must go.

    def _digest(self, owner: str) -> bytes | None:
        """What is kept of an owner: no address, and nothing that leads back to one."""
        return hmac.digest(self._key, owner.encode(), hashlib.sha256)[:16] if owner else None

    def _count(self, extra: int) -> None:
        with self._lock:
            self._total += extra

    def _make_room(self, db: Connection, extra: int, id: str, owner: bytes | None) -> int:
        """Delete who must go so that ``extra`` bytes fit; how many bytes they had.

        Raises:
            StoreFull: those that may go are not enough; then none needs to.
        """
        if extra <= 0 or self._is_room(db, extra, owner):
            return 0
        ledger = Ledger(self._limits)
        with self._lock:
            noted = dict(self._uses)
        for one, touched, size, whose in db.execute(
            "SELECT id, touched, bytes, coalesce(encode(owner, 'hex'), '') FROM sessions"
            " ORDER BY touched"
        ):
            ledger.put(one, max(touched, noted.get(one, touched)), size, whose)
        victims = ledger.victims(extra, id, self._clock(), owner.hex() if owner else "")
        freed = _delete_sessions(db, victims)
        self._forget(victims)
        return freed

    def _is_room(self, db: Connection, extra: int, owner: bytes | None) -> bool:
        """Whether there is room by the strictest measure, so that nobody need be counted."""
        limits = self._limits
        if time.monotonic() - self._counted_at > COUNT_SECONDS:
            (total,) = _one(db.execute("SELECT coalesce(sum(bytes), 0)::bigint FROM sessions"))
            with self._lock:
                self._total, self._counted_at = total, time.monotonic()
        if self._total + extra > limits.max_bytes * (1 - limits.reserve):
            return False
        if owner is None:
            return True
        count, size = _one(
            db.execute(
                "SELECT count(*), coalesce(sum(bytes), 0)::bigint FROM sessions WHERE owner = %b",
                (owner,),
            )
        )
        return bool(count < limits.owner_sessions and size + extra <= limits.owner_bytes)


class _Moved(Exception):
    """Somebody has written other arrays in between."""


def _one(cursor: Any) -> Any:
    row = cursor.fetchone()
    assert row is not None
    return row


def _read_arrays(db: Connection, id: str, stamp: int) -> dict[str, Array]:
    # One statement sees one moment: the arrays are those of this stamp.
    rows = db.execute(
        "SELECT s.stamp, s.token_hash, s.version, a.name, a.data"
        " FROM sessions s LEFT JOIN arrays a ON a.session_id = s.id WHERE s.id = %s",
        (id,), binary=True,
    ).fetchall()  # fmt: skip
    if not rows or rows[0][0] != stamp:
        raise _Moved
    arrays = {}
    for _, token_hash, version, name, data in rows:
        if name is None:
            continue
        try:
            arrays[name] = decode(data)
        except CorruptArray as error:
            raise SessionDamaged(
                f"array {name} of session {id} is damaged: {error}", token_hash, version
            ) from error
    return arrays


def _rows_size(db: Connection, table: str, id: str, named: Mapping[str, Any]) -> int:
    if not named:
        return 0
    (size,) = _one(
        db.execute(
            f"SELECT coalesce(sum(length(data)), 0)::bigint FROM {table}"
            " WHERE session_id = %s AND name = ANY(%s)",
            (id, list(named)),
        )
    )
    return int(size)


def _put_rows(db: Connection, table: str, id: str, data: Mapping[str, bytes]) -> None:
    for name, blob in data.items():
        db.execute(
            f"INSERT INTO {table} VALUES (%s, %s, %b)"
            " ON CONFLICT (session_id, name) DO UPDATE SET data = excluded.data",
            (id, name, blob),
        )


def _delete_rows(db: Connection, table: str, id: str, names: list[str]) -> None:
    if names:
        db.execute(f"DELETE FROM {table} WHERE session_id = %s AND name = ANY(%s)", (id, names))


def _delete_sessions(db: Connection, ids: list[str]) -> int:
    """Delete sessions with all that is beside them (ON DELETE CASCADE); their bytes."""
    if not ids:
        return 0
    rows = db.execute("DELETE FROM sessions WHERE id = ANY(%s) RETURNING bytes", (ids,))
    return sum(size for (size,) in rows)
