import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from app.api.numbers import any_rank, matrix, scalar, vector, vector_or_matrix

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(st.integers(1, 5), st.data())
def test_rows_become_the_same_float64_array(width: int, data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.lists(FINITE, min_size=width, max_size=width), min_size=1))

    assert matrix(rows).tolist() == rows


def test_whole_numbers_are_numbers() -> None:
    assert matrix([[1, 2], [3, 4]]).dtype == np.float64
    assert vector([0, 2]).tolist() == [0, 2]
    assert scalar(3) == 3.0


@pytest.mark.parametrize(
    ("value", "code", "at"),
    [
        ([[1, 2], [3, True]], "type", [1, 1]),
        ([[1, 2], [3, "4"]], "type", [1, 1]),
        ([[1, 2], [None, 4]], "type", [1, 0]),
        ([[1.0, float("nan")]], "finite", [0, 1]),
        ([[1.0], [float("inf")]], "finite", [1, 0]),
        ([[10**400, 1]], "finite", [0, 0]),
        ([[1, 2], [3]], "shape", [1]),
        ([[[1]]], "shape", [0, 0]),
        ([1, 2], "shape", [0]),
        ([[1], 2], "shape", [1]),
        ([[]], "shape", [0]),
        ([], "shape", []),
        ("x", "type", []),
        (None, "type", []),
        ([[1]] * 10_001, "limit", []),
    ],
)
def test_a_wrong_matrix_names_its_first_wrong_cell(value: object, code: str, at: list[int]) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        matrix(value)

    assert caught.value.type == code
    assert caught.value.context == {"at": at}


@pytest.mark.parametrize("value", [True, "1", None, float("nan"), float("-inf"), 10**400, [1]])
def test_a_scalar_is_one_finite_number(value: object) -> None:
    with pytest.raises(PydanticCustomError):
        scalar(value)


def test_the_rank_follows_from_the_brackets() -> None:
    assert any_rank(2).shape == ()
    assert any_rank([1, 2]).shape == (2,)
    assert any_rank([[1, 2]]).shape == (1, 2)
    assert vector_or_matrix([1, 2, 3]).shape == (3,)


def test_a_vector_names_its_wrong_cell() -> None:
    with pytest.raises(PydanticCustomError) as caught:
        vector([0, 1, [2]])

    assert caught.value.context == {"at": [2]}
