"""What every route needs of its request: the service, and its threads."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response

from app.addresses import client_of
from app.api.answers_lessons import LessonAnswer, LessonsAnswer
from app.api.conditions import MINIMAL, etag, is_fresh, wants_minimal
from app.api.executor import in_executor
from app.api.values import answer, encode
from app.api.views import minimal_json, session_json
from app.sessions.repeats import Answer
from app.sessions.service import Service
from app.sessions.state import Session
from app.sessions.store.cache import ByteCache

PREFIX = "/api/v1"

# Answers that many read, such as a class that looks at its teacher's session.
ANSWER_BYTES = 32 << 20
Answers = ByteCache[tuple[str, bytes, int], bytes]

# Numbers of a session may be kept by the client's cache, but are asked for anew each time.
REVALIDATE = {"Cache-Control": "private, no-cache"}


def make_answers() -> Answers:
    """Where `versioned` keeps the answers of one app; `install` has it as ``app.state.answers``."""
    return ByteCache(ANSWER_BYTES, len)


# The words of a language, by key.
Words = Callable[[str], Mapping[str, str]]


class Lessons(Protocol):
    """The lessons of an app, by language."""

    def told(self, language: str) -> LessonsAnswer:
        """All of them, in their order."""

    def get(self, language: str, id: str) -> LessonAnswer | None:
        """One of them, if there is one of this name."""


class NoLessons:
    """An app without lessons."""

    def told(self, language: str) -> LessonsAnswer:
        """None."""
        return {"lessons": []}

    def get(self, language: str, id: str) -> LessonAnswer | None:
        """None."""
        return None


def words(request: Request, language: str) -> Mapping[str, str]:
    """What the page calls things in a language."""
    found: Words = request.app.state.words
    return found(language)


def service(request: Request) -> Service:
    """The app's sessions."""
    found: Service = request.app.state.service
    return found


def client(request: Request) -> str:
    """Who asks, as far as an address tells; those behind one router are one."""
    return client_of(request.client.host) if request.client else ""


async def versioned(
    request: Request, id: str, asked: Callable[[Session], Callable[[], Any]]
) -> Response:
    """A document of the current version of a session, made only if the client does not have it.

    Args:
        request: For If-None-Match.
        id: The session.
        asked: Called in a thread with the session; refuses what it does not have, and gives what
            makes the document, which must depend on that version and the address alone.
    """

    def read() -> Response:
        session = service(request).get(id)
        make = asked(session)
        tags = {"ETag": etag(session.version), **REVALIDATE}
        if is_fresh(request, tags["ETag"]):
            return Response(status_code=304, headers=tags)
        kept: Answers = request.app.state.answers
        key = (request.scope["path"], request.scope["query_string"], session.version)
        return answer(kept.get(key, lambda: encode(make())), headers=tags)

    return await in_executor(request, read)


def minimal_answer(request: Request, sessions: Service, session: Session) -> Response | None:
    """What ``Prefer: return=minimal`` asks for after a change; None if it does not.

    To be called in a thread.
    """
    if not wants_minimal(request):
        return None
    document = minimal_json(session, sessions.passes)
    return answer(encode(document), headers={"ETag": etag(session.version), **MINIMAL})


def change_answer(
    request: Request, sessions: Service, session: Session, document: Callable[[], Any]
) -> Answer:
    """What is told of a change: in short where ``Prefer: return=minimal`` asks for that.

    To be called in a thread, with the session after the change.
    """
    headers = {"ETag": etag(session.version)}
    minimal = encode(minimal_json(session, sessions.passes))
    short = Answer(200, headers | MINIMAL, minimal)
    if wants_minimal(request):
        return short
    return Answer(200, headers, encode(document()), short)


def session_answer(
    sessions: Service,
    session: Session,
    max_cells: int,
    status: int = 200,
    extra: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The whole state of a session; to be called in a thread."""
    document = session_json(session, sessions.passes, sessions.idle_seconds, max_cells)
    content = encode(document | dict(extra or {}))
    return answer(content, status, {"ETag": etag(session.version), **(headers or {})})
