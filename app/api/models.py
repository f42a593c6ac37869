"""What a body may say. Strict: a number is a number, and an unknown field is refused.

Nothing here computes: sizes are bounded so that a body cannot ask for much by saying little, and
what a network means is checked by the engine.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    TypeAdapter,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from app.api.numbers import AnyRank, Matrix, Scalar, VectorOrMatrix
from app.engine.initializers import SEED
from app.sessions.batch import MAX_VARIATIONS

MAX_LAYERS = 32
MAX_EDITS = 100
MAX_STEPS = 1_000_000
MAX_NAME = 64

Name = Annotated[str, Field(max_length=MAX_NAME)]
TensorName = Annotated[str, Field(min_length=1, max_length=80)]


def _whole(value: Any) -> Any:
    # To JSON 3.0 and 3 are the same number, and some clients write the former.
    return int(value) if type(value) is float and value.is_integer() else value


# The bounds stand first, or pydantic would not write them into the schema.
WHOLE = BeforeValidator(_whole)
Count = Annotated[int, Field(ge=1, le=1_000_000_000), WHOLE]
Row = Annotated[int, Field(ge=0, le=1_000_000_000), WHOLE]
Index = Annotated[list[Row], Field(fail_fast=True, max_length=2)]
Seed = Annotated[int, Field(ge=SEED.minimum, le=SEED.maximum), WHOLE]


Parameters = Annotated[
    dict[TensorName, VectorOrMatrix],
    Field(
        max_length=2 * MAX_LAYERS,
        description="W is `(D, H)`; b is `(H,)`, and `(1, H)` or `(H, 1)` are taken for it.",
    ),
]
Targets = Annotated[
    VectorOrMatrix,
    Field(description="Labels `(N,)` or `(N, 1)`, each from 0 to C - 1, or one-hot rows `(N, C)`."),
]


class Strict(BaseModel):
    """A model that takes nothing for anything else."""

    model_config = ConfigDict(
        strict=True, extra="forbid", allow_inf_nan=False, arbitrary_types_allowed=True, frozen=True
    )


class Layer(Strict):
    """One layer; only `affine` has units."""

    type: Literal["affine", "relu", "sigmoid", "tanh"]
    units: Count | None = None
    name: Annotated[str, Field(min_length=1, max_length=32)] | None = None


class Loss(Strict):
    """The loss, the mean over the rows."""

    type: Literal["softmax_cross_entropy"]


class Network(Strict):
    """What the network is made of; without layers, x holds the scores."""

    input_size: Count
    layers: Annotated[list[Layer], Field(fail_fast=True, max_length=MAX_LAYERS)]
    loss: Loss | None = None
    dtype: Literal["float64", "float32"] = "float64"


def _named(value: Any) -> Any:
    return {"type": value} if isinstance(value, str) else value


class Initializer(Strict):
    """How weights are drawn; `std` is for `normal`."""

    type: Literal["normal", "xavier", "he", "zeros"]
    std: Annotated[float, Field(ge=0, le=1e6)] = 0.01


InitializerField = Annotated[
    Initializer,
    BeforeValidator(_named),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": ["normal", "xavier", "he", "zeros"]},
                {
                    "type": "object",
                    "properties": {
                        "type": {"enum": ["normal", "xavier", "he", "zeros"]},
                        "std": {"type": "number", "minimum": 0, "maximum": 1e6},
                    },
                    "required": ["type"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]

Rate = Annotated[float, Field(gt=0, le=1e6)]
Decay = Annotated[float, Field(ge=0, lt=1)]
Epsilon = Annotated[float, Field(gt=0, le=1)]


class Sgd(Strict):
    """p -= learning_rate * g."""

    type: Literal["sgd"]
    learning_rate: Rate = 0.1


class Momentum(Strict):
    """v = momentum * v - learning_rate * g; p += v."""

    type: Literal["momentum"]
    learning_rate: Rate = 0.01
    momentum: Decay = 0.9


class AdaGrad(Strict):
    """h += g * g; p -= learning_rate * g / (sqrt(h) + epsilon)."""

    type: Literal["adagrad"]
    learning_rate: Rate = 0.01
    epsilon: Epsilon = 1e-10


class Adam(Strict):
    """Bias-corrected Adam, epsilon outside the root."""

    type: Literal["adam"]
    learning_rate: Rate = 0.001
    beta1: Decay = 0.9
    beta2: Decay = 0.999
    epsilon: Epsilon = 1e-8


Optimizer = Annotated[Sgd | Momentum | AdaGrad | Adam, Discriminator("type")]

Level = Literal["network", "layer", "op", "element"]
LossView = Literal["opened", "closed"]
Form = Literal["book", "stable"]


class View(Strict):
    """How the session is drawn and stepped; what is left out keeps its value."""

    level: Level | None = None
    loss: LossView | None = None
    sample: Row | None = None
    single: bool | None = None
    open: Annotated[list[Name], Field(max_length=MAX_LAYERS)] | None = None
    form: Form | None = None


class Variation(Strict):
    """What one pass of a batch has of its own; `parameters` may be some of them."""

    parameters: Parameters | None = None
    x: Matrix | None = None
    t: Targets | None = None
    grad_output: Matrix | None = None


EvaluationField = Literal[
    "loss", "probabilities", "predictions", "layers", "parameter_gradients", "grad_input"
]


def _x_or_batch(x: Any, info: ValidationInfo) -> Any:
    # A wrong batch is missing here, and a fault already.
    if x is None and "batch" in info.data and info.data["batch"] is None:
        raise PydanticCustomError("missing", "missing")
    return x


class Evaluate(Strict):
    """A network with its numbers, for one pass; or with `batch` for many passes.

    `fields` names what the answer has, else it has everything. What is not asked for is not
    computed: without gradients there is no backward half. A variation of the `batch` takes the
    place of what it names; the rest is as it stands beside `batch`, where `x` is not needed if
    every variation has its own.
    """

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [{"required": ["x"]}, {"required": ["batch"]}]}
    )

    network: Network
    parameters: Parameters | None = None
    seed: Seed = 0
    initializer: InitializerField = Initializer(type="he")
    fields: Annotated[list[EvaluationField], Field(min_length=1, max_length=6)] | None = None
    batch: (
        Annotated[list[Variation], Field(fail_fast=True, min_length=1, max_length=MAX_VARIATIONS)]
        | None
    ) = None
    x: Annotated[Matrix | None, AfterValidator(_x_or_batch), Field(validate_default=True)] = None
    t: Targets | None = None
    grad_output: Matrix | None = None


class Bands(Strict):
    """Made-up samples in clean tenths: the first number of a sample decides its class."""

    dataset: Literal["bands"]
    samples: Count
    seed: Seed = 0


class Digits(Strict):
    """The first rows of a data set, whose order is a shuffle."""

    dataset: Literal["mnist"]
    split: Literal["train", "test"] = "train"
    samples: Count


Data = Annotated[Bands | Digits, Discriminator("dataset")]


class NewSession(Strict):
    """As `Evaluate`, with an optimiser and a view; or a preset and nothing else but its row.

    `data` stands in place of x, t and grad_output: the server brings the samples along. Without a
    loss every output's gradient is then 1.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"required": ["preset"]},
                {"required": ["network", "x"]},
                {"required": ["network", "data"]},
            ]
        }
    )

    network: Network | None = None
    parameters: Parameters | None = None
    seed: Seed = 0
    initializer: InitializerField = Initializer(type="he")
    x: Matrix | None = None
    t: Targets | None = None
    grad_output: Matrix | None = None
    data: Data | None = None
    optimizer: Optimizer | None = None
    view: View | None = None
    preset: Name | None = None
    row: Row | None = None


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
    value: AnyRank


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


