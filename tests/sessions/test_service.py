from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from app.engine.errors import EngineError, TooLarge
from app.engine.spec import LayerSpec, Limits
from app.sessions.creation import Wanted
from app.sessions.edits import ChangeView, SetCell
from app.sessions.learning import check_gradients
from app.sessions.service import Service
from app.sessions.state import Session
from app.sessions.store.errors import Conflict, Forbidden, Stale
from app.sessions.store.open_store import open_store
from app.sessions.store.store import Limits as StoreLimits
from app.sessions.store.store import NotFound, StoreFull
from tests.sessions.conftest import WANTED, load_rows

Created = tuple[Session, str]


def test_what_is_created_can_be_read(service: Service, created: Created) -> None:
    session, _ = created
    back = service.get(session.id)

    assert back.version == 1
    assert back.x.tolist() == [[1, 0.5], [-0.5, 2]]
    assert back.t is not None
    assert back.t.dtype == np.int64


def test_ids_and_tokens_are_never_the_same(service: Service) -> None:
    pairs = [service.create(WANTED) for _ in range(20)]

    assert len({session.id for session, _ in pairs}) == 20
    assert len({token for _, token in pairs}) == 20


def test_a_wrong_token_changes_nothing(service: Service, created: Created) -> None:
    session, token = created
    for call in (
        lambda: service.edit(session.id, "wrong", None, [ChangeView(level="layer")]),
        lambda: service.step(session.id, "wrong", None, "next", "op"),
        lambda: service.update(session.id, "wrong", None, None),
        lambda: service.owned(session.id, "wrong"),
        lambda: service.delete(session.id, "wrong"),
        lambda: service.delete(session.id, token + "x"),
    ):
        with pytest.raises(Forbidden):
            call()
    assert service.get(session.id).version == 1


def test_a_stale_version_is_told_the_current_one(service: Service, created: Created) -> None:
    session, token = created
    service.step(session.id, token, [1], "next", "op")

    with pytest.raises(Stale) as caught:
        service.edit(session.id, token, [1], [ChangeView(level="layer")])

    assert caught.value.current == 2


def test_racing_changes_without_a_condition_all_count(service: Service, created: Created) -> None:
    session, token = created

    def edit(k: int) -> None:
        service.edit(session.id, token, None, [SetCell("affine1.W", (k % 2, k % 3), float(k))])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(edit, range(40)))

    assert service.get(session.id).version == 41


def test_a_deleted_session_leaves_no_trace_behind(service: Service, created: Created) -> None:
    session, token = created
    service.passes.trace(session)
    service.delete(session.id, token)

    with pytest.raises(NotFound):
        service.get(session.id)
    assert len(service.passes._traces) == 0


def test_the_trace_after_an_edit_is_a_new_one(service: Service, created: Created) -> None:
    session, token = created
    before = service.passes.trace(session)

    after = service.edit(session.id, token, None, [SetCell("x", (0, 0), 5.0)])

    assert service.passes.trace(session) is before
    assert service.passes.trace(after).array("x")[0, 0] == 5.0


def test_a_step_uses_the_trace_already_made(service: Service, created: Created) -> None:
    session, token = created
    before = service.passes.trace(session)

    stepped, trace, _ = service.step(session.id, token, None, "next", "layer")

    assert trace is before
    assert stepped.data_version == session.data_version


def test_limits_hold_before_anything_is_made() -> None:
    service = Service(open_store("memory"), load_rows, Limits(parameters=10))

    with pytest.raises(TooLarge):
        service.create(WANTED)
    assert service.keeper.store.stats().sessions == 0


def test_a_full_store_says_so() -> None:
    service = Service(open_store("memory", StoreLimits(max_bytes=100)), load_rows)

    with pytest.raises(StoreFull):
        service.create(WANTED)


def test_a_fork_keeps_what_the_optimizer_has_gathered(service: Service, created: Created) -> None:
    session, token = created
    momentum = replace(session.optimizer, type="momentum")
    session, _ = service.update(session.id, token, None, momentum)

    fork, fork_token = service.fork(session.id)
    mine, _ = service.update(fork.id, fork_token, None, None)
    theirs, _ = service.update(session.id, token, None, None)

    assert fork.version == 1
    for name, value in theirs.parameters.items():
        assert np.array_equal(mine.parameters[name], value)


def test_updates_with_the_stored_state_are_those_of_one_long_training(service: Service) -> None:
    """Five updates through the store are five steps of the optimiser in memory, bit for bit."""
    from app.engine.network import Network
    from app.engine.optimizers import OptimizerConfig, make_optimizer
    from app.engine.packed import Packed

    config = OptimizerConfig(type="adam", learning_rate=0.05)
    session, token = service.create(replace(WANTED, optimizer=config))
    network, optimizer = Network(session.spec, session.parameters), make_optimizer(config)
    targets = session.targets
    assert targets is not None

    for _ in range(5):
        service.update(session.id, token, None, None)
        gradients = Packed.like(network.parameters)
        gradients.fill(network.gradients(session.x, targets))
        optimizer.step(network.parameters, gradients)

    for name, value in service.get(session.id).parameters.items():
        assert np.array_equal(value, network.parameters[name]), name


def test_an_exploding_update_is_kept_as_it_is(service: Service) -> None:
    x = np.array([[1e200, 1.0], [1.0, 1e200]])
    session, token = service.create(replace(WANTED, layers=(LayerSpec("affine", units=3),), x=x))
    reckless = replace(session.optimizer, learning_rate=1e6)

    _, result = service.update(session.id, token, None, reckless)

    assert not np.isfinite(result.losses.after)
    back = service.get(session.id)
    assert service.passes.evaluation(back).loss is not None


@pytest.mark.parametrize("change", [{"t": None}, {"loss": None, "t": None}, {"layers": ()}])
def test_there_is_nothing_to_learn_without_loss_targets_or_parameters(
    service: Service, change: dict[str, object]
) -> None:
    wanted: Wanted = replace(WANTED, **change)  # type: ignore[arg-type]
    if wanted.layers == ():
        wanted = replace(wanted, t=np.array([0.0, 1.0]))
    session, token = service.create(wanted)

    with pytest.raises(Conflict):
        service.update(session.id, token, None, None)
    with pytest.raises(Conflict):
        check_gradients(service.owned(session.id, token), 1e-4, 0)


def test_a_reader_may_look_at_another_view(service: Service, created: Created) -> None:
    session, _ = created
    view = service.view(session, ChangeView(level="element", loss="opened", sample=1))

    assert service.passes.trace(session, view).graph.level == "element"
    with pytest.raises(EngineError) as caught:
        service.view(session, ChangeView(sample=2))
    assert caught.value.field.strip("/") == "sample"


@pytest.mark.parametrize(
    "preset", ["fig-5-24", "fig-5-25", "fig-5-26", "fig-5-27", "fig-5-29", "fig-5-30", "two-layer"]
)
def test_every_preset_can_be_stepped_through_and_drawn(service: Service, preset: str) -> None:
    session, token = service.create_preset(preset, None)

    while not service.passes.position(session).at_end:
        session, _, passed = service.step(session.id, token, None, "next", "layer")
        assert passed
    assert service.passes.drawing(session)["nodes"]
