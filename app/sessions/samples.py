"""Samples that the server brings along: made up, or rows of a data set; see `filled`.

Made-up samples stand in *bands*: the first number of a sample decides its class. They are clean
tenths, no two samples are equal, and any network with a hidden layer can learn them.
"""

from dataclasses import dataclass

import numpy as np

from app.engine.errors import EngineError
from app.engine.spec import NetworkSpec
from app.engine.targets import check_ids, takes_labels
from app.sessions.creation import Made
from app.sessions.edits import Loader
from app.sessions.planes import points
from app.sessions.state import Source

Array = np.ndarray

BANDS = "bands"
DIGITS, DIGIT_SIDE = "mnist", 28
# Tenths from -1 to 1.
_REACH = 10


@dataclass(frozen=True)
class Samples:
    """x ``(N, D)`` and labels ``(N,)``, and where they are from."""

    x: Array
    labels: Array
    source: Source | None = None


def bands(n: int, columns: int, classes: int, seed: int) -> Samples:
    """Samples whose class is the band that their first number lies in.

    Args:
        n: How many; classes take turns in them.
        columns: Numbers in a sample: tenths from -1 to 1, the first one further out where there are
            more than 21 samples.
        classes: Bands, from low to high, of equal numbers of samples.
        seed: For the other numbers, which the class does not depend on.
    """
    if n <= 2 * _REACH + 1:
        first = np.rint(np.linspace(-_REACH, _REACH, n)).astype(np.int64)
    else:
        first = np.arange(n) - n // 2
    labels = np.arange(n) * classes // n
    place = np.arange(n) - np.searchsorted(labels, labels)
    turns = np.lexsort((labels, place))
    others = np.random.default_rng(seed).integers(-_REACH, _REACH + 1, (n, columns - 1))
    return Samples(np.column_stack([first[turns], others]) / 10, labels[turns])


def words(n: int, length: int, vocabulary: int, classes: int, seed: int) -> Samples:
    """Sequences of words whose class is the band that the number of the first word lies in.

    Args:
        n: How many; the classes take turns as far as there are words for them.
        length: Words in a sample.
        vocabulary: How many words there are.
        classes: Bands, from low to high.
        seed: For the other words, which the class does not depend on.
    """
    draws = np.random.default_rng(seed).integers(vocabulary, size=(n, length - 1))
    first = np.arange(n) * max(1, vocabulary // max(2, classes)) % vocabulary
    return Samples(np.column_stack([first, draws]).astype(float), first * classes // vocabulary)


def loaded(spec: NetworkSpec, loader: Loader, source: Source) -> Samples:
    """Rows of a data set, checked to go with the network.

    Raises:
        EngineError: no such rows, or not such that the network takes; the field is of ``source``.
    """
    x, labels = loader(source.dataset, source.split, source.rows)
    check_fit(spec, x, labels, source.dataset)
    x = fitted(spec, source.dataset, x)
    return Samples(x.astype(spec.dtype), labels.astype(np.int64), source)


def fitted(spec: NetworkSpec, dataset: str, x: Array) -> Array:
    """Rows as the network takes them: digits for smaller images are shrunk.

    Each pixel is then the mean of a square of the digit's, 28 rows of 28.
    """
    shape = _shrunk_to(spec, dataset)
    if shape is None:
        return x
    height, width = shape
    squares = x.reshape(len(x), height, DIGIT_SIDE // height, width, DIGIT_SIDE // width)
    return np.ascontiguousarray(squares.mean(axis=(2, 4)).reshape(len(x), -1))


def _shrunk_to(spec: NetworkSpec, dataset: str) -> tuple[int, int] | None:
    """Rows and columns of the smaller images that a network takes digits as."""
    if dataset != DIGITS or len(spec.sample) != 3:
        return None
    channels, height, width = spec.sample
    is_smaller = channels == 1 and height * width < DIGIT_SIDE**2
    fits = is_smaller and DIGIT_SIDE % height == 0 and DIGIT_SIDE % width == 0
    return (height, width) if fits else None


def check_fit(spec: NetworkSpec, x: Array, labels: Array, dataset: str) -> None:
    """Refuse rows that are not such as the network takes.

    Raises:
        EngineError: they are not; the field is of a `Source`.
    """
    if x.shape[1] != spec.input_size and _shrunk_to(spec, dataset) is None:
        raise EngineError(
            f"its rows have {x.shape[1]} numbers, the network takes {spec.input_size}",
            "dataset",
            "shape",
            {"shapes": [[len(x), x.shape[1]]]},
        )
    if spec.vocabulary is not None:
        try:
            check_ids(spec, x, "dataset")
        except EngineError:
            raise EngineError(
                f"its numbers are no words, whole and from 0 to {spec.vocabulary - 1}",
                "dataset",
                "range",
            ) from None
    if takes_labels(spec) and labels.max() >= spec.output_size:
        raise EngineError(
            f"its labels go beyond the network's {spec.output_size} classes",
            "dataset",
            "range",
            {"minimum": int(labels.max()) + 1},
        )


def plane(spec: NetworkSpec, made: Made) -> Samples:
    """Points of a plane, for a network that takes two numbers.

    Raises:
        EngineError: another network, or what is out of bounds; the field is of ``made``.
    """
    if spec.input_size != 2 or spec.vocabulary is not None:
        raise EngineError(
            f"its points have 2 numbers, the network takes {spec.input_size}",
            "dataset",
            "shape",
            {"shapes": [[made.samples or 1, 2]]},
        )
    # Without a loss nothing is learnt, and any number of outputs will do.
    classes = spec.output_size if spec.loss is not None else max(2, spec.output_size)
    assert made.samples is not None
    x, labels = points(made.dataset, made.samples, classes, made.noise, made.seed, made.split)
    return Samples(x.astype(spec.dtype), labels)
