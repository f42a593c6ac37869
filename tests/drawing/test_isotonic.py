from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.drawing.layout.isotonic import spread

WISHES = st.lists(st.floats(-500, 500), min_size=1, max_size=12)


@given(WISHES, st.floats(0, 50))
def test_distances_are_kept(wishes: list[float], distance: float) -> None:
    places = spread(wishes, [distance] * len(wishes))
    assert all(b - a >= distance - 1e-6 for a, b in pairwise(places))


@given(WISHES)
def test_feasible_wishes_are_granted(wishes: list[float]) -> None:
    ordered = sorted(wishes)
    assert spread(ordered, [0.0] * len(ordered)) == pytest.approx(ordered)


def test_two_that_want_the_same_place_give_way_equally() -> None:
    assert spread([10.0, 10.0], [4.0]) == [8.0, 12.0]


def test_bounds_hold_where_they_leave_room() -> None:
    assert spread([-9.0, 0.0, 30.0], [2.0, 2.0], 0.0, 10.0) == [0.0, 2.0, 10.0]


def test_nothing_in_gives_nothing_out() -> None:
    assert spread([], []) == []
