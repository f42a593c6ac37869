"""What only the SQLite store promises: about its file, and about what a write costs."""

import logging
import os
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from app.sessions.store.open_store import open_store
from app.sessions.store.sqlite import SQLiteStore
from app.sessions.store.store import Limits, StoreBusy, StoreError, StoreFull
from tests.sessions.records import Clock, record, same


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s.db"


@pytest.fixture
def store(path: Path, clock: Clock) -> Iterator[SQLiteStore]:
    store = open_at(path, clock)
    yield store
    store.close()


def open_at(path: Path, clock: Clock) -> SQLiteStore:
    return cast(SQLiteStore, open_store(f"sqlite:{path}", clock=clock))


def statements(store: SQLiteStore) -> list[str]:
    """What the store's connection runs from now on, as a list that grows."""
    seen: list[str] = []
    with store._access() as db:
        db.set_trace_callback(seen.append)
    return seen


def look_into(path: Path, sql: str) -> list[tuple[object, ...]]:
    database = sqlite3.connect(path, isolation_level=None)
    try:
        return database.execute(sql).fetchall()
    finally:
        database.close()


def test_sessions_and_last_uses_are_there_after_reopening(path: Path, clock: Clock) -> None:
    store = open_at(path, clock)
    for id in ("a", "b"):
        store.create(record(id, clock))
    clock.now += 20
    store.touch("a")
    stats = store.stats()
    store.close()
    store = open_at(path, clock)
    assert store.stats() == stats
    assert [store.get(id).touched for id in ("a", "b")] == [clock.now, clock.now - 20]
    assert same(store.get("b"), record("b", Clock()))
    store.close()


def test_a_file_belongs_to_one_process_by_whatever_name(
    store: SQLiteStore, path: Path, tmp_path: Path
) -> None:
    other_name = tmp_path / "link.db"
    other_name.symlink_to(path)
    for name in (path, other_name):
        with pytest.raises(StoreBusy, match=rf"another process \({os.getpid()}\) is using"):
            open_store(f"sqlite:{name}")
    store.close()
    open_store(f"sqlite:{other_name}").close()


@pytest.mark.skipif(sys.platform == "win32", reason="modes are Unix's")
def test_only_the_owner_can_read_the_files(store: SQLiteStore, path: Path, clock: Clock) -> None:
    store.create(record("a", clock))
    modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    names = ("s.db", "s.db-shm", "s.db-wal", "s.db.lock", "s.db.reserve")
    assert modes == dict.fromkeys(names, 0o600)


def refused(path: Path, message: str) -> None:
    """The file is refused, twice (no lock is left), and stays as it was."""
    before = path.read_bytes()
    for _ in range(2):
        with pytest.raises(StoreError, match=message):
            open_store(f"sqlite:{path}")
    assert path.read_bytes() == before


def test_a_file_of_a_newer_version_is_refused(path: Path, clock: Clock) -> None:
    open_at(path, clock).close()
    look_into(path, "PRAGMA user_version = 99")
    refused(path, "newer version .*99")


def test_a_file_of_the_first_version_is_brought_up_with_all_that_is_in_it(
    path: Path, clock: Clock
) -> None:
    store = open_at(path, clock)
    store.create(record("a", clock))
    store.close()
    look_into(path, "DROP TABLE attachments")
    look_into(path, "PRAGMA user_version = 1")
    store = open_at(path, clock)
    assert same(store.get("a"), record("a", clock))
    store.replace("a", 1, {}, {}, {"run": b"kept"})
    store.close()
    store = open_at(path, clock)
    assert store.attachment("a", "run") == b"kept"
    store.close()


def test_what_is_no_store_is_refused(path: Path) -> None:
    path.write_bytes(b"a letter to somebody" * 100)
    refused(path, "not a database")
    path.unlink()
    look_into(path, "CREATE TABLE bookmarks (url)")
    refused(path, "another program")
    look_into(path, "PRAGMA user_version = 1")
    refused(path, "another program")


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"directory|denied"):
        open_store(f"sqlite:{tmp_path}")


