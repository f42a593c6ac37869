"""Who does heavy work, and when: the queue, the threads and the processes."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar

from starlette.requests import ClientDisconnect, Request

from app.api.context import client, service
from app.api.heavy.jobs import Job, Workplace, ordered
from app.api.heavy.places import Full, Places
from app.api.heavy.process import Ended, HeavyProcess
from app.api.problem import Problem
from app.sessions.pictures import MOST_CELLS
from app.settings import limit

T = TypeVar("T")
RETRY_SECONDS = 3

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class HeavyLimits:
    """How much heavy work there is at a time."""

    heavy_processes: int = limit(2, 1, "pictures, checks and large passes made at a time")
    heavy_queue: int = limit(128, 0, "of these that wait in all")
    heavy_per_address: int = limit(32, 1, "of these at work or waiting for one address")
    heavy_seconds: float = limit(60.0, 0.1, "after which one of these is given up")
    heavy_bytes: int = limit(1 << 30, 1 << 28, "of memory for one of these")
    drawn_cells: int = limit(MOST_CELLS, 1, "numbers that one picture shows")


class HeavyWork:
    """The threads, the processes and their queue; one for each app. To be used in its event loop.

    A process starts when there is something for it, and stays for what comes next.
    """

    def __init__(self, limits: HeavyLimits) -> None:
        self.limits = limits
        self._threads = ThreadPoolExecutor(limits.heavy_processes, thread_name_prefix="heavy")
        self._places = Places(limits.heavy_processes, limits.heavy_queue, limits.heavy_per_address)
        # Who worked last is last, and first to be taken: others need not even be started.
        self._idle = [HeavyProcess(limits.heavy_bytes) for _ in range(limits.heavy_processes)]
        self._busy: set[HeavyProcess] = set()

    async def run(self, request: Request, function: Callable[[], T]) -> T:
        """``function()`` in a thread, when it is this client's turn.

        To be called after the body has been read: from then on all that comes is that the client
        goes.

        Raises:
            Problem: 503, there is no place in the queue for one more.
            ClientDisconnect: the client has gone.
        """
        async with self._turn(request):
            return await asyncio.get_running_loop().run_in_executor(self._threads, function)

    async def send(self, request: Request, order: Callable[[], bytes]) -> bytes:
        """What a process makes of an order, when it is this client's turn; as `run`.

        Args:
            request: Whose work it is.
            order: Makes what `jobs.ordered` gives, in a thread.

        Raises:
            Problem: 503 as well where it takes too much; or what is wrong with the order.
            ClientDisconnect: the client has gone, and with it the work.
        """
        async with self._turn(request):
            return await self._away(request, order)

    @property
    def working(self) -> int:
        """Work under way."""
        return self.limits.heavy_processes - self._places.free

    @property
    def waiting(self) -> int:
        """Work in the queue."""
        return self._places.waiting

    def close(self) -> None:
        """Let go of the threads and the processes."""
        for process in self._busy:
            process.kill()  # Who asked it ends it.
        for process in self._idle:
            process.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    @asynccontextmanager
    async def _turn(self, request: Request) -> AsyncIterator[None]:
        who = client(request)
        try:
            has_place = await self._places.enter(who, lambda: _gone(request))
        except Full as full:
            raise _unavailable(full.message) from None
        if not has_place:
            raise ClientDisconnect
        try:
            yield
        finally:
            self._places.leave(who)

    async def _away(self, request: Request, order: Callable[[], bytes]) -> bytes:
        process = self._idle.pop()
        self._busy.add(process)
        process.revive()
        loop = asyncio.get_running_loop()
        asked = loop.run_in_executor(self._threads, lambda: process.ask(order()))
        going = asyncio.ensure_future(_gone(request))
        try:
            await asyncio.wait(
                (asked, going), timeout=self.limits.heavy_seconds,
                return_when=asyncio.FIRST_COMPLETED,
            )  # fmt: skip
            if asked.done():
                return asked.result()
            if going.done():
                raise ClientDisconnect
            raise _unavailable("It took longer than such work may.")
        except Ended as ended:
            log.error("a process for heavy work has ended by itself (%s)", ended)
            raise _unavailable("What worked on it has ended.") from None
        finally:
            going.cancel()
            try:
                if not asked.done():
                    process.kill()
                    with suppress(Exception):
                        await asked
            finally:
                # Here as well where this is cancelled once more: nobody else would give it back.
                self._busy.remove(process)
                self._idle.append(process)


async def in_turn(request: Request, function: Callable[[], T]) -> T:
    """``function()`` as heavy work of the app; see `HeavyWork.run`."""
    work: HeavyWork = request.app.state.heavy
    return await work.run(request, function)


async def done_in_turn(request: Request, job: Job) -> bytes:
    """A job as heavy work of the app: in a process where it is large, else here."""
    work: HeavyWork = request.app.state.heavy
    if job.is_large:
        return await work.send(request, lambda: ordered(job))
    return await work.run(request, lambda: job.do(Workplace(service(request).passes)))


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _unavailable(detail: str) -> Problem:
    return Problem("unavailable", detail, headers={"Retry-After": str(RETRY_SECONDS)})
