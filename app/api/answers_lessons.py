"""What the answers about lessons and predictions hold; see `answers`."""

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from app.api.answers_practice import FaultName
from app.api.cells import Cell, Shape

Html = Annotated[str, Field(description="Safe HTML, whoever wrote the lesson.")]


class LessonRow(TypedDict):
    """A lesson in the list."""

    id: str
    title: str
    own: Annotated[bool, Field(description="From a folder of the server's own, `--lessons`.")]


class LessonsAnswer(TypedDict):
    """All lessons in a language, in their order."""

    lessons: list[LessonRow]


class PredictionAnswer(TypedDict):
    """What is to be predicted; the right answer is not told."""

    kind: Literal["number", "shape"]
    tensor: str
    index: list[int]


class ConditionAnswer(TypedDict):
    """What holds once the change has been made.

    `index` is one cell, or null for all of them. With the sign `shape` the tensor's shape is to be
    `shape`; with another, the cells are compared with `number`, equal to nine digits.
    """

    tensor: str
    index: list[int] | None
    sign: Literal["<", ">", "=", "shape"]
    number: Cell
    shape: Shape


class LessonAnswer(LessonRow):
    """A lesson; `question` and `prediction`, `task` and `condition` are there together or not."""

    view: Annotated[str, Field(description="The page's address with its figure, from the ? on.")]
    text: Html
    question: Html
    prediction: PredictionAnswer | None
    task: Html
    condition: ConditionAnswer | None


class PredictedAnswer(TypedDict):
    """What is to be said of a prediction; the right answer where it was given or is to be told."""

    right: bool
    few_digits: Annotated[
        bool, Field(description="Right as far as it goes; three digits are asked for.")
    ]
    faults: Annotated[list[FaultName], Field(description="Mistakes that give this very answer.")]
    answer: Cell | Shape | None
