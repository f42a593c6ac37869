"""Gradients against their definition (section 5.7.3): of all parameters, or of any one number."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from app.api import examples
from app.api.answers_learning import CheckAnswer, NudgedAnswer
from app.api.bodies import read_model
from app.api.conditions import bearer_token
from app.api.context import PREFIX, service, versioned
from app.api.documents import IF_NONE_MATCH, operation
from app.api.executor import in_executor
from app.api.heavy import done_in_turn
from app.api.heavy.jobs import Check
from app.api.models import CHECK
from app.api.tensors import parse_index, value_of
from app.api.values import answer
from app.api.view_query import IndexQuery, PassQuery
from app.api.views_learning import nudged_json
from app.engine.nudge import MAX_STEPS, STEP, nudged
from app.sessions.state import Session

router = APIRouter(prefix=PREFIX, tags=["passes"])


@operation(
    router,
    "POST",
    "/sessions/{id}/check",
    answer=CheckAnswer,
    body=CHECK,
    body_required=False,
    examples=examples.CHECK,
    problems=("not-found", "nothing-to-learn", "unavailable"),
    secured=True,
)
async def check_session(request: Request, id: str) -> Response:
    """Numerical gradients against backpropagation.

    Where all cells would take long, an even share of each parameter is drawn with `seed`. Without
    a loss it is the sum of the given gradient times the output whose slopes are compared.
    """
    token = bearer_token(request)
    body = await read_model(request, CHECK, empty=b"{}")
    sessions = service(request)

    def find() -> Check:
        return Check(sessions.owned(id, token), body.h, body.seed)

    return answer(await done_in_turn(request, await in_executor(request, find)))


@operation(
    router,
    "GET",
    "/sessions/{id}/nudge",
    answer=NudgedAnswer,
    problems=("not-found",),
    headers=(IF_NONE_MATCH,),
    answer_headers=("ETag",),
    fresh=True,
)
async def nudge_number(
    request: Request,
    id: str,
    asked: PassQuery,
    tensor: Annotated[
        str,
        Query(
            max_length=200,
            description="A gradient: a tensor's or an edge's name with `.grad`.",
            examples=["affine1.W.grad"],
        ),
    ],
    index: IndexQuery = "",
    h: Annotated[
        list[Annotated[float, Field(ge=STEP.minimum, le=STEP.maximum)]] | None,
        Query(
            min_length=1,
            max_length=MAX_STEPS,
            description="Sizes of the step, `h=0.001&h=0.0001`; default: powers of ten and what "
            "lies between them, from far too small to far too large.",
        ),
    ] = None,
) -> Response:
    """One gradient against its definition: L with the number it is of a little larger and smaller.

    Only what follows from that number, on the very arrow that is named, is computed again, in
    float64.
    """
    sessions = service(request)
    place = parse_index(index)

    def document(session: Session) -> Callable[[], object]:
        view = sessions.view(session, asked)

        def tried() -> object:
            trace = sessions.passes.trace(session, view)
            value_of(trace, tensor)
            return nudged_json(nudged(trace, tensor, place, h))

        return tried

    return await versioned(request, id, document)
