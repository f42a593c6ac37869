"""Which runs there are: those that are active, and of each session the last that are over."""

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import replace

from app.sessions.run import KEPT_RUNS, Run, RunConflict, RunsFull
from app.sessions.runs.job import Job
from app.sessions.store.bus import Bus
from app.sessions.store.errors import Unknown
from app.sessions.store.wire import STATE

# The store remembers all runs of a session; here are those that somebody may still look at.
KEPT_SESSIONS = 1_000
RETRY_SECONDS = 5


class Roll:
    """Jobs by session. To be used under its lock, by all who have to do with them.

    Attributes:
        lock: The one lock of all runs and of what is done with them.
        changed: Told, under it, when a run or what is wanted of it has changed.
        closing: The server ends: nothing is begun any more, and all settle.
        closed: Nothing is written any more.

    Args:
        hub: Gets every change of state.
        max_active: Runs that are queued, running, paused or interrupted.
    """

    def __init__(self, hub: Bus, max_active: int) -> None:
        self.lock = threading.Lock()
        self.changed = threading.Condition(self.lock)
        self.closing = self.closed = False
        self._hub = hub
        self.max_active = max_active
        self._jobs: dict[str, Job] = {}
        # Sessions whose run is being made: the place is taken, but there is no run yet.
        self._making: set[str] = set()
        # Runs that are over, oldest first, by session, the one that ended last being last.
        self._over: dict[str, deque[Run]] = {}

    def __iter__(self) -> Iterator[Job]:
        return iter(list(self._jobs.values()))

    def reserve(self, session_id: str) -> Job | None:
        """Take a place for a run that is to be made; the paused job that has to give way, if any.

        Raises:
            RunConflict: the session has an active run.
            RunsFull: too many runs are active, and none of them is paused.
        """
        if session_id in self._making or session_id in self._jobs:
            raise RunConflict("the session has an active run; stop it first", "run-active")
        victim = None
        going = [job for job in self._jobs.values() if job.wanted != "stop"]
        if len(going) + len(self._making) >= self.max_active:
            # Who paused and left gives way to those who are here; what he has is saved.
            paused = [job for job in going if job.parked]
            if not paused:
                raise RunsFull(RETRY_SECONDS)
            victim = min(paused, key=lambda job: job.parked_at)
        self._making.add(session_id)
        return victim

    def unreserve(self, session_id: str) -> None:
        """Give a place back, or take it with `add`."""
        self._making.discard(session_id)

    def add(self, job: Job) -> None:
        """One more."""
        self._jobs[job.session_id] = job
        self.tell(job, STATE)

    def drop(self, session_id: str) -> Job | None:
        """All runs of a session; its job, if one was active."""
        self._over.pop(session_id, None)
        return self._jobs.pop(session_id, None)

    def owns(self, job: Job) -> bool:
        """Whether a job is still active, and its session there."""
        return self._jobs.get(job.session_id) is job

    def of(self, session_id: str) -> Job | None:
        """The session's job."""
        return self._jobs.get(session_id)

    def job(self, session_id: str, run_id: str) -> Job | None:
        """The job of a run that is active."""
        job = self._jobs.get(session_id)
        return job if job is not None and job.run.id == run_id else None

    def active(self, session_id: str, run_id: str) -> Job:
        """The same for one that has to be.

        Raises:
            Unknown: the session has no such run.
            RunConflict: the run is over.
        """
        job = self.job(session_id, run_id)
        if job is None:
            self.run(session_id, run_id)  # Unknown comes before over.
            raise RunConflict("the run is over", "run-over")
        return job

    def runs(self, session_id: str) -> tuple[Run, ...]:
        """The session's runs, oldest first; of those that are over, the last 20."""
        job = self._jobs.get(session_id)
        return (*self._over.get(session_id, ()), *(() if job is None else (job.run,)))

    def run(self, session_id: str, run_id: str) -> Run:
        """One of them.

        Raises:
            Unknown: there is no such run.
        """
        for run in self.runs(session_id):
            if run.id == run_id:
                return run
        raise Unknown("the session has no such run")

    def show(self, job: Job, run: Run) -> None:
        """A job's run as it is from now on, in another state."""
        job.run = run if run.state == "running" else replace(run, seconds_left=None)
        self.changed.notify_all()
        self.tell(job, STATE)
        if self.owns(job) and not run.active:
            del self._jobs[job.session_id]
            over = self._over.pop(job.session_id, None) or deque(maxlen=KEPT_RUNS)
            over.append(job.run)
            self._over[job.session_id] = over
            if len(self._over) > KEPT_SESSIONS:
                del self._over[next(iter(self._over))]

    def tell(self, job: Job, event: str) -> None:
        """Publish how a run is."""
        # A session that was forgotten has no readers, and must not get a channel again.
        if self.owns(job):
            self._hub.publish(job.session_id, event, job.run.as_event())
