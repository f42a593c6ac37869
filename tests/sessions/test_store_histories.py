"""Any history of calls leaves every store and a plain dictionary with the same sessions."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from app.sessions.store.codec import encode, encode_meta
from app.sessions.store.open_store import open_store
from app.sessions.store.store import (
    Limits,
    NotFound,
    Record,
    Store,
    StoreError,
    StoreFull,
    VersionConflict,
    charged_bytes,
)
from tests.postgres import Cluster
from tests.sessions.records import Clock, same

Array = np.ndarray

LIMITS = Limits(idle_seconds=100, max_bytes=4000, grace_seconds=10, reserve=0, small_growth=0)
IDS = st.sampled_from("abcdefgh")
SIZES = st.sampled_from([0, 10, 100, 200])


@dataclass
class Plain:
    """A session of the model, which has no store and no books: all is counted anew."""

    version: int
    touched: float
    meta: dict[str, int] = field(default_factory=dict)
    arrays: dict[str, Array] = field(default_factory=dict)
    attached: dict[str, bytes] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        blobs = (*map(encode, self.arrays.values()), *self.attached.values())
        return charged_bytes(encode_meta(self.meta), map(len, blobs))


class Histories(RuleBasedStateMachine):
    cluster: Cluster | None = None

    @initialize()
    def open(self) -> None:
        self.clock = Clock()
        self.folder = tempfile.TemporaryDirectory()
        self.urls = ["memory", f"sqlite:{self.folder.name}/s.db"]
        if self.cluster is not None:
            self.urls.append(self.cluster.address(self.cluster.schema()))
        self.stores = [open_store(url, LIMITS, self.clock) for url in self.urls]
        self.model: dict[str, Plain] = {}

    def teardown(self) -> None:
        for store in getattr(self, "stores", []):
            store.close()
        if hasattr(self, "folder"):
            self.folder.cleanup()

    def everywhere(self, call: Callable[[Store], object]) -> object:
        """What all stores answer or raise, which must be the same."""
        results: list[object] = []
        for store in self.stores:
            try:
                results.append(call(store))
            except StoreError as error:
                results.append((type(error), vars(error)))
            except ValueError as error:
                results.append((type(error), {}))
        one, *others = results
        for other in others:
            if isinstance(one, Record) and isinstance(other, Record):
                assert same(one, other)
            else:
                assert one == other
        # No two uses at one moment: which of them goes first is not promised.
        self.clock.now += 1
        return one[0] if isinstance(one, tuple) else one

    def idle(self, id: str) -> float:
        return self.clock() - self.model[id].touched

    def alive(self, id: str) -> bool:
        return id in self.model and self.idle(id) <= 100

    def fits(self, id: str, new: Plain) -> bool:
        """Let the longest idle go from the model so that ``new`` fits; False where it cannot."""
        others = sorted((other for other in self.model if other != id), key=self.idle)
        old = self.model[id].bytes if id in self.model else 0
        excess = sum(plain.bytes for plain in self.model.values()) - old + new.bytes - 4000
        gone = []
        while new.bytes > old and excess > 0 and others:
            gone.append(others.pop())
            excess -= self.model[gone[-1]].bytes
        if new.bytes > old and (excess > 0 or any(self.idle(other) < 10 for other in gone)):
            return False
        for other in gone:
            del self.model[other]
        return True

    @rule(id=IDS, size=SIZES)
    def create(self, id: str, size: int) -> None:
        now, array = self.clock(), np.full(size, 0.5)
        new = Plain(1, now, {}, {"x": array})
        taken = id in self.model
        fits = not taken and self.fits(id, new)
        result = self.everywhere(
            lambda store: store.create(Record(id, b"", 1, now, now, {}, {"x": array}))
        )
        assert result is (ValueError if taken else None if fits else StoreFull)
        if fits:
            self.model[id] = new

    @rule(
        id=IDS,
        value=st.integers(0, 9),
        behind=st.sampled_from([0, 0, 0, 1, -1]),
        size=SIZES,
        attached=st.dictionaries(
            st.sampled_from(["run", "plan"]), st.sampled_from([b"", b"1" * 300, None])
        ),
    )
    def replace(
        self, id: str, value: int, behind: int, size: int, attached: dict[str, bytes | None]
    ) -> None:
        arrays: dict[str, Array | None] = {"y": np.full(size, value)} if size else {"x": None}
        if value < 3:
            arrays = {}
        alive = self.alive(id)
        old = self.model.get(id, Plain(1, 0))
        kept = {name: array for name, array in old.arrays.items() if name not in arrays}
        written = {name: array for name, array in arrays.items() if array is not None}
        beside = {k: blob for k, blob in {**old.attached, **attached}.items() if blob is not None}
        new = Plain(old.version + 1, self.clock(), {"v": value}, kept | written, beside)
        fits = alive and not behind and self.fits(id, new)
        result = self.everywhere(
            lambda store: store.replace(id, old.version - behind, {"v": value}, arrays, attached)
        )
        if fits:
            assert isinstance(result, Record)
            assert result.version == new.version
            self.model[id] = new
        else:
            assert result is (NotFound if not alive else VersionConflict if behind else StoreFull)

    @rule(id=IDS)
    def touch(self, id: str) -> None:
        alive, now = self.alive(id), self.clock()
        assert self.everywhere(lambda store: store.touch(id)) is (None if alive else NotFound)
        if alive:
            self.model[id].touched = now

    @rule(id=IDS)
    def delete(self, id: str) -> None:
        alive = self.alive(id)
        assert self.everywhere(lambda store: store.delete(id)) is (None if alive else NotFound)
        if alive:
            del self.model[id]

    @rule(seconds=st.sampled_from([1, 9, 50, 101]))
    def wait(self, seconds: int) -> None:
        self.clock.now += seconds

    @rule()
    def sweep(self) -> None:
        gone = sorted((id for id in self.model if not self.alive(id)), key=self.idle)[::-1]
        assert self.everywhere(lambda store: store.sweep()) == gone
        for id in gone:
            del self.model[id]

    @rule()
    def reopen(self) -> None:
        for place in range(1, len(self.urls)):
            self.stores[place].close()
            self.stores[place] = open_store(self.urls[place], LIMITS, self.clock)

    @invariant()
    def all_agree(self) -> None:
        if not hasattr(self, "model"):
            return
        for store in self.stores:
            stats = store.stats()
            assert stats.sessions == len(self.model)
            assert stats.bytes == sum(plain.bytes for plain in self.model.values()) <= 4000
            for id, plain in self.model.items():
                if self.alive(id):
                    expected = Record(
                        id, b"", plain.version, store.get(id).created, plain.touched,
                        dict(plain.meta), plain.arrays,
                    )  # fmt: skip
                    assert same(store.get(id), expected)
                    for name in ("run", "plan"):
                        assert store.attachment(id, name) == plain.attached.get(name)


class WithPostgres(Histories):
    """The same with a third store, which takes longer."""


@pytest.fixture(scope="module", autouse=True)
def _cluster(cluster: Cluster) -> None:
    WithPostgres.cluster = cluster


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=40, stateful_step_count=30)
TestHistoriesWithPostgres = WithPostgres.TestCase
TestHistoriesWithPostgres.settings = settings(max_examples=8, stateful_step_count=30)
