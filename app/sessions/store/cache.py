"""A least-recently-used cache bounded by bytes; a cache only, the store is the truth."""

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from cachetools import LRUCache

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class ByteCache(Generic[K, V]):
    """Values made on demand, the oldest forgotten when all together are over ``capacity`` bytes.

    Thread-safe. Two threads that miss at once may both make the value; the values are immutable, so
    it does not matter whose is kept.
    """

    def __init__(self, capacity: int, size: Callable[[V], int]) -> None:
        self.capacity = capacity
        self._size = size
        self._values: LRUCache[K, V] = LRUCache(capacity, getsizeof=size)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._values)

    @property
    def bytes(self) -> int:
        """Of all values together."""
        return int(self._values.currsize)

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The value under ``key``, made by ``make`` if need be."""
        value = self.find(key)
        if value is None:
            value = make()
            self.put(key, value)
        return value

    def find(self, key: K) -> V | None:
        """The value under ``key``, if there is one."""
        with self._lock:
            return self._values.get(key)

    def put(self, key: K, value: V) -> None:
        """Keep a value under ``key``, unless there is one, or it is too large."""
        if self._size(value) > self.capacity // 2:
            return  # one giant would push out everybody else's
        with self._lock:
            self._values.setdefault(key, value)

    def forget(self, matches: Callable[[K], bool]) -> None:
        """Drop every value whose key ``matches``."""
        with self._lock:
            for key in [key for key in self._values if matches(key)]:
                del self._values[key]
