"""Which worker has which run, and what the workers tell of them."""

import secrets
import time
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from app.sessions.runs.job import Job, News
from app.sessions.runs.replays import Replays
from app.sessions.runs.roll import Roll
from app.sessions.runs.work.frames import pack
from app.sessions.runs.work.order import Order, Snapshot
from app.sessions.runs.work.process import WorkerProcess
from app.sessions.runs.work.staff import Staff
from app.sessions.store.wire import PROGRESS

Array = np.ndarray

# How often a run is saved: all of them together write no more than so many bytes a second.
SAVE_SECONDS = 1.0
SAVE_BYTES = 8 * 2**20


class Call(Protocol):
    """See `Desk.call`."""

    def __call__(self, job: Job, first: bool = False) -> None:
        """Have a job looked after."""


class Workshop:
    """The workers and their jobs. All but `place` is to be called under the roll's lock.

    Args:
        roll: Which jobs there are.
        call: Has a job looked after that needs it.
        processes: Workers at most; as many as there are cores where it is None.
    """

    def __init__(self, roll: Roll, call: Call, processes: int | None) -> None:
        self._roll = roll
        self._call = call
        self.staff = Staff(self._heard, self._lost, processes)
        self.replays = Replays(self.staff, roll.lock)
        # By the name that the worker knows them by.
        self.placed: dict[str, Job] = {}

    def place(self, job: Job, order: Order) -> None:
        """Give a job to a worker, unless it is not wanted any more; takes the lock itself.

        Raises:
            OSError: none can be started.
        """
        document, arrays = order.parts()
        key = secrets.token_urlsafe(9)
        frame = pack({"do": "start", "key": key, "owner": job.owner, "order": document}, arrays)
        with self._roll.lock:
            if not self._roll.owns(job) or job.wanted or self._roll.closing:
                return
            job.process = self.staff.take()
            job.order, job.key = None, key
            job.saved_at = time.monotonic()
            self.placed[key] = job
            if order.data is not None:
                job.process.share(order.data, order.samples())
            job.process.send(frame)

    def let_go(self, job: Job) -> None:
        """Have the worker hand over what it has of a job that has to settle, if there is one."""
        if job.process is None:
            if not job.parked:
                self._call(job, first=True)
        elif job.begun:
            self._send("leave", job)
        else:
            # Not a step was made, so nobody need wait until a new worker has come to life.
            self.drop(job)
            self._call(job, first=True)

    def drop(self, job: Job) -> None:
        """Take a job away from its worker, if one has it, with all that he made of it."""
        if job.process is not None:
            self._send("drop", job)
            self._displace(job)

    def look(self, job: Job) -> None:
        """Have a job saved as it is, which its worker goes on with."""
        if job.begun and not job.looking:
            job.looking = True
            self._send("look", job)

    def change_rate(self, job: Job, rate: float) -> None:
        """Have a worker take another learning rate; one who has not begun is told when he does."""
        if job.begun:
            self._send("rate", job, rate=rate)

    def _send(self, word: str, job: Job, **more: Any) -> None:
        assert job.process is not None
        job.process.send(pack({"do": word, "key": job.key, **more}, {}))

    def _displace(self, job: Job) -> None:
        """Its worker has it no more."""
        if job.process is not None:
            self.staff.give_back(job.process)
        self.placed.pop(job.key, None)
        job.process, job.begun, job.looking, job.moving = None, False, False, False
        job.pace.forget()
        self._level()

    def _level(self) -> None:
        """Move a run from who has many to who has few, so that all get the same."""
        busiest = self.staff.busiest()
        if busiest is None or self._roll.closing:
            return
        his = [job for job in self.placed.values() if job.process is busiest and job.begun]
        if his and not any(job.moving for job in his):
            his[-1].moving = True
            self._send("leave", his[-1])

    # What the workers tell: called without the lock, in a thread for each of them.

    def _heard(
        self, process: WorkerProcess, document: dict[str, Any], arrays: dict[str, Array]
    ) -> None:
        with self._roll.lock:
            if self.replays.heard(document, arrays):
                return
            job = self.placed.get(document["key"])
            if job is None:
                return
            if document["tell"] == "began":
                job.begun = True
                if job.rate is not None:
                    self.change_rate(job, job.rate)
                if job.run.state != "running":
                    self._roll.show(job, replace(job.run, state="running"))
            elif document["tell"] == "progress":
                job.see(document)
                self._roll.tell(job, PROGRESS)
                if self._due(job):
                    self.look(job)
            else:
                left = document.get("left", False)
                if left:
                    self._displace(job)
                taken = document.get("snapshot")
                snapshot = None if taken is None else Snapshot.of(taken, arrays)
                job.news.append(News(document, snapshot))
                self._call(job, first=left)

    def _due(self, job: Job) -> bool:
        """Whether it is time to save a run; large ones, and many, take their time."""
        seconds = max(SAVE_SECONDS, len(self.placed) * job.saved_bytes / SAVE_BYTES)
        return time.monotonic() - job.saved_at >= seconds

    def _lost(self, process: WorkerProcess) -> None:
        with self._roll.lock:
            self.staff.remove(process)
            self.replays.lost(process)
            for job in list(self.placed.values()):
                if job.process is process and not self._roll.closing:
                    self._displace(job)
                    job.deaths += 1
                    self._roll.show(job, replace(job.kept, state="interrupted"))
                    self._call(job)
