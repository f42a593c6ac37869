"""The few threads in which requests compute and read the store.

Routes are `async def`, so whatever takes longer than a moment is handed to these threads; they are
not the 40 of AnyIO that files and dependencies share, so a crowd of computations cannot block
those.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from starlette.requests import Request

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 4


def make_executor() -> ThreadPoolExecutor:
    """The executor of one app; `install` keeps it as ``app.state.executor``."""
    return ThreadPoolExecutor(THREADS, thread_name_prefix="api")


async def in_executor(
    request: Request, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """``function(*args, **kwargs)`` in one of the app's threads."""
    loop = asyncio.get_running_loop()
    executor: ThreadPoolExecutor = request.app.state.executor
    return await loop.run_in_executor(executor, lambda: function(*args, **kwargs))
