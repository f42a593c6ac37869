"""Any step of a run can be opened in the very bits that it had, and the run goes on untouched."""

import random
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.engine.errors import EngineError
from app.engine.optimizers import OPTIMIZERS, OptimizerConfig
from app.engine.rates import Rates, Schedule
from app.engine.spec import LayerSpec
from app.engine.training import Training
from app.sessions.creation import Wanted
from app.sessions.edits import ChangeOptimizer, ChangeView, SetCell
from app.sessions.opened import shown
from app.sessions.runs.work.order import Order, Plan, Snapshot
from app.sessions.service import Service
from app.sessions.state import Session
from app.sessions.store.errors import Conflict, Stale, Unknown
from tests.sessions.conftest import WANTED

ROWS = 23
# No run comes so far before it is told to stop.
ENDLESS = 1_000_000
MANY = Wanted(
    input_size=3,
    layers=(LayerSpec("affine", units=7), LayerSpec("relu"), LayerSpec("affine", units=4)),
    loss="softmax_cross_entropy",
    dtype="float64",
    x=np.random.default_rng(1).normal(size=(ROWS, 3)),
    t=np.random.default_rng(2).integers(0, 4, ROWS).astype(float),
    seed=3,
)
ON = replace(MANY, view=ChangeView(update=True))


def ended(service: Service, id: str, run: str, *states: str) -> dict[str, Any]:
    end = time.monotonic() + 60
    while (now := service.trainer.run(id, run))["state"] not in (states or ("finished",)):
        assert time.monotonic() < end, now
        time.sleep(0.005)
    return now


def beyond(service: Service, id: str, run: str, step: int) -> None:
    """Wait until a run that does not end by itself has come further than this."""
    end = time.monotonic() + 60
    while (now := service.trainer.run(id, run))["step"] <= step:
        assert time.monotonic() < end, now
        time.sleep(0.005)


def trained(service: Service, plan: Plan, wanted: Wanted = MANY) -> tuple[Session, str, str]:
    """A session as it was made, its token, and the id of a run that is over."""
    made, token = service.create(wanted)
    run = service.trainer.start(made.id, token, None, plan)
    ended(service, made.id, run.id)
    return made, token, run.id


def in_one_piece(made: Session, plan: Plan) -> Training:
    assert made.t is not None
    return Order(made.spec, made.x, made.t, plan, Snapshot(0, made.parameters), until=0).training()


