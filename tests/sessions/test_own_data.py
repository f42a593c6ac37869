"""One's own data sets: kept, read by rows, and never taken for a session."""

import time
from typing import Any

import numpy as np
import pytest

from app import datasets
from app.engine.errors import EngineError
from app.engine.spec import LayerSpec
from app.sessions import own_data
from app.sessions.creation import Made, Wanted
from app.sessions.csvfile import read_table
from app.sessions.edits import Load
from app.sessions.own_data import OwnData
from app.sessions.service import Service
from app.sessions.store.memory import MemoryStore
from app.sessions.store.store import Limits, NotFound

FILE = b"a,b,kind\n" + b"".join(
    b"%d,%d,%s\n" % (k, -k, b"pqr"[k % 3 : k % 3 + 1]) for k in range(20)
)
TABLE = read_table(FILE, test=0.25, seed=3)


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(own_data, "now", clock)
    return clock


def test_a_table_is_told_of_and_read_by_rows(clock: Clock) -> None:
    store = MemoryStore(Limits(), clock)
    own = OwnData(store, datasets.load)
    about = own.add(TABLE)

    for reader in (own, OwnData(store, datasets.load)):
        assert reader.about(about["name"]) == about
        x, labels = reader.load(about["name"], "train", [2, 0])
        np.testing.assert_array_equal(x, TABLE.x[[2, 0]])
        np.testing.assert_array_equal(labels, TABLE.labels[[2, 0]])
        x, _ = reader.load(about["name"], "test", [4])
        np.testing.assert_array_equal(x[0], TABLE.x[19])
    assert about["splits"] == {"train": 15, "test": 5}
    assert about["class_names"] == ["p", "q", "r"]


def test_the_sets_that_came_along_are_read_through_it(clock: Clock) -> None:
    own = OwnData(MemoryStore(Limits(), clock), datasets.load)
    np.testing.assert_array_equal(
        own.load("mnist", "test", [3])[0], datasets.load("mnist", "test", [3])[0]
    )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"dataset": "own-none"}, "dataset"),
        ({"split": "all"}, "split"),
        ({"rows": [0, 15]}, "rows/1"),
    ],
)
def test_what_it_has_not_is_named(clock: Clock, change: dict[str, object], field: str) -> None:
    own = OwnData(MemoryStore(Limits(), clock), datasets.load)
    asked: Any = {"dataset": own.add(TABLE)["name"], "split": "train", "rows": [0]} | change
    with pytest.raises(EngineError) as caught:
        own.load(**asked)
    assert caught.value.field == field


def test_it_goes_when_nobody_uses_it_and_stays_while_somebody_does(clock: Clock) -> None:
    store = MemoryStore(Limits(idle_seconds=1_000), clock)
    own = OwnData(store, datasets.load)
    used, unused = own.add(TABLE)["name"], own.add(read_table(FILE))["name"]
    for _ in range(4):
        clock.now += 400
        own.load(used, "train", [0])
    assert store.sweep() == [unused]
    own.load(used, "train", [1])
    clock.now += 2_000
    with pytest.raises(NotFound):
        own.about(used)


def test_a_session_learns_from_it_and_the_two_are_never_mixed_up() -> None:
    service = Service(MemoryStore(Limits(), time.time), datasets.load)
    name = service.own_data.add(TABLE)["name"]
    layers = (LayerSpec("affine", units=3),)
    wanted = Wanted(2, layers, "softmax_cross_entropy", "float64", Made(name, 4))
    session, token = service.create(wanted)
    np.testing.assert_array_equal(session.x, TABLE.x[:4])

    session = service.edit(session.id, token, None, [Load(name, "test", (1,))])
    np.testing.assert_array_equal(session.x, TABLE.x[[16]])
    assert service.recipe(session).edits == (Load(name, "test", (1,)),)
    for read in (lambda: service.get(name), lambda: service.delete(name, token)):
        with pytest.raises(NotFound):
            read()
