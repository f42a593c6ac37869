"""Training runs: started, watched, paused, resumed, stopped; and the stream that tells of them."""

from typing import Literal

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from app.api import examples
from app.api.answers_learning import RunAnswer, RunEventAnswer, RunsAnswer
from app.api.bodies import read_model
from app.api.conditions import bearer_token, if_match
from app.api.context import PREFIX, service
from app.api.convert import run_plan
from app.api.documents import IF_MATCH, header, operation
from app.api.executor import in_executor
from app.api.models import NEW_RUN, NOTHING
from app.api.routing import HEAD
from app.api.schemas import schema_of
from app.api.stream import HEADERS, EventStream
from app.api.values import answer, encode

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
)
async def start_run(request: Request, id: str) -> Response:
    """Start a training on the session's samples; it goes on by itself.

    The session's parameters follow it, and are its last word once it is finished.
    """
    token, versions = bearer_token(request), if_match(request)
    plan = run_plan(await read_model(request, NEW_RUN))
    run = await in_executor(request, service(request).trainer.start, id, token, versions, plan)
    place = f"{PREFIX}/sessions/{id}/runs/{run.id}"
    return answer(encode(run.as_json()), 202, {"Location": place})


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