def test_the_version_of_sqlite_is_logged(
    path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        open_at(path, clock).close()
    assert caplog.text.count(f"SQLite {sqlite3.sqlite_version}") == 1


def test_a_step_of_the_cursor_neither_writes_nor_reads_an_array(
    store: SQLiteStore, clock: Clock
) -> None:
    store.create(record("a", clock, size=1000))
    store.get("a")
    seen = statements(store)
    found = store.replace("a", 1, {"cursor": [1, 0]}, {})
    assert found.arrays["x"].size == 1000
    assert sum("UPDATE sessions" in sql for sql in seen) == 1
    assert not [sql for sql in seen if "arrays" in sql]


def test_an_array_that_was_read_before_is_not_old(store: SQLiteStore, clock: Clock) -> None:
    store.create(record("a", clock))
    store.get("a").arrays.clear()  # type: ignore[attr-defined]
    assert store.get("a").arrays["x"].tolist() == [0, 1, 2]
    store.replace("a", 1, {}, {"x": np.ones(1)})
    assert store.get("a").arrays["x"].tolist() == [1]
    store.delete("a")
    store.create(record("a", clock))
    assert store.get("a").arrays["x"].tolist() == [0, 1, 2]


def test_a_touch_is_written_once_a_minute_and_exact_all_the_time(
    store: SQLiteStore, clock: Clock
) -> None:
    store.create(record("a", clock))
    seen = statements(store)
    for _ in range(120):
        clock.now += 1
        store.touch("a")
        assert store.get("a").touched == clock.now
    assert sum("UPDATE" in sql for sql in seen) == 2


def test_a_deleted_session_leaves_nothing_in_the_file(
    store: SQLiteStore, path: Path, clock: Clock
) -> None:
    for id in ("deleted", "swept"):
        store.create(record(id, clock))
    store.delete("deleted")
    clock.now += 25 * 3600
    assert store.sweep() == ["swept"]
    store.close()
    assert look_into(path, "SELECT count(*) FROM arrays") == [(0,)]
    assert look_into(path, "SELECT count(*) FROM sessions") == [(0,)]


def test_a_sweep_takes_many_and_gives_the_room_back(
    store: SQLiteStore, path: Path, clock: Clock
) -> None:
    for number in range(250):
        store.create(record(f"s{number}", clock, size=4000))
    store.create(record("last", clock))
    clock.now += 20 * 3600
    store.touch("last")
    clock.now += 5 * 3600
    assert store.stats().bytes > 8_000_000
    assert len(store.sweep()) == 250
    assert store.stats().sessions == 1
    store.close()
    assert path.stat().st_size < 5_000_000  # up to 1,000 free pages are kept for what comes


def test_a_damaged_array_is_noticed(path: Path, clock: Clock) -> None:
    store = open_at(path, clock)
    store.create(record("a", clock))
    store.close()
    look_into(
        path,
        "UPDATE arrays SET data ="
        " CAST(substr(data, 1, 20) || x'ff' || substr(data, 22) AS BLOB) WHERE name = 'x'",
    )
    store = open_at(path, clock)
    with pytest.raises(StoreError, match="array x of session a is damaged: the checksum"):
        store.get("a")
    store.delete("a")
    store.close()


def test_a_full_disk_loses_nothing_and_says_when_to_try_again(
    store: SQLiteStore, clock: Clock
) -> None:
    store.create(record("a", clock))
    before, stats = store.get("a"), store.stats()
    with store._access() as db:
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        db.execute(f"PRAGMA max_page_count = {pages + 10}")
    with pytest.raises(StoreFull, match="disk") as error:
        store.replace("a", 1, {"lost": True}, {"x": np.zeros(100_000)})
    assert error.value.retry_after > 0
    with pytest.raises(StoreFull, match="disk"):
        store.create(record("b", clock, size=100_000))
    assert same(store.get("a"), before)
    assert store.stats() == stats
    assert store.replace("a", 1, {}, {}).version == 2


def test_a_fault_in_the_middle_of_a_write_undoes_all_of_it(path: Path, clock: Clock) -> None:
    store = open_store(
        f"sqlite:{path}",
        Limits(max_bytes=30_000, grace_seconds=60, reserve=0, small_growth=0),
        clock,
    )
    for id in ("idle", "a"):
        store.create(record(id, clock, size=1000))
        clock.now += 61
    look_into(
        path,
        "CREATE TRIGGER fault BEFORE INSERT ON arrays WHEN NEW.name = 'fault'"
        " BEGIN SELECT RAISE(ABORT, 'planted'); END",
    )
    stats = store.stats()
    # The idle session would have to go for it, and the first array is written before the fault.
    with pytest.raises(StoreError, match="planted"):
        store.replace("a", 1, {"lost": 1}, {"x": np.zeros(2000), "fault": np.zeros(1000)})
    assert store.stats() == stats
    store.close()
    store = open_store(
        f"sqlite:{path}",
        Limits(max_bytes=30_000, grace_seconds=60, reserve=0, small_growth=0),
        clock,
    )
    assert store.stats() == stats
    started = Clock()
    assert same(store.get("idle"), record("idle", started, size=1000))
    started.now += 61
    assert same(store.get("a"), record("a", started, size=1000))
    store.close()
