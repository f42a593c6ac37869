"""The tables in PostgreSQL, brought up from every older version; never back."""

from typing import Any

import psycopg

from app.sessions.store.store import StoreError

# What each version has added, from the first on.
_ADDED: tuple[tuple[str, ...], ...] = (
    (
        "CREATE SEQUENCE backprop_stamps",
        # Room is left in each page, so that a step of the cursor need not touch an index.
        """CREATE TABLE sessions (
            id text PRIMARY KEY,
            token_hash bytea NOT NULL,
            version bigint NOT NULL,
            created double precision NOT NULL,
            touched double precision NOT NULL,
            bytes bigint NOT NULL,
            meta bytea NOT NULL,
            owner bytea,
            fence bigint NOT NULL DEFAULT 0,
            stamp bigint NOT NULL DEFAULT nextval('backprop_stamps')
        ) WITH (fillfactor = 80)""",
        "CREATE INDEX sessions_by_owner ON sessions (owner) WHERE owner IS NOT NULL",
        """CREATE TABLE arrays (
            session_id text NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
            name text NOT NULL,
            data bytea NOT NULL,
            PRIMARY KEY (session_id, name)
        )""",
        """CREATE TABLE attachments (
            session_id text NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
            name text NOT NULL,
            data bytea NOT NULL,
            PRIMARY KEY (session_id, name)
        )""",
        "CREATE INDEX attachments_by_name ON attachments (name)",
        # Floats hardly shrink: to try costs more than it saves.
        "ALTER TABLE arrays ALTER data SET STORAGE EXTERNAL",
        "ALTER TABLE attachments ALTER data SET STORAGE EXTERNAL",
        # With it owners are told apart: what is kept of one is no address.
        "CREATE TABLE backprop_key (key bytea NOT NULL)",
        "INSERT INTO backprop_key"
        " SELECT uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())",
    ),
    (
        # Ids begin above those of any server without a database, which are times in ms.
        "CREATE SEQUENCE events_id_seq START 100000000000000",
        """CREATE TABLE events (
            id bigint PRIMARY KEY DEFAULT nextval('events_id_seq'),
            session_id text NOT NULL,
            event text NOT NULL,
            body bytea NOT NULL,
            at timestamptz NOT NULL DEFAULT now()
        )""",
        "CREATE INDEX events_by_session ON events (session_id, id)",
        # All events above it are there.
        "CREATE TABLE events_floor (id bigint NOT NULL)",
        "INSERT INTO events_floor VALUES (99999999999999)",
    ),
    (
        "CREATE SEQUENCE backprop_fences",
        "CREATE TABLE workers (id text PRIMARY KEY, beat timestamptz NOT NULL DEFAULT now())",
        """CREATE TABLE claims (
            session_id text PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
            fence bigint NOT NULL,
            worker text,
            parked timestamptz,
            run_id text NOT NULL DEFAULT '',
            asked text,
            rate double precision,
            look boolean NOT NULL DEFAULT false
        )""",
        "CREATE INDEX claims_by_worker ON claims (worker)",
    ),
)
SCHEMA_VERSION = len(_ADDED)
# Two that start at once must not both make tables; the number is any.
_MIGRATING = 0x62617870


def prepare(db: psycopg.Connection[Any]) -> None:
    """Bring the tables up to the newest version, all at once.

    Args:
        db: In a transaction.

    Raises:
        StoreError: a newer version of this program made them, or another program.
    """
    db.execute("SELECT pg_advisory_xact_lock(%s)", (_MIGRATING,))
    found = db.execute("SELECT to_regclass('backprop_schema'), to_regclass('sessions')").fetchone()
    assert found is not None
    if found[0] is None:
        if found[1] is not None:
            raise StoreError("the database has tables of another program")
        db.execute("CREATE TABLE backprop_schema (version integer NOT NULL)")
        db.execute("INSERT INTO backprop_schema VALUES (0)")
    row = db.execute("SELECT version FROM backprop_schema").fetchone()
    version = row[0] if row else 0
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"a newer version of this program wrote the store (its tables are version {version},"
            f" this program knows {SCHEMA_VERSION})"
        )
    for added in _ADDED[version:]:
        for statement in added:
            db.execute(statement)
    if version < SCHEMA_VERSION:
        db.execute("UPDATE backprop_schema SET version = %s", (SCHEMA_VERSION,))
