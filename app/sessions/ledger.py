"""Which sessions there are, when each was last used and how large it is: who must go, and when.

Both stores decide by this one book, so that they cannot differ. It lies in memory, about 200 bytes
a session, because it is asked at every write: adding up a table of large rows each time would cost
more than the write.
"""

import math
from collections.abc import ItemsView, Iterator
from dataclasses import dataclass

from app.sessions.store import Limits, NotFound, StoreFull


@dataclass(slots=True)
class Entry:
    """One session: last use in seconds since 1970, and bytes against the limit."""

    touched: float
    bytes: int


class Ledger:
    """The entries of a store by id. Not thread-safe: to be used under the store's lock."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._entries: dict[str, Entry] = {}
        # Last use first to last, unless somebody's clock went back; then sorted when asked next.
        self._in_order = True
        self._latest = -math.inf
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, id: str) -> bool:
        return id in self._entries

    def require(self, id: str, now: float) -> Entry:
        """The entry of a session that is there and not idle too long.

        Raises:
            NotFound: it is not.
        """
        entry = self._entries.get(id)
        if entry is None or self._is_expired(entry, now):
            raise NotFound(id)
        return entry

    def touched(self, id: str) -> float:
        """When a session that is there was last used, in seconds since 1970."""
        return self._entries[id].touched

    def put(self, id: str, touched: float, size: int) -> None:
        """Enter a session, or its new use and size."""
        self.drop([id])
        self._entries[id] = Entry(touched, size)
        self.bytes += size
        self._in_order = self._in_order and touched >= self._latest
        self._latest = max(self._latest, touched)

    def drop(self, ids: list[str]) -> None:
        """Forget sessions, where they are there."""
        for id in ids:
            if (entry := self._entries.pop(id, None)) is not None:
                self.bytes -= entry.bytes

    def expired(self, now: float) -> Iterator[str]:
        """Those idle too long, the longest first; nothing may be entered meanwhile."""
        for id, entry in self._longest_idle_first():
            if not self._is_expired(entry, now):
                break
            yield id

    def victims(self, extra: int, keep: str, now: float) -> list[str]:
        """Those that must go so that ``extra`` bytes fit: the longest idle, but never ``keep``.

        Raises:
            StoreFull: those that may go are not enough; then none needs to.
        """
        excess = self.bytes + extra - self._limits.max_bytes
        victims: list[str] = []
        if extra <= 0 or excess <= 0:
            return victims
        for id, entry in self._longest_idle_first():
            if excess <= 0:
                break
            if id != keep:
                victims.append(id)
                excess -= entry.bytes
        grace = self._limits.grace_seconds
        if excess > 0:  # larger than all others together
            raise StoreFull(math.ceil(grace))
        last = self._entries[victims[-1]]
        if now - last.touched < grace and not self._is_expired(last, now):
            raise StoreFull(math.ceil(min(grace, last.touched + grace - now)))
        return victims

    def _is_expired(self, entry: Entry, now: float) -> bool:
        return now - entry.touched > self._limits.idle_seconds

    def _longest_idle_first(self) -> ItemsView[str, Entry]:
        if not self._in_order:
            ordered = sorted(self._entries.items(), key=lambda item: item[1].touched)
            self._entries = dict(ordered)
            self._in_order = True
        return self._entries.items()
