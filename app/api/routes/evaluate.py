"""POST /evaluate: one pass or many of one network, nothing kept."""

from collections.abc import Collection

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api import examples
from app.api.answers import BatchAnswer, EvaluatedFields, EvaluationAnswer, ProgramAnswer
from app.api.bodies import read_model
from app.api.context import PREFIX, service
from app.api.convert import variations, wanted, wanted_code
from app.api.documents import operation
from app.api.heavy import in_turn
from app.api.models import EVALUATE, Evaluate, EvaluateBatch, EvaluateCode
from app.api.values import MAX_ANSWER_CELLS, answer, encode
from app.api.views import (
    BACKWARD_FIELDS,
    EVALUATION_FIELDS,
    evaluation_cells,
    evaluation_json,
    program_json,
)
from app.engine.code.running import trace_code
from app.engine.code.spec import CodeSpec
from app.engine.errors import TooLarge
from app.engine.layer_types import LAYERS
from app.sessions.creation import Numbers
from app.sessions.service import Service

# A small pass takes a fifth of a millisecond, as long as two changes of the thread. Larger ones
# would hold up everybody else.
QUICK_LAYERS, QUICK_NUMBERS = 8, 1_000

router = APIRouter(prefix=PREFIX, tags=["evaluate"])


@operation(
    router,
    "POST",
    "/evaluate",
    answer=EvaluationAnswer,
    or_answers=(BatchAnswer, EvaluatedFields, ProgramAnswer),
    body=EVALUATE,
    examples=examples.EVALUATE,
    problems=("unavailable",),
)
async def evaluate(request: Request) -> Response:
    """One forward and one backward pass, stateless; with `batch`, up to 1,000 of one network.

    Without `t` a network with a loss gives the forward pass only; without a loss the backward pass
    starts at `grad_output`, if that is given. A batch is answered as `{"results": [...]}`, one for
    each variation in their order. Instead of a network there can be `code`, lines of NumPy: then
    the answer has the value of every name and the gradient of every name that has one.
    """
    body = await read_model(request, EVALUATE)
    sessions = service(request)
    if isinstance(body, EvaluateCode):
        return answer(await in_turn(request, lambda: _evaluate_code(sessions, body)))
    if _is_quick(body):
        return answer(_evaluate(sessions, body))
    return answer(await in_turn(request, lambda: _evaluate(sessions, body)))


def _is_quick(body: Evaluate | EvaluateBatch) -> bool:
    """Whether the pass takes no longer than it takes to hand it to a thread."""
    if isinstance(body, EvaluateBatch) or len(body.network.layers) > QUICK_LAYERS:
        return False
    types = [layer.type for layer in body.network.layers]
    if not all(type == "affine" or LAYERS[type].activation for type in types):
        return False
    width, rows = body.network.input_size, len(body.x)
    numbers = rows * width
    for layer in body.network.layers:
        units = layer.width or width
        numbers += (width + rows) * units
        width = units
    return numbers <= QUICK_NUMBERS


def _evaluate(sessions: Service, body: Evaluate | EvaluateBatch) -> bytes:
    fields = frozenset(EVALUATION_FIELDS if body.fields is None else body.fields)
    backward = not fields.isdisjoint(BACKWARD_FIELDS)
    asked, batch = wanted(body), variations(body)
    if batch is None:
        numbers = sessions.check(asked)
        _check_answer([numbers], fields, "network/layers")
        return encode(evaluation_json(numbers.evaluate(backward), fields))
    passes = sessions.check_batch(asked, batch, backward)
    _check_answer(passes, fields, "batch")
    return encode(
        {"results": [evaluation_json(numbers.evaluate(backward), fields) for numbers in passes]}
    )


def _evaluate_code(sessions: Service, body: EvaluateCode) -> bytes:
    numbers = sessions.check(wanted_code(body))
    assert isinstance(numbers.spec, CodeSpec)
    if numbers.spec.cells > MAX_ANSWER_CELLS:
        raise TooLarge(
            f"the answer would hold {numbers.spec.cells:,} numbers, at most "
            f"{MAX_ANSWER_CELLS:,} are sent; make a session and get the tensors that you need",
            "code",
        )
    trace = trace_code(numbers.spec, numbers.parameters, numbers.grad_output)
    return encode(program_json(numbers.spec, trace))


def _check_answer(passes: list[Numbers], fields: Collection[str], field: str) -> None:
    cells = sum(evaluation_cells(numbers.spec, len(numbers.x), fields) for numbers in passes)
    if cells > MAX_ANSWER_CELLS:
        raise TooLarge(
            f"the answer would hold {cells:,} numbers, at most {MAX_ANSWER_CELLS:,} are sent; "
            "ask for fewer `fields`, or make a session and get the tensors that you need",
            field,
        )
