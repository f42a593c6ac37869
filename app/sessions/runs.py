"""Training runs: many at once on a few threads, each a slice of time at a time.

A run belongs to a session. Worker threads take the runs in turn and train each for some
milliseconds, so one long run does not keep a classroom waiting, and whoever pauses or stops one is
heard when the slice ends. The session's parameters are saved now and then, and always before a
run is seen to be paused, stopped or finished: what a reader fetches then is the run's last word.
"""

import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from app.engine.training import StepStats, Training
from app.sessions.errors import Unknown
from app.sessions.events import Hub
from app.sessions.run import KEPT_RUNS, Run, RunConflict, RunsFull
from app.sessions.turns import Turns
from app.sessions.wire import PROGRESS, STATE

__all__ = ["Run", "RunConflict", "RunManager", "RunsFull"]

Array = np.ndarray

log = logging.getLogger(__name__)

MAX_ACTIVE = 256
# The store remembers all runs of a session; here are those that somebody may still look at.
KEPT_SESSIONS = 1_000
SLICE_SECONDS = 0.01
PROGRESS_SECONDS = 0.1
# A checkpoint each second, or each 200 steps where those take longer than a tenth of one: small
# networks make 200 steps in a few milliseconds, and would do nothing but save.
CHECKPOINT_SECONDS = 1.0
CHECKPOINT_STEPS = 200
CHECKPOINT_PAUSE = 0.1
CLOSE_SECONDS = 0.9
RETRY_SECONDS = 5


Save = Callable[[str, dict[str, Array], Run], None]


@dataclass(eq=False)
class _Job:
    """A run with what it needs to go on.

    Changed under the manager's lock, except what only the thread of its slice touches: the
    training and the times.
    """

    session_id: str
    training: Training
    run: Run
    wanted: Literal["", "pause", "stop"] = ""
    # Neither waiting for a slice nor in one.
    parked: bool = False
    parked_at: float = 0.0
    saved_at: float = field(default_factory=time.monotonic)
    saved_step: int = 0
    told_at: float = 0.0


