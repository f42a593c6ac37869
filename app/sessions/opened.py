"""The step of a run that a session shows, and the strides that lead from it to the run's others.

As long as nobody has changed its numbers, the next stride after its update leads to the run's next
step, with its mini-batch and the very bits that it had, and the one back to the step before.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.engine.strides import Cursor, clamp

if TYPE_CHECKING:
    from app.engine.trace import Trace
    from app.sessions.state import Session


@dataclass(frozen=True)
class Opened:
    """A step of a run, counted from 1: x and t of the session are its mini-batch.

    Attributes:
        run: Which run.
        step: Which step.
        last: The last step of the run that can be opened.
        data_version: The session's, when it was opened: it has another once a number is changed.
    """

    run: str
    step: int
    last: int
    data_version: int


def changed(opened: Opened | None) -> Opened | None:
    """The same once a number, or what learns from it, is another."""
    return opened and replace(opened, data_version=0)


def shown(session: "Session") -> Opened | None:
    """The step that a session shows just as it was."""
    opened = session.opened
    return opened if opened is not None and opened.data_version == session.data_version else None


def leads_to(session: "Session", trace: "Trace", direction: str, stride: str) -> int | None:
    """To which step of the run a stride leads from the one that is shown; None where it stays.

    At the end of the last step there is the step itself: nothing comes after it.
    """
    opened = shown(session)
    if opened is None:
        return None
    cursor, end = clamp(session.cursor, trace), len(trace.events)
    if direction == "next" and cursor.seq >= end and trace.update is not None:
        return min(opened.step + 1, opened.last)
    if direction == "back" and opened.step > 1 and leaves(cursor, stride, end):
        return opened.step - 1
    return None


def leaves(cursor: Cursor, stride: str, end: int) -> bool:
    """Whether a stride back from here leads to the step of learning before."""
    return cursor == Cursor() or (stride == "step" and cursor.seq >= end)
