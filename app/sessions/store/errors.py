"""What can stand in the way of a call on a session, apart from wrong values (`EngineError`)."""

from typing import Literal

Reason = Literal["run-active", "run-over", "nothing-to-learn", "clash"]


class Unknown(LookupError):
    """There is no such thing in the session: a tensor, a layer, a run.

    Attributes:
        message: What there is not, in one English sentence that repeats no input.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Forbidden(Exception):
    """The edit token is not the session's."""


class Conflict(Exception):
    """The session is in a state that does not allow the call.

    Attributes:
        message: What stands in the way, in one English sentence.
        reason: The same as a stable word for programs.
    """

    def __init__(self, message: str, reason: Reason) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason


class Stale(Exception):
    """The caller's version is not the session's current one."""

    def __init__(self, current: int) -> None:
        super().__init__(f"the current version is {current}")
        self.current = current
