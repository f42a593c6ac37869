"""The tables of the SQLite store, and what a file must be before they are used."""

import sqlite3

from app.sessions.store.store import StoreError

# What each version has added, from the first on: a file of any of them is brought up to the last.
_ADDED = (
    (
        """CREATE TABLE sessions (
            id TEXT PRIMARY KEY,
            token_hash BLOB NOT NULL,
            version INTEGER NOT NULL,
            created REAL NOT NULL,
            touched REAL NOT NULL,
            bytes INTEGER NOT NULL,
            meta BLOB NOT NULL
        )""",
        """CREATE TABLE arrays (
            session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            data BLOB NOT NULL,
            PRIMARY KEY (session_id, name)
        )""",
    ),
    (
        """CREATE TABLE attachments (
            session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            data BLOB NOT NULL,
            PRIMARY KEY (session_id, name)
        )""",
        "CREATE INDEX attachments_by_name ON attachments (name)",
    ),
)
SCHEMA_VERSION = len(_ADDED)
# The WAL file is cut back to this after a burst of large writes, in bytes.
WAL_BYTES = 64 * 1024**2


def prepare(db: sqlite3.Connection) -> None:
    """Check that the file is a store, or empty; set it up for use.

    Raises:
        StoreError: a newer version or another program wrote it, or the disk cannot keep it safe.
        sqlite3.Error: it is not a database, or damaged.
    """
    (version,) = db.execute("PRAGMA user_version").fetchone()
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    # Before anything is written: a file that is refused stays as it was.
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"a newer version of this program wrote the store (its tables are version {version},"
            f" this program knows {SCHEMA_VERSION})"
        )
    if tables and (version == 0 or not {"sessions", "arrays"} <= tables):
        raise StoreError("the file is a database of another program")
    # auto_vacuum must stand before the first table is made.
    db.execute("PRAGMA auto_vacuum = INCREMENTAL")
    (mode,) = db.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise StoreError("the disk cannot hold the store: SQLite's WAL mode does not work there")
    # In WAL mode NORMAL keeps all that is committed when the process is killed.
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("PRAGMA foreign_keys = ON")
    # Where it is on by default, what is deleted is overwritten first, on a full disk as well.
    db.execute("PRAGMA secure_delete = OFF")
    db.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}")
    if version < SCHEMA_VERSION:
        _bring_up(db, version)


def _bring_up(db: sqlite3.Connection, version: int) -> None:
    """To the newest version, all at once: a file cut off in the middle is as it was."""
    db.execute("BEGIN IMMEDIATE")
    for added in _ADDED[version:]:
        for statement in added:
            db.execute(statement)
    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    db.execute("COMMIT")
