"""Both stores keep the same promises."""

import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from app.sessions.sqlite import SQLiteStore, StoreBusy
from app.sessions.store import (
    Limits,
    NotFound,
    Record,
    Store,
    StoreError,
    StoreFull,
    VersionConflict,
    open_store,
)

Array = np.ndarray
Opener = Callable[[Limits], Store]


class Clock:
    """Time that moves only when told."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "sqlite"])
def opener(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Opener]:
    opened: list[Store] = []
    url = "memory" if request.param == "memory" else f"sqlite:{tmp_path}/deep/er/s.db"

    def open_one(limits: Limits) -> Store:
        opened.append(open_store(url, limits, clock))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def store(opener: Opener) -> Store:
    return opener(Limits())


def record(id: str, clock: Clock, size: int = 3, **meta: Any) -> Record:
    arrays = {"x": np.arange(float(size)), "t": np.array([1, 2])}
    return Record(id, b"hash", 1, clock(), clock(), {"cursor": [0, 0], **meta}, arrays)


def same(one: Record, other: Record) -> bool:
    heads = [(r.id, r.token_hash, r.version, r.created, r.touched, r.meta) for r in (one, other)]
    return heads[0] == heads[1] and {k: v.tobytes() for k, v in one.arrays.items()} == {
        k: v.tobytes() for k, v in other.arrays.items()
    }


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
    for call in (store.get, store.delete, store.touch):
        with pytest.raises(NotFound):
            call("nobody")
    with pytest.raises(NotFound):
        store.replace("nobody", 1, {}, {})


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
    store = opener(Limits(max_bytes=30_000))
    for id in ("a", "b", "c"):
        store.create(record(id, clock, size=1000))
        clock.now += 61
    store.touch("a")
    store.create(record("d", clock, size=1000))
    with pytest.raises(NotFound):
        store.get("b")
    assert [store.get(id).id for id in ("a", "c", "d")] == ["a", "c", "d"]
    store.touch("c")
    with pytest.raises(StoreFull) as error:
        store.create(record("e", clock, size=1000))
    assert error.value.retry_after == 60
    with pytest.raises(StoreFull):
        store.replace("d", 1, {}, {"more": np.zeros(1000)})
    assert [store.get(id).version for id in ("a", "c", "d")] == [1, 1, 1]
    assert store.stats().bytes <= 30_000


def test_meta_is_small_and_finite(store: Store, clock: Clock) -> None:
    for meta in ({"big": "x" * 70_000}, {"nan": float("nan")}):
        with pytest.raises(ValueError):  # noqa: PT011 - two messages
            store.create(record("a", clock, **meta))
    assert store.stats().sessions == 0


def test_two_hundred_racing_edits_lose_none(store: Store, clock: Clock) -> None:
    store.create(Record("a", b"", 1, clock(), clock(), {}, {"x": np.zeros(200)}))

    def edit(cells: range) -> None:
        for cell in cells:
            while True:
                found = store.get("a")
                x = found.arrays["x"].copy()
                x[cell] += 1
                try:
                    store.replace("a", found.version, {}, {"x": x})
                except VersionConflict:
                    continue
                break

    threads = [threading.Thread(target=edit, args=(range(k, 200, 8),)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = store.get("a")
    assert found.version == 201
    assert found.arrays["x"].tolist() == [1] * 200


def test_unknown_urls_are_refused() -> None:
    for url in ("", "redis:x", "sqlite", "sqlite:"):
        with pytest.raises(ValueError, match="memory"):
            open_store(url)


def test_a_file_belongs_to_one_process_and_is_kept(tmp_path: Path, clock: Clock) -> None:
    url = f"sqlite:{tmp_path}/s.db"
    first = open_store(url, clock=clock)
    first.create(record("a", clock))
    with pytest.raises(StoreBusy, match="another process"):
        open_store(url)
    first.close()
    second = open_store(url, clock=clock)
    assert same(second.get("a"), record("a", clock))
    second.close()


def test_a_file_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path, clock: Clock) -> None:
    store = SQLiteStore(f"{tmp_path}/s.db", Limits(), clock)
    store._db.execute("PRAGMA user_version = 99")
    store.close()
    for _ in range(2):
        with pytest.raises(StoreError, match="newer"):
            SQLiteStore(f"{tmp_path}/s.db", Limits(), clock)


class Comparison(RuleBasedStateMachine):
    """Any history of calls leaves memory, SQLite and a plain dictionary with the same sessions."""

    ids: Bundle[str] = Bundle("ids")

    @initialize()
    def open(self) -> None:
        self.clock = Clock()
        limits = Limits(idle_seconds=100)
        self.folder = tempfile.TemporaryDirectory()
        urls = ("memory", f"sqlite:{self.folder.name}/s.db")
        self.stores = [open_store(url, limits, self.clock) for url in urls]
        self.model: dict[str, tuple[int, float, int]] = {}

    def teardown(self) -> None:
        for store in getattr(self, "stores", []):
            store.close()
        if hasattr(self, "folder"):
            self.folder.cleanup()

    def everywhere(self, call: Callable[[Store], object]) -> list[object]:
        results: list[object] = []
        for store in self.stores:
            try:
                results.append(call(store))
            except StoreError as error:
                results.append(type(error))
        one, other = results
        if isinstance(one, Record) and isinstance(other, Record):
            assert same(one, other)
        else:
            assert one == other
        return results

    def alive(self, id: str) -> bool:
        return id in self.model and self.clock() - self.model[id][1] <= 100

    @rule(target=ids, number=st.integers(0, 10**9))
    def create(self, number: int) -> str:
        id = f"s{number}"
        if id not in self.model:
            self.everywhere(lambda store: store.create(record(id, self.clock)))
            self.model[id] = (1, self.clock(), 0)
        return id

    @rule(id=ids, value=st.integers(0, 9), stale=st.booleans())
    def replace(self, id: str, value: int, stale: bool) -> None:
        version = self.model[id][0] if id in self.model else 1
        asked = version + stale
        results = self.everywhere(
            lambda store: store.replace(id, asked, {"v": value}, {"x": np.array([1.0 * value])})
        )
        if not self.alive(id):
            assert results == [NotFound, NotFound]
        elif stale:
            assert results == [VersionConflict, VersionConflict]
        else:
            self.model[id] = (version + 1, self.clock(), value)

    @rule(id=ids)
    def touch(self, id: str) -> None:
        results = self.everywhere(lambda store: store.touch(id))
        if self.alive(id):
            version, _, value = self.model[id]
            self.model[id] = (version, self.clock(), value)
        else:
            assert results == [NotFound, NotFound]

    @rule(id=ids)
    def delete(self, id: str) -> None:
        results = self.everywhere(lambda store: store.delete(id))
        if self.alive(id):
            del self.model[id]
        else:
            assert results == [NotFound, NotFound]

    @rule(seconds=st.sampled_from([1, 50, 101]))
    def wait(self, seconds: int) -> None:
        self.clock.now += seconds

    @rule()
    def sweep(self) -> None:
        gone = {id for id in self.model if not self.alive(id)}
        assert [set(store.sweep()) for store in self.stores] == [gone, gone]
        for id in gone:
            del self.model[id]

    @invariant()
    def all_agree(self) -> None:
        for id in getattr(self, "model", {}):
            for store in self.stores:
                if self.alive(id):
                    found = store.get(id)
                    assert (found.version, found.touched) == self.model[id][:2]
                    if found.version > 1:
                        assert found.meta == {"v": self.model[id][2]}
                        assert found.arrays["x"].tolist() == [self.model[id][2]]


TestComparison = Comparison.TestCase
TestComparison.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
