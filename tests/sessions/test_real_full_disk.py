"""A disk that is really full: a small one in memory, where this machine lets one be made."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from app.sessions.store.open_store import open_store
from app.sessions.store.sqlite import SQLiteStore
from app.sessions.store.store import Limits, NotFound, Record, StoreFull
from tests.sessions.records import Clock

MEGABYTES = 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    mount = shutil.which("mount")
    command = [mount or "", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(tmp_path)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody here mount a disk")
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


def fill(folder: Path) -> None:
    with suppress(OSError), (folder / "ballast").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def session(name: str, clock: Clock) -> Record:
    return Record(name, b"", 1, clock(), clock(), {}, {"x": np.ones(50_000)})


def test_a_store_goes_on_and_begins_and_gets_room_again(small_disk: Path) -> None:
    clock, url = Clock(), f"sqlite:{small_disk}/s.db"
    store = cast(SQLiteStore, open_store(url, Limits(), clock))
    made = 0
    with suppress(StoreFull):
        for made in range(100):
            store.create(session(f"s{made}", clock))
    assert 5 < made < 99
    fill(small_disk)
    with pytest.raises(StoreFull):
        store.ping()
    clock.now += 100
    assert store.get("s1").arrays["x"].sum() == 50_000
    store.touch("s1")
    store.delete("s2")
    store.close()

    fill(small_disk)
    store = cast(SQLiteStore, open_store(url, Limits(), clock))
    assert store.get("s1").arrays["x"].sum() == 50_000
    with pytest.raises(NotFound):
        store.get("s2")
    for k in range(3, made):
        store.delete(f"s{k}")
    assert store.stats().sessions == 2
    (small_disk / "ballast").unlink()
    store.sweep()
    store.ping()
    store.create(session("new", clock))
    store.close()
