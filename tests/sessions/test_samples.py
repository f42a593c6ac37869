"""Samples that the server makes: clean, distinct, and such that a network can learn them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import datasets
from app.engine.errors import EngineError, TooLarge
from app.engine.initializers import Initializer, initialize
from app.engine.network import Network
from app.engine.optimizers import OptimizerConfig, make_optimizer
from app.engine.spec import LayerSpec, Limits, NetworkSpec
from app.engine.training import Training
from app.sessions.creation import Made, Wanted, check
from app.sessions.filled import filled
from app.sessions.planes import points
from app.sessions.samples import bands


def asked(made: Made, input_size: int, units: int, loss: bool = True) -> Wanted:
    layers = (LayerSpec("affine", units=units),)
    return Wanted(input_size, layers, "softmax_cross_entropy" if loss else None, "float64", made)


@given(
    st.integers(1, 300),
    st.integers(1, 20),
    st.integers(1, 30),
    st.integers(0, 2**32 - 1),
)
def test_samples_are_distinct_clean_tenths_with_one_target_each(
    n: int, columns: int, classes: int, seed: int
) -> None:
    made = bands(n, columns, classes, seed)

    assert made.x.shape == (n, columns)
    rows = {tuple(row) for row in made.x.tolist()}
    assert len(rows) == n
    # As short as one would write them: 0.3, never 0.30000000000000004.
    assert all(
        value == round(value, 1) and len(repr(value)) <= 5 for value in made.x.ravel().tolist()
    )
    assert np.abs(made.x).max() <= max(1, n / 20)
    # The class is a function of the first number alone, and rises with it.
    in_order = made.labels[made.x[:, 0].argsort()]
    assert (np.diff(in_order) >= 0).all()
    counts = np.bincount(made.labels, minlength=classes)
    assert counts.max() - counts.min() <= 1


def test_even_the_largest_number_of_samples_is_distinct_where_a_sample_is_one_number() -> None:
    made = bands(Limits().samples, 1, 7, 0)

    assert len(np.unique(made.x)) == Limits().samples


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("n", [2, 5, 6, 21, 64])
@pytest.mark.parametrize(("columns", "classes"), [(1, 2), (2, 2), (2, 3), (8, 2)])
def test_a_small_network_learns_them(n: int, columns: int, classes: int, seed: int) -> None:
    layers = (LayerSpec("affine", units=16), LayerSpec("tanh"), LayerSpec("affine", units=classes))
    spec = NetworkSpec.build(columns, layers, "softmax_cross_entropy")
    network = Network(spec, initialize(spec, Initializer("he"), seed))
    made = bands(n, columns, classes, seed)
    optimizer = make_optimizer(OptimizerConfig("adam", 0.05))
    training = Training(network, made.x, made.labels, optimizer, n, 600)
    while not training.finished:
        training.advance()

    targets = np.eye(classes)[made.labels]
    assert network.loss(made.x, targets) < 0.1


def test_digits_are_the_first_rows_of_their_split() -> None:
    wanted = filled(asked(Made("mnist", 100), 784, 10), Limits(), datasets.load)

    x, labels = datasets.load("mnist", "train", range(100))
    assert np.array_equal(check(wanted, Limits()).x, x)
    assert wanted.t is not None
    assert np.array_equal(wanted.t, labels)
    assert wanted.source is not None
    assert wanted.source.rows == tuple(range(100))


def test_points_of_a_plane_have_the_classes_of_the_network() -> None:
    wanted = filled(asked(Made("spiral", 30, seed=4), 2, 5), Limits(), datasets.load)

    x, labels = points("spiral", 30, 5, 0.0, 4)
    assert np.array_equal(check(wanted, Limits()).x, x)
    assert wanted.t is not None
    assert np.array_equal(wanted.t, labels)
    assert set(labels) == set(range(5))


def test_without_a_loss_every_gradient_is_one() -> None:
    wanted = filled(asked(Made("bands", 3), 2, 4, loss=False), Limits(), datasets.load)

    numbers = check(wanted, Limits())
    assert numbers.t is None
    assert numbers.grad_output is not None
    assert numbers.grad_output.tolist() == [[1] * 4] * 3


@pytest.mark.parametrize(
    ("made", "input_size", "units", "field"),
    [
        (Made("mnist", 5), 783, 10, "data/dataset"),
        (Made("mnist", 100), 784, 9, "data/dataset"),
        (Made("mnist", 8_001), 784, 10, "data/samples"),
        (Made("bands", 10_001), 2, 2, "data/samples"),
        (Made("bands", 1), 5_000, 2, "network/input_size"),
        (Made("moons", 5), 3, 2, "data/dataset"),
        (Made("moons", 5), 2, 11, "data/dataset"),
        (Made("spiral", 2_001), 2, 3, "data/samples"),
        (Made("blobs", 5, "half"), 2, 3, "data/split"),
        (Made("blobs", 5, noise=2.5), 2, 3, "data/noise"),
    ],
)
def test_what_does_not_go_together_is_refused_at_its_field(
    made: Made, input_size: int, units: int, field: str
) -> None:
    with pytest.raises(EngineError) as error:
        filled(asked(made, input_size, units), Limits(), datasets.load)
    assert error.value.field == field


def test_nothing_is_made_for_a_pass_beyond_the_limits() -> None:
    with pytest.raises(TooLarge) as error:
        filled(asked(Made("bands", 10_000), 4_000, 2), Limits(), datasets.load)
    assert error.value.field == "data/samples"
