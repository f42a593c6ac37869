"""Sessions that name a data set: one mini-batch of it in sight, all of it to learn from."""

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app import datasets
from app.engine.errors import EngineError
from app.engine.network import Network
from app.engine.optimizers import OptimizerConfig, make_optimizer
from app.engine.spec import LayerSpec
from app.engine.training import Training
from app.sessions.creation import Made, Wanted
from app.sessions.csvfile import read_table
from app.sessions.edits import ChangeOptimizer, ChangeView, Edit, Load, Replace, Reset, SetCell
from app.sessions.pools import whole
from app.sessions.runs.runs import RunManager
from app.sessions.runs.work import process
from app.sessions.runs.work.frames import pack, unpack
from app.sessions.runs.work.order import Plan
from app.sessions.service import Service
from app.sessions.state import Session, Source
from app.sessions.store.errors import Conflict
from app.sessions.store.memory import MemoryStore
from app.sessions.store.store import Limits, NotFound

DIGITS = (LayerSpec("affine", units=50), LayerSpec("relu"), LayerSpec("affine", units=10))
SMALL = (LayerSpec("affine", units=4), LayerSpec("relu"), LayerSpec("affine", units=3))
LOSS = "softmax_cross_entropy"
BOOK = OptimizerConfig("sgd", 0.1)


@pytest.fixture
def service() -> Any:
    service = Service(MemoryStore(Limits(), time.time), datasets.load)
    yield service
    service.close()


def asked(made: Made, inputs: int = 784, layers: Any = DIGITS, dtype: str = "float64") -> Wanted:
    view = ChangeView(update=True)
    return Wanted(inputs, layers, LOSS, dtype, made, seed=7, optimizer=BOOK, view=view)


def spirals(service: Service, **more: Any) -> tuple[Session, str]:
    """230 points in mini-batches of 50, the last of an epoch of 30."""
    made = Made("spiral", 230, seed=5, noise=0.1, batch_size=50, **more)
    return service.create(asked(made, 2, SMALL))


def next_steps(service: Service, session: Session, token: str, count: int) -> Session:
    """The session at the beginning of a later step."""
    for _ in range(count):
        service.step(session.id, token, None, "next", "step")
        session, _, _ = service.step(session.id, token, None, "next", "op")
    return session


def numbers(session: Session) -> dict[str, bytes]:
    return {
        name: array.tobytes()
        for name, array in session.arrays().items()
        if not name.startswith("base/")
    }


def test_digits_by_name_are_a_mini_batch_in_the_session_and_one_array_for_all(
    service: Service,
) -> None:
    sessions = [service.create(asked(Made("mnist", None, seed=k)))[0] for k in range(30)]
    rows = {session.source.rows for session in sessions if session.source}
    assert len(rows) == 30
    for session in sessions:
        assert session.x.shape == (100, 784)
        assert session.source is not None
        x, labels = datasets.load("mnist", "train", session.source.rows)
        assert np.array_equal(session.x, x)
        assert session.t is not None
        assert np.array_equal(session.t, labels)
        # The record has the mini-batch and the parameters, and no more.
        assert sum(array.nbytes for array in session.record().arrays.values()) < 1_000_000
    every, _ = datasets.load("mnist", "train", None)
    assert every is datasets.load("mnist", "train", None)[0]
    assert not every.flags.writeable
    assert np.array_equal(every[:50], datasets.load("mnist", "train", range(50))[0])


def test_going_on_draws_the_next_mini_batch_as_a_training_does(service: Service) -> None:
    session, token = spirals(service)
    assert session.pool is not None
    x, labels = whole(session.spec, session.pool, service.loader)
    network = Network(session.spec, {k: v.copy() for k, v in session.parameters.items()})
    training = Training(network, x, labels, make_optimizer(BOOK), 50, 20, seed=5)
    known = [numbers(session)]
    for step in range(1, 13):
        assert np.array_equal(session.x, x[training.rows(step)])
        training.advance()
        session = next_steps(service, session, token, 1)
        known.append(numbers(session))
        for name, value in network.parameters.items():
            assert np.array_equal(session.parameters[name], value), (step, name)
    for step in range(12, 0, -1):
        service.step(session.id, token, None, "back", "phase")
        while service.passes.position(session := service.get(session.id)).cursor.seq:
            session, _, _ = service.step(session.id, token, None, "back", "phase")
        assert numbers(session) == known[step - 1], step
    assert service.passes.position(session).goes_back is False


