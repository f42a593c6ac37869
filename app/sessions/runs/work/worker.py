"""A process that trains: ``python -m app.sessions.runs.work.worker``.

Orders come in by its input, what becomes of them goes out by its output, each as one frame:

    start   key, owner, an order        begin or go on with a training
    leave   key                         no more of it; its snapshot
    look    key                         its snapshot, while it goes on
    rate    key, rate                   another learning rate from the next step on
    drop    key                         no more of it, not a word
    keep    name, arrays                samples that several orders name, to be kept for them
    forget  name                        no more orders with these

    began     key                       its first step is about to be made
    progress  key, seen                 ten times a second, by the clock
    rate      key, step, rate           from which step on it is another
    snapshot  key, left, end, error     with what `Snapshot.parts` gives

``seen`` is what the last step saw, where one was made, and how far it has come by then. A snapshot
that has ``left`` is the last word on a training: it was told to leave, or it came to its ``end``,
or there was an ``error``.

It trains in one thread, several at once a slice of time each, so that no two fight for Python's
lock; the server has several such processes where there are several cores. It ends with its input.
"""

import logging
import os
import queue
import signal
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import IO, Any

import numpy as np

from app.engine.training import Training
from app.sessions.runs.work.frames import pack, read, read_length, unpack, write
from app.sessions.runs.work.order import Order, Snapshot
from app.sessions.runs.work.priority import give_way
from app.sessions.runs.work.shares import Shares

Array = np.ndarray

log = logging.getLogger(__name__)

PROGRESS_SECONDS = 0.1
# A machine that is busy lets this process wait now and then. Words that were held up by that are
# made good, no faster than so; but not those of a wait that is longer than the second of these.
CLOSEST_SECONDS, MOST_LATE_SECONDS = 0.05, 0.5
# How long one is served at a time: shorter the more there are, so that all have their turn between
# two words of progress, but not so short that changing over costs more than it gives.
SLICE_SECONDS, SHORTEST_SLICE = 0.01, 0.001
ROUND_SECONDS = 0.08


@dataclass(eq=False)
class _Task:
    """One training of this process.

    The next word on it is ``due`` by the clock, and told not before ``tell_at``.
    """

    key: str
    training: Training
    made: int
    due: float
    until: int | None
    tell_at: float = 0.0

    def told(self, now: float) -> None:
        """A word has been told."""
        self.due = max(self.due + PROGRESS_SECONDS, now - MOST_LATE_SECONDS)
        self.tell_at = max(self.due, now + CLOSEST_SECONDS)


