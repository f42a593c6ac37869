"""`Idempotency-Key`: a change that is asked for again, because its answer was lost, is made once.

The header is that of the IETF's draft (draft-ietf-httpapi-idempotency-key-header): a text in
quotes, which may be left out here.
"""

import hashlib
import re
from typing import TypeVar

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from app.api.bodies import parse_model, read_body
from app.api.problem import FieldError, Problem
from app.api.values import answer
from app.sessions.repeats import Answer, Call

Model = TypeVar("Model")

HEADER = "Idempotency-Key"
MAX_KEY = 255
# Whoever has the key of a creation can have the session's edit token: it must not be guessed.
MIN_SECRET = 16
REPLAYED = {"Idempotent-Replayed": "true"}

_KEY = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])+)"|([!#-\[\]-~]+)')


async def read_repeatable(
    request: Request,
    adapter: TypeAdapter[Model],
    empty: bytes | None = None,
    secret: bool = False,
) -> tuple[Model, Call | None]:
    """As `bodies.read_model`, and the call as one that may come again, where it has a key.

    Args:
        request: The request, body not yet read.
        adapter: A strict model.
        empty: JSON to stand for an empty body, where the body may be left out.
        secret: Whether the key must not be guessed.

    Raises:
        Problem: as `bodies.read_model`; 400, the key is none.
    """
    key = _key(request, MIN_SECRET if secret else 1)
    body = await read_body(request, empty)
    model = await parse_model(request, body, adapter)
    if key is None:
        return model, None
    scope = request.scope
    asked = hashlib.sha256()
    for part in (scope["method"].encode(), scope["path"].encode(), scope["query_string"], body):
        asked.update(len(part).to_bytes(8, "little") + part)
    return model, Call(key, asked.hexdigest())


def replayed(found: Answer) -> Response:
    """The answer that a call had when it was made."""
    return answer(found.content, found.status, {**found.headers, **REPLAYED})


def sent(made: Answer) -> Response:
    """An answer for the first time."""
    return answer(made.content, made.status, made.headers)


def _key(request: Request, least: int) -> str | None:
    lines = request.headers.getlist(HEADER)
    if not lines:
        return None
    match = _KEY.fullmatch(lines[0].strip()) if len(lines) == 1 else None
    key = (match[1] or match[2]) if match else ""
    if not least <= len(key) <= MAX_KEY:
        message = (
            f"{HEADER} is one text of {least} to {MAX_KEY} visible characters, such as a UUID, "
            "in quotes or without"
        )
        raise Problem("bad-request", message, [FieldError(f"/{HEADER}", "header", message)])
    return key
