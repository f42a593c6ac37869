"""Held-out samples of a run: which they are, when they are looked at, and what they can end."""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from app import datasets
from app.engine.errors import EngineError
from app.engine.history import Rows
from app.engine.network import Network
from app.engine.optimizers import OptimizerConfig
from app.engine.spec import LayerSpec
from app.sessions.creation import Made, Wanted
from app.sessions.csvfile import read_table
from app.sessions.edits import SetCell
from app.sessions.planes import points
from app.sessions.runs.heldout import POINTS
from app.sessions.runs.work.order import Plan
from app.sessions.service import Service
from app.sessions.state import Session
from app.sessions.store.memory import MemoryStore
from app.sessions.store.store import Limits

BOOK = OptimizerConfig("sgd", 0.1)
SMALL = (LayerSpec("affine", units=6), LayerSpec("relu"), LayerSpec("affine", units=3))


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service(MemoryStore(Limits(), time.time), datasets.load)
    yield service
    service.close()


def asked(made: Made, inputs: int = 2, layers: Any = SMALL, dtype: str = "float64") -> Wanted:
    return Wanted(inputs, layers, "softmax_cross_entropy", dtype, made, seed=7, optimizer=BOOK)


def run_of(service: Service, made: tuple[Session, str], plan: Plan) -> dict[str, Any]:
    """A run as it was when it was over."""
    session, token = made
    run = service.trainer.start(session.id, token, None, plan).id
    end = time.monotonic() + 60
    while (now := service.trainer.run(session.id, run))["state"] != "finished":
        assert now["state"] != "failed", now
        assert time.monotonic() < end, now
        time.sleep(0.005)
    return now


def rows_of(service: Service, session: Session, run: dict[str, Any]) -> Rows:
    """Its history."""
    rows, _ = service.trainer.history(session.id, run["id"])
    return rows


def looked_at(rows: Rows) -> list[int]:
    """At which steps the held-out samples were looked at."""
    found: list[int] = rows.step[~np.isnan(rows.test_loss)].tolist()
    return found


def test_digits_are_tested_on_those_that_the_training_never_sees(service: Service) -> None:
    layers = (LayerSpec("affine", units=20), LayerSpec("relu"), LayerSpec("affine", units=10))
    made = service.create(asked(Made("mnist", None, batch_size=100), 784, layers, "float32"))
    run = run_of(service, made, Plan(BOOK, 100, 130, 1, evaluate_every=50))
    session = service.get(made[0].id)
    rows = rows_of(service, session, run)
    assert looked_at(rows) == [50, 100, 130]
    x, labels = datasets.load("mnist", "test", None)
    scores = Network(session.spec, session.parameters).forward(x.astype(np.float32))
    assert rows.test_accuracy[-1] == np.float32((scores.argmax(axis=1) == labels).mean())
    assert rows.test_accuracy[-1] > 0.6
    # A step opened is what it was, and once more none of these is needed for it.
    opened = service.trainer.open(session.id, made[1], None, run["id"], 51)
    scores = Network(session.spec, opened.parameters).forward(x.astype(np.float32))
    at = rows.step.tolist().index(50)
    assert rows.test_accuracy[at] == np.float32((scores.argmax(axis=1) == labels).mean())


def test_points_are_tested_on_others_of_their_kind_whether_or_not_they_are_drawn(
    service: Service,
) -> None:
    found = []
    for batch_size in (None, 20):
        made = service.create(asked(Made("spiral", 90, seed=4, noise=0.1, batch_size=batch_size)))
        run = run_of(service, made, Plan(BOOK, 20, 60, 1))
        session = service.get(made[0].id)
        rows = rows_of(service, session, run)
        # Once in an epoch of five steps, and at the end.
        assert looked_at(rows) == list(range(5, 61, 5))
        x, labels = points("spiral", POINTS, 3, 0.1, 4, "test")
        right = Network(session.spec, session.parameters).forward(x).argmax(axis=1) == labels
        assert rows.test_accuracy[-1] == np.float32(right.mean())
        # Whoever goes on with the run after the server's end is tested on the same.
        kept = service.trainer.archive.order(session, run["id"]).held_out
        assert kept is not None
        assert (kept[0].tobytes(), kept[1].tolist()) == (x.tobytes(), labels.tolist())
        found.append(rows.test_loss[~np.isnan(rows.test_loss)].tolist())
    assert len(set(map(tuple, found))) == 1


def test_long_runs_look_fifty_times(service: Service) -> None:
    made = service.create(asked(Made("moons", 40, batch_size=20)))
    run = run_of(service, made, Plan(BOOK, 20, 1_000, 1))
    assert looked_at(rows_of(service, made[0], run)) == list(range(20, 1_001, 20))


def test_whoever_has_samples_of_his_own_has_none_held_out(service: Service) -> None:
    made = service.create(asked(Made("moons", 40)))
    changed = service.edit(made[0].id, made[1], None, [SetCell("x", (3, 1), 9.0)])
    with pytest.raises(EngineError, match="held-out") as refused:
        service.trainer.start(changed.id, made[1], None, Plan(BOOK, 20, 50, patience=3))
    assert refused.value.field == "stop/patience"
    assert looked_at(rows_of(service, changed, run_of(service, made, Plan(BOOK, 20, 50)))) == []
    # The test split is no training: nothing is left to test it on.
    made = service.create(asked(Made("moons", 40, split="test", batch_size=10)))
    assert looked_at(rows_of(service, made[0], run_of(service, made, Plan(BOOK, 10, 20)))) == []


def test_a_table_of_ones_own_is_tested_on_its_own_split_if_it_has_one(service: Service) -> None:
    lines = ["u,v,kind"] + [f"{k % 7},{k % 5},{'abc'[k % 3]}" for k in range(60)]
    text = "\n".join(lines).encode()
    for test, expected in ((0.25, [10, 20]), (0.0, [])):
        name = service.own_data.add(read_table(text, "kind", test, 0))["name"]
        made = service.create(asked(Made(name, None, batch_size=10)))
        run = run_of(service, made, Plan(BOOK, 10, 20, evaluate_every=10))
        assert looked_at(rows_of(service, made[0], run)) == expected


def test_patience_ends_a_run_that_learns_by_heart(service: Service) -> None:
    made = service.create(asked(Made("spiral", 30, noise=0.5, batch_size=30)))
    fast = OptimizerConfig("adam", 0.05)
    run = run_of(service, made, Plan(fast, 30, 20_000, evaluate_every=20, patience=4))
    assert run["ended_by"] == "patience"
    rows = rows_of(service, made[0], run)
    losses = rows.test_loss[~np.isnan(rows.test_loss)]
    assert losses.argmin() == len(losses) - 5
    assert run["step"] == looked_at(rows)[-1] < 20_000
