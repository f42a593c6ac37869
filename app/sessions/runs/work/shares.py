"""Who is served next, so that everybody gets the same time, however long a turn of theirs takes.

Each has a clock that runs while he is served; whose clock shows least is next. So one whose single
step takes a second waits until the others have had a second each, and whoever comes new begins
where the one served least is, with no claim on the time before. Who has several turns to ask for
is one group, which gets no more than another.
"""

from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Shares(Generic[T]):
    """Those who want to be served, with the time that each has had."""

    def __init__(self) -> None:
        self._groups: dict[Hashable, dict[T, float]] = {}
        self._had: dict[Hashable, float] = {}
        self._group_of: dict[T, Hashable] = {}

    def __len__(self) -> int:
        return len(self._group_of)

    def add(self, item: T, group: Hashable = None) -> None:
        """Let one more take part, in a group, or else by himself."""
        if group is None:
            group = item
        if group not in self._groups:
            self._had[group] = min(self._had.values(), default=0.0)
            self._groups[group] = {}
        members = self._groups[group]
        members[item] = min(members.values(), default=0.0)
        self._group_of[item] = group

    def remove(self, item: T) -> None:
        """Serve one no more; harmless where he is not served."""
        if item not in self._group_of:
            return
        group = self._group_of.pop(item)
        del self._groups[group][item]
        if not self._groups[group]:
            del self._groups[group], self._had[group]

    def next(self) -> T:
        """Who has had least; of several, who was served longest ago.

        Raises:
            ValueError: there is nobody.
        """
        members = self._groups[min(self._had, key=self._had.__getitem__)]
        return min(members, key=members.__getitem__)

    def charge(self, item: T, seconds: float) -> None:
        """What somebody was served; last of his equals from now on."""
        group = self._group_of[item]
        members = self._groups[group]
        members[item] = members.pop(item) + seconds
        self._had[group] = self._had.pop(group) + seconds
