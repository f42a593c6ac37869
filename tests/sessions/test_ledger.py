"""Who must go, and when to try again."""

import pytest

from app.sessions.ledger import Ledger
from app.sessions.store import Limits, NotFound, StoreFull

LIMITS = Limits(idle_seconds=1000, max_bytes=100, grace_seconds=60)


def ledger_of(**sessions: tuple[float, int]) -> Ledger:
    ledger = Ledger(LIMITS)
    for id, (touched, size) in sessions.items():
        ledger.put(id, touched, size)
    return ledger


def test_bytes_are_those_of_the_sessions_that_are_there() -> None:
    ledger = ledger_of(a=(0, 30), b=(1, 40))
    ledger.put("a", 2, 10)
    assert (len(ledger), ledger.bytes) == (2, 50)
    ledger.drop(["b", "nobody"])
    assert (len(ledger), ledger.bytes) == (1, 10)


def test_the_last_moment_of_a_session_is_its_idle_limit() -> None:
    ledger = ledger_of(a=(0, 1))
    assert ledger.require("a", 1000).touched == 0
    assert list(ledger.expired(1000)) == []
    with pytest.raises(NotFound):
        ledger.require("a", 1000.5)
    assert list(ledger.expired(1000.5)) == ["a"]


def test_the_longest_idle_go_first_whatever_the_order_of_entry() -> None:
    ledger = ledger_of(young=(500, 25), old=(100, 25), middle=(300, 25), oldest=(0, 25))
    assert ledger.victims(30, "new", 600) == ["oldest", "old"]
    assert list(ledger.expired(1200)) == ["oldest", "old"]
    ledger.put("oldest", 550, 25)
    assert ledger.victims(60, "new", 700) == ["old", "middle", "young"]


def test_nobody_goes_where_there_is_room_or_a_session_shrinks() -> None:
    ledger = ledger_of(a=(0, 60), b=(0, 60))
    assert ledger.victims(-1, "a", 500) == []
    assert ledger.victims(0, "a", 500) == []
    ledger.drop(["b"])
    assert ledger.victims(40, "new", 500) == []


def test_the_session_that_grows_never_goes_for_itself() -> None:
    ledger = ledger_of(a=(0, 60), b=(10, 30))
    assert ledger.victims(20, "a", 500) == ["b"]
    with pytest.raises(StoreFull):
        ledger.victims(41, "a", 500)


def test_a_session_in_use_stays_and_one_is_told_when_to_try_again() -> None:
    ledger = ledger_of(a=(0, 50), b=(30.5, 50))
    assert ledger.victims(50, "new", 60) == ["a"]
    with pytest.raises(StoreFull) as error:
        ledger.victims(51, "new", 60)
    assert error.value.retry_after == 31
    assert ledger.victims(51, "new", 60 + 31) == ["a", "b"]


def test_a_clock_that_went_back_does_not_make_one_wait_for_ever() -> None:
    with pytest.raises(StoreFull) as error:
        ledger_of(a=(9e9, 100)).victims(1, "new", 60)
    assert error.value.retry_after == 60


def test_an_expired_session_can_go_though_the_grace_is_longer() -> None:
    ledger = Ledger(Limits(idle_seconds=5, max_bytes=100, grace_seconds=60))
    ledger.put("a", 0, 100)
    assert ledger.victims(1, "new", 6) == ["a"]
