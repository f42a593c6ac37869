"""What one looks at while a network learns."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from app import datasets
from app.api.answers_learning import DoubtfulAnswer, HealthAnswer, RegionsAnswer
from app.api.context import PREFIX, service
from app.api.documents import operation
from app.api.executor import in_executor
from app.api.values import answer, encode
from app.api.views_learning import doubtful_json, health_json, regions_json
from app.engine.regions import SIZES
from app.sessions.regions import DIGITS

router = APIRouter(prefix=PREFIX, tags=["runs"])

SizeQuery = Annotated[int, Query(ge=SIZES[0], le=SIZES[1], description="Cells in a row, at most.")]
SplitQuery = Annotated[Literal["train", "test"], Query(description="Of the digits.")]
CountQuery = Annotated[int, Query(ge=1, le=100, description="Digits at most.")]
RunQuery = Annotated[
    str | None, Query(max_length=100, description="A run of the session, whose history counts too.")
]


@operation(
    router,
    "GET",
    "/sessions/{id}/health",
    answer=HealthAnswer,
    problems=("not-found", "nothing-to-learn"),
)
async def get_health(request: Request, id: str, run: RunQuery = None) -> Response:
    """How the network fares, layer by layer, and what goes wrong: each alarm under its name.

    An alarm names the number whose derivation shows its cause, or the step of the run to open.
    """
    sessions = service(request)
    return await in_executor(
        request, lambda: answer(encode(health_json(*sessions.health(id, run))))
    )


@operation(router, "GET", "/sessions/{id}/regions", answer=RegionsAnswer, problems=("not-found",))
async def get_regions(request: Request, id: str, size: SizeQuery = 50) -> Response:
    """How the network sorts the plane that its samples lie in, and the samples.

    404 where it does not take two numbers.
    """
    sessions = service(request)
    return await in_executor(
        request, lambda: answer(encode(regions_json(*sessions.regions(id, size))))
    )


@operation(router, "GET", "/sessions/{id}/doubtful", answer=DoubtfulAnswer, problems=("not-found",))
async def get_doubtful(
    request: Request, id: str, split: SplitQuery = "test", count: CountQuery = 24
) -> Response:
    """Digits that the network gets wrong or is not sure of, of 2,000 that are looked at.

    404 where it does not sort digits into ten classes.
    """
    sessions = service(request)

    def look() -> Response:
        session, found = sessions.doubtful(id, split, count)
        pixels = [datasets.digit(DIGITS, split, int(row))[0] for row in found.rows]
        return answer(encode(doubtful_json(session, found, pixels)))

    return await in_executor(request, look)
