"""Sweeping goes on after whatever has gone wrong once, and gives the room back."""

import asyncio
import logging
import time
from pathlib import Path

import numpy as np
import pytest

from app import datasets
from app.server import Settings, create_app
from app.sessions.service import Service
from app.sessions.store.open_store import open_store
from app.sessions.store.store import Record, StoreFull
from app.sweeper import sweep_for_ever
from tests.conftest import serving


def swept(service: Service, until: int, calls: list[int]) -> None:
    async def sweeping() -> None:
        task = asyncio.create_task(sweep_for_ever(service, 0))
        while len(calls) < until and not task.done():
            await asyncio.sleep(0.001)
        task.cancel()

    asyncio.run(sweeping())


def test_an_error_is_told_of_and_sweeping_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    service = Service(open_store("memory"), datasets.load)
    calls: list[int] = []

    def sweep() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise StoreFull(60, "the disk is full")
        if len(calls) == 2:
            raise ZeroDivisionError

    monkeypatch.setattr(service, "sweep", sweep)
    swept(service, 4, calls)
    assert len(calls) >= 4
    errors = [entry for entry in caplog.records if entry.levelno == logging.ERROR]
    assert [entry.message for entry in errors] == [
        "idle sessions stay for now: the disk is full",
        "idle sessions stay for now",
    ]
    # What the disk does is no fault of the program; anything else is, and is traced.
    assert [entry.exc_info is None for entry in errors] == [True, False]
    service.close()


def large(id: str) -> Record:
    now = time.time()
    return Record(id, b"", 1, now, now, {}, {"x": np.zeros(1_000_000)})


def test_the_file_shrinks_after_a_deletion_and_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = open_store(f"sqlite:{path}")
    for id in ("a", "b", "c"):
        store.create(large(id))
    store.delete("a")
    assert store.sweep() == []
    assert path.stat().st_size < 2 * 8_000_000 + 5_000_000
    store.delete("b")
    store.delete("c")
    store.close()
    assert path.stat().st_size > 8_000_000
    with serving(create_app(Settings(f"sqlite:{path}"))):
        end = time.monotonic() + 20
        while path.stat().st_size > 5_000_000 and time.monotonic() < end:
            time.sleep(0.01)
        assert path.stat().st_size < 5_000_000
