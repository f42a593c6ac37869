"""Where runs are looked after: begun, saved, and seen to be paused or over.

One job is looked after by one clerk at a time, so that what is written of it comes in order. What
comes of a run is always saved before anybody sees that it is paused or over.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from app.sessions.run import Run
from app.sessions.runs.job import Job, News
from app.sessions.runs.roll import Roll
from app.sessions.runs.turns import Turns
from app.sessions.runs.work.order import Order, Snapshot
from app.sessions.runs.workshop import Workshop
from app.sessions.store.store import NotFound, SessionDamaged, StoreError, StoreFull

log = logging.getLogger(__name__)

# Threads that write what the workers tell and read what they need.
CLERKS = 2
# A run that this many workers have died over, without coming on in between, has failed.
MOST_DEATHS = 3

Save = Callable[[str, Run, Snapshot | None], None]
Recall = Callable[[str, str], Order]


class Desk:
    """The clerks.

    Args:
        roll: Which jobs there are.
        save: Called as ``save(session_id, run, snapshot)`` in a thread of its own, with the run as
            it is about to be seen; the snapshot is None where there is none newer. When it fails,
            the run fails.
        recall: Called as ``recall(session_id, run_id)`` for the order with which a run goes on
            from what was saved last.
        processes: Workers at most; as many as there are cores where it is None.
    """

    def __init__(self, roll: Roll, save: Save, recall: Recall, processes: int | None) -> None:
        self._roll = roll
        self._lock, self._changed = roll.lock, roll.changed
        self._save = save
        self._recall = recall
        self._turns = Turns(self._turn, CLERKS)
        self.workshop = Workshop(roll, self.call, processes)

    def call(self, job: Job, first: bool = False) -> None:
        """Have a job looked after, before all others if need be; to be called under the lock."""
        if not job.queued:
            job.queued = True
            self._turns.put(job, first)
        elif first:
            self._turns.hurry(job)

    def close(self, seconds: float) -> None:
        """Serve who waits, so many seconds at most, and then nobody any more."""
        self._turns.close(seconds)
        self._roll.closed = True

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
        elif job.wanted or self._roll.closing:
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
        elif document["left"] and (job.wanted or self._roll.closing):
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
            self._roll.show(job, run)

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
        self.workshop.place(job, replace(order, changes=job.run.changes))

    def _fail(self, job: Job, error: Exception) -> None:
        if self._roll.closed:
            # The store may be closed, too; what it has of the run is what is left of it.
            log.warning("run %s was cut off by the end of the server", job.run.id)
            return
        if isinstance(error, StoreError):
            # The disk's fault, which has been told of: a trace of this program tells nothing more.
            log.error("run %s could not be saved: %s", job.run.id, error)
            reason = f"the run could not be saved: {_reason(error)}"
        else:
            log.error("run %s has failed", job.run.id, exc_info=error)
            reason = f"the run failed ({type(error).__name__})"
        self._end(job, reason, job.run.step)

    def _end(self, job: Job, message: str, step: int) -> None:
        """A run has failed: say so, and drop it."""
        run = replace(job.run, state="failed", step=step, error=message, seconds_left=None)
        try:
            self._keep(job, run, None)
        except StoreError:
            pass  # as before
        except Exception:
            log.exception("run %s could not be saved", run.id)
        with self._lock:
            self.workshop.drop(job)
            job.wanted, job.rate, job.queued = "", None, False
            job.news.clear()
            self._roll.show(job, run)

    def _keep(self, job: Job, run: Run, snapshot: Snapshot | None) -> None:
        with self._lock:
            if self._roll.closed or not self._roll.owns(job):
                return
        self._save(job.session_id, run, snapshot)
        with self._lock:
            if snapshot is not None:
                job.saved_at, job.saved_bytes = time.monotonic(), snapshot.nbytes
                if snapshot.step > job.kept.step:
                    job.deaths = 0
            job.kept = run


def _reason(error: StoreError) -> str:
    """What the learner is told; where the store is, is nobody's business."""
    if isinstance(error, StoreFull):
        return str(error)
    if isinstance(error, SessionDamaged):
        return "what was kept of the session is damaged"
    return "the store does not answer"
