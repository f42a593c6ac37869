"""What can still be read of a damaged store, put into a new file.

SQLite stops at the first page that makes no sense. So every row is asked for by its number: what
lies on other pages is found, whatever became of the tables' indices. A session is kept where all
of its arrays are there and pass their checksum; what lies beside it for its runs only where all of
that is there, too.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.sessions.store.codec import CorruptArray, decode, decode_meta
from app.sessions.store.database import locked
from app.sessions.store.schema import prepare
from app.sessions.store.store import StoreError, charged_bytes

# Rows of one table at most; beyond the last of them nothing is looked for.
MOST_ROWS = 1 << 40


@dataclass(frozen=True)
class Rescued:
    """What was saved.

    Attributes:
        saved, lost: Sessions, and data sets of people's own.
        kept: Where the damaged file is now.
    """

    saved: int
    lost: int
    kept: Path


def rescue(path: str) -> Rescued:
    """Put what can be read of a store into a new file in its place, and keep the old one beside it.

    Raises:
        StoreBusy: a process is using it.
        StoreError: nothing of it can be read, or a newer version of this program wrote it.
        OSError: there is no such file, or no room for another.
    """
    file = Path(path).expanduser().resolve()
    new = file.with_name(f"{file.name}.rescued")
    if not file.is_file():
        raise FileNotFoundError(f"there is no store {file}")
    with locked(file):
        _remove(new)
        os.close(os.open(new, os.O_RDWR | os.O_CREAT, 0o600))
        try:
            with closing(_open(file)) as old, closing(_open(new)) as fresh:
                # A file of an older version has fewer tables; one of a newer is not understood.
                saved, lost = _copy(old, fresh)
        except sqlite3.Error as error:
            _remove(new)
            raise StoreError(f"nothing of {file} can be read: {error}") from error
        except BaseException:
            _remove(new)
            raise
        return Rescued(saved, lost, _exchange(file, new))


def _open(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(file, isolation_level=None)


def _copy(old: sqlite3.Connection, fresh: sqlite3.Connection) -> tuple[int, int]:
    """All that is whole, from one file into the other; how many sessions, and how many are lost."""
    old.execute("PRAGMA query_only = ON")
    # A file shorter than it says it is would be refused as a whole.
    old.execute("PRAGMA writable_schema = ON")
    prepare(fresh)
    (newest,), (version,) = (db.execute("PRAGMA user_version").fetchone() for db in (fresh, old))
    tables = {name for (name,) in old.execute("SELECT name FROM sqlite_master")}
    if version > newest or not {"sessions", "arrays"} <= tables:
        raise StoreError("it is not a store, or one of a newer version of this program")
    fresh.execute("PRAGMA foreign_keys = OFF")
    fresh.execute("BEGIN IMMEDIATE")
    for name, columns in (("sessions", 7), ("arrays", 3), ("attachments", 3)):
        if name in tables:
            places = ", ".join("?" * columns)
            # Half a row is none, and a second one of the same name was deleted and is a ghost.
            fresh.executemany(
                f"INSERT OR IGNORE INTO {name} VALUES ({places})",
                (row for row in _rows(old, name) if None not in row),
            )
    saved, lost = 0, _lost(old, fresh)
    for id, size, meta in fresh.execute("SELECT id, bytes, meta FROM sessions").fetchall():
        sound = _sound_bytes(old, fresh, id, size, meta)
        if sound is None:
            fresh.execute("DELETE FROM sessions WHERE id = ?", (id,))
            lost += 1
        else:
            fresh.execute("UPDATE sessions SET bytes = ? WHERE id = ?", (sound, id))
            saved += 1
    for name in ("arrays", "attachments"):
        fresh.execute(f"DELETE FROM {name} WHERE session_id NOT IN (SELECT id FROM sessions)")
    fresh.execute("COMMIT")
    return saved, lost


def _rows(db: sqlite3.Connection, table: str) -> Iterator[tuple[Any, ...]]:
    """Every row that can be read, each found by its number."""
    with suppress(sqlite3.DatabaseError):
        (made,) = db.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        if "WITHOUT ROWID" in made:  # as the first files had it: in their order, up to the damage
            yield from db.execute(f"SELECT * FROM {table}")
            return
    last = _last(db, table)
    number = 0
    while number < last:
        try:
            # As long as nothing is in the way, from each to the next.
            row = db.execute(
                f"SELECT rowid, * FROM {table} WHERE rowid > ? ORDER BY rowid LIMIT 1", (number,)
            ).fetchone()
        except sqlite3.DatabaseError:
            number += 1
            with suppress(sqlite3.DatabaseError):
                row = db.execute(f"SELECT * FROM {table} WHERE rowid = ?", (number,)).fetchone()
                if row is not None:
                    yield row
            continue
        if row is None:
            return
        number = row[0]
        yield row[1:]


def _last(db: sqlite3.Connection, table: str) -> int:
    """The number of the last row that can be read."""
    with suppress(sqlite3.DatabaseError):
        return db.execute(f"SELECT max(rowid) FROM {table}").fetchone()[0] or 0
    # The end of the table is lost: the last row before each of ever smaller bounds.
    bound, found = MOST_ROWS, 0
    while bound:
        with suppress(sqlite3.DatabaseError):
            row = db.execute(f"SELECT max(rowid) FROM {table} WHERE rowid < ?", (bound,)).fetchone()
            found = max(found, row[0] or 0)
        bound //= 2
    return found


def _names(db: sqlite3.Connection, table: str, id: str) -> set[str] | None:
    """The names that the table's index has of a session; None where it cannot be read."""
    try:
        # Not a word of the table itself is needed for that.
        return {
            name for (name,) in db.execute(f"SELECT name FROM {table} WHERE session_id = ?", (id,))
        }
    except sqlite3.DatabaseError:
        return None


