"""POST /evaluate: one pass or many of one network, nothing kept."""

import math

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api import examples
from app.api.answers import (
    BatchAnswer,
    EvaluatedFields,
    EvaluationAnswer,
    ProgramAnswer,
    ProgramFields,
)
from app.api.bodies import parse_model, read_body
from app.api.bounds import AllCellsQuery, Bound
from app.api.context import PREFIX, service
from app.api.documents import operation
from app.api.heavy import done_in_turn, in_turn
from app.api.heavy.jobs import LARGE_PASS, Pass, evaluated, evaluated_code
from app.api.models import EVALUATE, Evaluate, EvaluateBatch, EvaluateCode
from app.api.values import MAX_ANSWER_CELLS, answer
from app.engine.layer_types import LAYERS

# A small pass takes a fifth of a millisecond, as long as two changes of the thread. Larger ones
# would hold up everybody else.
QUICK_LAYERS, QUICK_NUMBERS = 8, 1_000

router = APIRouter(prefix=PREFIX, tags=["evaluate"])


@operation(
    router,
    "POST",
    "/evaluate",
    answer=EvaluationAnswer,
    or_answers=(BatchAnswer, EvaluatedFields, ProgramAnswer, ProgramFields),
    body=EVALUATE,
    examples=examples.EVALUATE,
    problems=("unavailable",),
)
async def evaluate(request: Request, max_cells: AllCellsQuery = MAX_ANSWER_CELLS) -> Response:
    """One forward and one backward pass, stateless; with `batch`, up to 1,000 of one network.

    Without `t` a network with a loss gives the forward pass only; without a loss the backward pass
    starts at `grad_output`, if that is given. A batch is answered as `{"results": [...]}`, one for
    each variation in their order. Instead of a network there can be `code`, lines of NumPy: then
    the answer has the value of every name and the gradient of every name that has one, of one pass
    or of a batch.
    """
    content = await read_body(request)
    body = await parse_model(request, content, EVALUATE)
    limits, told = service(request).limits, Bound(max_cells)
    large = Pass(content, limits, max_cells)
    if isinstance(body, EvaluateCode):
        # How large a pass is, only its lines tell.
        small = await in_turn(request, lambda: evaluated_code(limits, body, told, LARGE_PASS))
        return answer(small or await done_in_turn(request, large))
    numbers = _numbers(body)
    if _is_quick(body, numbers):
        return answer(evaluated(limits, body, told))
    if numbers <= LARGE_PASS:
        return answer(await in_turn(request, lambda: evaluated(limits, body, told)))
    return answer(await done_in_turn(request, large))


def _is_quick(body: Evaluate | EvaluateBatch, numbers: int) -> bool:
    """Whether the pass takes no longer than it takes to hand it to a thread."""
    return (
        isinstance(body, Evaluate)
        and body.network.input_shape is None
        and len(body.network.layers) <= QUICK_LAYERS
        and numbers <= QUICK_NUMBERS
        and all(one.type == "affine" or LAYERS[one.type].activation for one in body.network.layers)
    )


def _numbers(body: Evaluate | EvaluateBatch) -> int:
    """About how many numbers the pass, or all passes together, hold."""
    width = body.network.input_size or math.prod(body.network.input_shape or ())
    rows, parameters = 0, 0
    if body.x is not None:
        rows = len(body.x)
    passes = 1
    if isinstance(body, EvaluateBatch):
        passes = len(body.batch)
        rows = max([rows, *(len(one.x) for one in body.batch if one.x is not None)])
    sizes = width
    for layer in body.network.layers:
        units = layer.width or width
        parameters += width * units
        sizes += units
        width = units
    return passes * (rows * sizes + parameters)
