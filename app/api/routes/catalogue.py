"""What there is to start from, and what problems mean."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api.answers import PresetsAnswer, ProblemsAnswer
from app.api.context import PREFIX
from app.api.documents import operation
from app.api.problem import CATALOGUE, KINDS
from app.api.values import answer, encode
from app.sessions import presets

router = APIRouter(prefix=PREFIX, tags=["catalogue"])

# Changes with the program only.
CACHE = {"Cache-Control": "public, max-age=300"}


@operation(router, "GET", "/presets", answer=PresetsAnswer)
async def get_presets(request: Request) -> Response:
    """The figures of the book and a two-layer network, as sessions to start from."""
    return answer(encode({"presets": presets.catalogue()}), headers=CACHE)


@operation(router, "GET", "/problems", answer=ProblemsAnswer)
async def get_problems(request: Request) -> Response:
    """What the `type` of a problem document means."""
    problems = [
        {
            "type": f"{CATALOGUE}#{name}",
            "title": kind.title,
            "status": kind.status,
            "meaning": kind.meaning,
        }
        for name, kind in KINDS.items()
    ]
    return answer(encode({"problems": problems}), headers=CACHE)
