"""The name of a request: in its answer, in a problem document, and in the log, the same.

A learner who is told "the server has a fault" can name the one line of the log that tells why.
"""

import re
import secrets
from collections.abc import Iterable
from contextvars import ContextVar

from starlette.types import Scope

HEADER = b"x-request-id"
# What a client or a proxy may call a request: nothing that could break a line of a log.
_SANE = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")

# The request that this task answers; empty where nobody has named it.
current: ContextVar[str] = ContextVar("request_id", default="")


def name_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """What the request is called by whoever sends it, or else a name of its own.

    Two such headers name nothing.
    """
    found = [value for name, value in headers if name == HEADER]
    if len(found) == 1 and _SANE.fullmatch(found[0]):
        return found[0].decode("ascii")
    return secrets.token_hex(8)


def route_of(scope: Scope) -> str:
    """The address of a request with names in place of what it asks for; empty if there is none.

    A session's id, which lets whoever has it read, is no part of it.
    """
    path: str = getattr(scope.get("route"), "path", "")
    # Files have no route of their own, but the place that they are mounted at.
    return path or scope.get("root_path", "")


def told(scope: Scope) -> str:
    """A request as a log may tell of it: its path may hold an id, its head and body a token."""
    name = current.get()
    return f"{scope['method']} {route_of(scope)}" + (f" (request {name})" if name else "")
