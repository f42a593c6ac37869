"""Steps made once more, by the workers, so that they can be looked at."""

import secrets
import threading
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from app.sessions.run import RunsFull
from app.sessions.runs.work.frames import pack
from app.sessions.runs.work.order import Order, Snapshot
from app.sessions.runs.work.process import WorkerProcess
from app.sessions.runs.work.staff import Staff

Array = np.ndarray

REPLAY_SECONDS = 30.0
RETRY_SECONDS = 5


@dataclass(eq=False)
class _Waiting:
    """Somebody waits for this."""

    process: WorkerProcess
    done: threading.Event = field(default_factory=threading.Event)
    snapshot: Snapshot | None = None


class Replays:
    """Those that are being made.

    Args:
        staff: Who makes them.
        lock: Under which `heard` and `lost` are called, and under which the staff is used.
    """

    def __init__(self, staff: Staff, lock: threading.Lock) -> None:
        self._staff = staff
        self._lock = lock
        self._waiting: dict[str, _Waiting] = {}

    def make(self, order: Order) -> Snapshot:
        """The training after ``order.until`` steps, from its start, which may be just there.

        Raises:
            RunsFull: it takes too long now, or it has failed.
        """
        document, arrays = order.parts()
        key = secrets.token_urlsafe(9)
        frame = pack({"do": "start", "key": key, "order": document}, arrays)
        with self._lock:
            waiting = self._waiting[key] = _Waiting(self._staff.take())
            if order.data is not None:
                waiting.process.share(order.data, order.samples())
            waiting.process.send(frame)
        waiting.done.wait(REPLAY_SECONDS)
        with self._lock:
            if self._waiting.pop(key, None) is not None:
                waiting.process.send(pack({"do": "drop", "key": key}, {}))
                self._staff.give_back(waiting.process)
        if waiting.snapshot is None:
            raise RunsFull(RETRY_SECONDS)
        return waiting.snapshot

    def heard(self, document: dict[str, Any], arrays: dict[str, Array]) -> bool:
        """Whether news is of one of these; then it is seen to."""
        waiting = self._waiting.get(document["key"])
        if waiting is None:
            return False
        if document["tell"] == "snapshot" and document["left"]:
            if "snapshot" in document:
                waiting.snapshot = Snapshot.of(document["snapshot"], arrays)
            self._end(document["key"])
        return True

    def lost(self, process: WorkerProcess) -> None:
        """A worker has died."""
        for key in [key for key, waiting in self._waiting.items() if waiting.process is process]:
            self._end(key)

    def _end(self, key: str) -> None:
        waiting = self._waiting.pop(key)
        self._staff.give_back(waiting.process)
        waiting.done.set()
