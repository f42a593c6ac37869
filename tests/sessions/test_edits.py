from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.errors import EngineError, TooLarge
from app.engine.optimizers import OptimizerConfig
from app.engine.spec import LayerSpec, Limits
from app.sessions.draft import apply_edits
from app.sessions.edits import (
    ChangeOptimizer,
    ChangeView,
    DeleteRow,
    Edit,
    Load,
    Replace,
    SetCell,
)
from app.sessions.levels import levels_of
from app.sessions.service import Service
from app.sessions.state import Session
from tests.sessions.conftest import WANTED, load_rows


def edited(session: Session, *edits: Edit, limits: Limits = Limits()) -> Session:
    return apply_edits(session, edits, limits, load_rows)


@given(st.data())
def test_cells_set_one_by_one_are_the_array_replaced(data: st.DataObject) -> None:
    from app.sessions.store.open_store import open_store

    session, _ = Service(open_store("memory"), load_rows).create(WANTED)
    number = st.floats(-1e6, 1e6)
    value = np.array(data.draw(st.lists(st.lists(number, min_size=3, max_size=3),
                                        min_size=2, max_size=2)))  # fmt: skip
    cells = [SetCell("affine1.W", index, float(value[index])) for index in np.ndindex(2, 3)]

    one_by_one = edited(session, *cells)
    at_once = edited(session, Replace("affine1.W", value))

    assert np.array_equal(one_by_one.parameters["affine1.W"], value)
    assert np.array_equal(at_once.parameters["affine1.W"], value)


def test_the_session_before_is_left_as_it_was(created: tuple[Session, str]) -> None:
    session, _ = created
    before = {name: array.copy() for name, array in session.arrays().items()}

    edited(session, SetCell("x", (0, 0), 9.0), SetCell("t", (0,), 1), SetCell("x", (0, 1), 8.0))

    for name, array in before.items():
        assert np.array_equal(session.arrays()[name], array)


def test_only_what_is_touched_is_a_new_array(created: tuple[Session, str]) -> None:
    session, _ = created

    after = edited(session, SetCell("affine1.b", (0,), 1.0))

    assert after.changed_arrays(session).keys() == {"parameters/affine1.b"}
    assert after.data_version == session.data_version + 1


def test_view_and_optimizer_change_no_number(created: tuple[Session, str]) -> None:
    session, _ = created

    after = edited(session, ChangeView(level="element"),
                   ChangeOptimizer(OptimizerConfig(type="adam", learning_rate=0.1)))  # fmt: skip

    assert after.changed_arrays(session) == {}
    assert after.data_version == session.data_version


def test_another_optimizer_forgets_what_the_old_one_gathered(
    service: Service, created: tuple[Session, str]
) -> None:
    session, token = created
    momentum = OptimizerConfig(type="momentum", learning_rate=0.1)
    session, _ = service.update(session.id, token, None, momentum)
    assert session.optimizer_state

    slower = edited(session, SetCell("learning_rate", (), 0.01))
    other = edited(session, ChangeOptimizer(momentum))

    assert slower.optimizer_state == session.optimizer_state
    assert slower.optimizer.learning_rate == 0.01
    assert other.optimizer_state == {}


def test_fewer_rows_move_a_view_of_a_row_that_is_gone(created: tuple[Session, str]) -> None:
    session, _ = created
    session = edited(session, ChangeView(level="element", sample=1))

    after = edited(session, Load("twos", "test", (5,)))

    assert after.view.sample == 0


def test_more_rows_than_allowed_are_refused(created: tuple[Session, str]) -> None:
    session, _ = created

    with pytest.raises(TooLarge):
        edited(session, Replace("x", np.ones((4, 2))), limits=Limits(samples=3))


def test_a_fault_is_named_after_its_edit(created: tuple[Session, str]) -> None:
    session, _ = created

    with pytest.raises(EngineError) as caught:
        edited(session, ChangeView(), SetCell("x", (0, 5), 1.0))

    assert caught.value.field == "1/index/1"
    assert caught.value.code == "range"


def test_too_many_classes_are_not_opened_row_by_row(service: Service) -> None:
    from dataclasses import replace

    wide = replace(WANTED, layers=(LayerSpec("affine", units=101),))
    session, _ = service.create(wide)

    with pytest.raises(EngineError) as caught:
        edited(session, ChangeView(level="element"))

    assert caught.value.code == "limit"


def test_ops_of_the_network_open_by_name_in_one_order(created: tuple[Session, str]) -> None:
    session, _ = created
    name = session.spec.layers[0].name

    after = edited(session, ChangeView(open=("loss.mean", f"{name}.add", name, "loss.mean")))
    fewer = edited(after, Load("twos", "test", (5,)))

    assert after.view.open == (name, f"{name}.add", "loss.mean")
    assert after.view.open_layers == (name,)
    assert after.view.open_ops == (f"{name}.add", "loss.mean")
    assert fewer.view.open == after.view.open, "rows may come back"
    assert ChangeView(level="element").over(after.view).open_ops == ()


@pytest.mark.parametrize("name", ["affine9.add", "affine1.dot", "loss", "loss.negate", "x.add"])
def test_what_does_not_open_is_refused_with_what_does(
    created: tuple[Session, str], name: str
) -> None:
    session, _ = created

    with pytest.raises(EngineError) as caught:
        edited(session, ChangeView(open=(name,)))

    assert (caught.value.field, caught.value.code) == ("0/open", "choice")
    assert "the + of an affine layer" in str(caught.value)
    layers = [layer.name for layer in session.spec.layers]
    adds = [f"{layer.name}.add" for layer in session.spec.layers if layer.type == "affine"]
    assert caught.value.allowed == {"enum": [*layers, *adds, "loss.mean"]}


def test_a_sample_that_hangs_on_the_others_is_not_looked_at_alone(service: Service) -> None:
    layers = (LayerSpec("affine", units=3), LayerSpec("batch_norm"))
    session, _ = service.create(replace(WANTED, layers=layers))

    with pytest.raises(EngineError) as refused:
        edited(session, ChangeView(level="element"))
    assert refused.value.field == "0/level"
    assert "element" not in levels_of(session)
    assert edited(session, DeleteRow(0), ChangeView(level="element")).view.level == "element"
