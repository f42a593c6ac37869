"""Everybody gets the same time, whatever one turn of theirs takes."""

import pytest

from app.sessions.runs.work.shares import Shares


def serve(shares: Shares[str], turns: dict[str, float], total: float) -> dict[str, float]:
    """What each has had after so many seconds in all."""
    had = dict.fromkeys(turns, 0.0)
    while sum(had.values()) < total:
        name = shares.next()
        shares.charge(name, turns[name])
        had[name] += turns[name]
    return had


def test_equals_take_turns_in_order() -> None:
    shares: Shares[str] = Shares()
    for name in "abc":
        shares.add(name)
    served = []
    for _ in range(6):
        served.append(shares.next())
        shares.charge(served[-1], 1)
    assert served == list("abcabc")


def test_long_turns_give_nobody_more() -> None:
    shares: Shares[str] = Shares()
    turns = {"short": 0.01, "long": 0.7, "middle": 0.09}
    for name in turns:
        shares.add(name)
    had = serve(shares, turns, 30)
    assert all(9 < seconds < 11 for seconds in had.values()), had


def test_a_newcomer_has_no_claim_on_the_time_before_and_none_is_owed_to_who_left() -> None:
    shares: Shares[str] = Shares()
    shares.add("old")
    for _ in range(100):
        shares.charge("old", 1)
    shares.add("new")
    had = serve(shares, {"old": 1, "new": 1}, 20)
    assert had == {"old": 10, "new": 10}
    shares.remove("old")
    shares.remove("old")
    assert (len(shares), shares.next()) == (1, "new")
    shares.remove("new")
    with pytest.raises(ValueError, match="empty"):
        shares.next()


def test_a_group_has_no_more_than_who_is_alone() -> None:
    shares: Shares[str] = Shares()
    for name in ("a1", "a2", "a3"):
        shares.add(name, "a")
    shares.add("b")
    had = serve(shares, dict.fromkeys(("a1", "a2", "a3", "b"), 1.0), 60)
    assert had == {"a1": 10, "a2": 10, "a3": 10, "b": 30}
    for name in ("a1", "a2", "a3"):
        shares.remove(name)
    shares.add("a4", "a")
    assert serve(shares, {"a4": 1.0, "b": 1.0}, 10) == {"a4": 5, "b": 5}