def test_an_update_by_itself_goes_on_to_the_next_mini_batch(service: Service) -> None:
    session, token = spirals(service)
    stepped = next_steps(service, session, token, 1)
    other, its_token = spirals(service)
    updated, result = service.update(other.id, its_token, None, None)
    assert numbers(updated) == numbers(stepped)
    assert result.losses.before == service.passes.evaluation(session).loss


def test_an_edited_mini_batch_makes_one_step_that_no_way_leads_back_over(
    service: Service,
) -> None:
    session, token = spirals(service)
    session = next_steps(service, session, token, 2)
    first = session
    session = service.edit(session.id, token, None, [SetCell("x", (0, 1), 9.0)])
    assert session.source is None
    assert session.pool == first.pool
    edited = next_steps(service, session, token, 1)
    assert service.passes.position(edited).goes_back is False
    assert edited.pool is not None
    assert edited.source == Source("spiral", "train", tuple(edited.pool.rows(3).tolist()))
    assert not np.array_equal(edited.parameters["affine1.W"], first.parameters["affine1.W"])


def test_what_takes_an_edit_back_brings_the_rows_back_with_it(service: Service) -> None:
    session, token = spirals(service)
    session = next_steps(service, session, token, 2)
    assert session.source is not None
    back: list[Edit] = [Load("spiral", "train", session.source.rows)]
    own = [Replace("x", np.ones((2, 2))), Replace("t", np.array([0, 1]))]
    for edits in ([SetCell("x", (0, 1), 9.0)], own):
        changed = service.edit(session.id, token, None, edits)
        assert (changed.pool is None) == (edits is own)
        again = service.edit(session.id, token, None, back)
        assert numbers(again) == numbers(session)
        assert (again.source, again.pool) == (session.source, session.pool)
    first = service.edit(session.id, token, None, [Reset()])
    assert (first.steps.made, first.source) == (0, Source("spiral", "train", rows_of(first, 0)))
    with pytest.raises(EngineError) as caught:
        service.edit(session.id, token, None, [Load("spiral", "train", (230,))])
    assert caught.value.field == "0/rows/0"


def rows_of(session: Session, step: int) -> tuple[int, ...]:
    assert session.pool is not None
    return tuple(session.pool.rows(step).tolist())


def test_a_run_learns_from_all_of_it_and_leaves_the_mini_batch(service: Service) -> None:
    session, token = service.create(asked(Made("mnist", None, seed=2)))
    run = service.trainer.start(session.id, token, None, Plan(BOOK, steps=130, seed=0))
    assert run.batch_size == 100
    left = finished(service, session.id, run.id)
    x, labels = datasets.load("mnist", "train", range(8000))
    network = Network(session.spec, {k: v.copy() for k, v in session.parameters.items()})
    training = Training(network, x, labels, make_optimizer(BOOK), 100, 130, 0)
    while not training.finished:
        training.advance()
    for name, value in network.parameters.items():
        assert np.array_equal(left.parameters[name], value)
    assert np.array_equal(left.x, session.x)
    assert left.source == session.source
    # A step of it shows its own rows, and what comes after shows the session's again.
    opened = service.trainer.open(session.id, token, None, run.id, 101)
    assert opened.source == Source("mnist", "train", tuple(training.rows(101).tolist()))
    assert np.array_equal(opened.x, x[training.rows(101)])
    closed = service.trainer.open(session.id, token, None, run.id, None)
    assert (closed.source, closed.pool) == (session.source, session.pool)
    assert numbers(closed) == numbers(left)


def finished(service: Service, id: str, run: str) -> Session:
    for _ in range(600):
        if service.trainer.run(id, run)["state"] == "finished":
            return service.get(id)
        time.sleep(0.05)
    raise AssertionError(service.trainer.run(id, run))


