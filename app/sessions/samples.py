"""Samples that the server brings along: made up, or rows of a data set.

Made-up samples stand in *bands*: the first number of a sample decides its class. They are clean
tenths, no two samples are equal, and any network with a hidden layer can learn them.
"""

from dataclasses import dataclass, replace

import numpy as np

from app.engine.errors import EngineError
from app.engine.spec import Limits, NetworkSpec, check_limits
from app.sessions.creation import Made, Wanted, spec_of
from app.sessions.edits import Loader
from app.sessions.planes import PLANES, points
from app.sessions.state import Source

Array = np.ndarray

BANDS = "bands"
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


def loaded(spec: NetworkSpec, loader: Loader, source: Source) -> Samples:
    """Rows of a data set, checked to go with the network.

    Raises:
        EngineError: no such rows, or not such that the network takes; the field is of ``source``.
    """
    x, labels = loader(source.dataset, source.split, source.rows)
    if x.shape[1] != spec.input_size:
        raise EngineError(
            f"its rows have {x.shape[1]} numbers, the network takes {spec.input_size}",
            "dataset",
            "shape",
            {"shapes": [[len(x), x.shape[1]]]},
        )
    if spec.loss is not None and labels.max() >= spec.output_size:
        raise EngineError(
            f"its labels go beyond the network's {spec.output_size} classes",
            "dataset",
            "range",
            {"minimum": int(labels.max()) + 1},
        )
    return Samples(x.astype(spec.dtype), labels.astype(np.int64), source)


def plane(spec: NetworkSpec, made: Made) -> Samples:
    """Points of a plane, for a network that takes two numbers.

    Raises:
        EngineError: another network, or what is out of bounds; the field is of ``made``.
    """
    if spec.input_size != 2:
        raise EngineError(
            f"its points have 2 numbers, the network takes {spec.input_size}",
            "dataset",
            "shape",
            {"shapes": [[made.samples, 2]]},
        )
    # Without a loss nothing is learnt, and any number of outputs will do.
    classes = spec.output_size if spec.loss is not None else max(2, spec.output_size)
    x, labels = points(made.dataset, made.samples, classes, made.noise, made.seed, made.split)
    return Samples(x.astype(spec.dtype), labels)


def filled(wanted: Wanted, limits: Limits, loader: Loader) -> Wanted:
    """``wanted`` with the samples it asks for; without a loss every output's gradient is 1.

    Raises:
        EngineError: a wrong network, or a data set that does not go with it.
        TooLarge: a network or a pass beyond ``limits``; nothing was made for it.
    """
    made = wanted.x
    if not isinstance(made, Made):
        return wanted
    spec = spec_of(wanted)
    try:
        check_limits(spec, made.samples, limits)
        if made.dataset == BANDS:
            samples = bands(made.samples, spec.input_size, spec.output_size, made.seed)
        elif made.dataset in PLANES:
            samples = plane(spec, made)
        else:
            source = Source(made.dataset, made.split, tuple(range(made.samples)))
            samples = loaded(spec, loader, source)
    except EngineError as error:
        raise _at_data(error) from None
    t = grad_output = None
    if spec.loss is None:
        grad_output = np.ones((made.samples, spec.output_size))
    else:
        t = samples.labels
    return replace(wanted, x=samples.x, t=t, grad_output=grad_output, source=samples.source)


def _at_data(error: EngineError) -> EngineError:
    """What is wrong with x, or with a row, is wrong with the number of samples asked for."""
    kind = error.field.split("/")[0]
    if kind in ("dataset", "split", "noise", "seed", "samples"):
        error.field = f"data/{error.field}"
    elif kind in ("x", "rows"):
        error.field = "data/samples"
    return error
