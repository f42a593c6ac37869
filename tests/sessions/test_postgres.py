"""What PostgreSQL does beyond the contract: other processes, old tables, secrets."""

from pathlib import Path

import psycopg
import pytest

from app.sessions.store.open_store import open_store
from app.sessions.store.postgres import schema
from app.sessions.store.store import (
    Limits,
    StoreError,
    StoreFull,
    StoreUnavailable,
    VersionConflict,
)
from tests.postgres import Cluster
from tests.sessions.records import Clock, record, same


@pytest.fixture
def address(cluster: Cluster) -> str:
    return cluster.address(cluster.schema())


def test_what_one_process_writes_another_reads(address: str) -> None:
    clock = Clock()
    one, other = (open_store(address, clock=clock) for _ in range(2))
    one.create(record("a", clock))
    assert same(other.get("a"), record("a", clock))
    other.replace("a", 1, {}, {"x": None})
    assert one.get("a").arrays.keys() == {"t"}
    with pytest.raises(VersionConflict):
        one.replace("a", 1, {}, {})
    # Neither the id nor the version is new, but the arrays are.
    other.delete("a")
    other.create(record("a", clock, size=5))
    assert len(one.get("a").arrays["x"]) == 5
    one.close()
    other.close()


def test_a_use_that_another_process_has_noted_is_a_minute_old_at_most(address: str) -> None:
    clock = Clock()
    one, other = (open_store(address, Limits(idle_seconds=3600), clock) for _ in range(2))
    one.create(record("a", clock))
    clock.now += 3590
    other.touch("a")
    clock.now += 30
    other.touch("a")
    clock.now += 3500
    assert one.get("a").touched == clock.now - 3530
    assert one.sweep() == []
    assert other.get("a").touched == clock.now - 3500
    one.close()
    other.close()


def test_an_owner_has_one_quota_for_all_processes_and_no_address_is_kept(
    address: str, cluster: Cluster
) -> None:
    clock = Clock()
    stores = [open_store(address, Limits(owner_sessions=3), clock) for _ in range(2)]
    for number in range(3):
        stores[number % 2].create(record(str(number), clock), "192.0.2.77")
    with pytest.raises(StoreFull, match="as many sessions"):
        stores[1].create(record("more", clock), "192.0.2.77")
    stores[1].create(record("other", clock), "192.0.2.78")
    with psycopg.connect(address) as db:
        kept = db.execute("SELECT owner FROM sessions").fetchall()
    assert all(b"192" not in whose and len(whose) == 16 for (whose,) in kept)
    for store in stores:
        store.close()


def test_tables_of_every_older_version_come_up_and_newer_ones_are_refused(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    newest = schema._ADDED
    for count in range(1, len(newest) + 1):
        with psycopg.connect(address, autocommit=True) as db:
            (name,) = db.execute("SELECT current_schema()").fetchone() or ("",)
            db.execute(f"DROP SCHEMA {name} CASCADE")
            db.execute(f"CREATE SCHEMA {name}")
            with monkeypatch.context() as patch, db.transaction():
                patch.setattr(schema, "_ADDED", newest[:count])
                patch.setattr(schema, "SCHEMA_VERSION", count)
                schema.prepare(db)
            db.execute(
                "INSERT INTO sessions (id, token_hash, version, created, touched, bytes, meta)"
                " VALUES ('old', 'x', 4, %s, %s, 300, '{}')",
                (clock(), clock()),
            )
        store = open_store(address, clock=clock)
        assert store.get("old").version == 4
        store.close()
    with psycopg.connect(address) as db:
        db.execute("UPDATE backprop_schema SET version = 99")
    with pytest.raises(StoreError, match="newer version"):
        open_store(address)


def test_tables_of_another_program_stay_as_they_are(cluster: Cluster) -> None:
    name = cluster.schema()
    cluster.execute(f"CREATE TABLE {name}.sessions (number integer)")
    with pytest.raises(StoreError, match="another program"):
        open_store(cluster.address(name))
    assert cluster.execute(f"SELECT * FROM {name}.sessions") == []


def test_an_address_is_in_no_error(tmp_path: Path) -> None:
    for address in (
        f"postgresql://user-9f:secret-7a@/base-5c?host={tmp_path}",
        "postgresql://user-9f:secret-7a@127.0.0.1:1/base-5c",
        "postgresql://user-9f:secret-7a@127.0.0.1:port-3d/base-5c",
        "postgresql:/user-9f:secret-7a@base-5c",
    ):
        with pytest.raises((StoreError, ValueError)) as found:
            open_store(address)
        error: BaseException | None = found.value
        while error is not None:
            for word in ("user-9f", "secret-7a", "base-5c", "port-3d", str(tmp_path), "127.0.0.1"):
                assert word not in str(error)
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def test_a_database_that_is_away_is_said_to_be_so_and_is_found_again(address: str) -> None:
    clock = Clock()
    store = open_store(address, clock=clock)
    store.create(record("a", clock))
    with psycopg.connect(address, autocommit=True) as db:
        db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'backprop-explorer'"
        )
        while _one_is_left(db):
            pass
    # A connection that was closed while nobody used it is no reason to refuse anybody.
    assert store.get("a").version == 1
    store.close()


def _one_is_left(db: psycopg.Connection[tuple[int]]) -> bool:
    found = db.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'backprop-explorer'"
    ).fetchone()
    return found != (0,)


def test_a_database_that_hangs_is_given_up_after_a_while(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.sessions.store.postgres import database

    monkeypatch.setattr(database, "CALL_SECONDS", 0.3)
    found = database.Database(cluster.address(cluster.schema()))
    with pytest.raises(StoreUnavailable), found.access() as db:
        db.execute("SELECT pg_sleep(30)")
    with pytest.raises(StoreUnavailable), found.access() as db:
        raise AssertionError("refused at once, until it is tried again")
    monkeypatch.setattr(database, "RETRY_SECONDS", 0.0)
    found._away_until = 1e-9
    with found.access() as db:
        assert db.execute("SELECT 1").fetchone() == (1,)
    found.close()
