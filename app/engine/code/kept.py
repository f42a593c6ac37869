"""What was made of programs, kept for who asks again: as long as there is room for its numbers.

A program may hold constants of millions of cells, so a count of programs would be no bound.
"""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")

# What an op takes beside its numbers, counted in numbers.
OP_CELLS = 500


class Kept(Generic[T]):
    """Things by key, the last used of them.

    Args:
        size: How many numbers one holds.
        most: How many all may hold together; the newest stays in any case.
    """

    def __init__(self, size: Callable[[T], int], most: int) -> None:
        self._size, self._most = size, most
        self._found: OrderedDict[object, tuple[T, int]] = OrderedDict()
        self._cells = 0
        self._lock = Lock()

    def get(self, key: object, make: Callable[[], T]) -> T:
        """What is kept under ``key``, or else made now, perhaps by two who ask at once."""
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key][0]
        made = make()
        size = self._size(made)
        with self._lock:
            if key not in self._found:
                self._found[key] = made, size
                self._cells += size
            while self._cells > self._most and len(self._found) > 1:
                self._cells -= self._found.popitem(last=False)[1][1]
        return made
