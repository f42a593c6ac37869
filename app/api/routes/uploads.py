"""Tensors put into a session from files, such as weights that were trained elsewhere."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from app.api.answers import SessionAnswer
from app.api.bounds import CHANGE_CELLS, CellsQuery
from app.api.conditions import bearer_token, if_match
from app.api.context import PREFIX, minimal_answer, service, session_answer
from app.api.documents import IF_MATCH_NEEDED, operation
from app.api.executor import in_executor
from app.api.files import (
    MANY_TYPES,
    ONE_TYPES,
    Layout,
    read_file,
    replacements,
    upload_problem,
)
from app.api.problem import FieldError, invalid, pointer
from app.engine.errors import EngineError
from app.sessions.edits import Replace
from app.sessions.state import Session
from app.sessions.store.errors import Unknown

router = APIRouter(prefix=PREFIX, tags=["tensors"])

PROBLEMS = ("not-found", "run-active", "stale", "precondition-required", "unavailable")
LayoutQuery = Annotated[
    Layout,
    Query(
        description="`torch`: each W comes as (outputs, inputs) and is transposed; in a file of "
        "several, `affine1.weight` and `affine1.bias` are W and b."
    ),
]


@operation(
    router,
    "PUT",
    "/sessions/{id}/tensors/{name}",
    answer=SessionAnswer,
    files=ONE_TYPES,
    problems=PROBLEMS,
    headers=(IF_MATCH_NEEDED,),
    answer_headers=("ETag",),
    secured=True,
    minimal=True,
)
async def put_tensor(
    request: Request,
    id: str,
    name: str,
    layout: LayoutQuery = "own",
    max_cells: CellsQuery = CHANGE_CELLS,
) -> Response:
    """A parameter, x, t or grad_output from a file of at most 2 MiB; answered as an edit is.

    A `.npy` file, or a safetensors file: of a single tensor, whatever its name there, or of
    several with this one among them, which are all put in their places or none of them.
    """
    return await _put(request, id, name, layout, max_cells)


@operation(
    router,
    "PUT",
    "/sessions/{id}/tensors",
    answer=SessionAnswer,
    files=MANY_TYPES,
    problems=PROBLEMS,
    headers=(IF_MATCH_NEEDED,),
    answer_headers=("ETag",),
    secured=True,
    minimal=True,
)
async def put_tensors(
    request: Request, id: str, layout: LayoutQuery = "own", max_cells: CellsQuery = CHANGE_CELLS
) -> Response:
    """Several tensors from one safetensors file of at most 2 MiB, all of them or none.

    What is not in the file stays as it is.
    """
    return await _put(request, id, None, layout, max_cells)


async def _put(
    request: Request, id: str, name: str | None, layout: Layout, max_cells: int
) -> Response:
    token, versions = bearer_token(request), if_match(request, required=True)
    arrays = await read_file(request, name)
    edits = replacements(arrays, layout)
    sessions = service(request)

    def edit() -> Response:
        _check_names(sessions.get(id), edits, name)
        try:
            session = sessions.edit(id, token, versions, list(edits.values()))
        except EngineError as error:
            raise upload_problem(error, list(edits), layout) from None
        return minimal_answer(request, sessions, session) or session_answer(
            sessions, session, max_cells
        )

    return await in_executor(request, edit)


def _check_names(session: Session, edits: Mapping[str, Replace], name: str | None) -> None:
    """Refuse a file that lacks what the address names, or has what the session has not."""
    if name is not None and not any(name in (key, edit.tensor) for key, edit in edits.items()):
        message = "the file has other tensors; without a name in the address it can have any"
        raise invalid([FieldError(pointer([name]), "missing", message)])
    known = {"x", "t", "grad_output", *session.parameters}
    for key, edit in edits.items():
        if edit.tensor in known:
            continue
        message = "the session has no such tensor to edit"
        if key == name:
            raise Unknown(message)
        raise invalid([FieldError(pointer([key]), "name", message)])
