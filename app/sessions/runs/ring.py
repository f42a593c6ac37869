"""Which snapshots of a session's runs stay where there is no room for all.

They are thinned by age: the further back, the wider the gaps, so that what was learned just now
can be gone back to step by step, and what is long ago still within reach. The first of a run stays
as long as it can, since there is no other way to its first steps; the newest of all always does.
"""

from collections.abc import Sequence
from dataclasses import dataclass

RING_BYTES = 64 * 2**20
RING_COUNT = 256


@dataclass(frozen=True)
class Kept:
    """One snapshot: of which run, after how many steps, and how large."""

    run: str
    step: int
    size: int


def dropped(kept: Sequence[Kept], max_bytes: int = RING_BYTES) -> list[Kept]:
    """Those that have to go.

    Args:
        kept: All there are: the runs in the order that they were made in, each run's by step.
        max_bytes: What may stay; the newest does in any case.
    """
    left, gone = list(kept), []
    size = sum(item.size for item in left)
    while len(left) > 1 and (size > max_bytes or len(left) > RING_COUNT):
        item = left.pop(_least_missed(left))
        gone.append(item)
        size -= item.size
    return gone


def _least_missed(kept: Sequence[Kept]) -> int:
    """The place of the one whose gap is smallest for its age; else the newest of the oldest run."""
    best, found = 0.0, None
    newest = len(kept) - 1
    # Steps back from the newest, through all runs.
    age = 0
    for place in range(newest - 1, -1, -1):
        item, after = kept[place], kept[place + 1]
        within = item.run == after.run
        age += after.step - item.step if within else 1
        if within and place > 0 and kept[place - 1].run == item.run:
            worth = (after.step - kept[place - 1].step) / age
            if found is None or worth < best:
                best, found = worth, place
    if found is not None:
        return found
    oldest = [place for place in range(newest) if kept[place].run == kept[0].run]
    return oldest[-1]
