"""The figure as a picture file: what the page shows, for a slide, a paper or a notebook."""

import hashlib
import re
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from app.api.conditions import is_fresh
from app.api.context import PREFIX, REVALIDATE, Answers, service, words
from app.api.documents import BINARY, IF_NONE_MATCH, operation
from app.api.executor import in_executor
from app.api.heavy import done_in_turn
from app.api.heavy.jobs import Picture
from app.api.view_query import DrawingQuery
from app.api.written import CURSOR
from app.sessions.pictures import END
from app.sessions.state import Session, View

router = APIRouter(prefix=PREFIX, tags=["passes"])

SVG = "image/svg+xml"

CursorQuery = Annotated[
    Annotated[str, CURSOR] | None,
    Query(
        description=(
            "Which numbers are known: `seq` or `seq.element` of the trace, or `end`. "
            "Default: the session's cursor."
        ),
        examples=["3", "3.2", END],
    ),
]


@operation(
    router,
    "GET",
    "/sessions/{id}/figure.svg",
    content={SVG: BINARY},
    problems=("not-found", "unavailable"),
    headers=(IF_NONE_MATCH,),
    answer_headers=("ETag",),
    fresh=True,
)
async def get_figure(
    request: Request,
    id: str,
    asked: DrawingQuery,
    cursor: CursorQuery = None,
    theme: Annotated[Literal["light", "dark"], Query(description="Its colours.")] = "light",
    numbers: Annotated[
        bool, Query(description="Write the numbers known; without, only names and shapes.")
    ] = True,
    equations: Annotated[
        bool, Query(description="Put the numbered equations, where there are some, beside it.")
    ] = True,
    lit: Annotated[bool, Query(description="Let the op in play stand out.")] = False,
    lang: Annotated[
        Literal["en", "ko", "ja"] | None,
        Query(description="Of its title and description, in the page's words. Default: English."),
    ] = None,
    download: Annotated[bool, Query(description="Have a browser save it as a file.")] = False,
) -> Response:
    """The figure as one self-contained SVG, with the numbers known at a cursor.

    It has no script, no style sheet and no address in it, and can stand in any page.
    """
    sessions = service(request)

    def find() -> tuple[Session, View, dict[str, str], Response | None]:
        session = sessions.get(id)
        view = sessions.view(session, asked)
        painted = (view, cursor, theme, numbers, equations, lit, lang)
        headers = {"ETag": _tag(session, painted), **REVALIDATE}
        if is_fresh(request, headers["ETag"]):
            return session, view, headers, Response(status_code=304, headers=headers)
        return session, view, headers, None

    session, view, headers, fresh = await in_executor(request, find)
    if fresh is not None:
        return fresh
    if download:
        headers["Content-Disposition"] = f'attachment; filename="{file_name(session, view)}"'

    kept: Answers = request.app.state.answers
    key = (request.scope["path"], headers["ETag"].encode(), session.version)
    svg = kept.find(key)
    if svg is None:
        said = (lang, words(request, lang)) if lang else None
        most = request.app.state.heavy.limits.drawn_cells
        job = Picture(session, view, cursor, theme, numbers, equations, lit, said, most)
        svg = await done_in_turn(request, job)
        kept.put(key, svg)
    return Response(svg, 200, headers, f"{SVG}; charset=utf-8")


def file_name(session: Session, view: View) -> str:
    """``fig-5-25.svg``, or ``network-op.svg`` for a network of one's own."""
    name = session.preset or f"network-{view.level}"
    return f"{re.sub('[^A-Za-z0-9-]', '-', name)}.svg"


def _tag(session: Session, painted: object) -> str:
    """A tag that changes with the session, and with what is painted of it."""
    digest = hashlib.sha256(repr(painted).encode("utf-8")).hexdigest()
    return f'"{session.version}-{digest[:16]}"'
