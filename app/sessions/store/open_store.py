"""Which store a server keeps its sessions in, by its name."""

import time

from app.sessions.store.bus import Bus
from app.sessions.store.clock import now
from app.sessions.store.events import Hub
from app.sessions.store.memory import MemoryStore
from app.sessions.store.sqlite import SQLiteStore
from app.sessions.store.store import Clock, Limits, Store


def open_store(url: str, limits: Limits = Limits(), clock: Clock | None = None) -> Store:
    """The store of ``url``: ``memory``, ``sqlite:PATH``, or the address of a PostgreSQL database.

    A file is made with its folder. An address is an URL as libpq takes it, with a host, or with
    the folder of a socket: ``postgresql://me@/db?host=/run/postgresql``.

    Raises:
        ValueError: another url.
        StoreBusy: another process has the file.
        StoreUnavailable: the database cannot be reached.
        StoreError: the file is not a store, or that of a newer version.
        OSError: the folder cannot be made or written.
    """
    if url == "memory":
        return MemoryStore(limits, clock or now)
    kind, _, path = url.partition(":")
    if kind == "sqlite" and path and path != ":memory:":
        return SQLiteStore(path, limits, clock or now)
    if is_postgres(url):
        try:
            from app.sessions.store.postgres.database import Database
            from app.sessions.store.postgres.store import PostgresStore
        except ImportError:
            raise ValueError(
                "PostgreSQL needs the extra `postgres`: pip install 'backprop-explorer[postgres]'"
            ) from None
        # Several machines share it, whose clocks are kept together; each has its own stop watch.
        return PostgresStore(Database(url), limits, clock or time.time)
    # The url is not repeated: it may be a mistyped address with a password in it.
    raise ValueError("a store is `memory`, `sqlite:PATH` or `postgresql://ADDRESS`")


def open_bus(store: Store) -> Bus:
    """Who hears what of a store's sessions, in all processes that have it."""
    database = getattr(store, "database", None)
    if database is None:
        return Hub()
    from app.sessions.store.postgres.bus import PostgresBus

    return PostgresBus(database)


def is_postgres(url: str) -> bool:
    """Whether a store is a database that several processes can have at a time."""
    return url.startswith(("postgresql://", "postgres://"))
