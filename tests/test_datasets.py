"""The digits that the build hook made."""

import numpy as np
import pytest

from app import datasets
from app.engine.errors import EngineError
from app.engine.network import Network
from app.sessions import digits, presets


def test_there_are_eight_thousand_to_learn_from_and_two_thousand_held_out() -> None:
    assert datasets.describe()[0]["splits"] == {"train": 8000, "test": 2000}
    for split, size in datasets.describe()[0]["splits"].items():
        x, labels = datasets.load("mnist", split, range(size))
        assert (x.shape, labels.shape) == ((size, 784), (size,))
        assert (x.min(), x.max()) == (0.0, 1.0)
        # A fair sample: each of the ten digits has its tenth, more or less.
        assert np.bincount(labels, minlength=10).min() > size * 0.07


def test_a_network_takes_what_the_picture_shows() -> None:
    pixels, label = datasets.digit("mnist", "test", 5)
    x, labels = datasets.load("mnist", "test", [5])
    assert pixels.dtype == np.uint8
    assert pixels.shape == (784,)
    assert np.array_equal(x[0], pixels / 255)
    assert labels.tolist() == [label]


def test_no_held_out_digit_is_among_those_learned_from() -> None:
    train = {row.tobytes() for row in datasets.load("mnist", "train", range(8000))[0]}
    test = {row.tobytes() for row in datasets.load("mnist", "test", range(2000))[0]}
    assert not train & test


@pytest.mark.parametrize(
    ("dataset", "split", "rows", "field"),
    [
        ("cats", "test", [0], "dataset"),
        ("mnist", "all", [0], "split"),
        ("mnist", "test", [0, 2000], "rows/1"),
        ("mnist", "train", [-1], "rows/0"),
    ],
)
def test_what_there_is_not_is_refused_by_name(
    dataset: str, split: str, rows: list[int], field: str
) -> None:
    with pytest.raises(EngineError) as error:
        datasets.load(dataset, split, rows)
    assert error.value.field == field


def test_the_network_of_figure_5_28_reads_held_out_digits() -> None:
    x, labels = datasets.load("mnist", "test", range(2000))
    network = Network(digits.SPEC, digits.trained(datasets.load))
    found = network.evaluate(x)
    assert found.predictions is not None
    assert (found.predictions == labels).mean() > 0.94
    assert found.predictions[presets.FIRST_DIGIT] == labels[presets.FIRST_DIGIT]


def test_figure_5_28_offers_digits_that_there_is_something_to_learn_from() -> None:
    rows = list(presets.DOUBTFUL)
    assert len(set(rows)) == len(rows)
    x, labels = datasets.load("mnist", "test", rows)
    network = Network(digits.SPEC, digits.trained(datasets.load))
    probabilities = network.evaluate(x).probabilities
    assert probabilities is not None
    right = probabilities[range(len(rows)), labels]
    # Sure of none of them, and wrong about some; y - t is then above a tenth.
    assert (right < 0.9).all()
    assert (probabilities.argmax(axis=1) != labels).sum() >= 3
