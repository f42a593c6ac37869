from dataclasses import replace

import numpy as np

from app.engine.optimizers import OptimizerConfig
from app.engine.spec import LayerSpec, NetworkSpec
from app.engine.strides import Cursor
from app.sessions.state import Session, View, network_json

SPEC = NetworkSpec.build(
    2,
    [LayerSpec("affine", "first", 3), LayerSpec("tanh"), LayerSpec("affine", units=2)],
    "softmax_cross_entropy",
    "float32",
)
SESSION = Session(
    id="id",
    token_hash=b"hash",
    version=4,
    created=1.0,
    touched=2.0,
    spec=SPEC,
    parameters={name: np.ones(shape, "float32") for name, shape in SPEC.parameter_shapes.items()},
    x=np.ones((2, 2), "float32"),
    t=np.array([0, 1]),
    optimizer=OptimizerConfig(type="momentum", learning_rate=0.5),
    optimizer_state={"v.first.W": np.ones((2, 3), "float32")},
    view=View("element", "opened", 1, False),
    cursor=Cursor(3, 2),
    preset="two-layer",
    data_version=7,
)


def test_a_session_comes_back_from_the_store_as_it_was() -> None:
    back = Session.from_record(SESSION.record())

    assert back.meta() == SESSION.meta()
    assert back.spec == SPEC
    assert (back.view, back.cursor) == (SESSION.view, SESSION.cursor)
    assert (back.id, back.version, back.data_version) == ("id", 4, 7)
    assert back.arrays().keys() == SESSION.arrays().keys()
    for name, array in SESSION.arrays().items():
        assert np.array_equal(back.arrays()[name], array), name


def test_a_step_of_the_cursor_rewrites_no_array() -> None:
    assert replace(SESSION, cursor=Cursor(4, 0)).changed_arrays(SESSION) == {}


def test_an_edit_rewrites_the_arrays_it_made_and_no_other() -> None:
    x = np.zeros((2, 2), "float32")

    changed = replace(SESSION, x=x, optimizer_state={}).changed_arrays(SESSION)

    assert changed.keys() == {"x", "optimizer/v.first.W"}
    assert changed["x"] is x
    assert changed["optimizer/v.first.W"] is None


def test_targets_are_one_hot_in_the_networks_dtype() -> None:
    targets = SESSION.targets

    assert targets is not None
    assert targets.tolist() == [[1, 0], [0, 1]]
    assert targets.dtype == np.float32
    assert replace(SESSION, t=None).targets is None


def test_a_network_is_written_with_the_names_of_its_layers() -> None:
    assert network_json(SPEC) == {
        "input_size": 2,
        "layers": [
            {"type": "affine", "name": "first", "units": 3},
            {"type": "tanh", "name": "tanh1"},
            {"type": "affine", "name": "affine2", "units": 2},
        ],
        "loss": {"type": "softmax_cross_entropy"},
        "dtype": "float32",
    }


def test_boxes_and_ops_share_a_trace_and_elements_have_their_own() -> None:
    for level in ("network", "layer", "op"):
        assert View(level, "opened", 1).trace_level == ("op", "opened", 0, "book")
        assert View(level, "closed", 1).trace_level == ("op", "closed", 0, "book")
    assert View("element", "opened", 1).trace_level == ("element", "opened", 1, "book")


def test_the_form_makes_a_trace_of_its_own_only_where_the_loss_is_opened() -> None:
    assert View("op", "opened", form="stable").trace_level == ("op", "opened", 0, "stable")
    assert View("op", "closed", form="stable").trace_level == ("op", "closed", 0, "book")
