"""What a body may say. Strict: a number is a number, and an unknown field is refused.

Nothing here computes: sizes are bounded so that a body cannot ask for much by saying little, and
what a network means is checked by the engine.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import (
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    TypeAdapter,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError
from typing_extensions import TypeAliasType

from app.api.models_parts import (
    MAX_CLASS_NAMES,
    WHOLE,
    AnyInitializer,
    ClassName,
    Code,
    Data,
    Index,
    Name,
    Network,
    Optimizer,
    Parameters,
    Rate,
    Row,
    Seed,
    Strict,
    Targets,
    TensorName,
    Values,
    View,
)
from app.api.numbers import Matrix, Nested, Samples, Scalar, ScalarOrVector, Vector
from app.engine.rates import FACTOR, FLOOR
from app.sessions.batch import MAX_VARIATIONS

MAX_EDITS = 100
MAX_STEPS = 1_000_000


class Variation(Strict):
    """What one pass of a batch has of its own; `parameters` may be some of them."""

    parameters: Parameters | None = None
    x: Samples | None = None
    t: Targets | None = None
    grad_output: Samples | None = None


EvaluationField = Literal[
    "loss", "probabilities", "predictions", "layers", "parameter_gradients", "grad_input"
]


class Pass(Strict):
    """What all passes of a body share."""

    network: Network
    parameters: Parameters | None = None
    seed: Seed = 0
    initializer: AnyInitializer = "he"


class Evaluate(Pass):
    """A network with its numbers, for one pass.

    `fields` names what the answer has, else it has everything. What is not asked for is not
    computed: without gradients there is no backward pass.
    """

    fields: Annotated[list[EvaluationField], Field(min_length=1, max_length=6)] | None = None
    x: Samples
    t: Targets | None = None
    grad_output: Samples | None = None


class EvaluateBatch(Pass):
    """A network with its numbers, for many passes.

    A variation takes the place of what it names; the rest is as it stands beside `batch`, where
    `x` is not needed if every variation has its own. `fields` is as in `Evaluate`.
    """

    fields: Annotated[list[EvaluationField], Field(min_length=1, max_length=6)] | None = None
    batch: Annotated[
        list[Variation], Field(fail_fast=True, min_length=1, max_length=MAX_VARIATIONS)
    ]
    x: Samples | None = None
    t: Targets | None = None
    grad_output: Samples | None = None


ProgramField = Literal["loss", "output", "values", "gradients"]


class Program(Strict):
    """Lines of NumPy with their numbers; the text is read, never executed.

    `values` are what the lines read and do not assign. Where the last line's result is an array,
    the backward pass starts at `grad_output`, if that is given.
    """

    code: Code
    values: Values = Field(default_factory=dict)
    grad_output: Nested | None = None


class EvaluateCode(Program):
    """As `Program`, for one pass; `fields` is as in `Evaluate`."""

    fields: Annotated[list[ProgramField], Field(min_length=1, max_length=4)] | None = None


class CodeVariation(Strict):
    """What one pass of a batch has of its own; `values` may be some of them."""

    values: Values | None = None
    grad_output: Nested | None = None


class EvaluateCodeBatch(EvaluateCode):
    """As `EvaluateCode`, for many passes of one program, with the same shapes in all of them.

    A variation takes the place of what it names; what none stands for beside `batch`, each has.
    """

    batch: Annotated[
        list[CodeVariation], Field(fail_fast=True, min_length=1, max_length=MAX_VARIATIONS)
    ]


def _passes(value: Any) -> str:
    if isinstance(value, dict) and "code" in value:
        return "many of lines of code" if "batch" in value else "lines of code"
    return "many passes" if isinstance(value, dict) and "batch" in value else "one pass"


AnyEvaluate = Annotated[
    Annotated[Evaluate, Tag("one pass")]
    | Annotated[EvaluateBatch, Tag("many passes")]
    | Annotated[EvaluateCode, Tag("lines of code")]
    | Annotated[EvaluateCodeBatch, Tag("many of lines of code")],
    Discriminator(_passes),
]


def _without(message: str, *names: str) -> Any:
    """Refuse fields that go with another way to begin, with words for it."""

    def refuse(value: Any) -> Any:
        if isinstance(value, dict):
            for name in names:
                if name in value:
                    raise PydanticCustomError("unknown", message, {"at": [name]})
        return value

    return model_validator(mode="before")(refuse)


class NewSession(Pass):
    """As `Evaluate`, with an optimiser and a view."""

    x: Samples
    t: Targets | None = None
    grad_output: Samples | None = None
    optimizer: Optimizer | None = None
    view: View | None = None

    _alone = _without("row goes with a preset", "row")


class SessionWithData(Pass):
    """A network whose samples the server brings along.

    Without a loss every output's gradient is 1.
    """

    data: Data
    optimizer: Optimizer | None = None
    view: View | None = None

    _alone = _without("data brings x, t and grad_output along", "x", "t", "grad_output", "row")


UpToClash = Annotated[
    bool,
    Field(
        description="Where shapes do not fit, take the program up to there, with `network.clash` "
        "in the answer, instead of refusing it."
    ),
]


class SessionWithCode(Program):
    """As `Program`, with an optimiser and a view."""

    up_to_clash: UpToClash = False
    optimizer: Optimizer | None = None
    view: View | None = None


class SessionFromPreset(Strict):
    """A preset brings everything itself; of those that show a digit, `row` chooses it."""

    preset: Name
    row: Row | None = None

    _alone = _without("a preset brings everything itself", *SessionWithData.model_fields, "x")


def _begun(value: Any) -> str:
    if isinstance(value, dict):
        if "preset" in value:
            return "from a preset"
        if "code" in value:
            return "lines of code"
        if "data" in value:
            return "with data"
    return "as it is"


AnySession = Annotated[
    Annotated[NewSession, Tag("as it is")]
    | Annotated[SessionWithData, Tag("with data")]
    | Annotated[SessionWithCode, Tag("lines of code")]
    | Annotated[SessionFromPreset, Tag("from a preset")],
    Discriminator(_begun),
]


class SetCell(Strict):
    """One cell of x, t, grad_output, a parameter; or `learning_rate`, which has no index."""

    op: Literal["set"]
    tensor: TensorName
    index: Index = Field(default_factory=list)
    value: Scalar


class Replace(Strict):
    """A whole tensor, or the learning rate."""

    op: Literal["replace"]
    tensor: TensorName
    value: Nested


class InsertRow(Strict):
    """One more sample before `row`, or at the end where there is none.

    A row of x, with its target and the gradient given for it; what is not given is as in the row
    before.
    """

    op: Literal["insert_row"]
    row: Row | None = None
    x: Vector | None = None
    t: ScalarOrVector | None = None
    grad_output: Vector | None = None


class DeleteRow(Strict):
    """One sample less: its row of x, its target, the gradient given for it."""

    op: Literal["delete_row"]
    row: Row


class NameClasses(Strict):
    """Names of the classes in their order; an empty list takes them away."""

    op: Literal["classes"]
    names: Annotated[list[ClassName], Field(fail_fast=True, max_length=MAX_CLASS_NAMES)]


class ChangeView(View):
    """Another level, loss form, sample or way of writing shapes."""

    op: Literal["view"]


class Load(Strict):
    """x and t from rows of a data set."""

    op: Literal["load"]
    dataset: Name
    split: Literal["train", "test"]
    rows: Annotated[list[Row], Field(fail_fast=True, min_length=1, max_length=1000)]


class ChangeOptimizer(Strict):
    """Another optimiser; what the old one had gathered is forgotten."""

    op: Literal["optimizer"]
    optimizer: Optimizer


class ChangeCode(Program):
    """Another program in the place of the session's.

    Names that stay keep their numbers; those that are new need a value here. `grad_output` stays
    where it fits the result, unless it is null here.
    """

    op: Literal["code"]
    up_to_clash: UpToClash = False


class Reset(Strict):
    """Back to the numbers that the server made: a preset's, samples, drawn parameters.

    What was sent stays; a preset's learning rate is its first one again.
    """

    op: Literal["reset"]


Edit = TypeAliasType(
    "Edit",
    Annotated[
        SetCell
        | Replace
        | InsertRow
        | DeleteRow
        | NameClasses
        | ChangeView
        | Load
        | ChangeOptimizer
        | ChangeCode
        | Reset,
        Discriminator("op"),
    ],
)
Edits = Annotated[list[Edit], Field(fail_fast=True, min_length=1, max_length=MAX_EDITS)]


class Step(Strict):
    """One stride of the cursor."""

    direction: Literal["next", "back"] = "next"
    granularity: Literal["step", "phase", "layer", "op", "element"] = "op"


class Check(Strict):
    """The step of the central differences, and the seed of the sample when not all cells fit."""

    h: Annotated[float, Field(ge=1e-8, le=1e-1)] = 1e-4
    seed: Seed = 0


class Update(Strict):
    """One step with the session's optimiser, or with another one from now on."""

    optimizer: Optimizer | None = None


