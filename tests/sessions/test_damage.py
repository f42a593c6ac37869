"""Damage to a store's file: it stays with the session that it hit, is told of, and can be left."""

import logging
import os
import sqlite3
import sys
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from app.__main__ import main
from app.sessions.store.open_store import open_store
from app.sessions.store.rescue import rescue
from app.sessions.store.sqlite import SQLiteStore
from app.sessions.store.store import (
    Limits,
    NotFound,
    Record,
    SessionDamaged,
    StoreBusy,
    StoreDamaged,
    StoreError,
)
from tests.sessions.damage import spoil
from tests.sessions.records import Clock

MANY = 120


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s.db"


def open_at(path: Path, clock: Clock, limits: Limits = Limits()) -> SQLiteStore:
    return cast(SQLiteStore, open_store(f"sqlite:{path}", limits, clock))


def numbered(k: int, clock: Clock, size: int = 40) -> Record:
    """A session whose parts can each be found in the file by their bytes."""
    arrays = {"x": np.full(size, k + 0.125), "t": np.arange(k)}
    hash = b"hash-of-%04d" % k
    return Record(f"id-{k:04d}", hash, 1, clock(), clock(), {"note": "n" * 300, "k": k}, arrays)


def filled(path: Path, clock: Clock, count: int = MANY, size: int = 40) -> None:
    store = open_at(path, clock)
    for k in range(count):
        store.create(numbered(k, clock, size))
        clock.now += 1
    store.replace("id-0003", 1, {"k": 3}, {}, {"active": b"active-of-3", "run": b"r" * 9000})
    store.close()


def inside(k: int) -> bytes:
    """Bytes of session k's x, which are on no other session's pages where x is large."""
    return np.full(4, k + 0.125).tobytes()


LARGE = 3000  # numbers, on some pages of their own


@pytest.fixture
def hurt(path: Path, clock: Clock) -> Path:
    """Session 5 of ten has a page that leads nowhere."""
    filled(path, clock, 10, LARGE)
    spoil(path, inside(5) * 100)
    return path


def test_others_are_not_concerned_and_the_damaged_one_says_so(hurt: Path, clock: Clock) -> None:
    store = open_at(hurt, clock)
    for k in range(10):
        if k == 5:
            with pytest.raises(SessionDamaged, match="id-0005") as error:
                store.get("id-0005")
            assert (error.value.token_hash, error.value.version) == (b"hash-of-0005", 1)
        else:
            assert store.get(f"id-{k:04d}").meta["k"] == k
    store.close()


def test_the_damaged_one_can_be_deleted(hurt: Path, clock: Clock) -> None:
    store = open_at(hurt, clock)
    store.delete("id-0005")
    with pytest.raises(NotFound):
        store.get("id-0005")
    store.create(numbered(5, clock))
    store.close()
    store = open_at(hurt, clock)
    assert store.stats().sessions == 10
    store.close()


