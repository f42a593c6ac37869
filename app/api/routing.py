"""What every call of the API has in common, before its own code is asked.

A query parameter that the call does not have is refused: left in silence, a misspelt one would
answer with numbers that nobody asked for. HEAD is answered wherever GET is.
"""

from collections.abc import Iterator
from typing import Any, get_args, get_origin
from urllib.parse import parse_qsl

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Message, Receive, Scope, Send

from app.api.problem import MAX_ERRORS, FieldError, invalid, pointer

# Set in the scope of a HEAD that is answered as a GET: what never ends need not begin.
HEAD = "backprop.head"


class Operation(APIRoute):
    """One method of one path."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_get = "GET" in (self.methods or ())
        self.tail = self.path.rpartition("}")[2]
        # Each with whether it may be repeated.
        self.query = dict(_query(self.dependant))

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Take a HEAD for a GET."""
        if not scope.get("path", "").endswith(self.tail):
            return Match.NONE, {}  # as the regular expression would say, in a tenth of the time
        match, child = super().matches(scope)
        if match is Match.PARTIAL and scope["method"] == "HEAD" and self.is_get:
            return Match.FULL, child
        return match, child

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse parameters that the call does not have.

        Raises:
            Problem: 422, it names them.
        """
        if scope["method"] == "HEAD" and self.is_get:
            scope = {**scope, "method": "GET", HEAD: True}
            send = _bodiless(send)
        if scope["query_string"] and scope["method"] in (self.methods or ()):
            self._check_query(scope["query_string"])
        await super().handle(scope, receive, send)

    def _check_query(self, query: bytes) -> None:
        names = [name for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True)]
        words = ", ".join(self.query)
        allowed = f"there are {words}" if words else "this call has none"
        errors = []
        for name in dict.fromkeys(names):
            if name not in self.query:
                message = f"there is no such query parameter; {allowed}"
                errors.append(FieldError(pointer([name]), "unknown", message))
            elif not self.query[name] and names.count(name) > 1:
                errors.append(FieldError(pointer([name]), "duplicate", "can be given once"))
            if len(errors) == MAX_ERRORS:
                break
        if errors:
            raise invalid(errors)


def _query(dependant: Dependant) -> Iterator[tuple[str, bool]]:
    """The query parameters of a call and of what it depends on, in the document's order."""
    for inner in dependant.dependencies:
        yield from _query(inner)
    for parameter in dependant.query_params:
        annotation = parameter.field_info.annotation
        yield (
            parameter.alias,
            any(get_origin(a) is list for a in (annotation, *get_args(annotation))),
        )


def _bodiless(send: Send) -> Send:
    async def start_alone(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return start_alone
