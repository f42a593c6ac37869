"""Errors as RFC 9457 problem documents: what went wrong, where, and never what was sent.

Every answer of 400 or more is one of `KINDS`. FastAPI's own handlers are replaced by those in
`handlers.py`: they repeat the input (a megabyte of wrong numbers came back as 34) and fail on NaN.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import orjson
from starlette.responses import Response

from app.api import request_ids

MEDIA_TYPE = "application/problem+json"
MAX_ERRORS = 20
MAX_BYTES = 16 * 1024
MAX_POINTER = 200
MAX_DEPTH = 12
MAX_SEGMENT = 64
MAX_MESSAGE = 300
CATALOGUE = "/api/v1/problems"


@dataclass(frozen=True)
class Kind:
    """One sort of problem: its status, its title, and when it is answered."""

    status: int
    title: str
    meaning: str


KINDS: dict[str, Kind] = {
    "malformed": Kind(
        400, "Malformed body", "The body is not one JSON text in UTF-8, or no such file."
    ),
    "bad-request": Kind(400, "Bad request", "The request cannot be read."),
    "unauthorized": Kind(
        401, "Edit token missing", "The call changes the session and needs its edit token."
    ),
    "forbidden": Kind(403, "Edit token wrong", "The edit token is not this session's."),
    "other-origin": Kind(
        403, "Another origin", "A page of another origin may not change anything here."
    ),
    "operators-only": Kind(403, "For operators", "This address may not read what is asked for."),
    "not-found": Kind(404, "Not found", "There is nothing of this name, or it has expired."),
    "method-not-allowed": Kind(405, "Method not allowed", "See the Allow header."),
    "not-acceptable": Kind(406, "Not acceptable", "None of the types in Accept can be given."),
    "timeout": Kind(408, "Request too slow", "The request did not come whole in time."),
    "run-active": Kind(409, "A run is active", "The session is changed by a run until it ends."),
    "run-over": Kind(409, "The run is over", "A run that is over is not paused or resumed."),
    "nothing-to-learn": Kind(
        409,
        "Nothing to learn",
        "The session has no parameters, or neither targets nor a gradient to learn from.",
    ),
    "clash": Kind(
        409, "Shapes do not fit", "The shapes of the program do not fit, so it cannot be run."
    ),
    "damaged": Kind(
        410, "Damaged", "What was kept of the session cannot be read; its owner can delete it."
    ),
    "stale": Kind(412, "Session has changed", "If-Match names an older version; see ETag."),
    "too-large": Kind(413, "Body too large", "The body has more bytes than are read."),
    "url-too-long": Kind(414, "URL too long", "The URL has more bytes than are read."),
    "unsupported-type": Kind(
        415, "Unsupported type", "The body is of no type that the call reads."
    ),
    "invalid": Kind(422, "Invalid value", "A field has a value that cannot be used."),
    "key-reused": Kind(
        422, "Idempotency-Key used before", "The key came before, with another request."
    ),
    "precondition-required": Kind(428, "If-Match missing", "Edits name the version they are for."),
    "too-many": Kind(429, "Too many", "Try again after Retry-After seconds."),
    "head-too-large": Kind(431, "Headers too large", "The headers have more bytes than are read."),
    "internal": Kind(500, "Internal error", "A fault of the server; it has been logged."),
    "unavailable": Kind(503, "No room now", "Try again after Retry-After seconds."),
}
_BY_STATUS = {kind.status: name for name, kind in reversed(KINDS.items())}


@dataclass(frozen=True)
class FieldError:
    """One wrong field.

    Attributes:
        pointer: JSON pointer (RFC 6901) into the body, or ``/name`` of a query parameter or of a
            header.
        code: A stable word for programs, such as ``finite``, ``shape``, ``limit``.
        message: What would be right.
        allowed: The same for programs, in the words of JSON Schema: ``minimum``, ``maximum``,
            ``exclusiveMinimum``, ``enum``, ``maxItems``, .., or ``shapes``.
        line, column: Where it is in a text that was sent, counted from 1.
    """

    pointer: str
    code: str
    message: str
    allowed: Mapping[str, object] = field(default_factory=dict)
    line: int | None = None
    column: int | None = None

    @property
    def name(self) -> str:
        """The field as a sentence names it."""
        return self.pointer[1:] or "the body"

    @property
    def sentence(self) -> str:
        """The message with the name of the field, unless it has that itself."""
        first, _, _ = self.message.partition(" ")
        if first in ("must", "is", "has", "can"):
            return f"{self.name} {self.message}"
        return f"{self.name}: {self.message}" if first in ("this", "there", "the") else self.message


class Problem(Exception):
    """Ends the request with a problem document.

    Args:
        kind: A key of `KINDS`.
        detail: This case in one sentence, without anything the client sent.
        errors: The fields at fault.
        headers: Such as ``Retry-After`` or ``ETag``.
    """

    def __init__(
        self,
        kind: str,
        detail: str,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    @property
    def status(self) -> int:
        """The HTTP status of this kind."""
        return KINDS[self.kind].status

    def response(self) -> Response:
        """The answer: at most `MAX_ERRORS` errors and at most `MAX_BYTES` bytes."""
        return Response(
            self.body(), self.status, {**self.headers, "Cache-Control": "no-store"}, MEDIA_TYPE
        )

    def body(self) -> bytes:
        """The document as JSON."""
        kind = KINDS[self.kind]
        document: dict[str, object] = {
            "type": f"{CATALOGUE}#{self.kind}",
            "title": kind.title,
            "status": kind.status,
            "detail": clean(self.detail, MAX_MESSAGE),
        }
        if request_id := request_ids.current.get():
            document["request_id"] = request_id
        errors = [_as_json(error) for error in self.errors[:MAX_ERRORS]]
        while True:
            if errors:
                document["errors"] = errors
            encoded = orjson.dumps(document)
            if len(encoded) <= MAX_BYTES or not errors:
                return encoded
            # Names of control characters grow sixfold when escaped; fewer errors then.
            errors = errors[: len(errors) // 2]
            document.pop("errors")


def invalid(errors: Iterable[FieldError]) -> Problem:
    """A 422 that names its fields."""
    found = tuple(errors)
    if len(found) == 1:
        detail = found[0].sentence
    else:
        names = ", ".join(error.name for error in found[:MAX_ERRORS])
        detail = f"{len(found)} fields have wrong values: {names}"
    return Problem("invalid", detail, found)


def pointer(path: Iterable[str | int]) -> str:
    """A JSON pointer for a path of keys and indices; overlong parts end in an ellipsis."""
    parts = []
    length = 0
    for depth, step in enumerate(path):
        text = clean(str(step), MAX_SEGMENT).replace("~", "~0").replace("/", "~1")
        length += len(text) + 1
        if length > MAX_POINTER or depth == MAX_DEPTH:
            parts.append("…")
            break
        parts.append(text)
    return "".join(f"/{part}" for part in parts)


def clean(text: str, length: int) -> str:
    """``text`` cut to ``length`` characters and made encodable (lone surrogates replaced)."""
    if len(text) > length:
        text = text[: length - 1] + "…"
    return text.encode("utf-8", "replace").decode("utf-8")


def kind_of_status(status: int) -> str:
    """The kind that fits an HTTP status raised by the framework."""
    return _BY_STATUS.get(status, "bad-request" if status < 500 else "internal")


def _as_json(error: FieldError) -> dict[str, object]:
    document: dict[str, object] = {
        "pointer": error.pointer,
        "code": error.code,
        "message": clean(error.message, MAX_MESSAGE),
        "line": error.line,
        "column": error.column,
        "allowed": dict(error.allowed) or None,
    }
    return {name: value for name, value in document.items() if value is not None}