@pytest.mark.parametrize("type", OPTIMIZERS)
def test_fifty_steps_of_a_run_have_the_very_bits_that_they_had(
    service: Service, type: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.sessions.runs.workshop.SAVE_SECONDS", 0.05)
    plan = Plan(OptimizerConfig(type, 0.02), 5, 3_000, 8, schedule=Schedule("step", 700, 0.7))
    made, token, run = trained(service, plan)
    assert len(service.trainer.archive.steps(made.id, run)) > 2
    alone = in_one_piece(made, plan)
    for step in sorted(random.Random(type).sample(range(1, 3_001), 50)):
        while alone.done < step - 1:
            alone.advance()
        session = service.trainer.open(made.id, token, None, run, step)
        assert session.opened is not None
        assert (session.opened.run, session.opened.step) == (run, step)
        rows = alone.rows(step)
        assert session.x.tobytes() == made.x[rows].tobytes()
        assert session.t is not None
        assert made.t is not None
        assert session.t.tobytes() == made.t[rows].tobytes()
        for name, value in alone.network.parameters.items():
            assert session.parameters[name].tobytes() == value.tobytes(), (step, name)
        state = alone.optimizer.state()
        assert session.optimizer_state.keys() == state.keys()
        assert all(
            session.optimizer_state[name].tobytes() == v.tobytes() for name, v in state.items()
        )
        rates = Rates(0.02, plan.schedule, 3_000)
        assert session.optimizer.learning_rate == rates.at(step)
        if step % 5 == 0:
            # Its update is that of the run.
            after, _ = service.update(made.id, token, None, None)
            alone.advance()
            for name, value in alone.network.parameters.items():
                assert after.parameters[name].tobytes() == value.tobytes(), (step, name)


def test_a_run_that_paused_goes_on_untouched_by_what_was_opened(service: Service) -> None:
    plan = Plan(OptimizerConfig("momentum", 0.05), 4, ENDLESS, 2)
    made, token = service.create(MANY)
    run = service.trainer.start(made.id, token, None, plan)
    beyond(service, made.id, run.id, 50)
    with pytest.raises(Conflict, match="pause it"):
        service.trainer.open(made.id, token, None, run.id, 1)
    service.trainer.control(made.id, token, run.id, "pause")
    paused = ended(service, made.id, run.id, "paused")
    stood = service.get(made.id)
    for step in (1, paused["step"], paused["step"] + 1):
        assert service.trainer.open(made.id, token, None, run.id, step).n in (3, 4)
    whole = service.trainer.open(made.id, token, None, run.id, None)
    assert (whole.n, whole.opened) == (ROWS, None)
    for name, value in stood.parameters.items():
        assert whole.parameters[name].tobytes() == value.tobytes()
    service.trainer.open(made.id, token, None, run.id, 7)
    service.trainer.control(made.id, token, run.id, "resume")
    assert service.get(made.id).opened is None
    beyond(service, made.id, run.id, paused["step"])
    service.trainer.control(made.id, token, run.id, "stop")
    last = ended(service, made.id, run.id, "stopped")["step"]
    alone = in_one_piece(made, plan)
    while alone.done < last:
        alone.advance()
    done = service.get(made.id)
    assert done.x.tobytes() == made.x.tobytes()
    for name, value in alone.network.parameters.items():
        assert done.parameters[name].tobytes() == value.tobytes()


def test_another_rate_on_the_way_is_noted_and_replayed(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.sessions.runs.workshop.SAVE_SECONDS", 0.05)
    plan = Plan(OptimizerConfig("adam", 0.01), 5, ENDLESS, 8, schedule=Schedule("step", 500, 0.9))
    made, token = service.create(MANY)
    run = service.trainer.start(made.id, token, None, plan)
    ended(service, made.id, run.id, "running")
    for rate in (0.005, 0.02):
        told = service.trainer.change_rate(made.id, token, run.id, rate)
        assert told["optimizer"]["learning_rate"] == rate
        # Two rates for one step are one change.
        beyond(service, made.id, run.id, told["step"] + 1)
    service.trainer.control(made.id, token, run.id, "pause")
    paused = service.trainer.change_rate(made.id, token, run.id, 0.001)
    service.trainer.control(made.id, token, run.id, "resume")
    beyond(service, made.id, run.id, paused["step"] + 1)
    service.trainer.control(made.id, token, run.id, "stop")
    last = ended(service, made.id, run.id, "stopped")["step"]
    changes = service.trainer.archive.order(made, run.id).changes
    assert [rate for _, rate in changes] == [0.005, 0.02, 0.001]
    alone = in_one_piece(made, plan)
    alone.rates = Rates(0.01, plan.schedule, ENDLESS, changes)
    rows, rates = service.trainer.history(made.id, run.id)
    assert list(rates) == [alone.rates.at(step) for step in rows.step.tolist()]
    for step in sorted(random.Random(1).sample(range(1, last + 1), 10)):
        while alone.done < step - 1:
            alone.advance()
        session = service.trainer.open(made.id, token, None, run.id, step)
        for name, value in alone.network.parameters.items():
            assert session.parameters[name].tobytes() == value.tobytes(), step
    with pytest.raises(Conflict):
        service.trainer.change_rate(made.id, token, run.id, 0.1)


def test_the_history_is_that_of_a_training_in_one_piece_whoever_paused_it(service: Service) -> None:
    plan = Plan(OptimizerConfig("sgd", 0.05), 4, ENDLESS, 2)
    made, token = service.create(MANY)
    run = service.trainer.start(made.id, token, None, plan)
    for step in (0, 300, 600):
        beyond(service, made.id, run.id, step)
        assert service.trainer.control(made.id, token, run.id, "pause")["state"] == "paused"
        service.trainer.history(made.id, run.id)
        service.trainer.control(made.id, token, run.id, "resume")
    service.trainer.control(made.id, token, run.id, "stop")
    last = ended(service, made.id, run.id, "stopped")["step"]
    assert made.t is not None
    alone = Order(made.spec, made.x, made.t, plan, Snapshot(0, made.parameters)).training()
    while alone.done < last:
        alone.advance()
    alone.settle()
    history = alone.watch.history
    assert history is not None
    expected, (found, _) = history.rows(), service.trainer.history(made.id, run.id)
    assert len(found.step) > 500
    for name in ("step", "loss", "accuracy"):
        assert getattr(found, name).tobytes() == getattr(expected, name).tobytes()
    for name, column in expected.gradient_norms.items():
        assert found.gradient_norms[name].tobytes() == column.tobytes()


def test_strides_lead_from_step_to_step_of_a_run_and_back(service: Service) -> None:
    plan = Plan(OptimizerConfig("momentum", 0.05), 5, 40, 2)
    made, token, run = trained(service, plan, ON)
    alone = in_one_piece(made, plan)
    snapshots = {}
    while not alone.finished:
        snapshots[alone.done + 1] = {k: v.copy() for k, v in alone.network.parameters.items()}
        alone.advance()

    def check(session: Session, step: int) -> None:
        assert session.opened is not None
        assert session.opened.step == step
        assert session.x.tobytes() == made.x[alone.rows(step)].tobytes()
        for name, value in snapshots[step].items():
            assert session.parameters[name].tobytes() == value.tobytes(), (step, name)

    service.trainer.open(made.id, token, None, run, 37)
    session, trace, passed = service.step(made.id, token, None, "next", "step")
    assert (len(passed), session.cursor.seq) == (len(trace.events), len(trace.events))
    check(session, 37)
    # Its update gives what the next step begins with.
    for name, value in snapshots[38].items():
        assert trace.array(f"{name}.new").tobytes() == value.tobytes()
    session, _, passed = service.step(made.id, token, None, "next", "op")
    assert (session.cursor.seq, passed) == (0, ())
    check(session, 38)
    position = service.passes.position(session)
    assert (position.step, position.goes_on, position.goes_back) == (37, True, True)
    session, trace, _ = service.step(made.id, token, None, "back", "op")
    check(session, 37)
    assert session.cursor.seq == len(trace.events)
    session, _, _ = service.step(made.id, token, None, "back", "step")
    check(session, 36)
    for step in (37, 38, 39, 40, 40):
        session, _, _ = service.step(made.id, token, None, "next", "step")
        check(session, step)
    assert not service.passes.position(session).goes_on
    # A number changed: from here on it is a session like any other.
    session = service.trainer.open(made.id, token, None, run, 5)
    service.edit(made.id, token, None, [SetCell("affine1.W", (0, 0), 0.5)])
    for _ in range(2):
        session, _, _ = service.step(made.id, token, None, "next", "step")
    assert session.parameters["affine1.W"].tobytes() != snapshots[6]["affine1.W"].tobytes()
    assert session.x.tobytes() == made.x[alone.rows(5)].tobytes()


def test_strides_lead_through_a_run_that_is_paused(service: Service) -> None:
    made, token = service.create(ON)
    plan = Plan(OptimizerConfig("sgd", 0.05), 5, 1_000_000, 2)
    run = service.trainer.start(made.id, token, None, plan)
    while service.trainer.run(made.id, run.id)["step"] < 50:
        time.sleep(0.005)
    service.trainer.control(made.id, token, run.id, "pause")
    service.trainer.open(made.id, token, None, run.id, 9)
    for step in (9, 10, 11):
        session, _, _ = service.step(made.id, token, None, "next", "step")
        assert session.opened is not None
        assert session.opened.step == step
    for step in (10, 9):
        session, _, _ = service.step(made.id, token, None, "back", "step")
        assert session.opened is not None
        assert session.opened.step == step
    assert service.trainer.control(made.id, token, run.id, "resume")["state"] == "running"


def test_a_run_from_an_opened_step_learns_from_all_samples_again(service: Service) -> None:
    made, token, run = trained(service, Plan(OptimizerConfig("sgd", 0.1), 5, 60, 1))
    opened = service.trainer.open(made.id, token, None, run, 41)
    assert opened.n == 5
    again = service.trainer.start(made.id, token, None, Plan(None, 5, 20, 1))
    ended(service, made.id, again.id)
    assert (service.get(made.id).n, service.get(made.id).opened) == (ROWS, None)
    # Another seed's order of rows would follow from step 41; here it begins anew from its epoch.
    alone = in_one_piece(
        replace(made, parameters=opened.parameters), Plan(made.optimizer, 5, 20, 1)
    )
    while not alone.finished:
        alone.advance()
    for name, value in alone.network.parameters.items():
        assert service.get(made.id).parameters[name].tobytes() == value.tobytes()


def test_samples_that_are_edited_are_nobodys_mini_batch_any_more(service: Service) -> None:
    made, token, run = trained(service, Plan(OptimizerConfig("sgd", 0.1), 1, 4, 1), WANTED)
    opened = service.trainer.open(made.id, token, None, run, 2)
    kept = service.edit(made.id, token, None, [SetCell("affine1.W", (0, 0), 0.5)])
    assert kept.opened is not None
    assert opened.opened is not None
    assert (kept.opened.run, kept.opened.step) == (run, opened.opened.step)
    assert shown(opened) is not None
    assert shown(kept) is None
    service.trainer.open(made.id, token, None, run, 2)
    faster = service.edit(made.id, token, None, [ChangeOptimizer(OptimizerConfig("sgd", 0.2))])
    assert shown(faster) is None
    assert service.edit(made.id, token, None, [SetCell("x", (0, 0), 0.5)]).opened is None
    assert service.trainer.open(made.id, token, None, run, 2).x.tobytes() == opened.x.tobytes()


def test_what_there_is_not_cannot_be_opened(service: Service) -> None:
    made, token, run = trained(service, Plan(OptimizerConfig("sgd", 0.1), 1, 4, 1), WANTED)
    for step in (0, 5, 99):
        with pytest.raises(EngineError, match="from 1 to 4"):
            service.trainer.open(made.id, token, None, run, step)
    with pytest.raises(Unknown):
        service.trainer.open(made.id, token, None, "none", 1)
    with pytest.raises(Stale):
        service.trainer.open(made.id, token, (1,), run, 1)


def test_the_optimizer_goes_on_with_the_next_run(service: Service) -> None:
    plan = Plan(OptimizerConfig("adam", 0.01), 5, 30, 4)
    made, token, _ = trained(service, plan)
    between = service.get(made.id)
    assert int(between.optimizer_state["steps"]) == 30
    for following, steps in (
        (Plan(None, 5, 30, 4), 60),
        (Plan(OptimizerConfig("adam", 0.3), 5, 30, 4), 90),
        (Plan(OptimizerConfig("adam", 0.3, beta1=0.5), 5, 30, 4), 30),
    ):
        run = service.trainer.start(made.id, token, None, following)
        ended(service, made.id, run.id)
        assert int(service.get(made.id).optimizer_state["steps"]) == steps


def test_the_samples_of_a_run_are_kept_while_it_is_told_of_and_rows_of_a_data_set_never(
    service: Service,
) -> None:
    made, token, run = trained(service, Plan(OptimizerConfig("sgd", 0.1), 1, 2, 1), WANTED)
    kept = service.keeper.store.attachments(made.id)
    assert sum(name.startswith("data/") for name in kept) == 1
    service.edit(made.id, token, None, [SetCell("x", (0, 0), 0.5)])
    for _ in range(20):
        ended(service, made.id, service.trainer.start(made.id, token, None, Plan(None, 1, 2)).id)
    kept = service.keeper.store.attachments(made.id)
    assert sum(name.startswith("data/") for name in kept) == 1
    assert not any(name.startswith(f"run/{run}/") for name in kept)
    with pytest.raises(Unknown):
        service.trainer.open(made.id, token, None, run, 1)
    assert "active" not in kept


def test_snapshots_take_no_more_room_than_they_may(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.sessions.runs.workshop.SAVE_SECONDS", 0.01)
    monkeypatch.setattr("app.sessions.runs.trainer.RING_BYTES", 20_000)
    made, token, run = trained(service, Plan(OptimizerConfig("adam", 0.01), 5, 8_000, 4))
    kept = service.keeper.store.attachments(made.id)
    sizes = [size for name, size in kept.items() if "/at/" in name]
    assert sum(sizes) <= 20_000
    assert len(sizes) >= 4
    assert f"run/{run}/at/8000" in kept
    service.trainer.open(made.id, token, None, run, 5)
