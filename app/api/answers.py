"""What the answers about sessions and their passes hold.

Each answer is declared once, here and in the two modules beside it: `views` builds these typed
dictionaries, which mypy holds to their fields and which cost nothing while the server runs;
`documents` makes the schemas of the OpenAPI document from them, and `static/js/types.js` is
generated from that. A drawing is declared in `app.drawing.formulas.drawn`.
"""

from typing import TYPE_CHECKING, Annotated, Any, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from app.api.cells import (
    Cell,
    Cells,
    Dtype,
    Form,
    Level,
    LossView,
    MatrixValue,
    Phase,
    Shape,
    Value,
    Values,
    words,
    written_as,
)
from app.api.models import (
    ChangeCode,
    ChangeOptimizer,
    Load,
    NameClasses,
    NewSession,
    Replace,
    SessionFromPreset,
    SessionWithCode,
    SessionWithData,
    SetCell,
)
from app.engine.code.compiling import CODE_LOSS
from app.engine.initializers import INITIALIZERS
from app.engine.layer_types import LAYER_FIELDS
from app.engine.layer_types.kind import Field as LayerField
from app.engine.loss_types import LOSS_FIELDS
from app.engine.optimizers import OPTIMIZERS
from app.engine.spec import LAYER_TYPES, LOSS_TYPES
from app.sessions.state import LEVELS


class ParameterAnswer(TypedDict):
    """A parameter and dL/d(parameter)."""

    shape: Shape
    value: Value
    gradient: Value | None


class LayerAnswer(TypedDict):
    """One layer after a pass."""

    name: str
    type: Annotated[str, words(*LAYER_TYPES)]
    input_shape: Shape
    output_shape: Shape
    output: Value
    grad_output: Value | None
    grad_input: Value | None
    parameters: dict[str, ParameterAnswer]


class EvaluationAnswer(TypedDict):
    """One forward and, with targets or a given gradient, one backward pass."""

    loss: Cell | None
    probabilities: MatrixValue | None
    predictions: Annotated[Any, written_as(list[int] | None)]
    layers: list[LayerAnswer]
    parameter_gradients: Values
    grad_input: MatrixValue | None


class EvaluatedFields(TypedDict):
    """As an evaluation, with the `fields` that were asked for and no others."""

    loss: NotRequired[Cell | None]
    probabilities: NotRequired[MatrixValue | None]
    predictions: NotRequired[Annotated[Any, written_as(list[int] | None)]]
    layers: NotRequired[list[LayerAnswer]]
    parameter_gradients: NotRequired[Values]
    grad_input: NotRequired[MatrixValue | None]


class ProgramFields(TypedDict):
    """As an evaluation of a program, with the `fields` that were asked for and no others."""

    loss: NotRequired[Cell | None]
    output: NotRequired[str]
    values: NotRequired[Values]
    gradients: NotRequired[Values]


class BatchAnswer(TypedDict):
    """One result for each variation, in their order; with all fields or those asked for."""

    results: list[EvaluatedFields] | list[ProgramFields]


class ProgramAnswer(TypedDict):
    """A pass of a program: the value of every name, and the gradient of each that has one.

    `loss` is null where the result, `output`, is an array.
    """

    loss: Cell | None
    output: str
    values: Values
    gradients: Values


class LayersAnswer(TypedDict):
    """All layers of a session."""

    layers: list[LayerAnswer]


class PositionAnswer(TypedDict):
    """Where the session stands: events below `seq` are done, and `element` cells of the next.

    `step` counts the steps of learning that were made by going on; where `goes_on`, the next
    stride from the end begins another, and where `goes_back`, the one back from the start leads to
    the end of the one before.
    """

    seq: int
    element: int
    events: int
    phase: Annotated[str, words("start", "forward", "loss", "backward", "update", "end")]
    at_start: bool
    at_end: bool
    step: int
    goes_on: bool
    goes_back: bool


def _kind(field: LayerField) -> Any:
    """The type of a field of a layer or a loss."""
    if field.choices:
        return NotRequired[Annotated[str, words(*field.choices)]]
    if field.bounds is None:
        return NotRequired[bool]
    return NotRequired[int if field.bounds.whole else float]


if TYPE_CHECKING:
    LayerSpecAnswer = dict[str, Any]
else:
    LayerSpecAnswer = TypedDict(
        "LayerSpecAnswer",
        {
            "type": Annotated[str, words(*LAYER_TYPES)],
            "name": str,
            **{name: _kind(field) for name, field in LAYER_FIELDS.items()},
        },
    )
    LayerSpecAnswer.__doc__ = "One layer of a network, with what its type has otherwise than usual."


