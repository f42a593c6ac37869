"""Which store a server keeps its sessions in, by its name."""

import time

from app.sessions.store.memory import MemoryStore
from app.sessions.store.sqlite import SQLiteStore
from app.sessions.store.store import Clock, Limits, Store


def open_store(url: str, limits: Limits = Limits(), clock: Clock = time.time) -> Store:
    """The store of ``url``: ``memory``, or ``sqlite:PATH`` for a file, made with its folder.

    Raises:
        ValueError: another url.
        StoreBusy: another process has the file.
        StoreError: the file is not a store, or that of a newer version.
        OSError: the folder cannot be made or written.
    """
    if url == "memory":
        return MemoryStore(limits, clock)
    kind, _, path = url.partition(":")
    if kind == "sqlite" and path and path != ":memory:":
        return SQLiteStore(path, limits, clock)
    raise ValueError("a store is `memory` or `sqlite:PATH`")
