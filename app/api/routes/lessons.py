"""Lessons, and predictions of a session's numbers, which a lesson asks for."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from app.api import examples
from app.api.answers_lessons import LessonAnswer, LessonsAnswer, PredictedAnswer
from app.api.bodies import read_model
from app.api.context import PREFIX, Lessons, service
from app.api.documents import operation
from app.api.executor import in_executor
from app.api.heavy import done_in_turn
from app.api.heavy.jobs import Predict
from app.api.models import PREDICTION
from app.api.texts import LANGUAGES
from app.api.values import answer, encode
from app.api.view_query import PassQuery
from app.sessions.store.errors import Unknown

router = APIRouter(prefix=PREFIX, tags=["lessons"])

# A server's lessons are read when it starts.
CACHE = {"Cache-Control": "public, max-age=300"}

LanguageQuery = Annotated[
    str,
    Query(
        max_length=10,
        description="Of the texts; English for any other.",
        json_schema_extra={"enum": list(LANGUAGES)},
    ),
]
LessonPath = Annotated[str, Path(max_length=80)]


@operation(router, "GET", "/lessons", answer=LessonsAnswer)
async def get_lessons(request: Request, language: LanguageQuery = "en") -> Response:
    """The lessons there are, the server's own behind those that come along."""
    lessons: Lessons = request.app.state.lessons
    return answer(encode(lessons.told(_known(language))), headers=CACHE)


@operation(router, "GET", "/lessons/{lesson}", answer=LessonAnswer, problems=("not-found",))
async def get_lesson(
    request: Request, lesson: LessonPath, language: LanguageQuery = "en"
) -> Response:
    """One lesson: its figure, its text, what to predict and what to change."""
    lessons: Lessons = request.app.state.lessons
    found = lessons.get(_known(language), lesson)
    if found is None:
        raise Unknown("there is no lesson of this name")
    return answer(encode(found), headers=CACHE)


@operation(
    router,
    "POST",
    "/sessions/{id}/predictions",
    answer=PredictedAnswer,
    body=PREDICTION,
    examples=examples.PREDICTION,
    problems=("not-found", "unavailable"),
)
async def judge_prediction(request: Request, id: str, asked: PassQuery) -> Response:
    """Judge what somebody says a number of the session is: 0.25, 1/4, 2.5e-1; or a shape, (2, 3).

    A wrong one is named by the mistakes that give it. Nothing is changed, so the id alone is
    enough.
    """
    body = await read_model(request, PREDICTION)
    sessions = service(request)

    def look() -> Predict:
        session = sessions.get(id)
        index = None if body.index is None else tuple(body.index)
        view = sessions.view(session, asked)
        return Predict(session, view, body.tensor, index, body.answer, body.reveal)

    return answer(await done_in_turn(request, await in_executor(request, look)))


def _known(language: str) -> str:
    return language if language in LANGUAGES else LANGUAGES[0]
