"""A full disk: what is there can be read and deleted, and it is said why the rest cannot be."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.server import Settings, create_app
from app.sessions.store import sqlite
from app.sessions.store.open_store import open_store
from app.sessions.store.reserve import RESERVE_BYTES, Reserve
from app.sessions.store.sqlite import SQLiteStore
from app.sessions.store.store import Limits
from tests.api.conftest import API, SMALL, Owner
from tests.sessions.damage import FullDisk, full_disk
from tests.sessions.records import Clock, record

HOST = "http://127.0.0.1"


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    # As if every session had been used long ago, so that a reading is to be written.
    monkeypatch.setattr(sqlite, "TOUCH_SECONDS", 0.0)
    monkeypatch.setattr("app.sessions.keeper.TOUCH_SECONDS", -1.0)
    with TestClient(create_app(Settings(f"sqlite:{tmp_path}/s.db")), HOST) as client:
        yield client


@pytest.fixture
def owner(client: TestClient) -> Owner:
    return Owner(client, SMALL)


@pytest.fixture
def disk(client: TestClient, owner: Owner) -> Iterator[FullDisk]:
    with full_disk(store_of(client)) as disk:
        yield disk


def store_of(client: TestClient) -> SQLiteStore:
    return cast(SQLiteStore, cast(FastAPI, client.app).state.store)


@pytest.mark.parametrize(
    "path", ["", "/trace", "/graph", "/figure.svg", "/layers", "/runs", "/recipe"]
)
def test_everything_can_be_read(owner: Owner, disk: FullDisk, path: str) -> None:
    for _ in range(2):
        assert owner.get(path).status_code == 200


def test_events_begin(owner: Owner, disk: FullDisk, client: TestClient) -> None:
    # The stream itself has no end here; HEAD asks for all that comes before it.
    assert client.head(f"{API}/sessions/{owner.created['id']}/events").status_code == 200


def test_a_change_says_why_it_cannot_be_kept(owner: Owner, disk: FullDisk) -> None:
    for answer in (owner.post("/step"), owner.post("/fork"), owner.post("/runs", {"steps": 1})):
        assert (answer.status_code, answer.json()["detail"]) == (503, "The disk is full.")
        assert int(answer.headers["retry-after"]) > 0


def test_a_session_can_be_deleted_and_the_room_is_taken_again(
    owner: Owner, disk: FullDisk, client: TestClient
) -> None:
    path = f"{API}/sessions/{owner.created['id']}"
    assert client.delete(path, headers=owner.token).status_code == 204
    assert owner.get("").status_code == 404
    assert disk._reserve.stat().st_size == RESERVE_BYTES


def test_readyz_says_so_and_livez_does_not(client: TestClient, disk: FullDisk) -> None:
    assert client.post(f"{API}/sessions", json=SMALL).status_code == 503
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "the disk is full\n")
    assert client.get("/livez").status_code == 200
    disk.is_full = False
    assert client.get("/readyz").status_code == 200


def test_readyz_says_so_before_it_is_full(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get("/readyz").status_code == 200
    monkeypatch.setattr(Reserve, "is_short", lambda _: True)
    assert client.get("/readyz").status_code == 503


def test_a_run_that_cannot_be_saved_says_why(
    client: TestClient, owner: Owner, caplog: pytest.LogCaptureFixture
) -> None:
    endless = {"steps": 1_000_000, "batch_size": 1}
    run = owner.post("/runs", endless).json()["id"]
    with full_disk(store_of(client)):
        owner.post(f"/runs/{run}/pause")
        found: dict[str, Any] = owner.get(f"/runs/{run}").json()
    assert found["state"] == "failed"
    assert found["error"] == "the run could not be saved: the disk is full"
    told = [entry for entry in caplog.records if entry.levelno >= logging.ERROR]
    assert [entry.exc_info for entry in told] == [None]


def test_a_last_use_that_was_not_written_counts_all_the_same(tmp_path: Path) -> None:
    clock = Clock()
    store = cast(SQLiteStore, open_store(f"sqlite:{tmp_path}/s.db", Limits(), clock))
    store.create(record("a", clock))
    clock.now += 20 * 3600
    with full_disk(store):
        store.touch("a")
    clock.now += 20 * 3600
    assert store.sweep() == []
    store.touch("a")
    store.close()
    store = cast(SQLiteStore, open_store(f"sqlite:{tmp_path}/s.db", Limits(), clock))
    assert store.get("a").touched == clock.now
    store.close()
