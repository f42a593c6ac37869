"""What a layer draws hangs on its seed and the step: a step that comes again has what it had."""

import time
from dataclasses import replace

import numpy as np

from app.engine.optimizers import OptimizerConfig
from app.engine.spec import LayerSpec
from app.sessions.creation import Wanted
from app.sessions.edits import ChangeView
from app.sessions.programs import as_program
from app.sessions.runs.work.order import Plan
from app.sessions.service import Service

MASK = "dropout1.mask"
WANTED = Wanted(
    input_size=3,
    layers=(
        LayerSpec("affine", units=7),
        LayerSpec("relu"),
        LayerSpec("dropout", ratio=0.4),
        LayerSpec("affine", units=4),
    ),
    loss="softmax_cross_entropy",
    dtype="float64",
    x=np.random.default_rng(1).normal(size=(6, 3)),
    t=np.random.default_rng(2).integers(0, 4, 6).astype(float),
    seed=3,
    optimizer=OptimizerConfig("momentum", 0.1),
    view=ChangeView(update=True),
)


def test_steps_of_a_session_draw_anew_and_back_again_the_same(service: Service) -> None:
    session, token = service.create(WANTED)
    masks, losses = [], []
    for _ in range(5):
        trace = service.passes.trace(session)
        masks.append(trace.array(MASK))
        losses.append(float(trace.array("loss")))
        session = service.update(session.id, token, None, None)[0]
    assert len({mask.tobytes() for mask in masks}) == 5
    for step in (4, 3, 2):
        session = service.step(session.id, token, None, "back", "step")[0]
        trace = service.passes.trace(session)
        assert session.steps.made == step
        assert trace.array(MASK).tobytes() == masks[step].tobytes()
        assert float(trace.array("loss")) == losses[step]


def test_a_step_of_a_run_that_is_opened_has_the_mask_that_it_had(service: Service) -> None:
    session, token = service.create(WANTED)
    first = service.passes.trace(session).array(MASK)
    run = service.trainer.start(session.id, token, None, Plan(OptimizerConfig("sgd", 0.1), 6, 4))
    end = time.monotonic() + 60
    while service.trainer.run(session.id, run.id)["state"] != "finished":
        assert time.monotonic() < end
        time.sleep(0.005)
    history, _ = service.trainer.history(session.id, run.id)
    seen = []
    for step in (1, 3, 4):
        opened = service.trainer.open(session.id, token, None, run.id, step)
        trace = service.passes.trace(opened)
        seen.append(trace.array(MASK).tobytes())
        assert np.float32(trace.array("loss")) == history.loss[step - 1]
    assert len(set(seen)) == 3
    assert seen[0] == first.tobytes()


def test_the_lines_of_a_network_have_the_mask_of_the_step_that_is_shown(service: Service) -> None:
    session, token = service.create(replace(WANTED, view=None))
    session = service.update(session.id, token, None, None)[0]

    program, _ = service.create(as_program(session))

    assert "np.array([[" in program.spec.code  # type: ignore[attr-defined]
    told = service.passes.trace(program).array("L")
    np.testing.assert_allclose(told, service.passes.trace(session).array("loss"), rtol=1e-13)
