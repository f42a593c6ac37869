"""A session may hold a program: its numbers are edited, stepped, learned, shared as any other's."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from app.engine.code.spec import CodeSpec
from app.engine.errors import EngineError
from app.engine.optimizers import OptimizerConfig
from app.sessions.creation import WantedCode
from app.sessions.edits import (
    ChangeCode,
    ChangeOptimizer,
    ChangeView,
    DeleteRow,
    NameClasses,
    Replace,
    Reset,
    SetCell,
)
from app.sessions.learning import check_gradients
from app.sessions.service import Service
from app.sessions.state import Session

CODE = "h = np.tanh(X @ W + b)\nL = np.mean((h - T) ** 2)"
VALUES = {
    "X": np.array([[0.5, -1.0], [2.0, 0.25]]),
    "W": np.array([[0.1, 0.2, -0.3], [0.4, -0.5, 0.6]]),
    "b": np.zeros(3),
    "T": np.array([[1.0, 0, 0], [0, 1, 0]]),
}
WANTED = WantedCode(CODE, VALUES)


@pytest.fixture
def made(service: Service) -> tuple[Session, str]:
    return service.create(WANTED)


def test_it_comes_back_from_the_store_as_it_was(
    service: Service, made: tuple[Session, str]
) -> None:
    session = service.get(made[0].id)
    assert session.spec == made[0].spec
    assert isinstance(session.spec, CodeSpec)
    assert session.spec.code == CODE
    # X and T are what one learns from; W and b are what learns.
    assert session.spec.learned == ("W", "b")
    for name, value in VALUES.items():
        assert_array_equal(session.parameters[name], value)


def test_cells_arrays_and_the_rate_are_edited_by_name(
    service: Service, made: tuple[Session, str]
) -> None:
    session, token = made
    more = np.arange(6.0).reshape(3, 2)
    edited = service.edit(
        session.id,
        token,
        None,
        [
            SetCell("W", (1, 2), 7.0),
            SetCell("learning_rate", (), 0.5),
            ChangeView(update=True),
        ],
    )
    assert edited.parameters["W"][1, 2] == 7
    assert edited.optimizer.learning_rate == 0.5
    assert edited.data_version == 2
    # Another number of rows is the same program of other shapes.
    again = service.edit(
        session.id, token, None, [ChangeCode(CODE, {"X": more, "T": np.zeros((3, 3))})]
    )
    assert service.passes.trace(again).array("h").shape == (3, 3)


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        (SetCell("Q", (0,), 1.0), "0/tensor"),
        (SetCell("W", (0,), 1.0), "0/index"),
        (SetCell("W", (0, 9), 1.0), "0/index/1"),
        (SetCell("learning_rate", (), -1.0), "0/value"),
        (Replace("W", np.zeros((5, 3))), "0/value"),
        (ChangeCode("L = np.sum(X", {}), "0/code"),
        (ChangeCode("L = np.sum(X @ Q)", {}), "0/values/Q"),
        (DeleteRow(0), "0/op"),
        (NameClasses(("a", "b")), "0/op"),
        (ChangeView(open=("nothing",)), "0/open"),
    ],
)
def test_a_wrong_edit_is_told_by_its_field_and_changes_nothing(
    service: Service, made: tuple[Session, str], edit: SetCell, field: str
) -> None:
    session, token = made
    with pytest.raises(EngineError) as told:
        service.edit(session.id, token, None, [edit])
    assert told.value.field == field
    assert service.get(session.id).version == session.version


def test_another_program_keeps_the_numbers_of_names_that_stay(
    service: Service, made: tuple[Session, str]
) -> None:
    session, token = made
    edited = service.edit(
        session.id, token, None,
        [
            SetCell("W", (0, 0), 3.0),
            ChangeCode("y = X @ W * scale", {"scale": np.array(2.0)}, np.ones((2, 3))),
        ],
    )  # fmt: skip
    assert set(edited.parameters) == {"X", "W", "scale"}
    assert edited.parameters["W"][0, 0] == 3
    trace = service.passes.trace(edited)
    assert_array_equal(trace.array("W.grad"), 2 * VALUES["X"].T @ np.ones((2, 3)))
    # The gradient from above stays where it still fits, and goes where the result is a number.
    same = service.edit(session.id, token, None, [ChangeCode("y = X @ W + scale", {})])
    assert same.grad_output is not None
    scalar = service.edit(session.id, token, None, [ChangeCode("y = np.sum(X @ W)", {})])
    assert scalar.grad_output is None


def test_it_learns_step_by_step_and_goes_back_to_the_same_bits(
    service: Service, made: tuple[Session, str]
) -> None:
    session, token = made
    momentum = OptimizerConfig(type="momentum", learning_rate=0.1)
    service.edit(session.id, token, None, [ChangeOptimizer(momentum), ChangeView(update=True)])
    seen = []
    for _ in range(4):
        now, trace, _ = service.step(session.id, token, None, "next", "step")
        loss = float(trace.array("L"))
        seen.append((loss, {name: value.copy() for name, value in now.parameters.items()}))
    losses = [loss for loss, _ in seen]
    assert losses == sorted(losses, reverse=True)
    assert_array_equal(seen[0][1]["X"], VALUES["X"])
    for loss, parameters in reversed(seen[:-1]):
        while True:
            now, trace, _ = service.step(session.id, token, None, "back", "step")
            if not np.array_equal(now.parameters["W"], seen[-1][1]["W"]):
                break
        assert float(trace.array("L")) == loss
        assert_array_equal(now.parameters["W"], parameters["W"])
        seen[-1] = (loss, parameters)


def test_gradients_are_checked_and_an_update_is_made(
    service: Service, made: tuple[Session, str]
) -> None:
    session, token = made
    check = check_gradients(service.owned(session.id, token), 1e-4, 0)
    assert set(check.parameters) == {"W", "b"}
    assert all(one.passed for one in check.parameters.values())
    updated, result = service.update(session.id, token, None, None)
    assert set(result.parameters) == {"W", "b"}
    assert result.losses.after < result.losses.before
    assert_array_equal(updated.parameters["T"], VALUES["T"])


def test_a_reset_brings_nothing_back_that_was_sent(
    service: Service, made: tuple[Session, str]
) -> None:
    session, token = made
    edited = service.edit(session.id, token, None, [SetCell("b", (0,), 1.0), Reset()])
    assert edited.parameters["b"][0] == 1
