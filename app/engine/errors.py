"""What the engine says when an input cannot be used.

EngineError         the input is wrong: a shape, a range, a name
  └─ TooLarge       the input is well formed but beyond a limit
"""

from app.engine.bounds import Allowed


class EngineError(ValueError):
    """An input that the engine refuses.

    Attributes:
        message: What is wrong and what would be right, in one English sentence.
        field: The input at fault, slash-separated from the request's root (``layers/0/units``).
        code: A stable word for programs: ``shape``, ``range``, ``type``, ``name``, ``limit``.
        allowed: What would be right, for programs, in the words of JSON Schema (``minimum``,
            ``maximum``, ``enum``, ..), or ``shapes``.
        line, column: Where it is in a text, counted from 1 as editors do.
        others: What else of the same kind is wrong, such as further names without a value.
    """

    line: int | None = None
    column: int | None = None
    others: tuple["EngineError", ...] = ()

    def __init__(
        self, message: str, field: str, code: str = "value", allowed: Allowed | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.code = code
        self.allowed = dict(allowed or {})


class TooLarge(EngineError):
    """An input beyond a limit; nothing was allocated for it."""

    def __init__(self, message: str, field: str, allowed: Allowed | None = None) -> None:
        super().__init__(message, field, "limit", allowed)
