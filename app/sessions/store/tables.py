"""Single statements on the tables of the SQLite store, and what they say of damage."""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import suppress

from app.sessions.store.codec import Array, CorruptArray, decode
from app.sessions.store.store import SessionDamaged

Head = tuple[bytes, int, float, bytes]


def read_head(db: sqlite3.Connection, id: str) -> Head:
    """A session's token hash, version, creation and JSON.

    Raises:
        SessionDamaged: they cannot be read.
    """
    try:
        head: Head | None = db.execute(
            "SELECT token_hash, version, created, meta FROM sessions WHERE id = ?", (id,)
        ).fetchone()
    except sqlite3.DatabaseError as error:
        raise SessionDamaged(f"session {id} cannot be read: {error}") from error
    if head is None:
        raise SessionDamaged(f"session {id} is missing from the store")
    return head


def read_arrays(db: sqlite3.Connection, id: str) -> dict[str, Array]:
    """A session's arrays by name.

    Raises:
        SessionDamaged: one of them cannot be read.
    """
    arrays, name = {}, ""
    try:
        for name, data in db.execute("SELECT name, data FROM arrays WHERE session_id = ?", (id,)):
            arrays[name] = decode(data)
    except CorruptArray as error:
        raise _damaged(db, id, f"array {name} of session {id} is damaged: {error}") from error
    except sqlite3.DatabaseError as error:
        raise _damaged(db, id, f"the arrays of session {id} cannot be read: {error}") from error
    return arrays


def read_attachment(db: sqlite3.Connection, id: str, name: str) -> bytes | None:
    """Bytes beside a session; None where there are none of this name.

    Raises:
        SessionDamaged: they cannot be read.
    """
    try:
        row: tuple[bytes] | None = db.execute(
            "SELECT data FROM attachments WHERE session_id = ? AND name = ?", (id, name)
        ).fetchone()
    except sqlite3.DatabaseError as error:
        raise _damaged(db, id, f"{name} of session {id} cannot be read: {error}") from error
    return row[0] if row else None


def row_size(db: sqlite3.Connection, table: str, id: str, name: str) -> int:
    """How many bytes an array or attachment has; 0 where there is none."""
    row: tuple[int] | None = db.execute(
        f"SELECT length(data) FROM {table} WHERE session_id = ? AND name = ?", (id, name)
    ).fetchone()
    return row[0] if row else 0


def put_rows(db: sqlite3.Connection, table: str, id: str, data: Mapping[str, bytes]) -> None:
    """Write arrays or attachments of a session."""
    db.executemany(
        f"INSERT INTO {table} VALUES (?, ?, ?)", [(id, name, blob) for name, blob in data.items()]
    )


def delete_rows(db: sqlite3.Connection, ids: Iterable[str]) -> None:
    """Delete sessions; their arrays and attachments go with them: ON DELETE CASCADE."""
    db.executemany("DELETE FROM sessions WHERE id = ?", [(id,) for id in ids])


def _damaged(db: sqlite3.Connection, id: str, message: str) -> SessionDamaged:
    """With what its owner needs to delete it, as far as that can be read."""
    token_hash, version = b"", 0
    with suppress(SessionDamaged):
        token_hash, version, _, _ = read_head(db, id)
    return SessionDamaged(message, token_hash, version)