def _sound_bytes(
    old: sqlite3.Connection, fresh: sqlite3.Connection, id: str, size: int, meta: bytes
) -> int | None:
    """What a session is charged for as it was saved; None where it is not whole.

    Attachments that are not all there are left out.
    """
    arrays = dict(fresh.execute("SELECT name, data FROM arrays WHERE session_id = ?", (id,)))
    beside = dict(
        fresh.execute("SELECT name, length(data) FROM attachments WHERE session_id = ?", (id,))
    )
    try:
        decode_meta(meta)
        for data in arrays.values():
            decode(data)
    except (CorruptArray, TypeError, ValueError):
        return None
    lengths = [len(data) for data in arrays.values()]
    # What it was charged for says whether anything is missing.
    if charged_bytes(meta, (*lengths, *beside.values())) == size:
        return size
    if _names(old, "arrays", id) != set(arrays):
        return None
    fresh.execute("DELETE FROM attachments WHERE session_id = ?", (id,))
    return charged_bytes(meta, lengths)


def _lost(old: sqlite3.Connection, fresh: sqlite3.Connection) -> int:
    """How many sessions the index names whose own row could not be read."""
    with suppress(sqlite3.DatabaseError):
        named = {id for (id,) in old.execute("SELECT id FROM sessions ORDER BY id")}
        return len(named - {id for (id,) in fresh.execute("SELECT id FROM sessions")})
    return 0


def _exchange(file: Path, new: Path) -> Path:
    """Put the new file in the place of the old one; where that is now."""
    number = 1
    while (kept := file.with_name(f"{file.name}.damaged-{number}")).exists():
        number += 1
    # First the log: left there, it would be taken for the new file's.
    for end in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            os.replace(f"{file}{end}", f"{kept}{end}")
    try:
        os.link(file, kept)
    except OSError:  # a file system without links: for a moment there is no store
        os.replace(file, kept)
    os.replace(new, file)
    return kept


def _remove(file: Path) -> None:
    for end in ("", "-wal", "-shm"):
        Path(f"{file}{end}").unlink(missing_ok=True)
