"""Coroutines in tests that also use playwright."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def run(coroutine: Coroutine[Any, Any, T], seconds: float = 20) -> T:
    """The coroutine's result, from an event loop in a thread of its own.

    Playwright's synchronous API leaves a running loop in the main thread, where `asyncio.run`
    then refuses to work.
    """
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(asyncio.run, asyncio.wait_for(coroutine, seconds)).result()
