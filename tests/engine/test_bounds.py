"""What a number may be: said, checked and told alike."""

import math

import pytest

from app.engine.bounds import Bounds, whole


@pytest.mark.parametrize(
    ("bounds", "inside", "outside", "words", "schema"),
    [
        (
            whole(0, 2),
            [0, 1, 2.0],
            [-1, 3, 0.5],
            "a whole number from 0 to 2",
            {"type": "integer", "minimum": 0, "maximum": 2},
        ),
        (
            whole(1),
            [1, 10**400],
            [0, 1.5],
            "a whole number of at least 1",
            {"type": "integer", "minimum": 1},
        ),
        (
            Bounds(above=0, maximum=1e6),
            [1e-300, 1e6],
            [0, -1, 1e300],
            "a number above 0, at most 1e+06",
            {"type": "number", "exclusiveMinimum": 0, "maximum": 1e6},
        ),
        (
            Bounds(minimum=0, below=1),
            [0, 0.999],
            [1, -0.1],
            "a number from 0 to below 1",
            {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
        ),
    ],
)
def test_bounds_hold_what_they_say(
    bounds: Bounds, inside: list[float], outside: list[float], words: str, schema: dict[str, object]
) -> None:
    assert all(map(bounds.holds, inside))
    assert not any(map(bounds.holds, [*outside, math.nan]))
    assert bounds.words == words
    assert bounds.schema == schema
