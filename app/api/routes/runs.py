"""Training runs: started, watched, paused, resumed, stopped; and the stream that tells of them."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from app.api import examples
from app.api.answers import SessionAnswer
from app.api.answers_learning import HistoryAnswer, RunAnswer, RunEventAnswer, RunsAnswer
from app.api.bodies import read_model
from app.api.bounds import SESSION_CELLS, CellsQuery
from app.api.conditions import bearer_token, if_match
from app.api.context import PREFIX, client, minimal_answer, service, session_answer
from app.api.convert import run_plan
from app.api.documents import BINARY, IF_MATCH, header, operation
from app.api.executor import in_executor
from app.api.idempotency import read_repeatable, sent
from app.api.models import CHANGE_RUN, NEW_RUN, NOTHING, OPEN_STEP
from app.api.routing import HEAD
from app.api.schemas import schema_of
from app.api.stream import HEADERS, EventStream
from app.api.tensors import JSON, NPY, choose_form, encode_tensor
from app.api.values import answer, encode
from app.api.views_learning import history_json, history_table
from app.engine.history import MAX_ROWS
from app.sessions.repeats import Answer, Once
from app.sessions.run import Run

router = APIRouter(prefix=PREFIX, tags=["runs"])

LAST_EVENT_ID = header("Last-Event-ID", "The last event that you have; what follows is sent again.")


@operation(
    router,
    "POST",
    "/sessions/{id}/runs",
    answer=RunAnswer,
    status=202,
    body=NEW_RUN,
    examples=examples.NEW_RUN,
    problems=("not-found", "run-active", "nothing-to-learn", "stale", "unavailable"),
    headers=(IF_MATCH,),
    answer_headers=("Location",),
    secured=True,
    repeatable=True,
)
async def start_run(request: Request, id: str) -> Response:
    """Start a training on the session's samples, or on all that its data names.

    It goes on by itself.

    The session's parameters follow it, and are its last word once it is finished.
    """
    token, versions = bearer_token(request), if_match(request)
    body, call = await read_repeatable(request, NEW_RUN)
    plan, owner = run_plan(body), client(request)

    def told(run: Run) -> Answer:
        place = {"Location": f"{PREFIX}/sessions/{id}/runs/{run.id}"}
        return Answer(202, place, encode(run.as_json()))

    once = None if call is None else Once(call, told)
    start = service(request).trainer.start
    return sent(told(await in_executor(request, start, id, token, versions, plan, once, owner)))


@operation(router, "GET", "/sessions/{id}/runs", answer=RunsAnswer, problems=("not-found",))
async def get_runs(request: Request, id: str) -> Response:
    """The session's runs, oldest first; of those that are over, the last 20."""
    return answer(
        encode({"runs": await in_executor(request, service(request).trainer.all_runs, id)})
    )


@operation(router, "GET", "/sessions/{id}/runs/{run}", answer=RunAnswer, problems=("not-found",))
async def get_run(request: Request, id: str, run: str) -> Response:
    """One run as it is now."""
    return answer(encode(await in_executor(request, service(request).trainer.run, id, run)))


@operation(
    router,
    "PATCH",
    "/sessions/{id}/runs/{run}",
    answer=RunAnswer,
    body=CHANGE_RUN,
    examples=examples.CHANGE_RUN,
    problems=("not-found", "run-over"),
    secured=True,
)
async def change_run(request: Request, id: str, run: str) -> Response:
    """Another learning rate from the run's next step on, while it goes on."""
    token = bearer_token(request)
    body = await read_model(request, CHANGE_RUN)
    change = service(request).trainer.change_rate
    return answer(encode(await in_executor(request, change, id, token, run, body.learning_rate)))