Edit = Annotated[SetCell | Replace | ChangeView | Load | ChangeOptimizer, Discriminator("op")]
Edits = Annotated[list[Edit], Field(fail_fast=True, min_length=1, max_length=MAX_EDITS)]


class Step(Strict):
    """One stride of the cursor."""

    direction: Literal["next", "back"] = "next"
    granularity: Literal["phase", "layer", "op", "element"] = "op"


class Check(Strict):
    """The step of the central differences, and the seed of the sample when not all cells fit."""

    h: Annotated[float, Field(ge=1e-8, le=1e-1)] = 1e-4
    seed: Seed = 0


class Update(Strict):
    """One step with the session's optimiser, or with another one from now on."""

    optimizer: Optimizer | None = None


class NewRun(Strict):
    """A training run: seeded mini-batches, or `batches` to fix every one of them."""

    optimizer: Optimizer | None = None
    batch_size: Annotated[int, Field(ge=1, le=10_000), WHOLE] | None = None
    steps: Annotated[int, Field(ge=1, le=MAX_STEPS), WHOLE] | None = None
    seed: Seed = 0
    batches: (
        Annotated[
            list[Annotated[list[Row], Field(fail_fast=True, min_length=1, max_length=10_000)]],
            Field(fail_fast=True, min_length=1, max_length=100_000),
        ]
        | None
    ) = None


class Nothing(Strict):
    """An empty object."""


EVALUATE = TypeAdapter(Evaluate)
NEW_SESSION = TypeAdapter(NewSession)
EDITS: TypeAdapter[Sequence[Edit]] = TypeAdapter(Edits)
STEP = TypeAdapter(Step)
CHECK = TypeAdapter(Check)
UPDATE = TypeAdapter(Update)
NEW_RUN = TypeAdapter(NewRun)
NOTHING = TypeAdapter(Nothing)