Steps = Annotated[int, Field(ge=1, le=MAX_STEPS), WHOLE]


class Constant(Strict):
    """The same learning rate for every step."""

    type: Literal["constant"]


class StepDecay(Strict):
    """The learning rate times `factor` after every `every` steps."""

    type: Literal["step"]
    every: Steps = 1_000
    factor: Annotated[float, Field(gt=FACTOR.above, le=FACTOR.maximum)] = 0.5


class Cosine(Strict):
    """Along half a cosine, from the whole learning rate to its share `floor` at the last step."""

    type: Literal["cosine"]
    floor: Annotated[float, Field(ge=FLOOR.minimum, le=FLOOR.maximum)] = 0.0


AnySchedule = Annotated[Constant | StepDecay | Cosine, Discriminator("type")]


class Stop(Strict):
    """What ends a run early; `patience` counts evaluations, so it goes with held-out samples."""

    loss_below: Scalar | None = None
    patience: Steps | None = None


class Watched(Strict):
    """What any run may have.

    `evaluate_every` says after how many steps held-out samples are looked at, by default once an
    epoch and at most 50 times: the test split of a data set that the session names, or other points
    of a plane that the server has made. Without `optimizer` the run takes the session's. What that
    has gathered stays with it, also when it is given here with the same settings, or with another
    learning rate.
    """

    optimizer: Optimizer | None = None
    schedule: AnySchedule | None = None
    evaluate_every: Steps | None = None
    stop: Stop | None = None


