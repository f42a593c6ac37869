"""A recipe makes the same numbers again, and is short; a reset goes back to the first ones."""

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app import datasets
from app.api.bodies import parse
from app.api.convert import wanted_session
from app.api.models import NEW_SESSION, SessionFromPreset
from app.api.values import encode
from app.engine.optimizers import OptimizerConfig
from app.engine.spec import LayerSpec
from app.sessions.creation import Made, Wanted, WantedCode
from app.sessions.edits import ChangeOptimizer, Edit, Load, Replace, Reset, SetCell
from app.sessions.presets import PRESETS
from app.sessions.service import Service
from app.sessions.state import Session
from app.sessions.store.memory import MemoryStore
from app.sessions.store.store import Limits

LAYERS = (LayerSpec("affine", units=4), LayerSpec("relu"), LayerSpec("affine", units=3))
LOSS = "softmax_cross_entropy"
DRAWN = Wanted(2, LAYERS, LOSS, "float64", Made("bands", 6, seed=3), seed=7)
POINTS = replace(DRAWN, x=Made("blobs", 9, "test", 5, 0.25))
SENT = Wanted(2, LAYERS, LOSS, "float32", np.array([[0.1, 2.0]]), t=np.array([1]), seed=5)


@pytest.fixture
def service() -> Service:
    return Service(MemoryStore(Limits(), time.time), datasets.load)


def edited(service: Service, made: tuple[Session, str], *edits: Edit) -> Session:
    session, token = made
    return service.edit(session.id, token, None, edits) if edits else session


def again(service: Service, session: Session) -> Session:
    """The session that the recipe makes, its base read back as it is."""
    recipe = service.recipe(session)
    base = recipe.base
    if "preset" in base:
        made = service.create_preset(base["preset"], base.get("row"))
    else:
        made = service.create(_body(base))
    return edited(service, made, *recipe.edits)


def _body(base: dict[str, Any]) -> Wanted | WantedCode:
    model = parse(encode(base), NEW_SESSION)
    assert not isinstance(model, SessionFromPreset)
    return wanted_session(model)


def same_numbers(a: Session, b: Session) -> None:
    # The way back to earlier steps of learning is no part of it.
    one, two = (
        {name: array for name, array in s.arrays().items() if not name.startswith("base/")}
        for s in (a, b)
    )
    assert one.keys() == two.keys()
    for name, array in one.items():
        other = two[name]
        assert array.dtype == other.dtype
        np.testing.assert_array_equal(array, other, err_msg=name)
    assert a.optimizer == b.optimizer


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_is_its_own_recipe(service: Service, preset: str) -> None:
    session, _ = service.create_preset(preset, None)
    recipe = service.recipe(session)
    assert recipe.base == {"preset": preset}
    assert recipe.edits == ()
    same_numbers(again(service, session), session)


def test_of_a_changed_preset_only_what_differs_is_told(service: Service) -> None:
    session = edited(
        service,
        service.create_preset("two-layer", None),
        SetCell("affine1.W", (0, 1), 0.1 + 0.2),
        SetCell("affine1.W", (0, 0), 9.0),
        SetCell("affine1.W", (0, 0), 0.6),
        SetCell("learning_rate", (), 0.25),
    )
    recipe = service.recipe(session)
    assert recipe.edits == (
        SetCell("affine1.W", (0, 1), 0.30000000000000004),
        SetCell("learning_rate", (), 0.25),
    )
    other = again(service, session)
    same_numbers(other, session)
    assert service.recipe(other).digest == recipe.digest
    assert service.recipe(service.create_preset("two-layer", None)[0]).digest != recipe.digest


def test_another_digit_and_a_step_of_the_optimiser_are_in_the_recipe(service: Service) -> None:
    session, token = service.create_preset("fig-5-28", 5)
    assert service.recipe(session).base == {"preset": "fig-5-28", "row": 5}
    session = service.edit(session.id, token, None, [Load("mnist", "test", (9,))])
    assert service.recipe(session).edits == (Load("mnist", "test", (9,)),)
    session, _ = service.update(session.id, token, None, None)
    other = again(service, session)
    same_numbers(other, session)
    assert other.source == session.source


@pytest.mark.parametrize("wanted", [DRAWN, POINTS, SENT], ids=["drawn", "points", "sent"])
def test_a_network_of_one_s_own_is_made_again_from_its_seed(
    service: Service, wanted: Wanted
) -> None:
    rows = np.array([[1.0, 2.0], [0.25, -1e-7], [0.0, 3.0 if wanted is SENT else 1e300]])
    session = edited(
        service,
        service.create(wanted),
        Replace("x", rows),
        Replace("t", np.array([0, 2, 1])),
        SetCell("affine2.b", (2,), 1 / 3),
        ChangeOptimizer(OptimizerConfig("adam", 0.01)),
    )
    recipe = service.recipe(session)
    assert "parameters" not in recipe.base
    assert recipe.base["seed"] == wanted.seed
    other = again(service, session)
    same_numbers(other, session)
    assert service.recipe(other).digest == recipe.digest


def test_sent_parameters_are_in_the_base_as_they_are_now(service: Service) -> None:
    wanted = Wanted(
        2, (LayerSpec("affine", units=1),), None, "float64", np.array([[1.0, 2.0]]),
        {"affine1.W": np.array([[1.0], [2.0]]), "affine1.b": np.zeros(1)},
        grad_output=np.array([[1.0]]),
    )  # fmt: skip
    session = edited(service, service.create(wanted), SetCell("affine1.W", (1, 0), 1 / 3))
    recipe = service.recipe(session)
    assert recipe.edits == ()
    same_numbers(again(service, session), session)
    # There is nothing to go back to.
    assert edited(service, service.create(wanted), Reset()).data_version == 1


@pytest.mark.parametrize("preset", ["fig-5-25", "fig-5-28", "two-layer"])
def test_a_reset_brings_the_book_s_numbers_back(service: Service, preset: str) -> None:
    first, token = service.create_preset(preset, None)
    edits: list[Edit] = [
        SetCell("x", (0, 0), 77.0),
        SetCell("affine1.W", (0, 1), 5.0),
        SetCell("learning_rate", (), 3.0),
    ]
    changed = service.edit(first.id, token, None, edits)
    back = service.edit(first.id, token, None, [Reset()])
    same_numbers(back, first)
    assert back.source == first.source
    assert back.data_version == changed.data_version + 1


def test_a_reset_brings_back_what_the_server_had_made_of_a_seed(service: Service) -> None:
    first, token = service.create(DRAWN)
    service.edit(first.id, token, None, [SetCell("affine1.W", (0, 0), 5.0)])
    same_numbers(service.edit(first.id, token, None, [Reset()]), first)


def test_a_copy_knows_where_its_numbers_are_from(service: Service) -> None:
    first, token = service.create(DRAWN)
    service.edit(first.id, token, None, [SetCell("affine1.W", (0, 0), 5.0)])
    copy, _ = service.fork(first.id)
    assert service.recipe(copy) == service.recipe(service.get(first.id))


def test_training_is_told_by_whole_tensors(service: Service) -> None:
    session, token = service.create(DRAWN)
    session, _ = service.update(session.id, token, None, None)
    edits = service.recipe(session).edits
    assert {type(edit) for edit in edits} == {Replace}
    assert len(edits) == 4
    same_numbers(again(service, session), session)
