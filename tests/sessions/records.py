"""What the tests of the stores share: a clock, a record, and whether two are the same."""

from typing import Any

import numpy as np

from app.sessions.store.store import Record


class Clock:
    """Time that moves only when told."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def record(id: str, clock: Clock, size: int = 3, **meta: Any) -> Record:
    arrays = {"x": np.arange(float(size)), "t": np.array([1, 2])}
    return Record(id, b"hash", 1, clock(), clock(), {"cursor": [0, 0], **meta}, arrays)


def same(one: Record, other: Record) -> bool:
    heads = [(r.id, r.token_hash, r.version, r.created, r.touched, r.meta) for r in (one, other)]
    arrays = [
        {name: (array.dtype, array.shape, array.tobytes()) for name, array in r.arrays.items()}
        for r in (one, other)
    ]
    return heads[0] == heads[1] and arrays[0] == arrays[1]
