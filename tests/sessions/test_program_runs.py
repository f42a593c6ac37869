"""A program is trained by runs as a network is: the same steps, to the last bit, in one piece."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.engine.code.spec import CodeSpec
from app.engine.errors import EngineError
from app.engine.optimizers import OPTIMIZERS, OptimizerConfig
from app.engine.rates import Schedule
from app.sessions.creation import WantedCode
from app.sessions.edits import ChangeCode, ChangeView, SetCell
from app.sessions.runs.work.order import Order, Plan, Snapshot
from app.sessions.service import Service
from app.sessions.state import Session
from app.sessions.store.errors import Conflict
from app.sessions.store.open_store import open_store
from tests.sessions.conftest import load_rows
from tests.sessions.test_going_on import serve
from tests.sessions.test_opening_steps import ENDLESS, beyond, ended
from tests.sessions.training_child import LINE_STEPS, LINES, PLAN

ROWS = 11
_random = np.random.default_rng(4)
CODE = "h = np.maximum(X @ W + b, 0)\nL = np.mean((h @ v - T) ** 2)"
VALUES = {
    "X": _random.normal(size=(ROWS, 3)),
    "W": _random.normal(size=(3, 4)),
    "b": np.zeros(4),
    "v": _random.normal(size=4),
    "T": _random.normal(size=ROWS),
}
WANTED = WantedCode(CODE, VALUES, optimizer=OptimizerConfig("sgd", 0.05))
ON = replace(WANTED, view=ChangeView(update=True))
# Nothing of it is samples.
WHOLE = WantedCode("L = (w - 3) ** 2 + a", {"w": np.array(1.0), "a": np.array(2.0)})


def in_one_piece(made: Session, plan: Plan) -> Order:
    spec = made.spec
    given = {name: one for name, one in made.parameters.items() if name not in spec.learned}
    learned = {name: made.parameters[name] for name in spec.learned}
    return Order(spec, made.x, made.x, plan, Snapshot(0, learned), until=0, given=given)


def trained(service: Service, plan: Plan, wanted: WantedCode = WANTED) -> tuple[Session, str, str]:
    made, token = service.create(wanted)
    run = service.trainer.start(made.id, token, None, plan)
    assert ended(service, made.id, run.id)["error"] is None
    return made, token, run.id


def same(one: Session, values: dict[str, np.ndarray]) -> None:
    for name, value in values.items():
        assert one.parameters[name].tobytes() == value.tobytes(), name


@pytest.mark.parametrize("type", OPTIMIZERS)
@pytest.mark.parametrize("wanted", [ON, replace(WHOLE, view=ChangeView(update=True))])
def test_a_run_makes_the_very_steps_that_going_on_makes(
    service: Service, type: str, wanted: WantedCode
) -> None:
    optimizer = OptimizerConfig(type, 0.02)
    made, _, run = trained(service, Plan(optimizer, None, 6, 1), wanted)
    stepped, token = service.create(replace(wanted, optimizer=optimizer))
    for _ in range(6):
        # To the end of the pass with its update, and over it.
        service.step(stepped.id, token, None, "next", "step")
        stepped, _, _ = service.step(stepped.id, token, None, "next", "phase")
    assert stepped.steps.made == 6
    same(service.get(made.id), dict(stepped.parameters))
    history, _ = service.trainer.history(made.id, run)
    assert history.step.tolist() == [1, 2, 3, 4, 5, 6]
    assert np.isnan(history.accuracy).all()
    assert history.loss[0] == np.float32(service.passes.evaluation(made).loss)
    assert tuple(history.gradient_norms) == made.spec.learned


def test_mini_batches_are_drawn_of_what_holds_samples_and_any_step_is_opened(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.sessions.runs.workshop.SAVE_SECONDS", 0.05)
    plan = Plan(OptimizerConfig("adam", 0.01), 4, 2_000, 8, schedule=Schedule("step", 300, 0.7))
    made, token, run = trained(service, plan)
    alone = in_one_piece(made, plan).training()
    for step in (1, 2, 3, 7, 650, 1_201, 2_000):
        while alone.done < step - 1:
            alone.advance()
        session = service.trainer.open(made.id, token, None, run, step)
        rows = alone.rows(step)
        assert len(rows) == (4 if step % 3 else 3)
        same(session, dict(alone.parameters))
        same(session, {name: VALUES[name][rows] for name in ("X", "T")})
        assert isinstance(session.spec, CodeSpec)
        assert session.spec.shapes["X"] == (len(rows), 3)
        after, _ = service.update(made.id, token, None, None)
        alone.advance()
        same(after, dict(alone.parameters))
    # Its lines have numbers for the mini-batch, and back for all.
    whole = service.trainer.open(made.id, token, None, run, None)
    assert (whole.spec, whole.opened) == (made.spec, None)
    same(whole, {**alone.parameters, "X": VALUES["X"], "T": VALUES["T"]})


def test_strides_lead_from_one_step_of_a_run_to_the_next_and_back(service: Service) -> None:
    made, token, run = trained(service, Plan(OptimizerConfig(), 4, 9, 2), ON)
    first = service.trainer.open(made.id, token, None, run, 4)
    service.step(made.id, token, None, "next", "step")
    on, _, _ = service.step(made.id, token, None, "next", "phase")
    assert on.opened is not None
    assert on.opened.step == 5
    back, _, _ = service.step(made.id, token, None, "back", "phase")
    assert back.opened is not None
    assert back.opened.step == 4
    same(back, dict(first.parameters))


def test_a_paused_run_goes_on_with_all_samples_after_a_step_was_looked_at(
    service: Service,
) -> None:
    plan = Plan(OptimizerConfig("momentum", 0.001), 4, ENDLESS, 2)
    made, token = service.create(WANTED)
    run = service.trainer.start(made.id, token, None, plan)
    beyond(service, made.id, run.id, 20)
    service.trainer.control(made.id, token, run.id, "pause")
    paused = ended(service, made.id, run.id, "paused")
    service.trainer.open(made.id, token, None, run.id, 2)
    service.trainer.control(made.id, token, run.id, "resume")
    beyond(service, made.id, run.id, paused["step"] + 20)
    stopped = service.trainer.control(made.id, token, run.id, "stop")
    alone = in_one_piece(made, plan).training()
    while alone.done < stopped["step"]:
        alone.advance()
    left = service.get(made.id)
    same(left, {**alone.parameters, "X": VALUES["X"], "T": VALUES["T"]})
    assert left.spec == made.spec


def test_a_run_survives_being_killed_to_the_last_bit(tmp_path: Path) -> None:
    path, ids = tmp_path / "s.db", "program"
    for _ in range(3):
        with serve(path, ids) as child:
            assert child.stdout is not None
            ids = child.stdout.readline().strip()
            # Something was saved since.
            child.stdout.readline()
            child.stdout.readline()
            child.kill()
    service = Service(open_store(f"sqlite:{path}"), load_rows)
    session_id, run_id = ids.split()
    try:
        assert ended(service, session_id, run_id)["step"] == LINE_STEPS
        made, _ = service.create(LINES)
        alone = in_one_piece(made, replace(PLAN, steps=LINE_STEPS, optimizer=LINES.optimizer))
        training = alone.training()
        while not training.finished:
            training.advance()
        same(service.get(session_id), dict(training.parameters))
        history, _ = service.trainer.history(session_id, run_id)
        assert history.step[-1] == LINE_STEPS
    finally:
        service.close()


def test_fixed_batches_repeat_rows_and_a_loss_may_end_it(service: Service) -> None:
    plan = Plan(OptimizerConfig(), None, None, batches=[[0, 0, 5], [10]], loss_below=1e9)
    made, _, run = trained(service, plan)
    told = service.trainer.run(made.id, run)
    assert (told["step"], told["ended_by"], told["samples"]) == (1, "loss_below", 3)


def test_a_step_of_a_run_of_other_lines_is_shown_with_its_own(service: Service) -> None:
    made, token, run = trained(service, Plan(OptimizerConfig(), None, 3))
    other = ChangeCode("L = np.sum((X @ W) ** 2)", {})
    changed = service.edit(made.id, token, None, [other])
    assert changed.spec != made.spec
    second = service.trainer.start(made.id, token, None, Plan(OptimizerConfig(), None, 2))
    ended(service, made.id, second.id)
    opened = service.trainer.open(made.id, token, None, run, 1)
    assert opened.spec == made.spec
    same(opened, dict(made.parameters))
    assert tuple(service.trainer.history(made.id, second.id)[0].gradient_norms) == ("W",)


def test_what_learns_may_be_edited_in_an_opened_step_but_samples_make_it_ones_own(
    service: Service,
) -> None:
    made, token, run = trained(service, Plan(OptimizerConfig(), 4, 3))
    service.trainer.open(made.id, token, None, run, 2)
    edited = service.edit(made.id, token, None, [SetCell("b", (0,), 2.0)])
    assert edited.opened is not None
    again = service.trainer.start(made.id, token, None, Plan(OptimizerConfig(), None, 1))
    assert ended(service, made.id, again.id)["samples"] == ROWS
    service.trainer.open(made.id, token, None, run, 2)
    assert service.edit(made.id, token, None, [SetCell("X", (0, 0), 2.0)]).opened is None


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (WantedCode("y = X @ W", {"X": VALUES["X"], "W": VALUES["W"]}), "no loss to lower"),
        (WantedCode("L = np.sum(X)", {"X": VALUES["X"]}), "nothing that learns"),
    ],
)
def test_what_cannot_be_trained_is_said(service: Service, wanted: WantedCode, words: str) -> None:
    made, token = service.create(wanted)
    with pytest.raises(Conflict, match=words):
        service.trainer.start(made.id, token, None, Plan(OptimizerConfig(), None, 3))


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        (Plan(OptimizerConfig(), 2, 3), "batch_size"),
        (Plan(OptimizerConfig(), batches=[[0]]), "batches"),
    ],
)
def test_mini_batches_of_one_whole_are_refused(service: Service, plan: Plan, field: str) -> None:
    made, token = service.create(WHOLE)
    with pytest.raises(EngineError, match="learns from all of it") as caught:
        service.trainer.start(made.id, token, None, plan)
    assert caught.value.field == field


def test_the_board_tells_of_lines(service: Service) -> None:
    values = {**VALUES, "b": np.array([-99.0, -99, -99, 0])}
    made, token, run = trained(
        service, Plan(OptimizerConfig("sgd", 1e-9), None, 2), replace(WANTED, values=values)
    )
    _, health = service.health(made.id, run)
    assert [layer.name for layer in health.layers] == ["h", "L"]
    assert health.layers[0].dead is not None
    assert health.layers[0].dead >= 0.75
    assert health.layers[0].gradient is not None
    found = {alarm.name: alarm for alarm in health.alarms}
    assert found.keys() == {"dead_relus", "rate_low"}
    # The number that it leads to is there, below 0 for the sample nearest to opening the unit.
    dead = found["dead_relus"]
    assert dead.tensor is not None
    assert service.passes.trace(service.get(made.id)).array(dead.tensor)[dead.index] < 0
    high = service.trainer.start(made.id, token, None, Plan(OptimizerConfig("sgd", 1e4), None, 40))
    ended(service, made.id, high.id)
    _, blown = service.health(made.id, high.id)
    assert {"not_finite", "rate_high"} <= {alarm.name for alarm in blown.alarms}


def test_a_mini_batch_and_other_lines_have_drawings_of_their_own(service: Service) -> None:
    made, token, run = trained(service, Plan(OptimizerConfig(), 4, 3))

    def name(session: Session) -> str:
        return service.passes.topology(session, session.view)

    whole, opened = (service.trainer.open(made.id, token, None, run, step) for step in (None, 1))
    assert name(whole) == name(made) != name(opened)
    edits = [ChangeCode(CODE.replace("+ b", "- b"), {})]
    assert name(service.edit(made.id, token, None, edits)) not in (name(made), name(opened))
