"""Which sessions there are, when each was last used and how large it is: who must go, and when.

Both stores decide by this one book, so that they cannot differ. It lies in memory, about 200 bytes
a session, because it is asked at every write: adding up a table of large rows each time would cost
more than the write.
"""

import math
from collections import Counter
from collections.abc import ItemsView, Iterator
from dataclasses import dataclass

from app.sessions.store.store import Fenced, Limits, NotFound, StoreFull

# What exists may still grow, by this share of its owner's bytes, where newcomers are refused.
OWNER_SLACK = 0.25


@dataclass(slots=True)
class Entry:
    """One session: last use in seconds since 1970, bytes against the limit, whose it is; its fence.

    The fence is here since whoever could be fenced off ends with this process.
    """

    touched: float
    bytes: int
    owner: str = ""
    fence: int = 0


class Ledger:
    """The entries of a store by id. Not thread-safe: to be used under the store's lock."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._entries: dict[str, Entry] = {}
        # Last use first to last, unless somebody's clock went back; then sorted when asked next.
        self._in_order = True
        self._latest = -math.inf
        self.bytes = 0
        self._owned_bytes: Counter[str] = Counter()
        self._owned: Counter[str] = Counter()

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

    def put(self, id: str, touched: float, size: int, owner: str = "") -> None:
        """Enter a session, or its new use and size; whose it is stays."""
        fence = 0
        if id in self._entries:
            owner, fence = self._entries[id].owner, self._entries[id].fence
            self.drop([id])
        self._entries[id] = Entry(touched, size, owner, fence)
        self.bytes += size
        if owner:
            self._owned[owner] += 1
            self._owned_bytes[owner] += size
        self._in_order = self._in_order and touched >= self._latest
        self._latest = max(self._latest, touched)

    def raise_fence(self, id: str, number: int) -> None:
        """See `Store.fence`; of a session that is there.

        Raises:
            Fenced: it is higher already.
        """
        self.require_fence(id, number)
        self._entries[id].fence = number

    def require_fence(self, id: str, number: int | None) -> None:
        """Refuse a write that carries a lower number than the session's.

        Raises:
            Fenced: it does.
        """
        if number is not None and number < self._entries[id].fence:
            raise Fenced

    def drop(self, ids: list[str]) -> None:
        """Forget sessions, where they are there."""
        for id in ids:
            if (entry := self._entries.pop(id, None)) is not None:
                self.bytes -= entry.bytes
                if entry.owner:
                    self._owned[entry.owner] -= 1
                    self._owned_bytes[entry.owner] -= entry.bytes
                    if not self._owned[entry.owner]:
                        del self._owned[entry.owner], self._owned_bytes[entry.owner]

    def expired(self, now: float) -> Iterator[str]:
        """Those idle too long, the longest first; nothing may be entered meanwhile."""
        for id, entry in self._longest_idle_first():
            if not self._is_expired(entry, now):
                break
            yield id

    def victims(self, extra: int, keep: str, now: float, owner: str = "") -> list[str]:
        """Those that must go so that ``extra`` bytes fit: the longest idle, but never ``keep``.

        Args:
            extra: More bytes than now.
            keep: Whom they are for; who is not there yet is a newcomer.
            now: Seconds since 1970.
            owner: The newcomer's; for newcomers of one who has too much, only its own go.

        Raises:
            StoreFull: those that may go are not enough; then none needs to.
        """
        limits = self._limits
        if keep in self._entries:
            if extra <= limits.small_growth:
                return []
            owner, room = self._entries[keep].owner, float(limits.max_bytes)
            share = limits.owner_bytes * (1 + OWNER_SLACK)
        else:
            room = limits.max_bytes * (1 - limits.reserve)
            share = limits.owner_bytes
        excess = self.bytes + extra - room
        victims: list[str] = []
        if owner:
            too_many = self._owned[owner] + (keep not in self._entries) - limits.owner_sessions
            too_much = self._owned_bytes[owner] + extra - share
            if too_many > 0 or too_much > 0:
                victims = self._idle(too_much, max(0, too_many), keep, now, owner)
                excess -= sum(self._entries[id].bytes for id in victims)
        if excess > 0:
            gone = frozenset(victims)
            victims += self._idle(excess, 0, keep, now, None, gone)
        return victims

    def _idle(
        self,
        excess: float,
        count: int,
        keep: str,
        now: float,
        owner: str | None,
        gone: frozenset[str] = frozenset(),
    ) -> list[str]:
        """So many bytes and sessions of those idle longest, an owner's or anybody's.

        Raises:
            StoreFull: there are not so many out of use.
        """
        victims: list[str] = []
        for id, entry in self._longest_idle_first():
            if excess <= 0 and count <= 0:
                break
            if id != keep and id not in gone and owner in (None, entry.owner):
                victims.append(id)
                excess -= entry.bytes
                count -= 1
        grace = self._limits.grace_seconds
        message = "the address has as many sessions as it may" if owner else "the store is full"
        if excess > 0 or count > 0:  # more than all others together
            raise StoreFull(math.ceil(grace), message)
        last = self._entries[victims[-1]]
        if now - last.touched < grace and not self._is_expired(last, now):
            raise StoreFull(math.ceil(min(grace, last.touched + grace - now)), message)
        return victims

    def _is_expired(self, entry: Entry, now: float) -> bool:
        return now - entry.touched > self._limits.idle_seconds

    def _longest_idle_first(self) -> ItemsView[str, Entry]:
        if not self._in_order:
            ordered = sorted(self._entries.items(), key=lambda item: item[1].touched)
            self._entries = dict(ordered)
            self._in_order = True
        return self._entries.items()
