"""A process that trains, as the server sees it: what it is told, what it tells, and its death."""

import logging
import os
import queue
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

import app
from app.sessions.runs.work.frames import pack, read, read_length, unpack, write

Array = np.ndarray
Heard = Callable[["WorkerProcess", dict[str, Any], dict[str, Array]], None]

log = logging.getLogger(__name__)

# Variables that may hold the address of a database.
SECRETS = ("BACKPROP_STORE", "PG")
# What others can be trained on without being sent it once more; the newest stays in any case.
SHARED_BYTES = 256 * 2**20


class WorkerProcess:
    """One such process, started here. Its methods return at once and may be called anywhere.

    Args:
        heard: Called with the process and what it tells, in a thread of its own.
        lost: Called with the process when it has ended unbidden, after all that it told.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, heard: Heard, lost: Callable[["WorkerProcess"], None]) -> None:
        self._heard, self._lost = heard, lost
        self._closing = False
        self._process = subprocess.Popen(
            [sys.executable, "-m", "app.sessions.runs.work.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(),
        )
        # None closes its input. What is large is made a frame of only when its turn has come.
        self._outbox: queue.SimpleQueue[bytes | Callable[[], bytes] | None] = queue.SimpleQueue()
        # Bytes of what it keeps for several trainings, by name, least recently used first.
        self._shared: OrderedDict[str, int] = OrderedDict()
        self._threads = [
            threading.Thread(target=target, name=f"worker-{name}", daemon=True)
            for name, target in (("orders", self._write), ("news", self._read))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def send(self, frame: bytes) -> None:
        """Tell it something, after all that it was told before."""
        self._outbox.put(frame)

    def share(self, name: str, samples: Mapping[str, Array]) -> None:
        """Have it keep arrays under a name for the orders that come; once for all.

        To be called by one thread at a time.
        """
        if name not in self._shared:
            self._outbox.put(lambda: pack({"do": "keep", "name": name}, samples))
            self._shared[name] = sum(array.nbytes for array in samples.values())
        self._shared.move_to_end(name)
        while len(self._shared) > 1 and sum(self._shared.values()) > SHARED_BYTES:
            old, _ = self._shared.popitem(last=False)
            self.send(pack({"do": "forget", "name": old}, {}))

    def dismiss(self) -> None:
        """Let it end, by itself; see `close`."""
        self._closing = True
        self._outbox.put(None)

    def close(self, deadline: float) -> None:
        """Wait until it has ended; make it end when the monotonic clock shows ``deadline``."""
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if threading.current_thread() not in self._threads:
            for thread in self._threads:
                thread.join(max(0.01, deadline - time.monotonic()))

    def _write(self) -> None:
        stream = self._process.stdin
        assert stream is not None
        with suppress(OSError):
            while (frame := self._outbox.get()) is not None:
                write(stream, frame if isinstance(frame, bytes) else frame())
        with suppress(OSError):
            stream.close()

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        with stream:
            while (frame := read(stream, read_length(stream))) is not None:
                try:
                    self._heard(self, *unpack(frame))
                except Exception:
                    # The other runs' news must still come.
                    log.exception("news of a run were lost")
        self._outbox.put(None)
        code = self._process.wait()
        if not self._closing:
            log.error("a process that trains has ended by itself (%d)", code)
            self._lost(self)


def environment() -> Mapping[str, str]:
    """The server's, with the folder of this program among those where modules are looked for."""
    folder = str(Path(app.__file__).parent.parent)
    paths = [folder, *filter(None, [os.environ.get("PYTHONPATH")])]
    # It has nothing to do with the store, so it is not told where that is.
    ours = {name: value for name, value in os.environ.items() if not name.startswith(SECRETS)}
    return {**ours, "PYTHONPATH": os.pathsep.join(paths)}