if TYPE_CHECKING:
    LossSpecAnswer = dict[str, Any]
else:
    LossSpecAnswer = TypedDict(
        "LossSpecAnswer",
        {
            # Of a program, the last line is the loss.
            "type": Annotated[str, words(*LOSS_TYPES, CODE_LOSS)],
            **{name: _kind(field) for name, field in LOSS_FIELDS.items()},
        },
    )
    LossSpecAnswer.__doc__ = "The loss of a network, with what is otherwise than usual."


class ClashAnswer(TypedDict):
    """Where shapes do not fit, counted from 1; nothing after that place is computed."""

    line: int
    column: int
    message: str
    shapes: Annotated[list[Shape], Field(description="Of the operands, in order.")]


class ProgramSamples(TypedDict):
    """Names that a program is given samples by, a row each, and how many there are."""

    names: list[str]
    rows: int


class NetworkAnswer(TypedDict):
    """What a network is made of."""

    input_size: int
    input_shape: NotRequired[Shape]
    layers: list[LayerSpecAnswer]
    loss: LossSpecAnswer | None
    dtype: Dtype
    code: NotRequired[str]
    learned: NotRequired[
        Annotated[list[str], Field(description="What of a program's names an optimiser moves.")]
    ]
    clash: NotRequired[
        Annotated[
            ClashAnswer | None,
            Field(description="Of a program that was taken up to where its shapes do not fit."),
        ]
    ]
    samples: NotRequired[
        Annotated[
            ProgramSamples | None,
            Field(
                description="What of a program's names a run may draw mini-batches from; "
                "null where every step learns from all that it is given."
            ),
        ]
    ]


class SourceAnswer(TypedDict):
    """The rows of a data set that x and t are."""

    dataset: str
    split: str
    rows: list[int]


class DataAnswer(TypedDict):
    """What the samples that a session shows are a mini-batch of, and the next ones are drawn from.

    `seed` is that of the shuffles, and of points; `noise` is 0 where there are none.
    """

    dataset: str
    split: str
    samples: int
    batch_size: int
    seed: int
    noise: float


class DrawnAnswer(TypedDict):
    """How parameters were drawn: `std` is that of `normal`."""

    type: Annotated[str, words(*INITIALIZERS)]
    std: float
    seed: int


class OptimizerAnswer(TypedDict):
    """An optimiser with the settings that its type has."""

    type: Annotated[str, words(*OPTIMIZERS)]
    learning_rate: float
    momentum: NotRequired[float]
    beta1: NotRequired[float]
    beta2: NotRequired[float]
    epsilon: NotRequired[float]


class ViewAnswer(TypedDict):
    """How a session is drawn and stepped."""

    level: Level
    loss: LossView
    sample: int
    single: bool
    open: Annotated[Any, written_as(list[str])]
    form: Form
    update: bool


class LinksAnswer(TypedDict):
    """Where the parts of a session are."""

    self: str
    graph: str
    trace: str
    layers: str
    events: str
    runs: str


class OpenedAnswer(TypedDict):
    """The step of a run that a session shows: x and t are its mini-batch.

    Steps up to `last` can be opened. While it is `unchanged`, strides lead from one to another.
    """

    run: str
    step: int
    last: int
    unchanged: bool


class SessionAnswer(TypedDict):
    """The whole state of a session."""

    id: str
    version: int
    data_version: int
    preset: str | None
    network: NetworkAnswer
    parameters: Values
    x: Value
    t: Value | None
    grad_output: Value | None
    source: SourceAnswer | None
    data: DataAnswer | None
    opened: OpenedAnswer | None
    classes: Annotated[list[str], Field(description="Names of the classes, or none.")]
    initializer: Annotated[
        DrawnAnswer | None,
        Field(description="How the first parameters were drawn; null where they were not."),
    ]
    levels: list[Annotated[str, words(*LEVELS)]]
    optimizer: OptimizerAnswer
    view: ViewAnswer
    cursor: PositionAnswer
    loss: Cell | None
    probabilities: MatrixValue | None
    predictions: Annotated[Any, written_as(list[int] | None)]
    created: str
    expires: str
    links: LinksAnswer


class NewSessionAnswer(SessionAnswer):
    """A session and, this once, the token that lets one change it."""

    edit_token: str


