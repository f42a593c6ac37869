"""Heavy work waits in turn, and what nobody waits for is not begun."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from starlette.requests import ClientDisconnect, Request

from app.api.heavy import HeavyLimits, HeavyWork
from app.api.problem import Problem
from tests.loops import run


class Client:
    """Requests of one address, until it goes."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.gone = asyncio.Event()

    def request(self) -> Request:
        async def receive() -> dict[str, Any]:
            await self.gone.wait()
            return {"type": "http.disconnect"}

        return Request({"type": "http", "client": (self.address, 1), "headers": []}, receive)


def in_a_busy_queue(
    test: Callable[[HeavyWork, list[str]], Awaitable[None]], limits: HeavyLimits
) -> list[str]:
    """Run a test while the one thread is busy; what is done afterwards, in its order."""
    done: list[str] = []

    async def whole() -> None:
        work, free = HeavyWork(limits), threading.Event()
        first = asyncio.ensure_future(work.run(Client("busy").request(), free.wait))
        await asyncio.sleep(0)
        tests = asyncio.ensure_future(test(work, done))
        for _ in range(20):
            await asyncio.sleep(0)
        free.set()
        await asyncio.gather(first, tests)
        # All places are free again.
        await work.run(Client("last").request(), lambda: done.append("last"))
        work.close()

    run(whole())
    return done


ONE_THREAD = HeavyLimits(heavy_processes=1, heavy_queue=5, heavy_per_address=3)


def test_clients_take_turns() -> None:
    async def both(work: HeavyWork, done: list[str]) -> None:
        names = ["a1", "a2", "a3", "b1"]
        await asyncio.gather(
            *(work.run(Client(name[0]).request(), partial(done.append, name)) for name in names)
        )

    assert in_a_busy_queue(both, ONE_THREAD) == ["a1", "b1", "a2", "a3", "last"]


def test_one_more_than_there_are_places_is_refused() -> None:
    async def many(work: HeavyWork, done: list[str]) -> None:
        results = await asyncio.gather(
            *(work.run(Client("a").request(), lambda: done.append("a")) for _ in range(4)),
            *(work.run(Client(f"b{k}").request(), lambda: done.append("b")) for k in range(3)),
            return_exceptions=True,
        )
        refused = [k for k, result in enumerate(results) if isinstance(result, Problem)]
        assert refused == [3, 6]
        assert all(results[k].headers["Retry-After"] for k in refused)  # type: ignore[union-attr]

    assert sorted(in_a_busy_queue(many, ONE_THREAD)) == ["a", "a", "a", "b", "b", "last"]


def test_what_nobody_waits_for_any_more_is_not_begun() -> None:
    async def gone(work: HeavyWork, done: list[str]) -> None:
        stays, goes = Client("a"), Client("a")
        left = asyncio.ensure_future(work.run(goes.request(), lambda: done.append("gone")))
        stayed = asyncio.ensure_future(work.run(stays.request(), lambda: done.append("stayed")))
        await asyncio.sleep(0)
        goes.gone.set()
        with pytest.raises(ClientDisconnect):
            await left
        await stayed

    assert in_a_busy_queue(gone, ONE_THREAD) == ["stayed", "last"]


def test_a_fault_in_the_work_gives_its_thread_back() -> None:
    async def fault(work: HeavyWork, done: list[str]) -> None:
        with pytest.raises(ZeroDivisionError):
            await work.run(Client("a").request(), lambda: 1 // 0)

    assert in_a_busy_queue(fault, ONE_THREAD) == ["last"]
