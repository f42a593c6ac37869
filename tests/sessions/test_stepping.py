"""From the end of an update into the next mini-batch and back: the same bits both ways."""

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app import datasets
from app.engine.network import Network
from app.engine.optimizers import OPTIMIZERS, OptimizerConfig, make_optimizer
from app.engine.spec import LayerSpec
from app.engine.strides import STRIDES
from app.engine.training import Training
from app.sessions.creation import Made, Wanted
from app.sessions.edits import ChangeView, SetCell
from app.sessions.service import Service
from app.sessions.state import Session
from app.sessions.store.memory import MemoryStore
from app.sessions.store.store import Limits

LAYERS = (LayerSpec("affine", units=4), LayerSpec("relu"), LayerSpec("affine", units=3))
LOSS = "softmax_cross_entropy"


def begin(kind: str = "sgd", **view: Any) -> tuple[Service, Session, str]:
    service = Service(MemoryStore(Limits(), time.time), datasets.load)
    wanted = Wanted(
        2, LAYERS, LOSS, "float64", Made("bands", 6, seed=3), seed=7,
        optimizer=OptimizerConfig(kind, 0.1), view=ChangeView(**view, update=True),
    )  # fmt: skip
    return service, *service.create(wanted)


def numbers(session: Session) -> dict[str, bytes]:
    """All that a step of learning changes."""
    return {
        name: array.tobytes()
        for name, array in session.arrays().items()
        if not name.startswith("base/")
    }


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_stepping_on_is_training_and_going_back_undoes_it(kind: str) -> None:
    service, session, token = begin(kind)
    optimizer = make_optimizer(session.optimizer)
    network = Network(session.spec, session.parameters)
    training = Training(
        network, session.x, np.asarray(session.targets), optimizer, batches=[range(6)] * 5
    )
    known = [numbers(session)]
    for step in range(1, 5):
        session, trace, passed = service.step(session.id, token, None, "next", "step")
        assert len(passed) == len(trace.events)
        session, trace, passed = service.step(session.id, token, None, "next", "op")
        assert passed == ()
        assert session.cursor.seq == 0
        training.advance()
        for name, value in network.parameters.items():
            np.testing.assert_array_equal(session.parameters[name], value)
        assert session.steps.made == step
        known.append(numbers(session))
    for step in (3, 2, 1, 0):
        session, trace, _ = service.step(session.id, token, None, "back", "op")
        assert session.cursor.seq == len(trace.events)
        assert numbers(session) == known[step]
        session, _, _ = service.step(session.id, token, None, "back", "step")
        assert session.cursor.seq == (0 if step == 0 else len(trace.events))
        if step:
            assert numbers(session) == known[step - 1]
            session, _, _ = service.step(session.id, token, None, "next", "op")
            assert numbers(session) == known[step]
    session, _, passed = service.step(session.id, token, None, "back", "op")
    assert passed == ()
    assert numbers(session) == known[0]


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_a_given_gradient_is_followed_and_gone_back_from_in_the_same_way(kind: str) -> None:
    service, _, _ = begin()
    wanted = Wanted(
        2,
        (LayerSpec("affine", units=4), LayerSpec("sigmoid"), LayerSpec("affine", units=3)),
        None, "float32",
        x=np.array([[1.0, -2.0], [0.5, 3.0]]), seed=7,
        grad_output=np.array([[1.0, -1.0, 0.0], [0.25, 2.0, -3.0]]),
        optimizer=OptimizerConfig(kind, 0.1), view=ChangeView(update=True),
    )  # fmt: skip
    session, token = service.create(wanted)
    known = [numbers(session)]
    for _ in range(4):
        session, trace, _ = service.step(session.id, token, None, "next", "step")
        assert trace.events[-1].phase == "update"
        session, _, _ = service.step(session.id, token, None, "next", "op")
        known.append(numbers(session))
    assert len({tuple(sorted(one.items())) for one in known}) == 5
    for step in (3, 2, 1, 0):
        session, _, _ = service.step(session.id, token, None, "back", "op")
        assert numbers(session) == known[step]
        session, _, _ = service.step(session.id, token, None, "back", "phase")
        while session.cursor.seq:
            session, _, _ = service.step(session.id, token, None, "back", "phase")


@settings(max_examples=15)
@given(
    st.sampled_from(OPTIMIZERS),
    st.lists(
        st.tuples(st.sampled_from(["next", "next", "back"]), st.sampled_from(STRIDES)), max_size=40
    ),
)
def test_every_place_has_the_same_numbers_however_it_was_reached(
    kind: str, moves: list[tuple[str, str]]
) -> None:
    service, session, token = begin(kind)
    known: dict[int, dict[str, bytes]] = {}
    for direction, stride in moves:
        session, trace, _ = service.step(session.id, token, None, direction, stride)
        assert known.setdefault(session.steps.made, numbers(session)) == numbers(session)
        assert session.cursor.seq <= len(trace.events)


def test_an_edit_is_a_new_beginning() -> None:
    service, session, token = begin("momentum")
    for _ in range(3):
        session, _, _ = service.step(session.id, token, None, "next", "step")
    assert session.steps.behind == 2
    session = service.edit(session.id, token, None, [SetCell("affine1.W", (0, 0), 0.5)])
    assert (session.steps.made, session.steps.behind) == (2, 0)
    assert not service.passes.position(session).goes_back
    session = service.edit(session.id, token, None, [SetCell("learning_rate", (), 0.5)])
    session, _, _ = service.step(session.id, token, None, "next", "phase")
    assert service.passes.position(session).goes_on


def test_a_look_at_it_is_not() -> None:
    service, session, token = begin()
    for _ in range(2):
        session, _, _ = service.step(session.id, token, None, "next", "step")
    session = service.edit(session.id, token, None, [ChangeView(level="network", loss="opened")])
    assert session.steps.behind == 1
    session, _, _ = service.step(session.id, token, None, "back", "step")
    assert session.steps.behind == 0


def test_one_row_of_several_seen_alone_has_no_update() -> None:
    service, session, token = begin(level="element", sample=1)
    session, trace, _ = service.step(session.id, token, None, "next", "step")
    assert trace.update is None
    session, _, passed = service.step(session.id, token, None, "next", "step")
    assert passed == ()
    assert session.steps.made == 0


def test_it_outlives_the_store() -> None:
    service, session, token = begin("adam")
    for _ in range(3):
        session, _, _ = service.step(session.id, token, None, "next", "step")
    read = Session.from_record(service.keeper.store.get(session.id))
    assert read.steps.made == 2
    assert numbers(read) == numbers(session)
    later = Service(service.keeper.store, datasets.load)
    again, _, _ = later.step(session.id, token, None, "back", "step")
    assert again.steps.made == 1