@operation(
    router,
    "GET",
    "/sessions/{id}/runs/{run}/history",
    content={JSON: {"schema": schema_of(HistoryAnswer)}, NPY: BINARY},
    problems=("not-found", "not-acceptable"),
    answer_headers=("Vary",),
)
async def get_history(
    request: Request,
    id: str,
    run: str,
    first: Annotated[int, Query(alias="from", ge=1, description="The first step.")] = 1,
    to: Annotated[int | None, Query(ge=1, description="The last step.")] = None,
    points: Annotated[int, Query(ge=4, le=MAX_ROWS, description="Rows at most.")] = MAX_ROWS,
) -> Response:
    """What a run has seen, step by step, whoever watched; where it is thinned, extremes stay.

    As `.npy` it is one table with named columns, such as `gradient_norms/affine1.W`.
    """
    form = choose_form(request.headers.get("accept"), (JSON, NPY))
    trainer = service(request).trainer

    def read() -> Response:
        found = trainer.history(id, run, first, to, points)
        headers = {"Vary": "Accept"}
        if form == JSON:
            return answer(encode(history_json(*found)), headers=headers)
        table = encode_tensor("history", history_table(*found), NPY)
        return Response(table, 200, {"Cache-Control": "no-store", **headers}, NPY)

    return await in_executor(request, read)


@operation(
    router,
    "POST",
    "/sessions/{id}/runs/{run}/open",
    answer=SessionAnswer,
    body=OPEN_STEP,
    body_required=False,
    examples=examples.OPEN_STEP,
    problems=("not-found", "run-active", "stale", "unavailable"),
    headers=(IF_MATCH,),
    answer_headers=("ETag",),
    secured=True,
    minimal=True,
)
async def open_step(
    request: Request, id: str, run: str, max_cells: CellsQuery = SESSION_CELLS
) -> Response:
    """Put the session at a step of a run that is paused or over, in the very bits it had then.

    Its parameters are those before the step, x and t are its mini-batch, and so is the optimiser
    what it was. Nothing of the run is lost: a paused one goes on from where it paused, and any
    other step can be opened. Without `step`: all samples, and what the run has come to.
    """
    token, versions = bearer_token(request), if_match(request)
    body = await read_model(request, OPEN_STEP, empty=b"{}")
    sessions = service(request)

    def opened() -> Response:
        session = sessions.trainer.open(id, token, versions, run, body.step)
        return minimal_answer(request, sessions, session) or session_answer(
            sessions, session, max_cells
        )

    return await in_executor(request, opened)


@operation(
    router,
    "POST",
    "/sessions/{id}/runs/{run}/{action}",
    answer=RunAnswer,
    body=NOTHING,
    body_required=False,
    problems=("not-found", "run-over"),
    secured=True,
)
async def control_run(
    request: Request, id: str, run: str, action: Literal["pause", "resume", "stop"]
) -> Response:
    """Pause a run, let it go on, or stop it for good; its slice of time ends within 10 ms."""
    token = bearer_token(request)
    await read_model(request, NOTHING, empty=b"{}")
    trainer = service(request).trainer
    return answer(encode(await in_executor(request, trainer.control, id, token, run, action)))


@operation(
    router,
    "GET",
    "/sessions/{id}/events",
    content={
        "text/event-stream": {
            "schema": {
                "type": "string",
                "description": "Events; the `data` of `progress` and `state` is a RunEventAnswer.",
                "contentMediaType": "application/json",
                "contentSchema": schema_of(RunEventAnswer),
            }
        }
    },
    problems=("not-found", "too-many"),
    headers=(LAST_EVENT_ID,),
)
async def get_events(request: Request, id: str) -> Response:
    """Server-sent events: `progress`, `state`, `gap` (fetch anew) and `bye`.

    `data` holds the run's loss, accuracy, gradient norms and state.
    """
    sessions = service(request)
    await in_executor(request, sessions.get, id)
    if HEAD in request.scope:
        return StreamingResponse(iter(()), headers=HEADERS, media_type=EventStream.media_type)
    subscription = sessions.subscribe(id, request.headers.get("last-event-id"))
    return EventStream(subscription, request.app.state.stopping)
