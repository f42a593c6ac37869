"""A machine's clock that jumps, and a server that was off, cost nobody a session."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.sessions.service import Service
from app.sessions.store.clock import SteadyClock
from app.sessions.store.open_store import open_store
from app.sessions.store.store import Limits, NotFound
from tests.sessions.conftest import WANTED, load_rows
from tests.sessions.records import Clock, record

DAY = 24 * 3600.0


def test_time_goes_on_evenly_whatever_the_machine_says() -> None:
    wall, watch = Clock(), Clock()
    watch.now = 5.0
    clock = SteadyClock(wall, watch)
    assert clock() == 1_000_000
    wall.now += 3 * DAY
    watch.now += 2
    assert clock() == 1_000_002
    wall.now -= 6 * DAY
    watch.now += 2
    assert clock() == 1_000_004


@pytest.mark.parametrize("url", ["memory", "sqlite:{}/s.db"])
@pytest.mark.parametrize("days", [[3.0], [-3.0], [-3.0, 3.0], [3.0, -3.0]])
def test_a_jump_of_the_machines_clock_ends_no_session(
    url: str, days: list[float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service(open_store(url.format(tmp_path)), load_rows)
    ids = [service.create(WANTED)[0].id for _ in range(2)]
    real: Callable[[], float] = time.time
    offset = 0.0
    for jump in days:
        offset += jump * DAY
        monkeypatch.setattr(time, "time", lambda offset=offset: real() + offset)
        service.get(ids[0])
        service.keeper.store.touch(ids[0])
        service.sweep()
        made = service.create(WANTED)[0]
        ids.append(made.id)
    for id in ids:
        assert service.get(id).id == id
    service.close()


@pytest.mark.parametrize("days", [3.0, -3.0])
def test_while_nobody_has_the_file_open_no_session_grows_older(tmp_path: Path, days: float) -> None:
    clock, url = Clock(), f"sqlite:{tmp_path}/s.db"
    store = open_store(url, Limits(), clock)
    store.create(record("old", clock))
    clock.now += 20 * 3600
    store.create(record("new", clock))
    store.close()
    clock.now += days * DAY
    # Twice: what was put off stays so.
    for _ in range(2):
        store = open_store(url, Limits(), clock)
        assert store.sweep() == []
        assert store.get("new").touched == clock.now
        assert store.get("old").touched == clock.now - 20 * 3600
        store.close()
    store = open_store(url, Limits(), clock)
    clock.now += 5 * 3600
    with pytest.raises(NotFound):
        store.get("old")
    assert store.sweep() == ["old"]
    store.close()
