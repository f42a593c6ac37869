"""The few threads in which requests compute and read the store.

Routes are `async def`, so whatever takes longer than a moment is handed to these threads; they are
not the 40 of AnyIO that files and dependencies share, so a crowd of computations cannot block
those. Clients take turns: who asks for much waits behind his own.
"""

import asyncio
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from starlette.requests import Request

from app.addresses import client_of

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 4


class FairExecutor(ThreadPoolExecutor):
    """Threads that serve clients in turn."""

    def __init__(self, threads: int) -> None:
        super().__init__(threads, thread_name_prefix="api")
        # Whose turn is next stands first.
        self._turns: OrderedDict[str, deque[tuple[Future[Any], Callable[[], Any]]]] = OrderedDict()
        self._turns_lock = threading.Lock()

    def submit_for(self, who: str, function: Callable[[], T]) -> Future[T]:
        """``function()`` when it is this client's turn."""
        future: Future[T] = Future()
        with self._turns_lock:
            self._turns.setdefault(who, deque()).append((future, function))
        # One thread for each, but not each for its own: it takes whoever is next.
        self.submit(self._serve)
        return future

    def _serve(self) -> None:
        with self._turns_lock:
            who, calls = self._turns.popitem(last=False)
            future, function = calls.popleft()
            if calls:
                self._turns[who] = calls
        if not future.set_running_or_notify_cancel():
            return
        try:
            result = function()
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(result)


def make_executor() -> FairExecutor:
    """The executor of one app; `install` keeps it as ``app.state.executor``."""
    return FairExecutor(THREADS)


async def in_executor(
    request: Request, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """``function(*args, **kwargs)`` in one of the app's threads."""
    executor: FairExecutor = request.app.state.executor
    who = client_of(request.client.host) if request.client else ""
    return await asyncio.wrap_future(executor.submit_for(who, lambda: function(*args, **kwargs)))
