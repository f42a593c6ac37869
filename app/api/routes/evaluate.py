"""POST /evaluate: one pass, nothing kept."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api import examples
from app.api.answers import EvaluationAnswer
from app.api.bodies import read_model
from app.api.context import PREFIX, service
from app.api.convert import wanted
from app.api.documents import operation
from app.api.executor import in_executor
from app.api.models import EVALUATE
from app.api.values import MAX_ANSWER_CELLS, answer, encode
from app.api.views import evaluation_json
from app.engine.errors import TooLarge
from app.engine.spec import NetworkSpec
from app.sessions.creation import Wanted
from app.sessions.service import Service

router = APIRouter(prefix=PREFIX, tags=["evaluate"])


@operation(
    router,
    "POST",
    "/evaluate",
    answer=EvaluationAnswer,
    body=EVALUATE,
    examples=examples.EVALUATE,
)
async def evaluate(request: Request) -> Response:
    """One forward and one backward pass, stateless.

    Without `t` a network with a loss gives the forward half only; without a loss the backward half
    starts at `grad_output`, if that is given.
    """
    body = await read_model(request, EVALUATE)
    return answer(await in_executor(request, _evaluate, service(request), wanted(body)))


def _evaluate(sessions: Service, asked: Wanted) -> bytes:
    numbers = sessions.check(asked)
    _check_answer(numbers.spec, len(numbers.x))
    return encode(evaluation_json(numbers.evaluate()))


def _check_answer(spec: NetworkSpec, n: int) -> None:
    cells = 3 * (spec.parameter_count + n * sum(spec.widths))
    if cells > MAX_ANSWER_CELLS:
        raise TooLarge(
            f"the answer would hold {cells:,} numbers, at most {MAX_ANSWER_CELLS:,} are sent; "
            "make a session and get the tensors that you need",
            "network/layers",
        )
