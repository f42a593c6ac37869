"""Work in turns: a few threads, many that want a slice of their time, each served in order."""

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

log = logging.getLogger(__name__)


class Turns(Generic[T]):
    """Calls ``work`` with what was queued, in worker threads; thread-safe.

    What wants another turn is queued again by ``work``, which must not take long. What it raises
    is logged, and ends that turn only.

    Args:
        work: One turn.
        threads: Workers; as many as there are cores by default. They start with the first turn.
    """

    def __init__(self, work: Callable[[T], None], threads: int | None = None) -> None:
        self._work = work
        self._count = threads or os.cpu_count() or 1
        self._threads: list[threading.Thread] = []
        self._queue: deque[T] = deque()
        self._changed = threading.Condition()
        self._closing = False

    def put(self, item: T, first: bool = False) -> None:
        """Queue something, at the end or before all others."""
        with self._changed:
            if first:
                self._queue.appendleft(item)
            else:
                self._queue.append(item)
            self._changed.notify()
            while len(self._threads) < self._count and not self._closing:
                # Daemons, so that a turn that hangs cannot keep the process from ending.
                thread = threading.Thread(
                    target=self._serve, name=f"turns-{len(self._threads)}", daemon=True
                )
                self._threads.append(thread)
                thread.start()

    def hurry(self, item: T) -> None:
        """Let something that is queued come before all others; nothing where it is not queued."""
        with self._changed:
            if item in self._queue:
                self._queue.remove(item)
                self._queue.appendleft(item)

    def close(self, seconds: float) -> None:
        """Serve what is still queued, then end the threads; waits ``seconds`` at most.

        What was not served by then never is.
        """
        deadline = time.monotonic() + seconds
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        with self._changed:
            self._queue.clear()

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._closing)
                if not self._queue:
                    return
                item = self._queue.popleft()
            try:
                self._work(item)
            except Exception:
                # The others' turns must still come.
                log.exception("a turn has failed")