class NewRun(Watched):
    """A training run with seeded mini-batches.

    Without `batch_size` they are of all rows, or as large as those of the session's data.
    """

    # The engine asks for the steps, once there is a session to train.
    model_config = ConfigDict(json_schema_extra={"required": ["steps"]})

    batch_size: Annotated[int, Field(ge=1, le=10_000), WHOLE] | None = None
    steps: Annotated[
        Steps | None, WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MAX_STEPS})
    ] = None
    seed: Seed = 0


class RunOfBatches(Watched):
    """A training run with every mini-batch fixed by its rows; again from the first after the last.

    Where `steps` is left out, each is taken once.
    """

    steps: Steps | None = None
    seed: Seed = 0
    batches: Annotated[
        list[Annotated[list[Row], Field(fail_fast=True, min_length=1, max_length=10_000)]],
        Field(fail_fast=True, min_length=1, max_length=100_000),
    ]

    _alone = _without("batch_size and batches exclude each other", "batch_size")


def _batches(value: Any) -> str:
    return "fixed" if isinstance(value, dict) and "batches" in value else "drawn"


AnyRun = Annotated[
    Annotated[NewRun, Tag("drawn")] | Annotated[RunOfBatches, Tag("fixed")],
    Discriminator(_batches),
]


class ChangeRun(Strict):
    """Another learning rate from the next step on; a schedule goes on from it."""

    learning_rate: Rate


class OpenStep(Strict):
    """Which step, counted from 1; without one, all samples and what the run has come to."""

    step: Steps | None = None


class Picture(Strict):
    """A drawing, either side of at most 280 pixels: 0 is paper, the largest number is ink."""

    pixels: Matrix


class Fork(Strict):
    """A copy as it is; or, with `code`, of a network's layers as lines of NumPy."""

    code: bool = False


class Compared(Strict):
    """A gradient of one's own, of any shape, and the name of the one that it is to be."""

    tensor: TensorName
    value: Nested


class Suspected(Strict):
    """The mistake that somebody thinks is hidden, and in which layer; `reveal` tells it."""

    seed: Seed
    fault: Annotated[str, Field(max_length=40)]
    layer: TensorName
    reveal: bool = False


class PracticeAnswer(Strict):
    """An answer to an exercise, as it was written; with `reveal` the right one is told, too."""

    skill: Annotated[str, Field(max_length=40)]
    seed: Seed
    answer: Annotated[str, Field(max_length=100)]
    reveal: bool = False


class Prediction(Strict):
    """What somebody says a number of a pass is, as it was written.

    `index` is the cell, [] of a scalar; null asks for the tensor's shape. With `reveal` the right
    answer is told, too.
    """

    tensor: TensorName
    index: Annotated[list[Row], Field(max_length=8)] | None = None
    answer: Annotated[str, Field(max_length=100)]
    reveal: bool = False


class Nothing(Strict):
    """An empty object."""


EVALUATE: TypeAdapter[Evaluate | EvaluateBatch | EvaluateCode | EvaluateCodeBatch] = TypeAdapter(
    AnyEvaluate
)
NEW_SESSION: TypeAdapter[NewSession | SessionWithData | SessionWithCode | SessionFromPreset] = (
    TypeAdapter(AnySession)
)
EDITS: TypeAdapter[Sequence[Edit]] = TypeAdapter(Edits)
STEP = TypeAdapter(Step)
CHECK = TypeAdapter(Check)
UPDATE = TypeAdapter(Update)
NEW_RUN: TypeAdapter[NewRun | RunOfBatches] = TypeAdapter(AnyRun)
CHANGE_RUN = TypeAdapter(ChangeRun)
OPEN_STEP = TypeAdapter(OpenStep)
PICTURE = TypeAdapter(Picture)
NOTHING = TypeAdapter(Nothing)
FORK = TypeAdapter(Fork)
COMPARE = TypeAdapter(Compared)
SUSPECT = TypeAdapter(Suspected)
ANSWER = TypeAdapter(PracticeAnswer)
PREDICTION = TypeAdapter(Prediction)