class RecipeAnswer(TypedDict):
    """How to make the numbers of a session again: a new one from `base`, then `edits`."""

    base: Annotated[
        NewSession | SessionWithData | SessionWithCode | SessionFromPreset,
        Field(description="A body for a new session."),
    ]
    edits: Annotated[
        list[SetCell | Replace | Load | ChangeOptimizer | NameClasses | ChangeCode],
        Field(description="A PATCH of it, if there are any."),
    ]
    digest: Annotated[
        str, Field(description="Equal where all numbers are: that of the new session tells.")
    ]


class LineAnswer(TypedDict):
    """A line of a program, from row `line` of the text to row `end`, counted from 1.

    `layers` are what it computes, by the names that events and drawings have for layers, or for the
    lines of a program; `nodes` are its ops by their ids, those of a loss as it is when opened.
    """

    line: int
    end: int
    layers: list[str]
    nodes: list[str]


class FitAnswer(TypedDict):
    """An expression whose operands fit, and the whole text with it."""

    expression: str
    code: str


class BackLineAnswer(TypedDict):
    """A line of the backward half: the gradients that it makes known, by their keys in a trace, and
    the ops and layers it belongs to. One without keys is a value that the others read.
    """

    text: str
    keys: list[str]
    nodes: list[str]
    layers: list[str]


class CodeAnswer(TypedDict):
    """A session as lines of NumPy; `names` are those that the lines are given, with the tensors
    of the session that they stand for. `backward` goes on from them: its first line is the gradient
    that it starts from, and it is empty where nothing goes back. Where shapes do not fit, `fits`
    are the ways to write that expression in which they would.
    """

    code: str
    lines: list[LineAnswer]
    names: dict[str, str]
    backward: list[BackLineAnswer]
    fits: list[FitAnswer]


class MinimalAnswer(TypedDict):
    """What `Prefer: return=minimal` leaves of the answer to a change."""

    version: int
    cursor: PositionAnswer
    loss: Cell | None


class BareEvent(TypedDict):
    """One op doing one thing, without its numbers.

    `progress` is how far the pass has come with it, in layers: the same for the same event in
    every view of the numbers, and rising within each.
    """

    seq: int
    phase: Phase
    layer: str
    node: str
    op: str
    reads: Annotated[Any, written_as(list[str])]
    writes: Annotated[Any, written_as(list[str])]
    rule: str
    rule_name: str
    shape: Annotated[Any, written_as(Shape)]
    elements: int
    progress: float


class TraceEventAnswer(BareEvent):
    """One op doing one thing, and the numbers that it makes known."""

    values: Values


class StridesAnswer(TypedDict):
    """The events at which a stride stops."""

    step: list[int]
    phase: list[int]
    layer: list[int]


class LossesAnswer(TypedDict):
    """The loss before the step, as the gradient predicts it, and as it came out.

    In a session without a loss: the sum of the given gradient times the output.
    """

    before: Cell
    predicted: Cell
    after: Cell


class StepUpdateAnswer(TypedDict):
    """The step of the optimiser that a pass ends with."""

    loss: LossesAnswer


class TraceAnswer(TypedDict):
    """A whole pass; `update` is there where it goes on into the update."""

    id: str
    version: int
    data_version: int
    level: Level
    loss: LossView
    form: str | None
    n: int
    drawing: Annotated[
        str,
        Field(description="Where it is as before, so is this session's drawing at the same view."),
    ]
    inputs: Values
    outputs: Values
    events: list[TraceEventAnswer]
    strides: StridesAnswer
    update: NotRequired[StepUpdateAnswer]


class SteppedCell(TypedDict):
    """A cell that became known."""

    index: list[int]
    value: Cell


class StepEventAnswer(BareEvent):
    """An event passed; at stride `element` with the cells passed and only their values."""

    cells: NotRequired[list[list[int]]]
    values: dict[str, Value | list[SteppedCell]]


class StepAnswer(TypedDict):
    """The cursor after a stride, the events passed and the values they reveal."""

    version: int
    cursor: PositionAnswer
    events: list[StepEventAnswer]
    values: dict[str, Value | list[SteppedCell]]


class TensorAnswer(TypedDict):
    """One tensor, or the part that `slice` names."""

    name: str
    dtype: str
    shape: Shape
    value: Cells


class TensorListed(TypedDict):
    """One tensor of a list, without its numbers."""

    name: str
    dtype: str
    shape: Shape


class TensorsAnswer(TypedDict):
    """The tensors that the same address gives as one file."""

    version: int
    tensors: list[TensorListed]
