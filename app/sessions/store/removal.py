"""Sessions deleted from the file whatever the disk is like: full, or damaged in parts."""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from sqlite3 import Connection
from typing import TypeVar

from app.sessions.store.database import Database
from app.sessions.store.store import StoreDamaged, StoreFull
from app.sessions.store.tables import delete_rows

log = logging.getLogger(__name__)
T = TypeVar("T")

# How many free pages are given back at a time where the disk is full.
PAGES = 100


def remove(database: Database, ids: Sequence[str]) -> None:
    """Delete sessions, each with all that is beside it.

    Raises:
        StoreFull: not even the reserve is room enough.
        StoreError: something else is wrong with the disk.
    """
    try:
        _delete(database, ids)
    except StoreFull:
        if not database.reserve.give_up():
            raise
        try:
            database.checkpoint()
            _delete(database, ids)
            with suppress(StoreFull):  # they are gone; the room is given back later
                while database.shrink(PAGES):
                    pass
                database.checkpoint()
        finally:
            database.reserve.keep()


def write_without(
    database: Database, victims: Sequence[str], write: Callable[[Connection], T]
) -> T:
    """``write`` once the victims are gone, all of that or nothing.

    A victim that is damaged goes by itself first.
    """
    try:
        with database.transaction() as db:
            delete_rows(db, victims)
            return write(db)
    except StoreDamaged:
        if not victims:
            raise
    remove(database, victims)
    with database.transaction() as db:
        return write(db)


def _delete(database: Database, ids: Sequence[str]) -> None:
    try:
        with database.transaction() as db:
            delete_rows(db, ids)
    except StoreDamaged:
        for id in ids:
            _delete_one(database, id)


def _delete_one(database: Database, id: str) -> None:
    """Delete one session, or at least its own row: what cannot be read lies there unread."""
    try:
        with database.transaction() as db:
            delete_rows(db, [id])
            return
    except StoreDamaged as error:
        log.error("session %s is damaged, and a part of it stays in the file: %s", id, error)
    with database.access() as db:
        db.execute("PRAGMA foreign_keys = OFF")
        try:
            with suppress(StoreDamaged), database.transaction():
                delete_rows(db, [id])
        finally:
            db.execute("PRAGMA foreign_keys = ON")
