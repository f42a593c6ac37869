"""What the answers hold, for the OpenAPI document only: answers are written by `values.encode`.

`Number` is a JSON number, or one of three texts where the result is not finite.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel
from typing_extensions import TypeAliasType

Number = TypeAliasType(
    "Number",
    Annotated[
        Any,
        WithJsonSchema({"anyOf": [{"type": "number"}, {"enum": ["NaN", "Infinity", "-Infinity"]}]}),
    ],
)
Cells = TypeAliasType("Cells", Number | list[Number] | list[list[Number]])
Shape = list[int]


class Omitted(BaseModel):
    """Stands for a tensor of too many cells; `link`, if it has one, gives all of them."""

    shape: Shape
    min: Number
    max: Number
    mean: Number
    omitted: Literal[True]
    link: str | None


Value = TypeAliasType("Value", Cells | Omitted)
Values = dict[str, Value]


class AllowedAnswer(BaseModel):
    """What a field may be, in the words of JSON Schema; `shapes` are those of an array."""

    model_config = ConfigDict(alias_generator=to_camel)

    type: Literal["integer", "number"] | None = None
    minimum: float | None = None
    maximum: float | None = None
    exclusive_minimum: float | None = None
    exclusive_maximum: float | None = None
    min_items: int | None = None
    max_items: int | None = None
    enum: list[str] | None = None
    shapes: list[Shape] | None = None


class FieldErrorAnswer(BaseModel):
    """One wrong field."""

    pointer: str
    code: str
    message: str
    allowed: AllowedAnswer | None = None


class ProblemAnswer(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: Annotated[list[FieldErrorAnswer], Field(max_length=20)] | None = None


class ParameterAnswer(BaseModel):
    """A parameter and dL/d(parameter)."""

    shape: Shape
    value: Value
    gradient: Value | None


class LayerAnswer(BaseModel):
    """One layer after a pass."""

    name: str
    type: str
    input_shape: Shape
    output_shape: Shape
    output: Value
    grad_output: Value | None
    grad_input: Value | None
    parameters: dict[str, ParameterAnswer]


class EvaluationAnswer(BaseModel):
    """One forward and, with targets or a given gradient, one backward pass."""

    loss: Number | None
    probabilities: Value | None
    predictions: list[int] | None
    layers: list[LayerAnswer]
    parameter_gradients: Values
    grad_input: Value | None


class EvaluatedFields(BaseModel):
    """As an evaluation, with the `fields` that were asked for and no others."""

    loss: Number | None = None
    probabilities: Value | None = None
    predictions: list[int] | None = None
    layers: list[LayerAnswer] = []
    parameter_gradients: Values = {}
    grad_input: Value | None = None


class BatchAnswer(BaseModel):
    """One result for each variation, in their order; with all fields or those asked for."""

    results: list[EvaluatedFields]


class LayersAnswer(BaseModel):
    """All layers of a session."""

    layers: list[LayerAnswer]


class CursorAnswer(BaseModel):
    """Where the session stands: events below `seq` are done, and `element` cells of the next."""

    seq: int
    element: int
    events: int
    phase: Literal["start", "forward", "loss", "backward", "end"]
    at_start: bool
    at_end: bool


class SessionAnswer(BaseModel):
    """The whole state of a session."""

    id: str
    version: int
    data_version: int
    preset: str | None
    network: dict[str, Any]
    parameters: Values
    x: Value
    t: Value | None
    grad_output: Value | None
    source: dict[str, Any] | None
    optimizer: dict[str, Any]
    view: dict[str, Any]
    cursor: CursorAnswer
    loss: Number | None
    probabilities: Value | None
    predictions: list[int] | None
    created: str
    expires: str
    links: dict[str, str]


class NewSessionAnswer(SessionAnswer):
    """A session and, this once, the token that lets one change it."""

    edit_token: str


class EventAnswer(BaseModel):
    """One op doing one thing."""

    seq: int
    phase: Literal["forward", "loss", "backward", "update"]
    layer: str
    node: str
    op: str
    reads: list[str]
    writes: list[str]
    rule: str
    rule_name: str
    shape: Shape
    elements: int
    values: Values


class TraceAnswer(BaseModel):
    """A whole pass."""

    id: str
    version: int
    level: str
    loss: str
    form: str | None
    n: int
    drawing: Annotated[
        str,
        Field(description="Where it is as before, so is this session's drawing at the same view."),
    ]
    inputs: Values
    outputs: Values
    events: list[EventAnswer]
    strides: dict[str, list[int]]


class StepEventAnswer(BaseModel):
    """An event passed; at stride `element` with the cells passed and only their values."""

    seq: int
    phase: str
    cells: list[list[int]] | None = None
    values: dict[str, Any]


class StepAnswer(BaseModel):
    """The cursor after a stride, the events passed and the values they reveal."""

    version: int
    cursor: CursorAnswer
    events: list[StepEventAnswer]
    values: dict[str, Any]


class MinimalAnswer(BaseModel):
    """What `Prefer: return=minimal` leaves of the answer to a change."""

    version: int
    cursor: CursorAnswer
    loss: Number | None


class GraphAnswer(BaseModel):
    """A drawing without numbers."""

    level: str
    loss: str | None
    form: str | None
    width: float
    height: float
    nodes: list[dict[str, Any]]
    edges: list[dict[str, Any]]
    groups: list[dict[str, Any]]
    insides: dict[str, Any]
    equations: list[dict[str, Any]]
    formulas: dict[str, Any]
    glyphs: dict[str, Any]


class TensorAnswer(BaseModel):
    """One tensor, or the part that `slice` names."""

    name: str
    dtype: str
    shape: Shape
    value: Cells


class TensorListed(BaseModel):
    """One tensor of a list, without its numbers."""

    name: str
    dtype: str
    shape: Shape


class TensorsAnswer(BaseModel):
    """The tensors that the same address gives as one file."""

    version: int
    tensors: list[TensorListed]


class FactorAnswer(BaseModel):
    """One factor of a term and the cell it came from."""

    tensor: str
    index: list[int]
    value: Number
    function: Annotated[
        str, Field(description="What was taken of the cell, such as `log`; else `identity`.")
    ]
    cell_value: Annotated[Number, Field(description="The cell itself, before the function.")]


class TermAnswer(BaseModel):
    """A product of factors, times the coefficient."""

    factors: list[FactorAnswer]
    coefficient: Number
    value: Number


class DivisorAnswer(BaseModel):
    """The sum by which the terms are divided, as in softmax: `scale` is 1 over its value."""

    terms: list[TermAnswer]
    value: Number
    shift: Annotated[
        Number, Field(description="What was subtracted in every exponent; 0 where exp is safe.")
    ]
    omitted: int
    omitted_value: Number


class ExplanationAnswer(BaseModel):
    """Where one number comes from: the terms add up to it, times `scale`."""

    tensor: str
    index: list[int]
    value: Number
    rule: str
    rule_name: str
    shapes: dict[str, Any] | list[Any]
    terms: list[TermAnswer]
    scale: Any
    combine: Literal["sum", "max"]
    omitted: Annotated[
        int, Field(description="Terms that are not listed; the listed ones count most.")
    ]
    omitted_value: Number
    divisor: DivisorAnswer | None
    note: Annotated[
        Literal["others", "digits", "complement"] | None,
        Field(
            description="Why the terms are not those of the rule: `others`, minus the other "
            "probabilities stand for y - 1, which would lose digits; `digits`, a cell is rounded "
            "to nearly 1 and its function was taken before the rounding; `complement`, another "
            "function of x stands for 1 - y."
        ),
    ]


class CheckedAnswer(BaseModel):
    """How far the numerical gradient of one parameter is from backpropagation's."""

    max_relative_error: Number | None
    cells: int
    not_comparable: Any


