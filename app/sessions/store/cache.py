"""A least-recently-used cache bounded by bytes; a cache only, the store is the truth."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class ByteCache(Generic[K, V]):
    """Values made on demand, the oldest forgotten when all together are over ``capacity`` bytes.

    Thread-safe. Two threads that miss at once may both make the value; the values are immutable, so
    it does not matter whose is kept.
    """

    def __init__(self, capacity: int, size: Callable[[V], int]) -> None:
        self.capacity = capacity
        self.bytes = 0
        self._size = size
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._values)

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
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key]

    def put(self, key: K, value: V) -> None:
        """Keep a value under ``key``, unless there is one, or it is too large."""
        size = self._size(value)
        if size > self.capacity // 2:
            return  # one giant would push out everybody else's
        with self._lock:
            if key not in self._values:
                self._values[key] = value
                self.bytes += size
            while self.bytes > self.capacity:
                _, oldest = self._values.popitem(last=False)
                self.bytes -= self._size(oldest)

    def forget(self, matches: Callable[[K], bool]) -> None:
        """Drop every value whose key ``matches``."""
        with self._lock:
            for key in [key for key in self._values if matches(key)]:
                self.bytes -= self._size(self._values.pop(key))
