"""What can stand in the way of a call on a session, apart from wrong values (`EngineError`)."""


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
    """The session is in a state that does not allow the call, such as a run being active."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Stale(Exception):
    """The caller's version is not the session's current one."""

    def __init__(self, current: int) -> None:
        super().__init__(f"the current version is {current}")
        self.current = current
