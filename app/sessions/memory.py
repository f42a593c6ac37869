"""Sessions in this process's memory: for tests and for those who want nothing kept."""

import json
import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from app.sessions.store import (
    MAX_META_BYTES,
    Array,
    Clock,
    Limits,
    NotFound,
    Record,
    StoreFull,
    StoreStats,
    VersionConflict,
)


class MemoryStore:
    """A dictionary of records behind a lock; see `Store` for what the methods promise."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._lock = threading.RLock()
        self._records: dict[str, Record] = {}
        self._sizes: dict[str, int] = {}

    def create(self, record: Record) -> None:
        """See `Store.create`."""
        record = replace(record, meta=_copied(record.meta), arrays=_frozen(record.arrays))
        size = record_bytes(record)
        with self._lock:
            if record.id in self._records:
                raise ValueError("the id is taken")
            self._make_room(size, record.id)
            self._records[record.id] = record
            self._sizes[record.id] = size

    def get(self, id: str) -> Record:
        """See `Store.get`."""
        with self._lock:
            record = self._records.get(id)
        if record is None or self._clock() - record.touched > self._limits.idle_seconds:
            raise NotFound
        return replace(record, meta=_copied(record.meta))

    def replace(
        self,
        id: str,
        expected_version: int,
        meta: dict[str, Any],
        arrays: Mapping[str, Array | None],
    ) -> Record:
        """See `Store.replace`."""
        new = _frozen({name: array for name, array in arrays.items() if array is not None})
        with self._lock:
            old = self.get(id)
            if old.version != expected_version:
                raise VersionConflict(old.version)
            kept = {name: array for name, array in old.arrays.items() if name not in arrays}
            record = replace(
                old,
                version=old.version + 1,
                touched=self._clock(),
                meta=_copied(meta),
                arrays=kept | new,
            )
            size = record_bytes(record)
            self._make_room(size - self._sizes[id], id)
            self._records[id] = record
            self._sizes[id] = size
        return replace(record, meta=_copied(record.meta))

    def delete(self, id: str) -> None:
        """See `Store.delete`."""
        with self._lock:
            self.get(id)
            self._forget(id)

    def touch(self, id: str) -> None:
        """See `Store.touch`."""
        with self._lock:
            self._records[id] = replace(self.get(id), touched=self._clock())

    def sweep(self) -> list[str]:
        """See `Store.sweep`."""
        oldest = self._clock() - self._limits.idle_seconds
        with self._lock:
            gone = [id for id, record in self._records.items() if record.touched < oldest]
            for id in gone:
                self._forget(id)
        return gone

    def stats(self) -> StoreStats:
        """See `Store.stats`."""
        with self._lock:
            return StoreStats(len(self._records), sum(self._sizes.values()))

    def ping(self) -> None:
        """Memory can always be read."""

    def close(self) -> None:
        """Forget everything."""
        with self._lock:
            self._records.clear()
            self._sizes.clear()

    def _forget(self, id: str) -> None:
        del self._records[id], self._sizes[id]

    def _make_room(self, extra: int, keep: str) -> None:
        """Let the longest idle go until ``extra`` bytes fit; all or nothing."""
        excess = sum(self._sizes.values()) + extra - self._limits.max_bytes
        if extra <= 0 or excess <= 0:
            return
        in_use = self._clock() - self._limits.grace_seconds
        idle = sorted(
            (record.touched, id)
            for id, record in self._records.items()
            if id != keep and record.touched <= in_use
        )
        going = []
        for _, id in idle:
            if excess <= 0:
                break
            going.append(id)
            excess -= self._sizes[id]
        if excess > 0:
            raise StoreFull(int(self._limits.grace_seconds))
        for id in going:
            self._forget(id)


def meta_bytes(meta: dict[str, Any]) -> bytes:
    """Meta as JSON.

    Raises:
        ValueError: over 64 KB, or with a number that is not finite.
    """
    data = json.dumps(meta, allow_nan=False, separators=(",", ":")).encode()
    if len(data) > MAX_META_BYTES:
        raise ValueError(f"meta is {len(data)} bytes, at most {MAX_META_BYTES} are allowed")
    return data


def record_bytes(record: Record) -> int:
    """What a record counts for against the limit."""
    return len(meta_bytes(record.meta)) + sum(array.nbytes for array in record.arrays.values())


def _copied(meta: dict[str, Any]) -> dict[str, Any]:
    copied: dict[str, Any] = json.loads(meta_bytes(meta))
    return copied


def _frozen(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Copies that nobody can write into."""
    frozen = {name: np.array(array, order="C") for name, array in arrays.items()}
    for array in frozen.values():
        array.setflags(write=False)
    return frozen
