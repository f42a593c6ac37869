"""What a session's network makes of the plane of its samples, and of digits it has not seen."""

from dataclasses import dataclass

import numpy as np

from app.engine.network import Network
from app.engine.regions import Plane, bounded, probabilities
from app.sessions.edits import Loader
from app.sessions.state import Session
from app.sessions.store.errors import Unknown

Array = np.ndarray

DIGITS, DIGIT_CELLS, DIGIT_CLASSES = "mnist", 784, 10
# Digits that are looked at: all that are held out.
MAX_DIGITS = 2_000
# Points that are told of.
MAX_POINTS = 2_000


@dataclass(frozen=True)
class Regions:
    """The plane in cells, and the samples in it.

    Attributes:
        size: Cells in a row, and rows.
        classes: The likeliest class of each cell ``(size * size,)``, row by row from the top; -1
            where the network's numbers are none.
        certainty: Its probability.
        points: Samples ``(M, 2)``, the first of them where there are very many.
        labels: Their classes ``(M,)``.
        batch: Which of these the step at hand learns from; None where there is no step.
    """

    plane: Plane
    size: int
    classes: Array
    certainty: Array
    points: Array
    labels: Array
    batch: Array | None


@dataclass(frozen=True)
class Doubtful:
    """Digits that a network gets wrong, or is not sure of.

    Attributes:
        samples: How many were looked at, and ``wrong``: how many of them it gets wrong.
        rows: Those of which the right class has the smallest probability, ascending.
        labels, predictions: Their classes, and what the network takes them for.
        right, given: The probabilities of the two.
    """

    samples: int
    wrong: int
    rows: Array
    labels: Array
    predictions: Array
    right: Array
    given: Array


def regions(session: Session, whole: Session, batch: Array | None, size: int) -> Regions:
    """The plane of a session.

    Args:
        session: Its parameters are used.
        whole: The same with all samples that are learned from.
        batch: Rows of ``whole`` that a step learns from.
        size: Cells in a row, fewer where these would take long.

    Raises:
        Unknown: the network takes other samples than points of a plane, or has no loss.
    """
    spec = session.spec
    if spec.input_size != 2 or spec.loss is None or not spec.loss.has_classes:
        raise Unknown("the network does not sort the points of a plane into classes")
    network = Network(spec.for_inference(), session.parameters)
    plane, size = Plane.around(whole.x), bounded(network, size)
    classes, certainty = _likeliest(probabilities(network, plane.grid(size)))
    points, targets = whole.x[:MAX_POINTS], whole.targets
    labels = np.zeros(0, np.int64) if targets is None else targets[:MAX_POINTS].argmax(axis=1)
    if batch is not None:
        batch = np.unique(batch[batch < len(points)])
    return Regions(plane, size, classes, certainty, points, labels, batch)


def doubtful(session: Session, loader: Loader, split: str, count: int) -> Doubtful:
    """Digits of a split that the session's network gets wrong, or is not sure of.

    Raises:
        Unknown: the network does not take digits.
    """
    spec = session.spec
    sizes = (spec.input_size, spec.output_size)
    has_classes = spec.loss is not None and spec.loss.has_classes
    if sizes != (DIGIT_CELLS, DIGIT_CLASSES) or not has_classes:
        raise Unknown("the network does not sort digits into ten classes")
    x, labels = loader(DIGITS, split, range(MAX_DIGITS))
    y = probabilities(Network(spec.for_inference(), session.parameters), x)
    predictions, given = _likeliest(y)
    right = y[np.arange(len(y)), labels]
    # What is no number counts as the least sure of all.
    rows = np.argsort(np.where(np.isnan(right), -1, right), kind="stable")[:count]
    wrong = int((predictions != labels).sum())
    return Doubtful(len(x), wrong, rows, labels[rows], predictions[rows], right[rows], given[rows])


def _likeliest(y: Array) -> tuple[Array, Array]:
    known = np.isfinite(y).all(axis=1)
    return np.where(known, y.argmax(axis=1), -1), np.where(known, y.max(axis=1), 0)
