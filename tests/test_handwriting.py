"""A drawn digit becomes such a picture as those of the data set are: these stay what they are."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from app import datasets
from app.engine.errors import EngineError
from app.handwriting import BOX, prepared


def test_the_pictures_of_the_data_set_come_back_wherever_they_are_drawn_and_however_large() -> None:
    pixels, _ = datasets.load("mnist", "test", None)
    random = np.random.default_rng(0)
    seen = 0
    for digit in pixels.reshape(-1, 28, 28)[:500]:
        # One of four thousand fits a box of 19 pixels, and grows to 20.
        if max(np.ptp(lines) for lines in np.nonzero(digit)) < BOX - 1:
            continue
        size, top, left = random.integers((1, 0, 0), (8, 80, 80))
        drawn = np.zeros((280, 280))
        drawn[top : top + 28 * size, left : left + 28 * size] = 7 * np.kron(
            digit, np.ones((size, size))
        )
        np.testing.assert_allclose(prepared(drawn), digit / digit.max(), atol=1e-12)
        seen += 1
    assert seen > 490


@given(
    arrays.arrays(
        np.float64,
        st.tuples(st.integers(1, 9), st.integers(1, 9)),
        elements=st.sampled_from([0.0, 5e-324, 0.2, 1.0, 255.0, 1e308]),
    ).filter(lambda picture: picture.any())
)
def test_any_picture_fits_the_box_and_has_full_ink(picture: Any) -> None:
    field = prepared(picture)
    rows, columns = np.nonzero(field)
    assert field.shape == (28, 28)
    assert field.min() == 0
    assert field.max() == 1
    assert max(np.ptp(rows), np.ptp(columns)) < BOX


def test_the_centre_of_mass_is_in_the_middle() -> None:
    drawn = np.zeros((100, 100))
    drawn[10:90, 40:48] = 1
    drawn[70:90, 40:80] = 1
    field = prepared(drawn)
    lines = np.arange(28)
    for ink in (field.sum(axis=1), field.sum(axis=0)):
        assert abs(lines @ ink / ink.sum() - 14) <= 0.5


@pytest.mark.parametrize(
    ("picture", "code"),
    [
        (np.zeros((28, 28)), "missing"),
        (np.full((3, 3), -1.0), "range"),
        (np.ones((281, 3)), "limit"),
        (np.ones((0, 3)), "limit"),
        (np.ones(784), "limit"),
    ],
)
def test_what_is_no_picture_is_refused(picture: Any, code: str) -> None:
    with pytest.raises(EngineError) as caught:
        prepared(picture)
    assert (caught.value.field, caught.value.code) == ("pixels", code)
