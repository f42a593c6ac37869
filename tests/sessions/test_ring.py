"""Old snapshots go first, but never all of them, and never the newest."""

import itertools

from app.sessions.runs.ring import RING_COUNT, Kept, dropped


def ring(steps: list[int], budget: int, run: str = "r") -> list[int]:
    """The steps left of one run whose snapshots, one byte each, came one by one."""
    kept: list[Kept] = []
    for step in steps:
        kept.append(Kept(run, step, 1))
        gone = dropped(kept, budget)
        kept = [item for item in kept if item not in gone]
    return [item.step for item in kept]


def test_nothing_goes_while_there_is_room() -> None:
    assert dropped([Kept("r", step, 10) for step in range(6)], 60) == []
    assert dropped([], 0) == []


def test_first_and_newest_stay_and_gaps_grow_with_age() -> None:
    left = ring(list(range(0, 100_001, 100)), 20)
    assert (left[0], left[-1], len(left)) == (0, 100_000, 20)
    gaps = [after - before for before, after in itertools.pairwise(left)]
    assert gaps[-1] == 100
    # No gap is much wider than what has come after it is long.
    assert all(
        gap <= 100 + 0.8 * (100_000 - after) or before == 0
        for gap, before, after in zip(gaps, left, left[1:], strict=False)
    ), left


def test_the_newest_stays_however_large_it_is() -> None:
    kept = [Kept("r", 0, 50), Kept("r", 5, 50), Kept("r", 9, 500)]
    assert set(dropped(kept, 100)) == {kept[0], kept[1]}
    assert dropped(kept[-1:], 0) == []


def test_of_several_runs_the_oldest_goes_first_when_only_ends_are_left() -> None:
    kept = [Kept(run, step, 1) for run in "abc" for step in (0, 5, 9)]
    gone = dropped(kept, 6)
    assert {(item.run, item.step) for item in gone} == {("a", 5), ("b", 5), ("c", 5)}
    gone = dropped(kept, 4)
    assert {item.run for item in gone if item.step != 5} == {"a"}
    assert [item for item in kept if item not in dropped(kept, 1)] == kept[-1:]


def test_there_are_never_more_than_so_many() -> None:
    assert len(ring(list(range(2 * RING_COUNT)), 10**9)) == RING_COUNT