def test_runs_on_one_data_set_are_sent_it_once(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, int]] = []

    def counting(document: Any, arrays: Any) -> bytes:
        sent.append((document["do"], sum(array.nbytes for array in arrays.values())))
        return pack(document, arrays)

    monkeypatch.setattr(process, "pack", counting)
    runs = []
    for seed in range(6):
        session, token = service.create(asked(Made("mnist", None, seed=seed)))
        plan = Plan(BOOK, steps=3, seed=seed)
        runs.append((session.id, service.trainer.start(session.id, token, None, plan).id))
    for id, run in runs:
        finished(service, id, run)
    manager = service.trainer.manager
    assert isinstance(manager, RunManager)
    workers = manager._workshop.staff.processes
    assert [word for word, _ in sent] == ["keep"] * len(workers)
    assert min(size for _, size in sent) >= 8000 * 784 * 8


def test_a_worker_keeps_what_was_used_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "SHARED_BYTES", 20_000)
    told: list[str] = []
    worker = process.WorkerProcess(lambda *_: None, lambda _: None)
    try:
        monkeypatch.setattr(worker, "send", lambda frame: told.append(unpack(frame)[0]["name"]))
        array = {"x": np.zeros(1000)}
        for name in "abacb":
            worker.share(name, array)
        assert told == ["b", "a"]
        worker.share("large", {"x": np.zeros(9000)})
        assert told == ["b", "a", "c", "b"]
    finally:
        worker.dismiss()
        worker.close(time.monotonic() + 10)


def test_the_recipe_names_the_set_and_the_step(service: Service) -> None:
    session, token = spirals(service)
    session = next_steps(service, session, token, 7)
    recipe = service.recipe(session)
    assert recipe.base["data"] == {
        "dataset": "spiral", "split": "train", "samples": 230, "seed": 5, "noise": 0.1,
        "batch_size": 50, "step": 7,
    }  # fmt: skip
    assert {type(edit) for edit in recipe.edits} <= {SetCell, Replace}
    assert not any(edit.tensor in ("x", "t") for edit in recipe.edits if isinstance(edit, Replace))
    again, its_token = spirals(service, step=7)
    again = service.edit(again.id, its_token, None, recipe.edits)
    assert service.recipe(again).digest == recipe.digest
    assert again.pool == session.pool
    assert numbers(next_steps(service, again, its_token, 1)) == numbers(
        next_steps(service, session, token, 1)
    )


def test_a_record_brings_it_back(service: Service) -> None:
    session, _ = service.create(asked(Made("mnist", 500, batch_size=20), dtype="float32"))
    again = Session.from_record(session.record())
    assert again.pool == session.pool
    assert again.x.dtype == np.float32
    assert again.pool is not None
    assert (again.pool.samples, again.pool.batch_size) == (500, 20)


@pytest.mark.parametrize(
    ("made", "field"),
    [
        (Made("mnist", 8001, batch_size=10), "data/samples"),
        (Made("mnist", 50, batch_size=51), "data/batch_size"),
        (Made("mnist", None, split="all"), "data/split"),
        (Made("nothing", None), "data/dataset"),
        (Made("moons", 20, batch_size=5), "data/dataset"),
    ],
)
def test_what_cannot_be_had_is_named(service: Service, made: Made, field: str) -> None:
    with pytest.raises(EngineError) as caught:
        service.create(asked(made))
    assert caught.value.field == field


def test_ones_own_table_in_mini_batches_until_it_is_gone(service: Service) -> None:
    text = "a,b,kind\n" + "".join(f"{k},{-k},{'uvw'[k % 3]}\n" for k in range(40))
    about = service.own_data.add(read_table(text.encode(), test=0.25))
    wanted = asked(Made(about["name"], None, batch_size=8), 2, SMALL)
    session, token = service.create(wanted)
    assert session.pool is not None
    assert session.pool.samples == 30
    session = next_steps(service, session, token, 5)
    assert session.source == Source(about["name"], "train", rows_of(session, 5))
    service.keeper.store.delete(about["name"])
    service.own_data._tables.clear()
    with pytest.raises(NotFound):
        service.own_data.about(about["name"])
    service.step(session.id, token, None, "next", "step")
    with pytest.raises(Conflict, match="no longer kept"):
        service.step(session.id, token, None, "next", "op")
    # What it shows, it still has.
    service.edit(session.id, token, None, [ChangeOptimizer(replace(BOOK, learning_rate=0.5))])
