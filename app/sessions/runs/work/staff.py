"""The processes that train: as many as there are cores, started when there is work for them."""

import os
import time
from collections import Counter
from collections.abc import Callable

from app.sessions.runs.work.process import Heard, WorkerProcess

# Each takes about 35 MB.
MOST_PROCESSES = 8


def cores() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Staff:
    """Who trains, and how many trainings each has. To be used under its owner's lock.

    Args:
        heard, lost: See `WorkerProcess`; one that is lost is no more of the staff by then.
        count: At most so many; as many as there are cores by default.
    """

    def __init__(
        self, heard: Heard, lost: Callable[[WorkerProcess], None], count: int | None = None
    ) -> None:
        self._heard, self._lost = heard, lost
        self._count = count or min(MOST_PROCESSES, cores())
        self._tasks: Counter[WorkerProcess] = Counter()

    @property
    def processes(self) -> tuple[WorkerProcess, ...]:
        """All of them."""
        return tuple(self._tasks)

    def take(self) -> WorkerProcess:
        """Who has least to do, with one training more; a new one where all have some.

        Raises:
            OSError: there is none, and none can be started.
        """
        least = min(self._tasks, key=self._tasks.__getitem__, default=None)
        if least is None or (self._tasks[least] and len(self._tasks) < self._count):
            least = WorkerProcess(self._heard, self._lost)
        self._tasks[least] += 1
        return least

    def give_back(self, process: WorkerProcess) -> None:
        """One training less for him."""
        if process in self._tasks:
            self._tasks[process] -= 1

    def busiest(self) -> WorkerProcess | None:
        """Who has so much to do that another should take one of his trainings; if there is one."""
        if not self._tasks:
            return None
        most = max(self._tasks, key=self._tasks.__getitem__)
        least = 0 if len(self._tasks) < self._count else min(self._tasks.values())
        return most if self._tasks[most] - least > 1 else None

    def remove(self, process: WorkerProcess) -> None:
        """One that has ended."""
        self._tasks.pop(process, None)

    def close(self, seconds: float) -> None:
        """Let all of them end, within so many seconds."""
        deadline = time.monotonic() + seconds
        for process in self.processes:
            process.dismiss()
        for process in self.processes:
            process.close(deadline)
        self._tasks.clear()
