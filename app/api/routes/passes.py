"""What a session's pass shows: drawing, trace, layers, derivations; and learning by one step."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from app.api import examples
from app.api.answers import LayerAnswer, LayersAnswer, TraceAnswer
from app.api.answers_learning import ExplanationAnswer, UpdateAnswer
from app.api.bounds import SESSION_CELLS, Bound, CellsQuery
from app.api.conditions import bearer_token, if_match, is_fresh
from app.api.context import PREFIX, REVALIDATE, change_answer, service, versioned
from app.api.convert import optimizer
from app.api.documents import IF_MATCH, IF_NONE_MATCH, operation
from app.api.executor import in_executor
from app.api.idempotency import read_repeatable, sent
from app.api.models import UPDATE
from app.api.tensors import parse_index, value_of
from app.api.values import answer
from app.api.view_query import DrawingQuery, IndexQuery, PassQuery
from app.api.views import layer_json, layers_json, trace_json
from app.api.views_learning import explanation_json, update_json
from app.drawing.formulas.drawn import Graph
from app.engine.explain import MAX_TERMS, explain
from app.sessions.learning import UpdateResult
from app.sessions.repeats import Answer, Once
from app.sessions.state import Session
from app.sessions.store.errors import Unknown

router = APIRouter(prefix=PREFIX, tags=["passes"])


@operation(
    router,
    "GET",
    "/sessions/{id}/graph",
    answer=Graph,
    problems=("not-found",),
    headers=(IF_NONE_MATCH,),
    answer_headers=("ETag",),
    fresh=True,
)
async def get_graph(
    request: Request,
    id: str,
    asked: DrawingQuery,
) -> Response:
    """The drawing: nodes, edges, groups, labels and formulas with their places, no numbers."""
    sessions = service(request)

    def read() -> Response:
        session = sessions.get(id)
        view = sessions.view(session, asked)
        drawing = sessions.passes.drawing(session, view)
        # Named by what it is, not by the session's version: an edit hardly ever changes it.
        headers = {"ETag": f'"{drawing.tag}"', **REVALIDATE}
        if is_fresh(request, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        return answer(drawing.encoded, headers=headers)

    return await in_executor(request, read)


@operation(
    router,
    "GET",
    "/sessions/{id}/trace",
    answer=TraceAnswer,
    problems=("not-found",),
    headers=(IF_NONE_MATCH,),
    answer_headers=("ETag",),
    fresh=True,
)
async def get_trace(
    request: Request,
    id: str,
    asked: PassQuery,
    max_cells: CellsQuery = 2_000,
) -> Response:
    """The whole pass as events in order, each with what it reads, writes and the numbers."""
    sessions = service(request)

    def document(session: Session) -> Callable[[], object]:
        view = sessions.view(session, asked)
        return lambda: trace_json(
            session,
            sessions.passes.trace(session, view),
            view,
            sessions.passes.topology(session, view),
            max_cells,
        )

    return await versioned(request, id, document)


@operation(
    router,
    "GET",
    "/sessions/{id}/layers",
    answer=LayersAnswer,
    problems=("not-found",),
    headers=(IF_NONE_MATCH,),
    answer_headers=("ETag",),
    fresh=True,
)
async def get_layers(request: Request, id: str, max_cells: CellsQuery = 1_000_000) -> Response:
    """Shapes, activations and gradients of every layer."""
    sessions = service(request)

    def document(session: Session) -> Callable[[], object]:
        return lambda: layers_json(
            sessions.passes.evaluation(session), Bound.of(session, max_cells)
        )

    return await versioned(request, id, document)


@operation(
    router,
    "GET",
    "/sessions/{id}/layers/{name}",
    answer=LayerAnswer,
    problems=("not-found",),
    headers=(IF_NONE_MATCH,),
    answer_headers=("ETag",),
    fresh=True,
)
async def get_layer(
    request: Request, id: str, name: str, max_cells: CellsQuery = 1_000_000
) -> Response:
    """One layer."""
    sessions = service(request)

    def document(session: Session) -> Callable[[], object]:
        if name not in {layer.name for layer in session.spec.layers}:
            raise Unknown("the network has no layer of this name")
        return lambda: layer_json(
            sessions.passes.evaluation(session), name, Bound.of(session, max_cells)
        )

    return await versioned(request, id, document)


@operation(
    router,
    "GET",
    "/sessions/{id}/explain",
    answer=ExplanationAnswer,
    problems=("not-found",),
    headers=(IF_NONE_MATCH,),
    answer_headers=("ETag",),
    fresh=True,
)
async def explain_number(
    request: Request,
    id: str,
    asked: PassQuery,
    tensor: Annotated[
        str,
        Query(
            max_length=200,
            description="A tensor's or an edge's name, `.grad` for its gradient.",
            examples=["affine1.W.grad"],
        ),
    ],
    index: IndexQuery = "",
    max_terms: Annotated[
        int,
        Query(
            ge=1,
            le=MAX_TERMS,
            description="Of more terms, only this many are listed, those that count most.",
        ),
    ] = MAX_TERMS,
) -> Response:
    """The derivation of one number: its rule, the numbers put in, and where they came from."""
    sessions = service(request)
    place = parse_index(index)

    def document(session: Session) -> Callable[[], object]:
        view = sessions.view(session, asked)

        def derivation() -> object:
            trace = sessions.passes.trace(session, view)
            value_of(trace, tensor)
            return explanation_json(explain(trace, tensor, place, max_terms))

        return derivation

    return await versioned(request, id, document)


@operation(
    router,
    "POST",
    "/sessions/{id}/update",
    answer=UpdateAnswer,
    body=UPDATE,
    body_required=False,
    examples=examples.UPDATE,
    problems=("not-found", "run-active", "nothing-to-learn", "stale", "unavailable"),
    headers=(IF_MATCH,),
    answer_headers=("ETag",),
    secured=True,
    minimal=True,
    repeatable=True,
)
async def update_session(
    request: Request, id: str, max_cells: CellsQuery = SESSION_CELLS
) -> Response:
    """One step of the optimiser on all samples: old value, gradient, change, new value."""
    token, versions = bearer_token(request), if_match(request)
    body, call = await read_repeatable(request, UPDATE, empty=b"{}")
    sessions = service(request)

    def told(session: Session, result: UpdateResult) -> Answer:
        return change_answer(
            request, sessions, session, lambda: update_json(session, result, max_cells)
        )

    def update() -> Response:
        once = None if call is None else Once(call, told)
        return sent(told(*sessions.update(id, token, versions, optimizer(body.optimizer), once)))

    return await in_executor(request, update)
