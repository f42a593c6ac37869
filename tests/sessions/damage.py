"""Faults of a disk, made on purpose."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.sessions.store.sqlite import SQLiteStore

WRITES = ("INSERT", "UPDATE", "DELETE", "PRAGMA USER_VERSION =", "PRAGMA INCREMENTAL_VACUUM")


class FullDisk:
    """A connection whose disk is full until the reserve beside the file is given up."""

    def __init__(self, db: sqlite3.Connection, reserve: Path) -> None:
        self._db = db
        self._reserve = reserve
        self.is_full = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)

    def execute(self, sql: str, *arguments: Any) -> Any:
        self._refuse(sql)
        return self._db.execute(sql, *arguments)

    def executemany(self, sql: str, rows: Any) -> Any:
        rows = list(rows)
        if rows:
            self._refuse(sql)
        return self._db.executemany(sql, rows)

    def executescript(self, sql: str) -> Any:
        self._refuse(sql)
        return self._db.executescript(sql)

    def _refuse(self, sql: str) -> None:
        if self.is_full and sql.upper().startswith(WRITES) and self._reserve.exists():
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error


@contextmanager
def full_disk(store: SQLiteStore) -> Iterator[FullDisk]:
    """Let nothing more be written to a store's disk."""
    database = store._database
    real = database._db
    full = FullDisk(real, database._file.with_name(f"{database._file.name}.reserve"))
    database._db = full  # type: ignore[assignment]
    try:
        yield full
    finally:
        database._db = real


def spoil(path: Path, find: bytes, offset: int = 0, length: int = 64) -> None:
    """Overwrite bytes of the page that holds ``find``, from ``offset`` in it."""
    data = bytearray(path.read_bytes())
    size = int.from_bytes(data[16:18], "big")
    at = data.index(find) // size * size + offset
    data[at : at + length] = b"\xa5" * length
    path.write_bytes(data)
