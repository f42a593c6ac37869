"""Whatever goes wrong anywhere in the app, as a problem document."""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from app.api.bodies import field_error
from app.api.conditions import etag
from app.api.context import PREFIX
from app.api.idempotency import replayed
from app.api.problem import KINDS, MAX_ERRORS, FieldError, Problem, invalid, kind_of_status, pointer
from app.api.request_ids import told
from app.engine.errors import EngineError
from app.sessions.repeats import KeyReused, Repeated
from app.sessions.run import RunsFull
from app.sessions.store.errors import Conflict, Forbidden, Stale, Unknown
from app.sessions.store.events import TooManySubscribers
from app.sessions.store.store import (
    NotFound,
    SessionDamaged,
    StoreError,
    StoreFull,
    StoreUnavailable,
)

log = logging.getLogger(__name__)

# When to try again where the store does not answer, in seconds.
STORE_SECONDS = 10


def install_handlers(app: FastAPI, routers: Sequence[APIRouter]) -> None:
    """Replace both of FastAPI's handlers, and add those of the engine, the store and the sessions.

    Args:
        app: The app.
        routers: The API's routes, for the Allow header.
    """

    def handle(error: type[Exception], to_problem: Callable[[Any], Problem]) -> None:
        async def handler(request: Request, exception: Exception) -> Response:
            return to_problem(exception).response()

        app.add_exception_handler(error, handler)

    async def http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        headers = dict(error.headers or {})
        if error.status_code == 405:
            allowed = _allowed(routers, request)
            headers["Allow"] = ", ".join(allowed) or headers.get("Allow", "")
            if allowed and request.method == "OPTIONS":
                # Nothing is said about other origins: pages of theirs may not call.
                return Response(status_code=204, headers=headers | {"Cache-Control": "no-store"})
        if error.status_code < 400:
            return Response(status_code=error.status_code, headers=headers)
        kind = kind_of_status(error.status_code)
        detail = KINDS[kind].meaning
        if error.status_code == 405 and headers["Allow"]:
            detail = f"This address takes {headers['Allow']}."
            if request.scope["path"] == f"{PREFIX}/sessions":
                detail += " Sessions are not listed: a session is read by its id."
        return Problem(kind, detail, headers=headers).response()

    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(Exception, _fault)
    handle(Problem, lambda problem: problem)
    handle(RequestValidationError, _query)
    handle(EngineError, engine_problem)
    handle(NotFound, lambda _: Problem("not-found", "There is no such session; it may be gone."))
    handle(Unknown, lambda error: Problem("not-found", sentence(error.message)))
    handle(Forbidden, lambda _: Problem("forbidden", "This is not the session's edit token."))
    handle(Conflict, lambda error: Problem(error.reason, sentence(error.message)))
    handle(Stale, _stale)
    handle(SessionDamaged, _damaged)
    handle(StoreError, _no_store)
    handle(KeyReused, lambda _: Problem("key-reused", KINDS["key-reused"].meaning))

    async def repeated(request: Request, error: Exception) -> Response:
        assert isinstance(error, Repeated)
        return replayed(error.answer)

    app.add_exception_handler(Repeated, repeated)
    handle(StoreFull, lambda error: busy(sentence(str(error)), error.retry_after))
    handle(StoreUnavailable, lambda error: busy("The store does not answer.", error.retry_after))
    handle(RunsFull, lambda error: busy(str(error), error.retry_after))
    handle(TooManySubscribers, _too_many)
    handle(ClientDisconnect, lambda _: Problem("bad-request", "The body ended early."))


def engine_problem(error: EngineError) -> Problem:
    """A value that the engine or a session refuses."""
    return invalid(
        FieldError(
            pointer([part for part in one.field.split("/") if part]),
            one.code, one.message, one.allowed, one.line, one.column,
        )
        for one in (error, *error.others)[:MAX_ERRORS]
    )  # fmt: skip


def busy(detail: str, seconds: int) -> Problem:
    """A 503 that says when to try again."""
    return Problem("unavailable", detail, headers={"Retry-After": str(seconds)})


def _damaged(error: SessionDamaged) -> Problem:
    log.error("%s", error)
    return Problem("damaged", "What was kept of the session is damaged; it can only be deleted.")


def _no_store(error: StoreError) -> Problem:
    # Of the disk, or of a database: no fault of this program, and it may be mended meanwhile.
    log.error("the store does not answer: %s", error)
    return busy("Sessions cannot be read or written at the moment.", STORE_SECONDS)


def _too_many(error: TooManySubscribers) -> Problem:
    return Problem(
        "too-many",
        "The session has as many readers of its events as it may have.",
        headers={"Retry-After": str(error.retry_after)},
    )


def sentence(message: str) -> str:
    """A message as a sentence of its own."""
    return f"{message[:1].upper()}{message[1:]}."


def _stale(error: Stale) -> Problem:
    return Problem(
        "stale",
        f"The session has changed: its version is {error.current}.",
        headers={"ETag": etag(error.current)},
    )


def _query(error: RequestValidationError) -> Problem:
    """Faults of query parameters; bodies are read elsewhere."""
    faults = error.errors()[:MAX_ERRORS]
    return invalid(field_error(fault, list(fault["loc"][1:])) for fault in faults)


async def _fault(request: Request, error: Exception) -> Response:
    log.error("fault in %s", told(request.scope), exc_info=error)
    return Problem("internal", "The server has a fault; it has been logged.").response()


def _allowed(routers: Sequence[APIRouter], request: Request) -> list[str]:
    """Every method that the path has, not only the first route's.

    A path that is written out is not the one that stands for anything, which matches it, too.
    """
    path = request.scope["path"]
    found: dict[str, set[str]] = {}
    for router in routers:
        for route in router.routes:
            if route.path_regex.match(path):  # type: ignore[attr-defined]
                pattern: str = route.path  # type: ignore[attr-defined]
                found.setdefault(pattern, set()).update(route.methods)  # type: ignore[attr-defined]
    methods = found[min(found, key=lambda pattern: pattern.count("{"))] if found else set()
    if not methods:
        return []
    return sorted(methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set()))