class RunManager:
    """All runs of this process; thread-safe.

    Args:
        hub: Gets every change of state, and progress at most ten times a second for each run.
        save: Called as ``save(session_id, parameters, run)`` in a worker thread, with copies of
            the parameters and the run as it is about to be seen. When it fails, the run fails.
        threads: Workers; as many as there are cores by default.
        max_active: Runs that are queued, running or paused.
    """

    def __init__(
        self, hub: Hub, save: Save, threads: int | None = None, max_active: int = MAX_ACTIVE
    ) -> None:
        self._hub = hub
        self._save = save
        self._max_active = max_active
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._turns = Turns(self._turn, threads)
        self._jobs: dict[str, _Job] = {}
        # Sessions whose run is being made: the place is taken, but there is no run yet.
        self._making: set[str] = set()
        # Runs that are over, oldest first, by session, the one that ended last being last; they
        # hold no samples and no parameters.
        self._over: dict[str, deque[Run]] = {}
        self._closing = self._closed = False

    def start(self, session_id: str, make: Callable[[], Training]) -> Run:
        """Queue a run.

        Args:
            session_id: Whose run.
            make: Makes the training, here and now; called only when there is room for it.

        Raises:
            RunConflict: the session has an active run.
            RunsFull: too many runs are active, and none of them is paused.
            EngineError: whatever ``make`` finds wrong.
        """
        with self._lock:
            self._reserve(session_id)
        try:
            training = make()
        except BaseException:
            with self._lock:
                self._making.discard(session_id)
            raise
        run = Run(
            id=secrets.token_urlsafe(9),
            state="queued",
            step=training.done,
            steps=training.steps,
            optimizer=training.optimizer.config,
            batch_size=training.batch_size,
            seed=training.seed,
        )
        job = _Job(session_id, training, run, saved_step=training.done)
        with self._lock:
            self._making.discard(session_id)
            if self._closing:
                raise RunsFull(RETRY_SECONDS)
            self._jobs[session_id] = job
            self._tell(job, STATE)
            self._queue(job)
        return run

    def pause(self, session_id: str, run_id: str) -> Run:
        """Ask a run to pause; it does when its slice ends (see `settled`).

        Raises:
            Unknown: the session has no such run.
            RunConflict: the run is over.
        """
        with self._lock:
            job = self._active_job(session_id, run_id)
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
            job = self._active_job(session_id, run_id)
            if job.wanted == "pause":
                job.wanted = ""
            elif job.parked:
                self._show(job, replace(job.run, state="running"))
                self._queue(job)
            return job.run

    def stop(self, session_id: str, run_id: str) -> Run:
        """Ask a run to stop, for good; it does when its slice ends (see `settled`).

        One that is over stays as it is, since it may have come to its end just now.

        Raises:
            Unknown: the session has no such run.
        """
        with self._lock:
            job = self._job(session_id, run_id)
            if job is not None:
                self._ask(job, "stop")
            return self._run(session_id, run_id)

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
            job = self._job(session_id, run_id)
            if job is None:
                return self._run(session_id, run_id)
            self._changed.wait_for(lambda: not job.wanted, timeout)
            return job.run

    def get(self, session_id: str, run_id: str) -> Run:
        """A run as it is now.

        Raises:
            Unknown: the session has no such run.
        """
        with self._lock:
            return self._run(session_id, run_id)

    def list(self, session_id: str) -> tuple[Run, ...]:
        """The session's runs, oldest first; of those that are over, the last 20."""
        with self._lock:
            return self._all(session_id)

    def active(self, session_id: str) -> Run | None:
        """The session's queued, running or paused run."""
        with self._lock:
            job = self._jobs.get(session_id)
            return None if job is None else job.run

    def forget(self, session_id: str) -> None:
        """Drop all runs of a session that is gone; an active one ends with its slice, unsaved."""
        with self._lock:
            self._over.pop(session_id, None)
            job = self._jobs.pop(session_id, None)
            if job is not None:
                self._ask(job, "stop")

    def close(self) -> None:
        """Stop and save all runs and end the threads, within a second."""
        with self._lock:
            self._closing = True
            for job in self._jobs.values():
                self._ask(job, "stop")
        self._turns.close(CLOSE_SECONDS)
        self._closed = True

    # From here to `_owns`: called under the lock.

    def _reserve(self, session_id: str) -> None:
        if session_id in self._making or session_id in self._jobs:
            raise RunConflict("the session has an active run; stop it first", "run-active")
        if self._closing:
            raise RunsFull(RETRY_SECONDS)
        going = [job for job in self._jobs.values() if job.wanted != "stop"]
        if len(going) + len(self._making) >= self._max_active:
            # Who paused and left gives way to those who are here; the parameters are saved.
            paused = [job for job in going if job.parked]
            if not paused:
                raise RunsFull(RETRY_SECONDS)
            self._ask(min(paused, key=lambda job: job.parked_at), "stop")
        self._making.add(session_id)

    def _job(self, session_id: str, run_id: str) -> _Job | None:
        job = self._jobs.get(session_id)
        return job if job is not None and job.run.id == run_id else None

    def _active_job(self, session_id: str, run_id: str) -> _Job:
        job = self._job(session_id, run_id)
        if job is None:
            self._run(session_id, run_id)  # Unknown comes before over.
            raise RunConflict("the run is over", "run-over")
        return job

    def _all(self, session_id: str) -> tuple[Run, ...]:
        job = self._jobs.get(session_id)
        return (*self._over.get(session_id, ()), *(() if job is None else (job.run,)))

    def _run(self, session_id: str, run_id: str) -> Run:
        for run in self._all(session_id):
            if run.id == run_id:
                return run
        raise Unknown("the session has no such run")

    def _ask(self, job: _Job, wanted: Literal["pause", "stop"]) -> None:
        job.wanted = wanted
        if job.parked:
            self._queue(job)
        else:
            # To the front: an answer at once costs the others next to nothing.
            self._turns.hurry(job)

    def _queue(self, job: _Job) -> None:
        job.parked = False
        self._turns.put(job, first=bool(job.wanted))

    def _show(self, job: _Job, run: Run) -> None:
        job.run = run
        self._tell(job, STATE)
        if self._owns(job) and not run.active:
            del self._jobs[job.session_id]
            over = self._over.pop(job.session_id, None) or deque(maxlen=KEPT_RUNS)
            over.append(run)
            self._over[job.session_id] = over
            if len(self._over) > KEPT_SESSIONS:
                del self._over[next(iter(self._over))]
        self._changed.notify_all()

    def _tell(self, job: _Job, event: str) -> None:
        # A session that was forgotten has no readers, and must not get a channel again.
        if self._owns(job):
            self._hub.publish(job.session_id, event, job.run.as_event())

    def _owns(self, job: _Job) -> bool:
        return self._jobs.get(job.session_id) is job

    # From here on: called without the lock, in a worker thread.

    def _turn(self, job: _Job) -> None:
        try:
            self._slice(job)
        except Exception as error:
            self._fail(job, error)

    def _slice(self, job: _Job) -> None:
        training = job.training
        if not job.wanted:
            if job.run.state == "queued":
                with self._lock:
                    self._show(job, replace(job.run, state="running"))
            end = time.perf_counter() + SLICE_SECONDS
            while not (training.finished or job.wanted):
                training.advance()
                if time.perf_counter() >= end:
                    break
        wanted = job.wanted
        run = _seen(job.run, training)
        if training.finished:
            self._settle(job, replace(run, state="finished"))
        elif wanted:
            self._settle(job, replace(run, state="paused" if wanted == "pause" else "stopped"))
        else:
            self._go_on(job, run)

    def _settle(self, job: _Job, run: Run) -> None:
        """Save, and only then show, that a run is paused or over."""
        self._checkpoint(job, run)
        with self._lock:
            if run.state == "paused":
                if job.wanted != "pause":
                    # Somebody has thought better of it while it was being saved.
                    job.run = replace(run, state=job.run.state)
                    self._queue(job)
                    return
                job.parked, job.parked_at = True, time.monotonic()
            job.wanted = ""
            self._show(job, run)

    def _go_on(self, job: _Job, run: Run) -> None:
        since = time.monotonic() - job.saved_at
        steps = run.step - job.saved_step
        if since >= CHECKPOINT_SECONDS or (steps >= CHECKPOINT_STEPS and since >= CHECKPOINT_PAUSE):
            self._checkpoint(job, run)
        with self._lock:
            job.run = run
            now = time.monotonic()
            if now - job.told_at >= PROGRESS_SECONDS:
                job.told_at = now
                self._tell(job, PROGRESS)
            self._queue(job)

    def _fail(self, job: _Job, error: Exception) -> None:
        if not self._owned(job):
            return  # Of a session that is gone: nowhere to save, and nobody to tell.
        if self._closed:
            # The store may be closed, too; its last checkpoint is what is left of the run.
            log.warning("run %s was cut off by the end of the server", job.run.id)
            return
        log.error("run %s has failed", job.run.id, exc_info=error)
        run = replace(
            job.run,
            state="failed",
            step=job.training.done,
            error=f"the run failed ({type(error).__name__})",
        )
        try:
            self._checkpoint(job, run)
        except Exception:
            log.exception("run %s could not be saved", run.id)
        with self._lock:
            job.wanted = ""
            self._show(job, run)

    def _checkpoint(self, job: _Job, run: Run) -> None:
        if self._closed or not self._owned(job):
            return
        parameters = {name: value.copy() for name, value in job.training.network.parameters.items()}
        self._save(job.session_id, parameters, run)
        job.saved_at, job.saved_step = time.monotonic(), run.step

    def _owned(self, job: _Job) -> bool:
        with self._lock:
            return self._owns(job)


def _seen(run: Run, training: Training) -> Run:
    """``run`` with what its training's last step saw."""
    if training.done == run.step:
        return run
    stats: StepStats = training.stats()
    return replace(
        run,
        step=stats.step,
        loss=stats.loss,
        accuracy=stats.accuracy,
        gradient_norms=stats.gradient_norms,
    )
