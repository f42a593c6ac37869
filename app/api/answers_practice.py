"""What the answers about practice and mistakes hold; see `answers`."""

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from app.api.answers_learning import ExplanationAnswer
from app.api.cells import Cell, Shape, Value, Values, words
from app.api.models import NewSession, SessionWithCode
from app.engine.faults import FAULTS
from app.engine.faults.updates import UPDATES
from app.engine.practice import SKILLS
from app.engine.practice.exercise import SURFACES

FaultName = Annotated[str, words(*FAULTS, *UPDATES)]
GradientFault = Annotated[str, words(*FAULTS)]
SkillName = Annotated[str, words(*SKILLS)]


class FaultRow(TypedDict):
    """A mistake that can be made."""

    id: FaultName
    of: Annotated[
        Literal["gradient", "update"], Field(description="What it makes a wrong number of.")
    ]


class FaultsAnswer(TypedDict):
    """All mistakes that have a name."""

    faults: list[FaultRow]


class PlaceAnswer(TypedDict):
    """Where a mistake can be made."""

    layer: str
    node: Annotated[
        str, Field(description="The op's name in the graph; empty where branches meet.")
    ]
    op: Annotated[str, Field(description="The op; empty where branches meet.")]
    operand: Annotated[str, Field(description="The tensor whose gradient goes wrong first.")]


class PlacesRow(TypedDict):
    """A mistake that changes something in a pass, and where; nearest to the loss first."""

    id: GradientFault
    sites: list[PlaceAnswer]


class GradientRow(TypedDict):
    """A gradient that can be compared."""

    tensor: str
    shape: Shape


class PlacesAnswer(TypedDict):
    """The mistakes that change something in the session's pass, and the gradients of it."""

    faults: list[PlacesRow]
    gradients: Annotated[
        list[GradientRow], Field(description="What can be compared; parameters' first.")
    ]


class NamedFault(TypedDict):
    """A mistake that gives the very numbers that were sent."""

    id: GradientFault
    fits: Literal[True]
    sites: Annotated[
        list[PlaceAnswer], Field(description="Where it gives them, nearest to the tensor first.")
    ]


class ComparedAnswer(TypedDict):
    """A gradient beside the session's own."""

    tensor: str
    shape: Shape
    equal: bool
    cells: Annotated[
        list[list[int]],
        Field(description="Cells that differ, at most 1,000; all of them where the shape does."),
    ]
    differing: Annotated[int, Field(description="How many differ.")]
    largest: Annotated[
        Cell | None, Field(description="The largest difference; null where the shape differs.")
    ]
    value: Annotated[Value, Field(description="The session's own.")]
    faults: list[NamedFault]


class FlagAnswer(TypedDict):
    """What the numerical check says of one parameter's gradient as the mistake makes it."""

    max_relative_error: Cell | None
    flagged: bool


class CurvesAnswer(TypedDict):
    """Losses before each step and after the last."""

    right: list[Cell]
    wrong: list[Cell]
    still_falls: Annotated[
        bool, Field(description="Whether the loss falls in spite of the mistake.")
    ]


class SpecimenAnswer(TypedDict):
    """A mistake at work in a session: what it changes, who notices, and how it trains."""

    id: GradientFault
    site: PlaceAnswer | None
    gradients: Annotated[
        Values, Field(description="The wrong numbers, under the keys of the trace.")
    ]
    check: dict[str, FlagAnswer]
    curves: CurvesAnswer


class SuspectRow(TypedDict):
    """A mistake that could be the hidden one, and the layers where it could be made."""

    id: FaultName
    layers: list[str]


class HiddenAnswer(TypedDict):
    """The gradients of a pass in which one mistake is hidden, and what it could be."""

    seed: int
    gradients: Annotated[
        Values, Field(description="All of them, right and wrong, under the keys of the trace.")
    ]
    suspects: list[SuspectRow]


class FoundAnswer(TypedDict):
    """What is to be said of a guess."""

    right: Annotated[bool, Field(description="Mistake and layer give the very numbers.")]
    fault: Annotated[bool, Field(description="The mistake does, at this layer or another.")]
    layer: Annotated[bool, Field(description="This or another mistake does at this layer.")]
    id: Annotated[
        FaultName | None, Field(description="What was hidden; null until it may be told.")
    ]
    site: PlaceAnswer | None


class SkillsAnswer(TypedDict):
    """What can be practised."""

    skills: list[SkillName]


class ItemAnswer(TypedDict):
    """An exercise: what is given, and what is asked for."""

    skill: SkillName
    seed: int
    surface: Annotated[str, words(*SURFACES)]
    kind: Annotated[Literal["number", "shape"], Field(description="What the answer is.")]
    tensor: str
    index: list[int]
    learning_rate: float | None
    session: Annotated[
        NewSession | SessionWithCode,
        Field(description="A body for POST /sessions: this very pass."),
    ]


class SheetAnswer(TypedDict):
    """Several exercises, no two the same."""

    items: list[ItemAnswer]
    key: Annotated[
        list[Cell | Shape], Field(description="The answers, in the order of the exercises.")
    ]


class LookedAt(TypedDict):
    """Numbers that go into an answer: a cell, or all of a tensor."""

    tensor: str
    index: list[int] | None


class JudgedAnswer(TypedDict):
    """What is to be said of an answer; the right one and its derivation where it may be told."""

    right: bool
    few_digits: Annotated[
        bool, Field(description="Right as far as it goes; three digits are asked for.")
    ]
    faults: Annotated[list[FaultName], Field(description="Mistakes that give this very answer.")]
    look_at: Annotated[
        list[LookedAt],
        Field(description="What a wrong answer left out or misused; what it is made of, at least."),
    ]
    answer: Cell | Shape | None
    explanation: ExplanationAnswer | None