class Worker:
    """Trains what it is told to.

    Args:
        source: Where orders come from.
        sink: Where it tells of them.
    """

    def __init__(self, source: IO[bytes], sink: IO[bytes]) -> None:
        self._source, self._sink = source, sink
        self._tasks: dict[str, _Task] = {}
        self._shares: Shares[_Task] = Shares()
        self._tell_at = 0.0
        self._samples: dict[str, dict[str, Array]] = {}
        # A frame, after None has announced it.
        self._orders: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    def serve(self) -> None:
        """Work until the process ends."""
        threading.Thread(target=self._listen, name="orders", daemon=True).start()
        while True:
            self.turn()

    def turn(self) -> None:
        """Obey all orders that are there, or wait for one; then one slice, and what is to tell."""
        while not self._tasks or not self._orders.empty():
            self._obey()
        task = self._shares.next()
        try:
            self._slice(task)
        except Exception as error:
            self._fail(task.key, error)
        self._tell()

    def begin(
        self, key: str, training: Training, until: int | None = None, owner: str = ""
    ) -> None:
        """Serve one training more, for so many steps or until it is finished."""
        self._say("began", key)
        task = _Task(key, training, training.done, time.perf_counter(), until)
        task.told(task.due)
        self._tasks[key] = task
        self._shares.add(task, owner or key)
        self._tell_at = min(self._tell_at, task.tell_at)

    def _listen(self) -> None:
        with suppress(OSError, ValueError):
            while (length := read_length(self._source)) is not None:
                # While it trains, it seldom lets this thread go on: a large order would come in
                # bit by bit. So it is told to wait for it.
                self._orders.put(None)
                frame = read(self._source, length)
                if frame is None:
                    break
                self._orders.put(frame)
        # The server has ended, however it did.
        os._exit(0)

    def _obey(self) -> None:
        frame = self._orders.get()
        if frame is None:
            frame = self._orders.get()
        assert frame is not None
        document, arrays = unpack(frame)
        word = document["do"]
        if word == "keep":
            self._samples[document["name"]] = arrays
            return
        if word == "forget":
            # Trainings that go on still have them.
            del self._samples[document["name"]]
            return
        key = document["key"]
        if word == "start":
            try:
                name = document["order"]["data"]
                order = Order.of(document["order"], {**arrays, **self._samples.get(name, {})})
                training = order.training()
            except Exception as error:
                self._fail(key, error)
                return
            self.begin(key, training, order.until, document.get("owner", ""))
        elif key in self._tasks:  # Else it came to its end just now.
            task = self._tasks[key]
            if word in ("leave", "drop"):
                self._remove(task)
            if word in ("leave", "look"):
                self._hand_over(task, left=word == "leave")
            elif word == "rate":
                step, rate = task.training.done + 1, document["rate"]
                assert task.training.rates is not None
                task.training.rates.change(step, rate)
                self._say("rate", key, step=step, rate=rate)

    def _slice(self, task: _Task) -> None:
        training = task.training
        seconds = max(SHORTEST_SLICE, min(SLICE_SECONDS, ROUND_SECONDS / len(self._tasks)))
        # What it has had is counted in time of the processor: another process that comes between
        # is not this training's fault.
        began, end = time.thread_time(), time.perf_counter() + seconds
        over = training.done == task.until
        while not (over or training.finished):
            training.advance()
            over = training.done == task.until
            if time.perf_counter() >= end:
                break
        self._shares.charge(task, time.thread_time() - began)
        if over or training.finished:
            self._remove(task)
            self._hand_over(task, left=True)

    def _tell(self) -> None:
        now = time.perf_counter()
        if now < self._tell_at:
            return
        for task in self._tasks.values():
            if now >= task.tell_at:
                self._say("progress", task.key, **_seen(task))
                task.told(now)
        self._tell_at = min((task.tell_at for task in self._tasks.values()), default=0.0)

    def _remove(self, task: _Task) -> None:
        del self._tasks[task.key]
        self._shares.remove(task)

    def _hand_over(self, task: _Task, left: bool) -> None:
        document, arrays = Snapshot.taken(task.training).parts()
        word = {"tell": "snapshot", "key": task.key, "left": left, "snapshot": document}
        word |= {"end": task.training.finished, "ended": task.training.watch.ended}
        word |= _seen(task)
        write(self._sink, pack(word, arrays))

    def _fail(self, key: str, error: Exception) -> None:
        log.error("a training has failed", exc_info=error)
        # Half a step may have been made: its last snapshot is what is left of it.
        task = self._tasks.get(key)
        if task is not None:
            self._remove(task)
        step = None if task is None else task.training.done
        self._say("snapshot", key, left=True, error=type(error).__name__, step=step)

    def _say(self, word: str, key: str, **more: Any) -> None:
        write(self._sink, pack({"tell": word, "key": key, **more}, {}))


def _seen(task: _Task) -> dict[str, Any]:
    training = task.training
    if training.done == task.made:
        return {}
    counted = {"epoch": training.epoch, "samples": training.seen}
    return {"seen": asdict(training.stats()) | counted}


def main() -> None:
    """Serve whoever started the process."""
    # A signal for the server may reach its whole group; it tells us itself, by closing our input.
    for name in ("SIGINT", "SIGTERM"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    give_way()
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # What prints by mistake must not come between the frames.
    os.dup2(2, 1)
    logging.basicConfig(stream=sys.stderr)
    with suppress(BrokenPipeError):
        Worker(source, sink).serve()


if __name__ == "__main__":
    main()
