"""Who must go, and when to try again."""

import pytest

from app.sessions.store.ledger import Ledger
from app.sessions.store.store import Limits, NotFound, StoreFull

LIMITS = Limits(idle_seconds=1000, max_bytes=100, grace_seconds=60, reserve=0, small_growth=0)


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
    ledger = Ledger(Limits(idle_seconds=5, max_bytes=100, grace_seconds=60, reserve=0))
    ledger.put("a", 0, 100)
    assert ledger.victims(1, "new", 6) == ["a"]


def shared(**limits: float) -> Ledger:
    """Forty bytes of one owner, thirty of another."""
    least: dict[str, float] = {"max_bytes": 100, "grace_seconds": 60, "reserve": 0.2}
    ledger = Ledger(Limits(**{**least, "small_growth": 2, **limits}))  # type: ignore[arg-type]
    for id, touched, size, owner in (
        ("a1", 0, 20, "a"), ("b1", 10, 30, "b"), ("a2", 20, 20, "a"),
    ):  # fmt: skip
        ledger.put(id, touched, size, owner)
    return ledger


def test_what_is_in_reserve_is_for_growth_and_no_newcomer() -> None:
    ledger = shared()
    assert ledger.victims(10, "new", 50, "c") == []
    with pytest.raises(StoreFull):
        ledger.victims(11, "new", 50, "c")
    assert ledger.victims(30, "a1", 50) == []


def test_a_step_is_never_refused() -> None:
    ledger = shared()
    ledger.put("b1", 30, 60, "b")
    assert ledger.victims(2, "b1", 50) == []
    with pytest.raises(StoreFull):
        ledger.victims(3, "b1", 50)


@pytest.mark.parametrize("limits", [{"owner_bytes": 45}, {"owner_sessions": 2}])
def test_the_newcomer_of_one_who_has_too_much_only_moves_its_own(limits: dict[str, float]) -> None:
    ledger = shared(**limits)
    assert ledger.victims(10, "new", 50, "c") == []
    with pytest.raises(StoreFull, match="address") as error:
        ledger.victims(10, "new", 50, "a")
    assert error.value.retry_after == 10
    # The other's session has been idle longer than a2, and stays.
    assert ledger.victims(10, "new", 100, "a") == ["a1"]


def test_growth_is_charged_to_the_owner_with_some_slack() -> None:
    ledger = shared(owner_bytes=48)
    assert ledger.victims(20, "a1", 50) == []
    with pytest.raises(StoreFull, match="address"):
        ledger.victims(21, "a1", 50)
    assert ledger.victims(30, "b1", 50) == []


def test_one_who_has_too_much_and_finds_no_room_moves_its_own_before_others() -> None:
    ledger = shared(owner_bytes=50)
    assert ledger.victims(35, "new", 500, "a") == ["a1", "a2"]
    assert ledger.victims(30, "new", 500, "a") == ["a1"]


def test_what_an_owner_has_follows_its_sessions() -> None:
    ledger = shared(owner_bytes=45)
    ledger.put("a1", 50, 5, "ignored")
    assert ledger.victims(20, "new", 60, "a") == []
    ledger.drop(["a1", "a2"])
    assert ledger.victims(45, "new", 60, "a") == []
