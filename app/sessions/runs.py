"""Training runs: started, watched, controlled here; made by the workers.

A run belongs to a session. It is trained by a process of the staff, each of which serves several
in turn, a slice of time at a time: whoever pauses or stops one is heard when the slice ends. What
comes of it is saved now and then, and always before a run is seen to be paused or over: what a
reader fetches then is the run's last word. A run whose worker dies goes on from what was saved
last, and so does one that the end of the server has cut off, when the server is there again.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from app.sessions.events import Hub
from app.sessions.job import Job, News
from app.sessions.replays import Replays
from app.sessions.roll import RETRY_SECONDS, Roll
from app.sessions.run import Run, RunConflict, RunsFull
from app.sessions.store import NotFound
from app.sessions.turns import Turns
from app.sessions.wire import PROGRESS
from app.sessions.work.frames import pack
from app.sessions.work.order import Order, Snapshot
from app.sessions.work.process import WorkerProcess
from app.sessions.work.staff import Staff

__all__ = ["Run", "RunConflict", "RunManager", "RunsFull"]

Array = np.ndarray

log = logging.getLogger(__name__)

MAX_ACTIVE = 256
# How often a run is saved: all of them together write no more than so many bytes a second.
SAVE_SECONDS = 1.0
SAVE_BYTES = 8 * 2**20
# Threads that write what the workers tell and read what they need.
CLERKS = 2
# A run that this many workers have died over, without coming on in between, has failed.
MOST_DEATHS = 3
SETTLE_SECONDS, CLOSE_SECONDS = 0.5, 0.8

Save = Callable[[str, Run, Snapshot | None], None]
Recall = Callable[[str, str], Order]


class RunManager:
    """All runs of this process; thread-safe.

    Args:
        hub: Gets every change of state, and progress ten times a second for each run.
        save: Called as ``save(session_id, run, snapshot)`` in a thread of its own, with the run as
            it is about to be seen; the snapshot is None where there is none newer. When it fails,
            the run fails.
        recall: Called as ``recall(session_id, run_id)`` for the order with which a run goes on
            from what was saved last.
        processes: Workers at most; as many as there are cores by default.
        max_active: Runs that are queued, running, paused or interrupted.
    """

    def __init__(
        self,
        hub: Hub,
        save: Save,
        recall: Recall,
        processes: int | None = None,
        max_active: int = MAX_ACTIVE,
    ) -> None:
        self._save = save
        self._recall = recall
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._desk = Turns(self._turn, CLERKS)
        self._staff = Staff(self._heard, self._lost, processes)
        self._replays = Replays(self._staff, self._lock)
        self._roll = Roll(hub, max_active)
        # Those that a worker has, by the name that he knows them by.
        self._placed: dict[str, Job] = {}
        self._closing = self._closed = False

    def start(self, session_id: str, make: Callable[[], Order]) -> Run:
        """Queue a run.

        Args:
            session_id: Whose run.
            make: Makes the order, here and now; called only when there is room for it.

        Raises:
            RunConflict: the session has an active run.
            RunsFull: too many runs are active, and none of them is paused.
            EngineError: whatever ``make``, or the training it orders, finds wrong.
        """
        with self._lock:
            if self._closing:
                raise RunsFull(RETRY_SECONDS)
            victim = self._roll.reserve(session_id)
            if victim is not None:
                self._ask(victim, "stop")
        try:
            order = make()
            run = new_run(order)
        except BaseException:
            with self._lock:
                self._roll.unreserve(session_id)
            raise
        with self._lock:
            self._roll.unreserve(session_id)
            if self._closing:
                raise RunsFull(RETRY_SECONDS)
            self._add(Job(session_id, run, run, order))
        return run

    def adopt(self, session_id: str, run: Run) -> None:
        """Take up a run that was active when the server ended, as it was saved last."""
        with self._lock:
            if run.state == "paused":
                self._add(Job(session_id, run, run, parked=True, parked_at=time.monotonic()))
            else:
                run = replace(run, state="interrupted")
                self._add(Job(session_id, run, run))

    def pause(self, session_id: str, run_id: str) -> Run:
        """Ask a run to pause; it does when its slice ends (see `settled`).

        Raises:
            Unknown: the session has no such run.
            RunConflict: the run is over.
        """
        with self._lock:
            job = self._roll.active(session_id, run_id)
            if not job.parked and job.wanted != "stop":
                self._ask(job, "pause")
            return job.run

    def resume(self, session_id: str, run_id: str) -> Run:
        """Let a paused run go on.

        Raises:
            Unknown: the session has no such run.
            RunConflict: the run is over.
        """
        with self._lock:
            job = self._roll.active(session_id, run_id)
            if job.wanted == "pause":
                job.wanted = ""
            elif job.parked:
                job.parked = False
                self._show(job, replace(job.run, state="running"))
                self._call(job)
            return job.run

    def stop(self, session_id: str, run_id: str) -> Run:
        """Ask a run to stop, for good; it does when its slice ends (see `settled`).

        One that is over stays as it is, since it may have come to its end just now.

        Raises:
            Unknown: the session has no such run.
        """
        with self._lock:
            job = self._roll.job(session_id, run_id)
            if job is not None:
                self._ask(job, "stop")
            return self._roll.run(session_id, run_id)

    def settled(self, session_id: str, run_id: str, timeout: float = 0.25) -> Run:
        """The run once it has paused or stopped as asked, or as it is when the time is over.

        Args:
            session_id: Whose run.
            run_id: Which run.
            timeout: Seconds to wait at most; usually it is a few milliseconds.

        Raises:
            Unknown: the session has no such run.
        """
        with self._lock:
            job = self._roll.job(session_id, run_id)
            if job is None:
                return self._roll.run(session_id, run_id)
            self._changed.wait_for(lambda: not job.wanted and job.rate is None, timeout)
            return job.run

    def change_rate(self, session_id: str, run_id: str, rate: float) -> None:
        """Ask for another learning rate from the run's next step on (see `settled`).

        Raises:
            Unknown: the session has no such run.
            RunConflict: the run is over.
        """
        with self._lock:
            job = self._roll.active(session_id, run_id)
            job.rate = rate
            if job.process is None:
                self._call(job)
            elif job.begun:
                job.process.send(_order("rate", job, rate=rate))

    def refresh(self, session_id: str, run_id: str, timeout: float = 0.25) -> None:
        """Have a run that is being trained saved as it is now; waits so many seconds at most."""
        with self._lock:
            job = self._roll.job(session_id, run_id)
            if job is not None and job.process is not None and job.begun:
                self._look(job)
                self._changed.wait_for(lambda: not job.looking, timeout)

    def replay(self, order: Order) -> Snapshot:
        """Steps that a run has made, made once more.

        Raises:
            RunsFull: it takes too long now, or it has failed.
        """
        return self._replays.make(order)

    def get(self, session_id: str, run_id: str) -> Run:
        """A run as it is now.

        Raises:
            Unknown: the session has no such run.
        """
        with self._lock:
            return self._roll.run(session_id, run_id)

    def list(self, session_id: str) -> tuple[Run, ...]:
        """The session's runs, oldest first; of those that are over, the last 20."""
        with self._lock:
            return self._roll.runs(session_id)

    def active(self, session_id: str) -> Run | None:
        """The session's queued, running, paused or interrupted run."""
        with self._lock:
            job = self._roll.of(session_id)
            return None if job is None else job.run

    def forget(self, session_id: str) -> None:
        """Drop all runs of a session that is gone; an active one ends with its slice, unsaved."""
        with self._lock:
            job = self._roll.drop(session_id)
            if job is not None and job.process is not None:
                job.process.send(_order("drop", job))
                self._displace(job)

    def close(self) -> None:
        """Save all runs, which go on when they are adopted, and end the workers; in a second."""
        end = time.monotonic() + CLOSE_SECONDS
        with self._lock:
            self._closing = True
            for job in self._roll:
                self._let_go(job)
            self._changed.wait_for(lambda: all(job.parked for job in self._roll), SETTLE_SECONDS)
        self._desk.close(max(0.0, end - 0.1 - time.monotonic()))
        self._closed = True
        self._staff.close(max(0.05, end - time.monotonic()))

    # From here to `_owns`: called under the lock.

    def _add(self, job: Job) -> None:
        self._roll.add(job)
        if not job.parked:
            self._call(job)

    def _show(self, job: Job, run: Run) -> None:
        self._roll.show(job, run)
        self._changed.notify_all()

    def _ask(self, job: Job, wanted: Literal["pause", "stop"]) -> None:
        job.wanted, job.parked = wanted, False
        self._let_go(job)

    def _let_go(self, job: Job) -> None:
        """Have the worker hand over what it has of a job that has to settle, if there is one."""
        if job.process is None:
            if not job.parked:
                self._call(job, first=True)
        elif job.begun:
            job.process.send(_order("leave", job))
        else:
            # Not a step was made, so nobody need wait until a new worker has come to life.
            job.process.send(_order("drop", job))
            self._displace(job)
            self._call(job, first=True)

    def _call(self, job: Job, first: bool = False) -> None:
        """Have a job looked after at the desk; see `_turn`."""
        if not job.queued:
            job.queued = True
            self._desk.put(job, first)
        elif first:
            self._desk.hurry(job)

    def _displace(self, job: Job) -> None:
        """Its worker has it no more."""
        if job.process is not None:
            self._staff.give_back(job.process)
        self._placed.pop(job.key, None)
        job.process, job.begun, job.looking, job.moving = None, False, False, False
        job.pace.forget()
        self._level()

    def _level(self) -> None:
        """Move a run from who has many to who has few, so that all get the same."""
        busiest = self._staff.busiest()
        if busiest is None or self._closing:
            return
        his = [job for job in self._placed.values() if job.process is busiest and job.begun]
        if his and not any(job.moving for job in his):
            his[-1].moving = True
            busiest.send(_order("leave", his[-1]))

    def _look(self, job: Job) -> None:
        assert job.process is not None
        if not job.looking:
            job.looking = True
            job.process.send(_order("look", job))

    # What the workers tell: called without the lock, in a thread for each of them.

    def _heard(
        self, process: WorkerProcess, document: dict[str, Any], arrays: dict[str, Array]
    ) -> None:
        with self._lock:
            if self._replays.heard(document, arrays):
                return
            job = self._placed.get(document["key"])
            if job is None:
                return
            if document["tell"] == "began":
                job.begun = True
                if job.rate is not None:
                    process.send(_order("rate", job, rate=job.rate))
                if job.run.state != "running":
                    self._show(job, replace(job.run, state="running"))
            elif document["tell"] == "progress":
                job.see(document)
                self._roll.tell(job, PROGRESS)
                if self._due(job):
                    self._look(job)
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
        seconds = max(SAVE_SECONDS, len(self._placed) * job.saved_bytes / SAVE_BYTES)
        return time.monotonic() - job.saved_at >= seconds

    def _lost(self, process: WorkerProcess) -> None:
        with self._lock:
            self._staff.remove(process)
            self._replays.lost(process)
            for job in list(self._placed.values()):
                if job.process is process and not self._closing:
                    self._displace(job)
                    job.deaths += 1
                    self._show(job, replace(job.kept, state="interrupted"))
                    self._call(job)

    # The desk, where one job is looked after by one clerk: called without the lock.

    def _turn(self, job: Job) -> None:
        try:
            while self._look_after(job):
                pass
        except Exception as error:
            self._fail(job, error)

    def _look_after(self, job: Job) -> bool:
        """Do what is to be done next with a job; False where there is nothing."""
        with self._lock:
            news = job.news.popleft() if job.news else None
            rate = job.rate if job.process is None and not news else None
            idle = news is None and rate is None and (job.process is not None or job.parked)
            if idle or not self._roll.owns(job):
                job.queued = False
                return False
        if news is not None:
            self._take(job, news)
        elif rate is not None:
            self._change(job, job.kept.step + 1, rate)
        elif job.wanted or self._closing:
            self._settle(job, job.run, None)
        elif job.deaths > MOST_DEATHS:
            self._end(job, "the process that trains has died over it", job.run.step)
        else:
            self._place(job)
        return True

    def _take(self, job: Job, news: News) -> None:
        document, snapshot = news.document, news.snapshot
        if document["tell"] == "rate":
            self._change(job, document["step"], document["rate"])
            return
        if snapshot is None:
            log.error("run %s has failed: %s", job.run.id, document["error"])
            step = document.get("step")
            self._end(
                job,
                f"the run failed ({document['error']})",
                job.run.step if step is None else step,
            )
            return
        with self._lock:
            job.see(document)
            run = replace(job.run, step=snapshot.step)
        if document["end"]:
            ended = replace(run, state="finished", ended_by=document["ended"])
            self._settle(job, ended, snapshot)
        elif document["left"] and (job.wanted or self._closing):
            self._settle(job, run, snapshot)
        else:
            self._keep(job, run, snapshot)
            with self._lock:
                job.looking = False
                if job.process is None:
                    job.run = run
                self._changed.notify_all()

    def _change(self, job: Job, step: int, rate: float) -> None:
        """Note that the learning rate is another from a step on."""
        with self._lock:
            before = [change for change in job.run.changes if change[0] < step]
            optimizer = replace(job.run.optimizer, learning_rate=rate)
            changes = (*before, (step, rate))
            job.run = replace(job.run, optimizer=optimizer, changes=changes)
            # What was saved last is what a run goes on from, but not without this.
            kept = replace(job.kept, optimizer=optimizer, changes=changes)
        self._keep(job, kept, None)
        with self._lock:
            if job.rate == rate:
                job.rate = None
            self._changed.notify_all()

    def _settle(self, job: Job, run: Run, snapshot: Snapshot | None) -> None:
        """Save, and only then show, that nobody trains a run any more."""
        wanted = job.wanted
        if run.active:
            ends: dict[str, Any] = {"stop": "stopped", "pause": "paused", "": "interrupted"}
            run = replace(run, state=ends[wanted])
        self._keep(job, replace(run, seconds_left=None), snapshot)
        with self._lock:
            if run.active and job.wanted != wanted:
                # Somebody has thought better of it while it was being saved.
                job.run = replace(run, state=job.run.state)
                return
            job.wanted = ""
            job.parked, job.parked_at = True, time.monotonic()
            self._show(job, run)

    def _place(self, job: Job) -> None:
        """Give a job to a worker."""
        order = job.order
        if order is None:
            try:
                order = self._recall(job.session_id, job.run.id)
            except NotFound:  # Nobody will miss it; `forget` comes for it, too.
                with self._lock:
                    job.parked = True
                return
        document, arrays = replace(order, changes=job.run.changes).parts()
        key = secrets.token_urlsafe(9)
        frame = pack({"do": "start", "key": key, "order": document}, arrays)
        with self._lock:
            if not self._roll.owns(job) or job.wanted or self._closing:
                return
            job.process = self._staff.take()
            job.order, job.key = None, key
            job.saved_at = time.monotonic()
            self._placed[key] = job
            if order.data is not None:
                job.process.share(order.data, order.samples())
            job.process.send(frame)

    def _fail(self, job: Job, error: Exception) -> None:
        if self._closed:
            # The store may be closed, too; what it has of the run is what is left of it.
            log.warning("run %s was cut off by the end of the server", job.run.id)
            return
        log.error("run %s has failed", job.run.id, exc_info=error)
        self._end(job, f"the run failed ({type(error).__name__})", job.run.step)

    def _end(self, job: Job, message: str, step: int) -> None:
        """A run has failed: say so, and drop it."""
        run = replace(job.run, state="failed", step=step, error=message, seconds_left=None)
        try:
            self._keep(job, run, None)
        except Exception:
            log.exception("run %s could not be saved", run.id)
        with self._lock:
            if job.process is not None:
                job.process.send(_order("drop", job))
                self._displace(job)
            job.wanted, job.rate, job.queued = "", None, False
            job.news.clear()
            self._show(job, run)

    def _keep(self, job: Job, run: Run, snapshot: Snapshot | None) -> None:
        with self._lock:
            if self._closed or not self._roll.owns(job):
                return
        self._save(job.session_id, run, snapshot)
        with self._lock:
            if snapshot is not None:
                job.saved_at, job.saved_bytes = time.monotonic(), snapshot.nbytes
                if snapshot.step > job.kept.step:
                    job.deaths = 0
            job.kept = run


def new_run(order: Order) -> Run:
    """The run that an order makes, before its first step.

    Raises:
        EngineError: the training cannot be made.
    """
    training = order.training()
    return Run(
        id=secrets.token_urlsafe(9),
        state="queued",
        step=training.done,
        steps=training.steps,
        optimizer=training.optimizer.config,
        batch_size=training.batch_size,
        seed=training.seed,
    )


def _order(word: str, job: Job, **more: Any) -> bytes:
    return pack({"do": word, "key": job.key, **more}, {})