def test_those_whose_arrays_cannot_even_be_found_can_be_deleted(
    path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    filled(path, clock, 60)
    spoil(path, b"id-0050xBPXA", length=4096)
    store = open_at(path, clock)
    damaged = []
    for k in range(60):
        try:
            store.get(f"id-{k:04d}")
        except SessionDamaged:
            damaged.append(f"id-{k:04d}")
    assert "id-0050" in damaged
    assert len(damaged) < 20
    for id in damaged:
        store.delete(id)
    assert "is damaged, and a part of it stays in the file" in caplog.text
    store.close()
    store = open_at(path, clock)
    assert store.stats().sessions == 60 - len(damaged)
    store.create(numbered(90, clock))
    assert store.get("id-0090").version == 1
    store.close()


def test_a_sweep_takes_it_with_all_others(hurt: Path, clock: Clock) -> None:
    store = open_at(hurt, clock)
    clock.now += 25 * 3600
    assert len(store.sweep()) == 10
    assert store.stats().sessions == 0
    store.close()
    store = open_at(hurt, clock)
    assert store.stats().sessions == 0
    store.close()


def test_it_makes_room_for_a_newcomer_like_any_other(hurt: Path, clock: Clock) -> None:
    limits = Limits(max_bytes=11 * 8 * LARGE, grace_seconds=0, reserve=0)
    store = open_at(hurt, clock, limits)
    clock.now += 1000
    for k in range(20, 30):
        store.create(numbered(k, clock, LARGE))
    assert [store.get(f"id-{k:04d}").version for k in range(20, 30)] == [1] * 10
    with pytest.raises(NotFound):
        store.get("id-0005")
    store.close()


def test_attachments_that_cannot_be_read_stop_no_server(path: Path, clock: Clock) -> None:
    filled(path, clock, 10)
    store = open_at(path, clock)
    store.replace("id-0007", 1, {}, {}, {"active": b"a" * 9000})
    store.close()
    spoil(path, b"a" * 4000)
    store = open_at(path, clock)
    assert store.attached("active") == {"id-0003": b"active-of-3"}
    with pytest.raises(SessionDamaged):
        store.attachment("id-0007", "active")
    assert store.get("id-0007").version == 2
    store.close()


# One bad page of the table of sessions


@pytest.fixture
def broken(path: Path, clock: Clock) -> Path:
    filled(path, clock)
    spoil(path, b"hash-of-0050", length=4096)
    return path


def test_the_server_says_how_to_go_on(
    broken: Path, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(StoreDamaged):
        open_at(broken, clock)
    assert main(["--store", f"sqlite:{broken}", "--port", "0"]) == 1
    told = capsys.readouterr().err
    assert "malformed" in told
    assert "--rescue" in told
    assert "Traceback" not in told


def test_what_can_be_read_is_saved_and_the_old_file_kept(
    broken: Path, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    before = broken.read_bytes()
    assert main(["--store", f"sqlite:{broken}", "--rescue"]) == 0
    store = open_at(broken, clock)
    saved = store.stats().sessions
    # A page holds some ten of these.
    assert MANY - 20 < saved < MANY
    assert f"{saved} sessions are saved and {MANY - saved} are lost." in capsys.readouterr().out
    for k in range(MANY):
        try:
            found = store.get(f"id-{k:04d}")
        except NotFound:
            continue
        assert found.arrays["x"].tolist() == [k + 0.125] * 40
        assert found.arrays["t"].tolist() == list(range(k))
    assert store.attachment("id-0003", "run") == b"r" * 9000
    assert store.get("id-0003").version == 2
    bytes_then = store.stats().bytes
    store.delete("id-0003")
    assert store.stats().bytes < bytes_then
    store.close()
    assert broken.with_name("s.db.damaged-1").read_bytes() == before
    database = sqlite3.connect(broken)
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    database.close()


def test_of_a_session_whose_runs_are_lost_the_numbers_are_saved(path: Path, clock: Clock) -> None:
    filled(path, clock)
    spoil(path, b"r" * 4000)
    assert rescue(str(path)).saved == MANY
    store = open_at(path, clock)
    assert store.attachments("id-0003") == {}
    assert store.get("id-0003").meta == {"k": 3}
    store.close()


@pytest.mark.parametrize("where", ["beginning", "end"])
def test_of_a_file_cut_off_or_overwritten_what_is_left_is_saved(
    path: Path, clock: Clock, where: str
) -> None:
    filled(path, clock, 40, LARGE)
    data = path.read_bytes()
    part = len(data) // 4 // 4096 * 4096
    if where == "end":
        path.write_bytes(data[: 3 * part])
    else:
        # The first pages say what tables there are.
        path.write_bytes(data[: 12 * 4096] + bytes(part - 12 * 4096) + data[part:])
    found = rescue(str(path))
    assert 0 < found.saved < 40
    store = open_at(path, clock)
    kept = [k for k in range(40) if f"id-{k:04d}" in store._ledger]
    assert len(kept) == found.saved
    for k in kept:
        assert store.get(f"id-{k:04d}").arrays["x"].tolist() == [k + 0.125] * LARGE
    store.close()


def test_nothing_is_changed_where_nothing_can_be_saved(
    path: Path, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    rescued = ["--store", f"sqlite:{path}", "--rescue"]
    assert main(rescued) == 1
    assert not path.exists()
    path.write_bytes(b"a letter to somebody" * 1000)
    assert main(rescued) == 1
    assert path.read_bytes() == b"a letter to somebody" * 1000
    assert main(["--store", "memory", "--rescue"]) == 2
    path.unlink()
    store = open_at(path, clock)
    with pytest.raises(StoreBusy):
        rescue(str(path))
    store.close()
    assert capsys.readouterr().out == ""
    assert {file.name for file in path.parent.iterdir()} <= {"s.db", "s.db.lock", "s.db.reserve"}


# The file itself


@pytest.mark.skipif(sys.platform == "win32", reason="a file in use cannot be removed there")
@pytest.mark.parametrize("how", ["removed", "replaced", "emptied"])
def test_a_file_that_is_gone_is_noticed(
    path: Path, clock: Clock, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = open_at(path, clock)
    store.create(numbered(1, clock))
    store.ping()
    if how == "emptied":
        os.truncate(path, 0)
    else:
        path.unlink()
    if how == "replaced":
        path.write_bytes(b"another")
    for call in (
        store.ping,
        lambda: store.create(numbered(2, clock)),
        lambda: store.replace("id-0001", 1, {}, {}),
        lambda: store.delete("id-0001"),
    ):
        with pytest.raises(StoreError, match="removed, replaced or emptied"):
            call()
    assert caplog.text.count("restart the server") == 1
    store.close()


def test_an_empty_file_is_not_taken_in_silence(
    path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        open_at(path, clock).close()
        assert caplog.text == ""
        path.write_bytes(b"")
        open_at(path, clock).close()
    assert "was empty" in caplog.text
