"""Points in a plane: bounded, clean, as asked for, and learnable."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.errors import EngineError
from app.engine.initializers import Initializer, initialize
from app.engine.network import Network
from app.engine.optimizers import OptimizerConfig, make_optimizer
from app.engine.spec import LayerSpec, NetworkSpec
from app.engine.training import Training
from app.sessions.planes import PLANES, points


@given(
    st.sampled_from(sorted(PLANES)),
    st.integers(1, 200),
    st.integers(2, 10),
    st.floats(0, 2),
    st.integers(0, 2**40),
)
def test_points_are_clean_and_the_same_for_a_seed(
    name: str, n: int, classes: int, noise: float, seed: int
) -> None:
    x, labels = points(name, n, classes, noise, seed)
    assert x.shape == (n, 2)
    assert labels.shape == (n,)
    np.testing.assert_array_equal(np.rint(x * 100) / 100, x)
    assert not np.signbit(x[x == 0]).any()
    assert labels.max() < (PLANES[name][1] or classes)
    again, same = points(name, n, classes, noise, seed)
    np.testing.assert_array_equal(x, again)
    np.testing.assert_array_equal(labels, same)


def test_the_test_split_is_another_draw_of_the_same_kind() -> None:
    x, _ = points("moons", 50, 2, 0.1, 3)
    other, _ = points("moons", 50, 2, 0.1, 3, "test")
    assert not np.array_equal(x, other)
    np.testing.assert_allclose(x.mean(axis=0), other.mean(axis=0), atol=0.3)


@pytest.mark.parametrize("name", sorted(PLANES))
def test_a_small_network_learns_each(name: str) -> None:
    classes = PLANES[name][1] or 3
    x, labels = points(name, 300, classes, 0.0, 0)
    layers = (LayerSpec("affine", "affine1", 24), LayerSpec("relu", "relu1", None))
    spec = NetworkSpec.build(
        2, (*layers, LayerSpec("affine", "affine2", classes)), "softmax_cross_entropy", "float64"
    )
    network = Network(spec, initialize(spec, Initializer(type="he"), 0))
    optimizer = make_optimizer(OptimizerConfig(type="adam", learning_rate=0.02))
    training = Training(network, x, labels, optimizer, 30, 1500)
    while not training.finished:
        training.advance()
    held_x, held = points(name, 300, classes, 0.0, 0, "test")
    right = (network.forward(held_x).argmax(axis=1) == held).mean()
    assert right > 0.95


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("dataset", {"name": "stars"}),
        ("dataset", {"classes": 1}),
        ("dataset", {"classes": 11}),
        ("samples", {"n": 0}),
        ("samples", {"n": 2001}),
        ("noise", {"noise": -0.1}),
        ("noise", {"noise": float("nan")}),
        ("seed", {"seed": -1}),
        ("split", {"split": "all"}),
    ],
)
def test_what_is_out_of_bounds_is_named(field: str, change: dict[str, object]) -> None:
    usual = {"name": "moons", "n": 10, "classes": 2, "noise": 0.1, "seed": 0}
    with pytest.raises(EngineError) as caught:
        points(**(usual | change))  # type: ignore[arg-type]
    assert caught.value.field == field
    assert caught.value.allowed
