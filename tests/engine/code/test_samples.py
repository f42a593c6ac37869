"""Which of what a program is given are samples follows from its ops, not from what it is called."""

import numpy as np
import pytest

from app.engine.code.reading import names_read, read
from app.engine.code.running import read_code
from app.engine.code.samples import Samples, samples_of, with_rows
from app.engine.errors import EngineError

N = 6
_random = np.random.default_rng(1)
GIVEN = {
    "X": _random.normal(size=(N, 3)),
    "T": _random.normal(size=(N, 2)),
    "W": _random.normal(size=(3, 2)),
    "Q": _random.normal(size=(3, 3)),
    "b": np.zeros(2),
    "v": np.zeros(N),
    "E": _random.normal(size=(5, 2)),
    "ids": np.array([0.0, 1, 2, 3, 4, 0]),
    "mask": np.ones((N, 2)),
}


def samples(code: str) -> Samples | None:
    names = names_read(read(code))
    return samples_of(read_code(code, {name: GIVEN[name] for name in names})[0])


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("L = np.mean((X @ W + b - T) ** 2)", ("X", "T")),
        ("L = np.sum(X @ W) / len(X)", ("X",)),
        ("h = X @ W\nL = np.sum((h - h.mean(axis=0)) ** 2)", ("X",)),
        ("L = np.sum((E[ids] - T) ** 2)", ("ids", "T")),
        ("L = np.sum(np.where(mask > 0.5, X @ W, 0))", ("mask", "X")),
        ("L = np.sum(np.einsum('nd,dh->nh', X, W))", ("X",)),
    ],
)
def test_rows_that_stay_rows_until_they_are_added_up_are_samples(
    code: str, names: tuple[str, ...]
) -> None:
    found = samples(code)
    assert found is not None
    assert (set(found.names), found.rows) == (set(names), N)


@pytest.mark.parametrize(
    "code",
    [
        # Every row looks at every other.
        "L = np.sum(np.exp(X @ Q @ X.T))",
        # One row alone, all but one, and the largest of all.
        "L = np.sum(X[0] @ W)",
        "L = np.sum(X[1:] @ W)",
        "L = np.sum(np.max(X @ W, axis=0))",
        # What learns has a number for each row.
        "L = np.sum(X @ W @ b + v)",
        "L = np.sum(np.reshape(X @ W, (12,)))",
        # Nothing is given but what learns.
        "L = np.sum(W ** 2)",
        # No loss.
        "y = X @ W",
    ],
)
def test_a_program_whose_rows_belong_together_is_one_whole(code: str) -> None:
    assert samples(code) is None


def test_a_mini_batch_is_a_program_of_fewer_rows() -> None:
    spec, _, _ = read_code(
        "L = np.mean((X @ W - T) ** 2)", {name: GIVEN[name] for name in ("X", "W", "T")}
    )
    found = with_rows(spec, ("X", "T"), 2)
    assert (found.shapes["X"], found.shapes["T"], found.shapes["W"]) == ((2, 3), (2, 2), (3, 2))
    assert found.learned == spec.learned
    with pytest.raises(EngineError):
        with_rows(spec, ("X",), 2)
