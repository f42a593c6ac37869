"""All stores keep the same promises."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from app.sessions.store.open_store import open_store
from app.sessions.store.store import (
    Fenced,
    Limits,
    NotFound,
    Record,
    Store,
    StoreError,
    StoreFull,
    VersionConflict,
)
from tests.postgres import Cluster
from tests.sessions.records import Clock, record, same

Array = np.ndarray
Opener = Callable[[Limits], Store]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def opener(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Opener]:
    opened: list[Store] = []
    url = "memory" if request.param == "memory" else f"sqlite:{tmp_path}/deep/er/s.db"
    if request.param == "postgresql":
        cluster: Cluster = request.getfixturevalue("cluster")
        url = cluster.address(cluster.schema())

    def open_one(limits: Limits) -> Store:
        opened.append(open_store(url, limits, clock))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def store(opener: Opener) -> Store:
    return opener(Limits())


def test_a_session_is_read_as_it_was_written(store: Store, clock: Clock) -> None:
    store.create(record("a", clock))
    found = store.get("a")
    assert same(found, record("a", clock))
    assert not any(array.flags.writeable for array in found.arrays.values())
    with pytest.raises(ValueError, match="taken"):
        store.create(record("a", clock))


def test_what_the_caller_does_to_its_arrays_later_changes_nothing(
    store: Store, clock: Clock
) -> None:
    mine = record("a", clock)
    store.create(mine)
    mine.arrays["x"][0] = 99
    mine.meta["cursor"].append(1)
    store.get("a").meta["cursor"].append(2)
    assert same(store.get("a"), record("a", clock))


def test_replace_writes_what_is_named_and_keeps_the_rest(store: Store, clock: Clock) -> None:
    store.create(record("a", clock))
    clock.now += 10
    new = store.replace("a", 1, {"cursor": [3, 1]}, {"t": None, "W": np.eye(2)})
    assert same(new, store.get("a"))
    assert (new.version, new.touched, new.created) == (2, clock.now, clock.now - 10)
    assert {name: array.tolist() for name, array in new.arrays.items()} == {
        "x": [0, 1, 2], "W": [[1, 0], [0, 1]],
    }  # fmt: skip


def test_a_stale_version_writes_nothing(store: Store, clock: Clock) -> None:
    store.create(record("a", clock))
    store.replace("a", 1, {}, {})
    before = store.get("a")
    with pytest.raises(VersionConflict) as error:
        store.replace("a", 1, {"lost": True}, {"x": None})
    assert error.value.current == 2
    assert same(store.get("a"), before)


def test_what_is_not_there_is_not_found(store: Store) -> None:
    for call in (store.get, store.delete, store.touch, store.attachments):
        with pytest.raises(NotFound):
            call("nobody")
    with pytest.raises(NotFound):
        store.replace("nobody", 1, {}, {})
    with pytest.raises(NotFound):
        store.attachment("nobody", "run")


def test_attachments_lie_beside_a_session_and_go_with_it(store: Store, clock: Clock) -> None:
    for id in ("a", "b"):
        store.create(record(id, clock))
    before = store.stats().bytes
    new = store.replace("a", 1, record("a", clock).meta, {}, {"run": b"12345", "plan": b"67"})
    assert new.arrays.keys() == {"x", "t"}
    store.replace("b", 1, record("b", clock).meta, {}, {"run": b""})
    assert store.attachments("a") == {"run": 5, "plan": 2}
    assert [store.attachment("a", name) for name in ("run", "plan", "none")] == [
        b"12345", b"67", None,
    ]  # fmt: skip
    assert store.attached("run") == {"a": b"12345", "b": b""}
    assert store.attached("plan") == {"a": b"67"}
    assert store.stats().bytes == before + 7
    store.replace("a", 2, record("a", clock).meta, {}, {"run": b"1", "plan": None, "none": None})
    assert store.attachments("a") == {"run": 1}
    with pytest.raises(VersionConflict):
        store.replace("a", 2, {}, {}, {"run": None})
    assert store.attachment("a", "run") == b"1"
    assert store.stats().bytes == before + 1
    store.delete("a")
    assert store.attached("run") == {"b": b""}


def test_an_idle_session_expires_and_a_touched_one_does_not(store: Store, clock: Clock) -> None:
    for id in ("a", "b"):
        store.create(record(id, clock))
    clock.now += 20 * 3600
    store.touch("a")
    clock.now += 5 * 3600
    with pytest.raises(NotFound):
        store.get("b")
    assert store.get("a").version == 1
    assert store.sweep() == ["b"]
    assert store.stats().sessions == 1


def test_the_longest_idle_make_room_and_those_in_use_stay(opener: Opener, clock: Clock) -> None:
    store = opener(Limits(max_bytes=30_000, grace_seconds=60, reserve=0, small_growth=0))
    for id in ("a", "b", "c"):
        store.create(record(id, clock, size=1000))
        clock.now += 61
    store.touch("a")
    store.create(record("d", clock, size=1000))
    with pytest.raises(NotFound):
        store.get("b")
    assert [store.get(id).id for id in ("a", "c", "d")] == ["a", "c", "d"]
    store.touch("c")
    clock.now += 20
    with pytest.raises(StoreFull) as error:
        store.create(record("e", clock, size=1000))
    assert error.value.retry_after == 40
    with pytest.raises(StoreFull):
        store.replace("d", 1, {}, {"more": np.zeros(1000)})
    assert [store.get(id).version for id in ("a", "c", "d")] == [1, 1, 1]
    assert store.stats().bytes <= 30_000
    clock.now += 40
    store.create(record("e", clock, size=1000))
    assert store.stats().sessions == 3


def test_a_session_larger_than_the_store_is_refused_and_none_goes_for_it(
    opener: Opener, clock: Clock
) -> None:
    store = opener(Limits(max_bytes=30_000, grace_seconds=60, reserve=0, small_growth=0))
    store.create(record("a", clock))
    clock.now += 3600
    with pytest.raises(StoreFull):
        store.create(record("b", clock, size=4000))
    assert store.stats().sessions == 1


def test_bytes_follow_what_is_written(store: Store, clock: Clock) -> None:
    store.create(record("a", clock))
    before = store.stats().bytes
    store.replace("a", 1, {"cursor": [0, 0]}, {"x": np.zeros(103), "t": None, "none": None})
    # 100 numbers more, two less, and one header with one axis less.
    assert store.stats().bytes == before + 8 * 100 - (8 * 2 + 8 + 8 + 4)
    store.replace("a", 2, {"cursor": [0, 0], "n": 1}, {})
    assert store.stats().bytes == before + 8 * 100 - (8 * 2 + 8 + 8 + 4) + len(',"n":1')
    store.delete("a")
    assert store.stats().bytes == 0


def test_meta_is_small_and_finite(store: Store, clock: Clock) -> None:
    for meta in ({"big": "x" * 70_000}, {"nan": float("nan")}):
        with pytest.raises(ValueError):  # noqa: PT011 - two messages
            store.create(record("a", clock, **meta))
    assert store.stats().sessions == 0


def test_arrays_of_other_dtypes_are_refused_and_nothing_is_written(
    store: Store, clock: Clock
) -> None:
    store.create(record("a", clock))
    with pytest.raises(TypeError, match="int32"):
        store.replace("a", 1, {"lost": True}, {"x": np.zeros(2, np.int32)})
    assert same(store.get("a"), record("a", clock))


def test_two_hundred_racing_edits_lose_none(store: Store, clock: Clock) -> None:
    store.create(Record("a", b"", 1, clock(), clock(), {}, {"x": np.zeros(200)}))
    wrong: list[str] = []

    def edit(cells: range) -> None:
        for cell in cells:
            while True:
                found = store.get("a")
                x = found.arrays["x"].copy()
                x[cell] += 1
                try:
                    new = store.replace("a", found.version, {"cell": cell}, {"x": x})
                except VersionConflict:
                    continue
                # Not a later writer's: its version would let this one overwrite the other's edit.
                if (new.version, new.meta) != (found.version + 1, {"cell": cell}):
                    wrong.append(f"{cell}: {new.version} after {found.version}")
                break

    threads = [threading.Thread(target=edit, args=(range(k, 200, 8),)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = store.get("a")
    assert found.version == 201
    assert found.arrays["x"].tolist() == [1] * 200
    assert wrong == []


def test_writes_behind_a_fence_are_refused(store: Store, clock: Clock) -> None:
    store.create(record("a", clock))
    store.fence("a", 5)
    assert store.replace("a", 1, {}, {}, fence=5).version == 2
    assert store.replace("a", 2, {}, {}).version == 3
    store.fence("a", 7)
    before = store.get("a")
    with pytest.raises(Fenced):
        store.replace("a", 3, {"late": True}, {"x": None}, {"run": b"1"}, fence=5)
    with pytest.raises(Fenced):
        store.fence("a", 6)
    assert same(store.get("a"), before)
    assert store.attachments("a") == {}
    assert store.replace("a", 3, {}, {}, fence=7).version == 4
    with pytest.raises(NotFound):
        store.fence("nobody", 1)


def test_a_closed_store_says_so(store: Store, clock: Clock) -> None:
    store.create(record("a", clock))
    store.ping()
    store.close()
    store.close()
    for call in (
        store.ping,
        store.stats,
        store.sweep,
        lambda: store.get("a"),
        lambda: store.touch("a"),
        lambda: store.delete("a"),
        lambda: store.replace("a", 1, {}, {}),
        lambda: store.attachment("a", "run"),
        lambda: store.attachments("a"),
        lambda: store.fence("a", 1),
        lambda: store.attached("run"),
        lambda: store.create(record("b", clock)),
    ):
        with pytest.raises(StoreError, match="closed"):
            call()


def test_unknown_urls_are_refused() -> None:
    for url in ("", "postgres:x", "redis:x", "sqlite", "sqlite:", "sqlite::memory:", "memory:"):
        with pytest.raises(ValueError, match="memory"):
            open_store(url)
