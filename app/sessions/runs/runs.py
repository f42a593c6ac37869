"""Training runs: started, watched, controlled here; made by the workers.

A run belongs to a session. It is trained by a process of the staff, each of which serves several
in turn, a slice of time at a time: whoever pauses or stops one is heard when the slice ends. What
comes of it is saved now and then, and always before a run is seen to be paused or over: what a
reader fetches then is the run's last word. A run whose worker dies goes on from what was saved
last, and so does one that the end of the server has cut off, when the server is there again.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from app.sessions.run import Run, RunConflict, RunsFull
from app.sessions.runs.desk import Desk, Recall, Save
from app.sessions.runs.job import Job, new_run
from app.sessions.runs.roll import RETRY_SECONDS, Roll, RunLimits
from app.sessions.runs.work.order import Order, Snapshot
from app.sessions.store.bus import Bus

__all__ = ["Run", "RunConflict", "RunManager", "RunsFull"]

# At the server's end: to wait until all runs are handed over, and for all of it.
SETTLE_SECONDS, CLOSE_SECONDS = 0.5, 0.8


class RunManager:
    """All runs of this process; thread-safe.

    Args:
        hub: Gets every change of state, and progress ten times a second for each run.
        save, recall, processes: See `Desk`.
        limits: How many runs there may be.
    """

    def __init__(
        self,
        hub: Bus,
        save: Save,
        recall: Recall,
        processes: int | None = None,
        limits: RunLimits = RunLimits(),
    ) -> None:
        self._roll = Roll(hub, limits)
        self._lock, self._changed = self._roll.lock, self._roll.changed
        self._desk = Desk(self._roll, save, recall, processes)
        self._workshop = self._desk.workshop

    def start(self, session_id: str, make: Callable[[], Order], owner: str = "") -> Run:
        """Queue a run.

        Args:
            session_id: Whose run.
            make: Makes the order, here and now; called only when there is room for it.
            owner: Who asks for it; all that one owner has are given the same time as another's.

        Raises:
            RunConflict: the session has an active run.
            RunsFull: too many runs are active, and none of them is paused.
            EngineError: whatever ``make``, or the training it orders, finds wrong.
        """
        with self._lock:
            if self._roll.closing:
                raise RunsFull(RETRY_SECONDS)
            victim = self._roll.reserve(session_id, owner)
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
            if self._roll.closing:
                raise RunsFull(RETRY_SECONDS)
            self._add(Job(session_id, run, run, order, owner=owner))
        return run

    def begun(self, session_id: str, run: Run) -> None:
        """See `Claims.begun`; it is trained already."""

    def abandon(self, session_id: str, run_id: str) -> None:
        """See `Claims.abandon`."""
        self.stop(session_id, run_id)

    def adopt(self, session_id: str, run: Run) -> None:
        """Take up a run that was active when the server ended, as it was saved last."""
        with self._lock:
            if run.state == "paused":
                self._add(Job(session_id, run, run, parked=True, parked_at=time.monotonic()))
            else:
                # One that nobody has trained yet was not interrupted.
                if run.state != "queued":
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
                self._roll.show(job, replace(job.run, state="running"))
                self._desk.call(job)
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

    def settled(self, session_id: str, run_id: str, timeout: float) -> Run:
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
                self._desk.call(job)
            else:
                self._workshop.change_rate(job, rate)

    def refresh(self, session_id: str, run_id: str, timeout: float = 0.25) -> None:
        """Have a run that is being trained saved as it is now; waits so many seconds at most."""
        with self._lock:
            job = self._roll.job(session_id, run_id)
            if job is not None and job.begun:
                self._workshop.look(job)
                self._changed.wait_for(lambda: not job.looking, timeout)

    def replay(self, order: Order) -> Snapshot:
        """Steps that a run has made, made once more.

        Raises:
            RunsFull: it takes too long now, or it has failed.
        """
        return self._workshop.replays.make(order)

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

    def warm(self) -> None:
        """Have a process that trains before there is work for it: to start one takes seconds.

        Raises:
            OSError: none can be started.
        """
        with self._lock:
            staff = self._workshop.staff
            staff.give_back(staff.take())

    def resting(self, session_id: str) -> str | None:
        """The id of the session's run if it is paused and nothing is wanted of it; "" if it has
        none that is active, and None if it is at work.
        """
        with self._lock:
            job = self._roll.of(session_id)
            if job is None:
                return ""
            rests = job.parked and not (job.wanted or job.queued or job.news)
            return job.run.id if rests and job.rate is None else None

    def wait_for_change(self, timeout: float) -> None:
        """Wait until something about a run has changed, so many seconds at most."""
        with self._lock:
            self._changed.wait(timeout)

    def counts(self) -> Counter[str]:
        """How many runs are active, by state."""
        with self._lock:
            return Counter(job.run.state for job in self._roll)

    def forget(self, session_id: str) -> None:
        """Drop all runs of a session that is gone; an active one ends with its slice, unsaved."""
        with self._lock:
            job = self._roll.drop(session_id)
            if job is not None:
                self._workshop.drop(job)

    def close(self) -> None:
        """Save all runs, which go on when they are adopted, and end the workers; in a second."""
        end = time.monotonic() + CLOSE_SECONDS
        with self._lock:
            self._roll.closing = True
            for job in self._roll:
                self._workshop.let_go(job)
            self._changed.wait_for(lambda: all(job.parked for job in self._roll), SETTLE_SECONDS)
        self._desk.close(max(0.0, end - 0.1 - time.monotonic()))
        self._workshop.staff.close(max(0.05, end - time.monotonic()))

    # Called under the lock.

    def _add(self, job: Job) -> None:
        self._roll.add(job)
        if not job.parked:
            self._desk.call(job)

    def _ask(self, job: Job, wanted: Literal["pause", "stop"]) -> None:
        job.wanted, job.parked = wanted, False
        self._workshop.let_go(job)
