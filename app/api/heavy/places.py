"""A few places, many clients that want one, each served in turn however much one of them asks."""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any


class Full(Exception):
    """There is no room to wait in.

    Attributes:
        message: What is full, in one English sentence.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Places:
    """To be used in one event loop.

    Attributes:
        free: How many places nobody has.
        waiting: How many wait for one.

    Args:
        count: How many there are.
        queue: How many may wait, in all.
        per_client: How many of one client's may have a place or wait for one.
    """

    def __init__(self, count: int, queue: int, per_client: int) -> None:
        self.free = count
        self._queue, self._per_client = queue, per_client
        # Whose turn is next stands first.
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self.waiting = 0
        self._by_client: Counter[str] = Counter()

    async def enter(self, who: str, gone: Callable[[], Coroutine[Any, Any, None]]) -> bool:
        """Wait for a place, which is then one's own until `leave`.

        Args:
            who: The client.
            gone: Ends when the client waits no more.

        Returns:
            Whether there is one; if not, the client has gone.

        Raises:
            Full: there is no room for one more.
        """
        if self._by_client[who] >= self._per_client:
            raise Full("This address waits for as much as it may.")
        if not self.free and self.waiting >= self._queue:
            raise Full("Too much is being worked on.")
        self._by_client[who] += 1
        if self.free:
            self.free -= 1
            return True
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(who, deque()).append(turn)
        self.waiting += 1
        going = asyncio.ensure_future(gone())
        try:
            await asyncio.wait((turn, going), return_when=asyncio.FIRST_COMPLETED)
        except BaseException:
            self._give_up(who, turn)
            raise
        finally:
            going.cancel()
        if not turn.done():
            self._give_up(who, turn)
            return False
        return True

    def leave(self, who: str) -> None:
        """Give a place back."""
        self._count_off(who)
        self.free += 1
        self._next()

    def _next(self) -> None:
        """Give a free place to the client whose turn it is."""
        while self.free and self._waiting:
            who, turns = self._waiting.popitem(last=False)
            turn = turns.popleft()
            self.waiting -= 1
            if turns:
                self._waiting[who] = turns
            if turn.cancelled():
                continue
            self.free -= 1
            turn.set_result(None)

    def _give_up(self, who: str, turn: asyncio.Future[None]) -> None:
        if turn.done() and not turn.cancelled():  # It came in the same moment.
            self.leave(who)
            return
        self._count_off(who)
        turns = self._waiting.get(who)
        if turns is None:
            return
        with suppress(ValueError):
            turns.remove(turn)
            self.waiting -= 1
        if not turns:
            del self._waiting[who]

    def _count_off(self, who: str) -> None:
        self._by_client[who] -= 1
        if not self._by_client[who]:
            del self._by_client[who]
