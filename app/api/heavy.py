"""Work that takes long, such as a picture of a large network: in turn, and not in everybody's way.

It has threads of its own, and a queue in front of them in which clients take turns, however much
one of them asks for. What finds no place is refused at once, and what nobody waits for any more is
not begun.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from starlette.requests import ClientDisconnect, Request

from app.api.context import client
from app.api.problem import Problem
from app.settings import limit

T = TypeVar("T")
RETRY_SECONDS = 3


@dataclass(frozen=True)
class HeavyLimits:
    """How much heavy work there is at a time."""

    heavy_threads: int = limit(2, 1, "pictures, checks and large passes made at a time")
    heavy_queue: int = limit(128, 0, "of these that wait in all")
    heavy_per_address: int = limit(32, 1, "of these at work or waiting for one address")


class HeavyWork:
    """The threads and their queue; one for each app. To be used in its event loop."""

    def __init__(self, limits: HeavyLimits) -> None:
        self.limits = limits
        self._threads = ThreadPoolExecutor(limits.heavy_threads, thread_name_prefix="heavy")
        self._free = limits.heavy_threads
        # Whose turn is next stands first.
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._waiting_count = 0
        self._places: Counter[str] = Counter()

    async def run(self, request: Request, function: Callable[[], T]) -> T:
        """``function()`` in one of the threads, when it is this client's turn.

        To be called after the body has been read: from then on all that comes is that the client
        goes.

        Raises:
            Problem: 503, there is no place in the queue for one more.
            ClientDisconnect: the client has gone before its turn came.
        """
        who = client(request)
        if self._places[who] >= self.limits.heavy_per_address:
            raise _full("This address waits for as much as it may.")
        if not self._free and self._waiting_count >= self.limits.heavy_queue:
            raise _full("Too much is being worked on.")
        self._places[who] += 1
        try:
            await self._turn(request, who)
            try:
                return await asyncio.get_running_loop().run_in_executor(self._threads, function)
            finally:
                self._free += 1
                self._next()
        finally:
            self._places[who] -= 1
            if not self._places[who]:
                del self._places[who]

    @property
    def working(self) -> int:
        """Threads at work."""
        return self.limits.heavy_threads - self._free

    @property
    def waiting(self) -> int:
        """Work in the queue."""
        return self._waiting_count

    def close(self) -> None:
        """Let go of the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _turn(self, request: Request, who: str) -> None:
        """Wait for a thread, which is then one's own."""
        if self._free:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(who, deque()).append(turn)
        self._waiting_count += 1
        going = asyncio.ensure_future(_gone(request))
        try:
            await asyncio.wait((turn, going), return_when=asyncio.FIRST_COMPLETED)
            if not turn.done():
                raise ClientDisconnect
        except BaseException:
            if turn.done():  # It came in the same moment; somebody else has it.
                self._free += 1
                self._next()
            else:
                self._forget(who, turn)
            raise
        finally:
            going.cancel()

    def _next(self) -> None:
        """Give a free thread to the client whose turn it is."""
        while self._free and self._waiting:
            who, turns = self._waiting.popitem(last=False)
            turn = turns.popleft()
            self._waiting_count -= 1
            if turns:
                self._waiting[who] = turns
            self._free -= 1
            turn.set_result(None)

    def _forget(self, who: str, turn: asyncio.Future[None]) -> None:
        turns = self._waiting[who]
        with suppress(ValueError):
            turns.remove(turn)
            self._waiting_count -= 1
        if not turns:
            del self._waiting[who]


async def in_turn(request: Request, function: Callable[[], T]) -> T:
    """``function()`` as heavy work of the app; see `HeavyWork.run`."""
    work: HeavyWork = request.app.state.heavy
    return await work.run(request, function)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _full(detail: str) -> Problem:
    return Problem("unavailable", detail, headers={"Retry-After": str(RETRY_SECONDS)})
