"""Which runs there are: those that are active, and of each session the last that are over."""

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

from app.sessions.run import KEPT_RUNS, Run, RunConflict, RunsFull
from app.sessions.runs.job import Job
from app.sessions.store.bus import Bus
from app.sessions.store.errors import Unknown
from app.sessions.store.wire import STATE
from app.settings import limit

# The store remembers all runs of a session; here are those that somebody may still look at.
KEPT_SESSIONS = 1_000
RETRY_SECONDS = 5


@dataclass(frozen=True)
class RunLimits:
    """How many trainings there may be at a time, those that are paused or wait included."""

    runs: int = limit(256, 1, "trainings at a time, the paused ones included")
    runs_per_address: int = limit(128, 1, "of these for one address")


class Roll:
    """Jobs by session. To be used under its lock, by all who have to do with them.

    Attributes:
        lock: The one lock of all runs and of what is done with them.
        changed: Told, under it, when a run or what is wanted of it has changed.
        closing: The server ends: nothing is begun any more, and all settle.
        closed: Nothing is written any more.

    Args:
        hub: Gets every change of state.
        limits: How many runs there may be that are queued, running, paused or interrupted.
    """

    def __init__(self, hub: Bus, limits: RunLimits) -> None:
        self.lock = threading.Lock()
        self.changed = threading.Condition(self.lock)
        self.closing = self.closed = False
        self._hub = hub
        self.limits = limits
        self._jobs: dict[str, Job] = {}
        # Whose run is being made, by session: the place is taken, but there is no run yet.
        self._making: dict[str, str] = {}
        # Runs that are over, oldest first, by session, the one that ended last being last.
        self._over: dict[str, deque[Run]] = {}

    def __iter__(self) -> Iterator[Job]:
        return iter(list(self._jobs.values()))

    def reserve(self, session_id: str, owner: str) -> Job | None:
        """Take a place for a run that is to be made; the paused job that has to give way, if any.

        Nobody takes more places than he leaves to others, so that there is one for the next.

        Args:
            session_id: Whose run it is.
            owner: Who asks for it; empty where nobody is charged.

        Raises:
            RunConflict: the session has an active run.
            RunsFull: too many runs are active, in all or of this owner, and none is paused.
        """
        if session_id in self._making or session_id in self._jobs:
            raise RunConflict("the session has an active run; stop it first", "run-active")
        going = [job for job in self._jobs.values() if job.wanted != "stop"]
        free = self.limits.runs - len(going) - len(self._making)
        victim = None
        if owner:
            his = [job for job in going if job.owner == owner]
            count = len(his) + list(self._making.values()).count(owner)
            if count >= self.limits.runs_per_address or (count and count >= free):
                victim = _longest_paused(his, "This address has as many runs as it may.")
        if victim is None and free <= 0:
            victim = _longest_paused(going, "Too many runs are active.")
        self._making[session_id] = owner
        return victim

    def unreserve(self, session_id: str) -> None:
        """Give a place back, or take it with `add`."""
        self._making.pop(session_id, None)

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


def _longest_paused(jobs: list[Job], otherwise: str) -> Job:
    """Who paused and left gives way to those who are here; what he has is saved."""
    paused = [job for job in jobs if job.parked]
    if not paused:
        raise RunsFull(RETRY_SECONDS, otherwise)
    return min(paused, key=lambda job: job.parked_at)
