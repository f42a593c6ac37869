"""Sessions in this process's memory: for tests and for those who want nothing kept."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.sessions.store.codec import decode_meta, encode_meta, encoded_size, frozen
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


@dataclass(frozen=True)
class _Kept:
    """What a record says beside its id and last use; meta as JSON, so that nobody can share it."""

    token_hash: bytes
    version: int
    created: float
    meta: bytes
    arrays: Mapping[str, Array]
    attached: Mapping[str, bytes]

    @property
    def size(self) -> int:
        sizes = [encoded_size(array) for array in self.arrays.values()]
        return charged_bytes(self.meta, (*sizes, *map(len, self.attached.values())))


class MemoryStore:
    """A dictionary behind a lock; see `Store` for what the methods promise."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._kept: dict[str, _Kept] = {}
        self._ledger = Ledger(limits)
        self._closed = False

    def create(self, record: Record, owner: str = "") -> None:
        """See `Store.create`."""
        kept = _Kept(
            record.token_hash,
            record.version,
            record.created,
            encode_meta(record.meta),
            _frozen(record.arrays),
            {},
        )
        with self._lock:
            self._require_open()
            if record.id in self._kept:
                raise ValueError("the id is taken")
            self._write(record.id, kept, record.touched, kept.size, owner)

    def get(self, id: str) -> Record:
        """See `Store.get`."""
        with self._lock:
            self._require_open()
            touched = self._ledger.require(id, self._clock()).touched
            kept = self._kept[id]
        return _record(id, kept, touched)

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
        new = _frozen({name: array for name, array in arrays.items() if array is not None})
        with self._lock:
            self._require_open()
            now = self._clock()
            size = self._ledger.require(id, now).bytes
            self._ledger.require_fence(id, fence)
            old = self._kept[id]
            if old.version != expected_version:
                raise VersionConflict(old.version)
            same = {name: array for name, array in old.arrays.items() if name not in arrays}
            beside = {
                name: data
                for name, data in {**old.attached, **attached}.items()
                if data is not None
            }
            kept = _Kept(old.token_hash, old.version + 1, old.created, encoded, same | new, beside)
            self._write(id, kept, now, kept.size - size)
        return _record(id, kept, now)

    def fence(self, id: str, number: int) -> None:
        """See `Store.fence`."""
        with self._lock:
            self._require_open()
            self._ledger.require(id, self._clock())
            self._ledger.raise_fence(id, number)

    def attachment(self, id: str, name: str) -> bytes | None:
        """See `Store.attachment`."""
        with self._lock:
            self._require_open()
            self._ledger.require(id, self._clock())
            return self._kept[id].attached.get(name)

    def attachments(self, id: str) -> dict[str, int]:
        """See `Store.attachments`."""
        with self._lock:
            self._require_open()
            self._ledger.require(id, self._clock())
            return {name: len(data) for name, data in self._kept[id].attached.items()}

    def attached(self, name: str) -> dict[str, bytes]:
        """See `Store.attached`."""
        with self._lock:
            self._require_open()
            return {
                id: kept.attached[name] for id, kept in self._kept.items() if name in kept.attached
            }

    def delete(self, id: str) -> None:
        """See `Store.delete`."""
        with self._lock:
            self._require_open()
            self._ledger.require(id, self._clock())
            self._forget([id])

    def touch(self, id: str) -> None:
        """See `Store.touch`."""
        with self._lock:
            self._require_open()
            now = self._clock()
            self._ledger.put(id, now, self._ledger.require(id, now).bytes)

    def sweep(self) -> list[str]:
        """See `Store.sweep`."""
        with self._lock:
            self._require_open()
            gone = list(self._ledger.expired(self._clock()))
            self._forget(gone)
        return gone

    def stats(self) -> StoreStats:
        """See `Store.stats`."""
        with self._lock:
            self._require_open()
            return StoreStats(len(self._ledger), self._ledger.bytes)

    def ping(self) -> None:
        """See `Store.ping`."""
        self._require_open()

    def close(self) -> None:
        """Forget everything."""
        with self._lock:
            self._closed = True
            self._kept.clear()

    def _write(self, id: str, kept: _Kept, touched: float, extra: int, owner: str = "") -> None:
        self._forget(self._ledger.victims(extra, id, self._clock(), owner))
        self._kept[id] = kept
        self._ledger.put(id, touched, kept.size, owner)

    def _forget(self, ids: list[str]) -> None:
        for id in ids:
            del self._kept[id]
        self._ledger.drop(ids)

    def _require_open(self) -> None:
        if self._closed:
            raise StoreError("the store is closed")


def _frozen(arrays: Mapping[str, Array]) -> dict[str, Array]:
    return {name: frozen(array) for name, array in arrays.items()}


def _record(id: str, kept: _Kept, touched: float) -> Record:
    return Record(
        id=id,
        token_hash=kept.token_hash,
        version=kept.version,
        created=kept.created,
        touched=touched,
        meta=decode_meta(kept.meta),
        arrays=dict(kept.arrays),
    )
