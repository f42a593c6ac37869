"""Practice: exercises and their judging, homework beside the right gradient, mistakes at work."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from app.api import examples
from app.api.answers_practice import (
    ComparedAnswer,
    FaultsAnswer,
    FoundAnswer,
    HiddenAnswer,
    ItemAnswer,
    JudgedAnswer,
    PlacesAnswer,
    SheetAnswer,
    SkillsAnswer,
    SpecimenAnswer,
)
from app.api.bodies import read_model
from app.api.context import PREFIX, service
from app.api.documents import operation
from app.api.executor import in_executor
from app.api.heavy import done_in_turn
from app.api.heavy.jobs import Compare, Zoo
from app.api.models import ANSWER, COMPARE, SUSPECT
from app.api.values import answer, encode
from app.api.views_practice import (
    faults_json,
    found_json,
    hidden_json,
    item_json,
    judged_json,
    places_json,
    sheet_json,
)
from app.engine.faults import FAULTS
from app.engine.practice import MAX_SEED, SKILLS, exercise, judged, sheet
from app.sessions.hidden import hidden
from app.sessions.hidden import judged as judged_hidden
from app.sessions.mistakes import MAX_STEPS, gradients, places

router = APIRouter(prefix=PREFIX, tags=["practice"])

# Changes with the program only.
CACHE = {"Cache-Control": "public, max-age=300"}
MAX_ITEMS = 40

SkillQuery = Annotated[
    str,
    Query(
        max_length=40, description="What is practised.", json_schema_extra={"enum": list(SKILLS)}
    ),
]
FaultPath = Annotated[str, Path(max_length=40, json_schema_extra={"enum": list(FAULTS)})]
SeedQuery = Annotated[int, Query(ge=0, le=MAX_SEED, description="Which exercise of the skill.")]
CountQuery = Annotated[int, Query(ge=1, le=MAX_ITEMS, description="How many.")]
SiteQuery = Annotated[
    int | None,
    Query(ge=0, le=10_000, description="Which of its places alone, counted from 0; default: all."),
]
StepsQuery = Annotated[
    int, Query(ge=1, le=MAX_STEPS, description="Steps of the training beside the right one.")
]


@operation(router, "GET", "/faults", answer=FaultsAnswer)
async def get_faults(request: Request) -> Response:
    """The mistakes that have a name."""
    return answer(encode(faults_json()), headers=CACHE)


@operation(router, "GET", "/sessions/{id}/faults", answer=PlacesAnswer, problems=("not-found",))
async def get_places(request: Request, id: str) -> Response:
    """The mistakes that would change a number of the session's backward pass, and where."""
    sessions = service(request)

    def look() -> Response:
        session = sessions.get(id)
        return answer(encode(places_json(places(session), gradients(session))))

    return await in_executor(request, look)


@operation(
    router,
    "GET",
    "/sessions/{id}/faults/{fault}",
    answer=SpecimenAnswer,
    problems=("not-found", "nothing-to-learn", "unavailable"),
)
async def get_specimen(
    request: Request, id: str, fault: FaultPath, site: SiteQuery = None, steps: StepsQuery = 20
) -> Response:
    """A mistake at work in the session, which stays as it is.

    The wrong gradients, what the numerical check says of them, and the losses of a training with
    the mistake beside one without it, with the session's optimiser on its samples.
    """
    sessions = service(request)
    job = await in_executor(request, lambda: Zoo(sessions.get(id), fault, site, steps))
    return answer(await done_in_turn(request, job))


@operation(
    router,
    "POST",
    "/sessions/{id}/compare",
    answer=ComparedAnswer,
    body=COMPARE,
    examples=examples.COMPARE,
    problems=("not-found", "unavailable"),
)
async def compare_gradient(request: Request, id: str) -> Response:
    """A gradient of one's own beside the session's: what differs, and the mistake that gives it.

    Nothing is changed, so the id alone is enough. The value may have any shape; one that differs
    from the tensor's is compared with the mistakes that give such a shape.
    """
    body = await read_model(request, COMPARE)
    sessions = service(request)
    job = await in_executor(request, lambda: Compare(sessions.get(id), body.tensor, body.value))
    return answer(await done_in_turn(request, job))


@operation(
    router,
    "GET",
    "/sessions/{id}/hidden",
    answer=HiddenAnswer,
    problems=("not-found", "nothing-to-learn"),
)
async def get_hidden(request: Request, id: str, seed: SeedQuery = 0) -> Response:
    """The gradients of the session's pass with one mistake hidden in it: the same for a seed.

    Which mistake, and where, is not told; `GET .../nudge` tells the true slope of any number.
    """
    sessions = service(request)
    return await in_executor(
        request, lambda: answer(encode(hidden_json(seed, hidden(sessions.get(id), seed))))
    )


@operation(
    router,
    "POST",
    "/sessions/{id}/hidden",
    answer=FoundAnswer,
    body=SUSPECT,
    examples=examples.SUSPECT,
    problems=("not-found", "nothing-to-learn"),
)
async def judge_suspect(request: Request, id: str) -> Response:
    """Whether a mistake in a layer is the one that is hidden, or gives the very same numbers.

    Nothing is changed. What was hidden is told once it was found, or with `reveal`.
    """
    body = await read_model(request, SUSPECT)
    sessions = service(request)

    def judge() -> Response:
        found, there = judged_hidden(sessions.get(id), body.seed, body.fault, body.layer)
        return answer(encode(found_json(found, there, body.reveal)))

    return await in_executor(request, judge)


@operation(router, "GET", "/practice", answer=ItemAnswer)
async def get_exercise(request: Request, skill: SkillQuery, seed: SeedQuery = 0) -> Response:
    """One exercise: the same skill and seed give the same one. Its answer is not told."""
    return answer(encode(item_json(exercise(skill, seed))), headers=CACHE)


@operation(router, "GET", "/practice/skills", answer=SkillsAnswer)
async def get_skills(request: Request) -> Response:
    """What can be practised, the easier first."""
    return answer(encode({"skills": list(SKILLS)}), headers=CACHE)


@operation(router, "GET", "/practice/sheet", answer=SheetAnswer)
async def get_sheet(
    request: Request, skill: SkillQuery, seed: SeedQuery = 0, count: CountQuery = 10
) -> Response:
    """Several exercises from a seed on, no two the same, and their key."""
    return await in_executor(
        request,
        lambda: answer(encode(sheet_json(sheet(skill, seed, count))), headers=CACHE),
    )


@operation(
    router,
    "POST",
    "/practice/answer",
    answer=JudgedAnswer,
    body=ANSWER,
    examples=examples.ANSWER,
)
async def judge_answer(request: Request) -> Response:
    """Judge the answer to an exercise, written as people do: 0.25, 1/4, 2.5e-1, or (2, 3).

    A wrong one is named by the mistakes that give it. The right one and its derivation are told
    once it was given, or with `reveal`.
    """
    body = await read_model(request, ANSWER)
    one = exercise(body.skill, body.seed)
    return answer(encode(judged_json(one, judged(one, body.answer), body.reveal)))
