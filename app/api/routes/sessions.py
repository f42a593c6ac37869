"""Sessions themselves: made, read, edited, stepped, forked, forgotten."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api import examples
from app.api.answers import (
    CodeAnswer,
    NewSessionAnswer,
    RecipeAnswer,
    SessionAnswer,
    StepAnswer,
)
from app.api.bodies import read_model
from app.api.bounds import CHANGE_CELLS, SESSION_CELLS, CellsQuery
from app.api.conditions import bearer_token, etag, if_match, is_fresh
from app.api.context import (
    PREFIX,
    REVALIDATE,
    change_answer,
    client,
    minimal_answer,
    service,
    session_answer,
    versioned,
)
from app.api.convert import edit_list, wanted_session
from app.api.documents import IF_MATCH, IF_MATCH_NEEDED, IF_NONE_MATCH, operation
from app.api.executor import in_executor
from app.api.idempotency import read_repeatable, sent
from app.api.models import EDITS, FORK, NEW_SESSION, STEP, SessionFromPreset
from app.api.views import code_json, recipe_json, step_json
from app.engine.strides import Passed
from app.engine.trace import Trace
from app.sessions.exports import beside_lines
from app.sessions.programs import written
from app.sessions.repeats import Answer, Once
from app.sessions.service import Service
from app.sessions.state import Session

router = APIRouter(prefix=PREFIX, tags=["sessions"])
_FOLLOW = {
    "session": {"operationId": "get_session", "parameters": {"id": "$response.body#/id"}},
    "trace": {"operationId": "get_trace", "parameters": {"id": "$response.body#/id"}},
}


@operation(
    router,
    "POST",
    "/sessions",
    answer=NewSessionAnswer,
    status=201,
    body=NEW_SESSION,
    examples=examples.NEW_SESSION,
    problems=("unavailable",),
    answer_headers=("Location", "ETag"),
    repeatable=True,
    links=_FOLLOW,
)
async def create_session(request: Request, max_cells: CellsQuery = SESSION_CELLS) -> Response:
    """A new session, from a body as evaluate's or from a preset.

    `edit_token` is told here and never again; whoever has it can change the session. With an
    `Idempotency-Key` that came before, from the same address and with the same body, the answer is
    the session that was made then, as it is now, with its token: a key of at least 16 characters
    that nobody can guess.
    """
    body, call = await read_repeatable(request, NEW_SESSION, secret=True)
    sessions, owner = service(request), client(request)

    def create() -> Response:
        if isinstance(body, SessionFromPreset):
            made = sessions.create_preset(body.preset, body.row, owner, call)
        else:
            made = sessions.create(wanted_session(body), owner, call)
        return _created(sessions, *made, max_cells)

    return await in_executor(request, create)


@operation(
    router,
    "GET",
    "/sessions/{id}",
    answer=SessionAnswer,
    problems=("not-found",),
    headers=(IF_NONE_MATCH,),
    answer_headers=("ETag",),
    fresh=True,
)
async def get_session(request: Request, id: str, max_cells: CellsQuery = SESSION_CELLS) -> Response:
    """The whole state."""
    sessions = service(request)

    def read() -> Response:
        session = sessions.get(id)
        tag = etag(session.version)
        if is_fresh(request, tag):
            return Response(status_code=304, headers={"ETag": tag, **REVALIDATE})
        return session_answer(sessions, session, max_cells, headers=REVALIDATE)

    return await in_executor(request, read)


@operation(
    router,
    "DELETE",
    "/sessions/{id}",
    status=204,
    problems=("not-found", "stale"),
    headers=(IF_MATCH,),
    secured=True,
)
async def delete_session(request: Request, id: str) -> Response:
    """Forget a session; a run of it is stopped."""
    token, versions = bearer_token(request), if_match(request)
    await in_executor(request, service(request).delete, id, token, versions)
    return Response(status_code=204, headers={"Cache-Control": "no-store"})


@operation(
    router,
    "PATCH",
    "/sessions/{id}",
    answer=SessionAnswer,
    body=EDITS,
    examples=examples.EDITS,
    problems=("not-found", "run-active", "stale", "precondition-required", "unavailable"),
    headers=(IF_MATCH_NEEDED,),
    answer_headers=("ETag",),
    secured=True,
    minimal=True,
)
async def edit_session(request: Request, id: str, max_cells: CellsQuery = CHANGE_CELLS) -> Response:
    """Edits, in order: all of them or, if one is wrong, none.

    The answer is the session after them. Only its small tensors come with it: who edits has the
    others, but for what was edited. The pointer of an error starts with the number of the edit,
    from 0.
    """
    token, versions = bearer_token(request), if_match(request, required=True)
    edits = edit_list(await read_model(request, EDITS))
    sessions = service(request)

    def edit() -> Response:
        session = sessions.edit(id, token, versions, edits)
        return minimal_answer(request, sessions, session) or session_answer(
            sessions, session, max_cells
        )

    return await in_executor(request, edit)


@operation(
    router,
    "POST",
    "/sessions/{id}/step",
    answer=StepAnswer,
    body=STEP,
    body_required=False,
    examples=examples.STEP,
    problems=("not-found", "run-active", "stale", "unavailable"),
    headers=(IF_MATCH,),
    answer_headers=("ETag",),
    secured=True,
    minimal=True,
    repeatable=True,
)
async def step_session(request: Request, id: str, max_cells: CellsQuery = 2_000) -> Response:
    """Move the cursor one stride: the events passed and the values they reveal.

    From the end of an update the next stride begins the next step of learning, with the new
    parameters; back from its start lies the end of the step before, bit for bit.
    """
    token, versions = bearer_token(request), if_match(request)
    body, call = await read_repeatable(request, STEP, empty=b"{}")
    sessions = service(request)

    def told(session: Session, trace: Trace, passed: tuple[Passed, ...]) -> Answer:
        position = sessions.passes.position(session)
        return change_answer(
            request,
            sessions,
            session,
            lambda: step_json(session, position, trace, passed, max_cells),
        )

    def step() -> Response:
        once = None if call is None else Once(call, told)
        return sent(
            told(*sessions.step(id, token, versions, body.direction, body.granularity, once))
        )

    return await in_executor(request, step)


@operation(
    router,
    "POST",
    "/sessions/{id}/fork",
    answer=NewSessionAnswer,
    status=201,
    body=FORK,
    body_required=False,
    examples=examples.FORK,
    problems=("not-found", "unavailable"),
    answer_headers=("Location", "ETag"),
    repeatable=True,
    links=_FOLLOW,
)
async def fork_session(
    request: Request, id: str, max_cells: CellsQuery = SESSION_CELLS
) -> Response:
    """One's own copy of what one may read, with an edit token of its own.

    With `code`, the copy holds a program in the place of the layers, which may be changed as one
    likes; its numbers, loss and gradients are the same.
    """
    body, call = await read_repeatable(request, FORK, empty=b"{}", secret=True)
    sessions, owner = service(request), client(request)
    fork = sessions.fork_as_program if body.code else sessions.fork
    return await in_executor(request, lambda: _created(sessions, *fork(id, owner, call), max_cells))


@operation(
    router,
    "GET",
    "/sessions/{id}/code",
    answer=CodeAnswer,
    problems=("not-found",),
    headers=(IF_NONE_MATCH,),
    answer_headers=("ETag",),
    fresh=True,
)
async def get_code(request: Request, id: str) -> Response:
    """A program, or a network of layers written as one, and what each line stands for."""
    return await versioned(
        request, id, lambda session: lambda: code_json(beside_lines(session, written(session)))
    )


@operation(
    router,
    "GET",
    "/sessions/{id}/recipe",
    answer=RecipeAnswer,
    problems=("not-found",),
    headers=(IF_NONE_MATCH,),
    answer_headers=("ETag",),
    fresh=True,
)
async def get_recipe(request: Request, id: str) -> Response:
    """What makes the session's numbers again, here or on another server.

    `base` is a body for a new session, `edits` are then a PATCH of it. What an optimiser has
    gathered is no part of it.
    """
    sessions = service(request)
    return await versioned(
        request, id, lambda session: lambda: recipe_json(sessions.recipe(session))
    )


def _created(sessions: Service, session: Session, token: str, max_cells: int) -> Response:
    return session_answer(
        sessions,
        session,
        max_cells,
        201,
        {"edit_token": token},
        {"Location": f"/api/v1/sessions/{session.id}"},
    )
