"""How long a run will take is told from how fast it went lately."""

import pytest

from app.sessions.runs.pace import Pace


def test_nothing_is_known_before_two_points_and_after_a_rest() -> None:
    pace = Pace()
    assert pace.seconds(10) is None
    pace.note(0, 1.0)
    assert pace.seconds(10) is None
    pace.note(0, 2.0)
    assert pace.seconds(10) is None
    pace.note(5, 3.0)
    assert pace.seconds(10) == 4.0
    pace.forget()
    assert pace.seconds(10) is None


def test_only_the_last_seconds_count() -> None:
    pace = Pace()
    for second in range(100):
        pace.note(second * 100, float(second))
    for second in range(1, 10):
        pace.note(9900 + second, 99.0 + second)
    assert pace.seconds(10) == pytest.approx(10, rel=0.01)
