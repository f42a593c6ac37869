"""A service over a store in memory, and a small session that can learn."""

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from app.engine.errors import EngineError
from app.engine.spec import LayerSpec
from app.sessions.creation import Wanted
from app.sessions.service import Service
from app.sessions.state import Session
from app.sessions.store.open_store import open_store

WANTED = Wanted(
    input_size=2,
    layers=(LayerSpec("affine", units=3), LayerSpec("relu"), LayerSpec("affine", units=3)),
    loss="softmax_cross_entropy",
    dtype="float64",
    x=np.array([[1.0, 0.5], [-0.5, 2.0]]),
    t=np.array([0.0, 2.0]),
    seed=1,
)


def load_rows(
    dataset: str, split: str, rows: Sequence[int] | None
) -> tuple[np.ndarray, np.ndarray]:
    """A data set of two-number samples: row i is (i, -i) with label i mod 3; it has 250."""
    if dataset != "twos":
        raise EngineError("there is no such data set", "dataset", "name")
    rows = range(250) if rows is None else rows
    return np.array([[row, -row] for row in rows], float), np.array([row % 3 for row in rows])


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service(open_store("memory"), load_rows)
    yield service
    service.close()


@pytest.fixture
def created(service: Service) -> tuple[Session, str]:
    return service.create(WANTED)
