"""Who is served next, so that everybody gets the same time, however long a turn of theirs takes.

Each has a clock that runs while he is served; whose clock shows least is next. So one whose single
step takes a second waits until the others have had a second each, and whoever comes new begins
where the one served least is, with no claim on the time before.
"""

from typing import Generic, TypeVar

T = TypeVar("T")


class Shares(Generic[T]):
    """Those who want to be served, with the time that each has had."""

    def __init__(self) -> None:
        self._had: dict[T, float] = {}

    def __len__(self) -> int:
        return len(self._had)

    def add(self, item: T) -> None:
        """Let one more take part."""
        self._had[item] = min(self._had.values(), default=0.0)

    def remove(self, item: T) -> None:
        """Serve one no more; harmless where he is not served."""
        self._had.pop(item, None)

    def next(self) -> T:
        """Who has had least; of several, who was served longest ago.

        Raises:
            ValueError: there is nobody.
        """
        return min(self._had, key=self._had.__getitem__)

    def charge(self, item: T, seconds: float) -> None:
        """What somebody was served; last of his equals from now on."""
        self._had[item] = self._had.pop(item) + seconds
