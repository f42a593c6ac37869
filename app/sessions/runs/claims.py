"""Who runs what: the interface. `RunManager` is it for one process, which trains, too; and
`PostgresClaims` for any number of them, where workers beside them train (`python -m app worker`).
"""

from collections import Counter
from collections.abc import Callable
from typing import Protocol

from app.sessions.run import Run
from app.sessions.runs.work.order import Order, Snapshot


class Claims(Protocol):
    """All runs of a store's sessions; thread-safe.

    A run is trained by one at a time. What comes of it is saved now and then, and always before it
    is seen to be paused or over. Where its worker dies, it goes on with another from what was saved
    last; nothing that the dead one might still write or tell is kept or heard.
    """

    def start(self, session_id: str, make: Callable[[], Order], owner: str = "") -> Run:
        """Take up a run; it is trained once it is `begun`, or before.

        Args:
            session_id: Whose run.
            make: Makes the order, here and now; called only when there is room for it.
            owner: Who asks for it.

        Raises:
            RunConflict: the session has an active run.
            RunsFull: too many runs are active.
            EngineError: whatever ``make``, or the training it orders, finds wrong.
        """

    def begun(self, session_id: str, run: Run) -> None:
        """The session says that it has the run, as the store has it: it may be trained."""

    def abandon(self, session_id: str, run_id: str) -> None:
        """The session could not be written, so there is no such run."""

    def pause(self, session_id: str, run_id: str) -> Run:
        """Ask a run to pause; it does a little later (see `settled`).

        Raises:
            Unknown: the session has no such run.
            RunConflict: the run is over.
        """

    def resume(self, session_id: str, run_id: str) -> Run:
        """Let a paused run go on; errors as in `pause`."""

    def stop(self, session_id: str, run_id: str) -> Run:
        """Ask a run to stop, for good; one that is over just now stays as it is.

        Raises:
            Unknown: the session has no such run.
        """

    def change_rate(self, session_id: str, run_id: str, rate: float) -> None:
        """Ask for another learning rate from the run's next step on; errors as in `pause`."""

    def settled(self, session_id: str, run_id: str, timeout: float) -> object:
        """Wait until what was asked for has come about, so many seconds at most."""

    def refresh(self, session_id: str, run_id: str, timeout: float = 0.25) -> None:
        """Have a run that is being trained saved as it is now; waits so many seconds at most."""

    def replay(self, order: Order) -> Snapshot:
        """Steps that a run has made, made once more.

        Raises:
            RunsFull: it takes too long now, or it has failed.
        """

    def list(self, session_id: str) -> tuple[Run, ...]:
        """The session's runs that more is known of than the session says, oldest first."""

    def active(self, session_id: str) -> Run | None:
        """The session's queued, running, paused or interrupted run."""

    def counts(self) -> Counter[str]:
        """How many runs are active, by state."""

    def forget(self, session_id: str) -> None:
        """Drop all runs of a session that is gone."""

    def close(self) -> None:
        """Let go of all runs, which go on elsewhere, or here the next time."""