class CheckAnswer(BaseModel):
    """The numerical check of all parameters."""

    h: float
    parameters: dict[str, CheckedAnswer]
    sampled: bool
    seed: int
    max_relative_error: Number | None


class LossesAnswer(BaseModel):
    """The loss before the step, as the gradient predicts it, and as it came out."""

    before: Number
    predicted: Number
    after: Number


class UpdatedAnswer(BaseModel):
    """One parameter in a step of the optimiser: new = old + change."""

    old: Value
    gradient: Value
    change: Value
    new: Value


class UpdateAnswer(BaseModel):
    """One step of the optimiser."""

    version: int
    data_version: int
    optimizer: dict[str, Any]
    loss: LossesAnswer
    parameters: dict[str, UpdatedAnswer]


class RunAnswer(BaseModel):
    """A training run."""

    id: str
    state: Literal["queued", "running", "paused", "finished", "stopped", "failed"]
    step: int
    steps: int
    loss: Number | None
    accuracy: Number | None
    gradient_norms: dict[str, Number]
    error: str | None
    optimizer: dict[str, Any]
    batch_size: int
    seed: int


class RunsAnswer(BaseModel):
    """The session's runs, oldest first."""

    runs: list[RunAnswer]


class KindAnswer(BaseModel):
    """A kind of layer, loss or level, and what its fields may be."""

    name: str
    fields: dict[str, AllowedAnswer]


class CatalogueAnswer(BaseModel):
    """What networks are made of, and every limit by the name of its field."""

    layers: list[KindAnswer]
    losses: list[KindAnswer]
    levels: list[KindAnswer]
    limits: dict[str, AllowedAnswer]


class PresetsAnswer(BaseModel):
    """What there is to start from."""

    presets: list[dict[str, Any]]


class DatasetsAnswer(BaseModel):
    """Real data that sessions can load."""

    datasets: list[dict[str, Any]]


class RowAnswer(BaseModel):
    """One sample of a data set; pixels from 0 to 255."""

    row: int
    label: int
    pixels: list[int]


class ProblemsAnswer(BaseModel):
    """What each problem's `type` means."""

    problems: list[dict[str, Any]]
