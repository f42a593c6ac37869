"""POST /evaluate: one pass or many of one network, nothing kept."""

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
QUICK_LAYERS, QUICK_PASS = 8, 4_000

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
    # Only few layers are looked at here: to count what many hold takes its time, too.
    quick = evaluated(limits, body, told, QUICK_PASS) if _has_quick_layers(body) else b""
    if quick:
        return answer(quick)
    small = await in_turn(request, lambda: evaluated(limits, body, told, LARGE_PASS))
    return answer(small or await done_in_turn(request, large))


def _has_quick_layers(body: Evaluate | EvaluateBatch) -> bool:
    """Whether its layers are few, and each has fast code of its own and none within it."""
    layers = body.network.layers
    return len(layers) <= QUICK_LAYERS and all(LAYERS[one.type].kernel for one in layers)
