"""What bodies are made of: networks, initialisers, optimisers, views. See `models`."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    create_model,
    model_validator,
)
from pydantic_core import PydanticCustomError

from app.api.numbers import Nested, VectorOrMatrix
from app.engine import layer_types
from app.engine.bounds import Bounds
from app.engine.initializers import SEED, STD
from app.engine.loss_types import LOSS_FIELDS
from app.engine.op import MAX_RANK
from app.engine.optimizers import BOUNDS
from app.engine.spec import LAYER_TYPES, LOSS_TYPES, MAX_SAMPLE_RANK
from app.sessions.planes import NOISE, PLANES
from app.sessions.samples import BANDS

MAX_LAYERS = 32
# Every layer, the + of each, and the mean of the loss.
MAX_OPEN = 2 * MAX_LAYERS + 1
MAX_NAME = 64

Name = Annotated[str, Field(max_length=MAX_NAME)]
# A name of one class begins and ends with something to be seen, in one line.
MAX_CLASS_NAMES = 256
ClassName = Annotated[str, Field(min_length=1, max_length=30, pattern=r"^\S(.*\S)?$")]
TensorName = Annotated[str, Field(min_length=1, max_length=80)]


def _whole(value: Any) -> Any:
    # To JSON 3.0 and 3 are the same number, and some clients write the former.
    return int(value) if type(value) is float and value.is_integer() else value


# The bounds stand first, or pydantic would not write them into the schema.
WHOLE = BeforeValidator(_whole)
Count = Annotated[int, Field(ge=1, le=1_000_000_000), WHOLE]
Row = Annotated[int, Field(ge=0, le=1_000_000_000), WHOLE]
Index = Annotated[list[Row], Field(fail_fast=True, max_length=MAX_RANK)]
Seed = Annotated[int, Field(ge=SEED.minimum, le=SEED.maximum), WHOLE]


Parameters = Annotated[
    dict[TensorName, Nested],
    Field(
        max_length=2 * MAX_LAYERS,
        description="W is `(D, H)`, of a convolution `(F, C, size, size)`; b is `(H,)`, and "
        "`(1, H)` or `(H, 1)` are taken for it.",
    ),
]
Code = Annotated[str, Field(min_length=1, max_length=20_000)]
Values = Annotated[dict[TensorName, Nested], Field(max_length=200)]
Targets = Annotated[
    VectorOrMatrix,
    Field(
        description="Labels `(N,)` or `(N, 1)`, each from 0 to C - 1, or rows `(N, C)`, one-hot or "
        "shares of the classes that add up to 1. `squared_error` and `sigmoid_cross_entropy` take "
        "a number for each output, `(N, C)`, or `(N,)` for a single one."
    ),
]


class Strict(BaseModel):
    """A model that takes nothing for anything else."""

    model_config = ConfigDict(
        strict=True, extra="forbid", allow_inf_nan=False, arbitrary_types_allowed=True, frozen=True
    )


LayerName = Annotated[str, Field(min_length=1, max_length=32)]


class AnyLayer(Strict):
    """What every layer has."""

    type: str
    name: LayerName | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """The fields of its type that are given."""
        return self.model_dump(exclude={"type", "name"}, exclude_none=True)


def _allowed(field: layer_types.Field) -> Any:
    """What a field may be; which layers or losses have it, and its bounds, the engine checks."""
    if field.nested:
        return Annotated["list[Layer]", Field(fail_fast=True, max_length=MAX_LAYERS)] | None, None
    if field.choices:
        return Literal[field.choices] | None, None
    if field.bounds is None:
        return bool | None, None
    if not field.bounds.whole:
        return float | None, None
    return (Count if field.bounds.minimum else Seed) | None, None


if TYPE_CHECKING:
    Layer = AnyLayer
else:
    # The fields of all types, as the catalogue tells them.
    Layer = create_model(
        "Layer",
        __base__=AnyLayer,
        __doc__="One layer; which fields its type takes, and what they may be, `catalogue` tells.",
        type=(Literal[LAYER_TYPES], ...),
        **{name: _allowed(field) for name, field in layer_types.LAYER_FIELDS.items()},
        name=(LayerName | None, None),
    )
    Layer.model_rebuild()


class AnyLoss(Strict):
    """What every loss has."""

    type: str

    @property
    def settings(self) -> dict[str, Any]:
        """The fields of its type that are given."""
        return self.model_dump(exclude={"type"}, exclude_none=True)


if TYPE_CHECKING:
    Loss = AnyLoss
else:
    Loss = create_model(
        "Loss",
        __base__=AnyLoss,
        __doc__="The loss, the mean over the rows or their sum; `weight_decay` is lambda, of which "
        "half times the sum of all squared weights is added.",
        type=(Literal[LOSS_TYPES], ...),
        **{name: _allowed(field) for name, field in LOSS_FIELDS.items()},
    )


InputShape = Annotated[
    list[Count],
    Field(
        fail_fast=True,
        min_length=1,
        max_length=MAX_SAMPLE_RANK,
        description="The axes of a sample where it has several: channels, height and width of an "
        "image. Then x is `(N, *input_shape)`, and rows of all their numbers are taken for it.",
    ),
]


class Network(Strict):
    """What the network is made of; without layers, x holds the scores.

    Either `input_size` is needed or `input_shape`, whose product it is.
    """

    input_size: Count | None = None
    input_shape: InputShape | None = None
    layers: Annotated[list[Layer], Field(fail_fast=True, max_length=MAX_LAYERS)]
    loss: Loss | None = None
    dtype: Literal["float64", "float32"] = "float64"

    @model_validator(mode="after")
    def _has_an_input(self) -> Self:
        if self.input_size is None and self.input_shape is None:
            place = {"at": ["input_size"]}
            raise PydanticCustomError("missing", "this field is required", place)
        return self


InitializerName = Literal["normal", "xavier", "he", "zeros"]


class Initializer(Strict):
    """How weights are drawn; `std` is for `normal`."""

    type: InitializerName
    std: Annotated[float, Field(ge=STD.minimum, le=STD.maximum)] = 0.01


def _written(value: Any) -> str:
    return "its name" if isinstance(value, str) else "with its settings"


AnyInitializer = Annotated[
    Annotated[InitializerName, Tag("its name")] | Annotated[Initializer, Tag("with its settings")],
    Discriminator(_written),
]


def _within(bounds: Bounds) -> Any:
    """What the engine allows, in Pydantic's words."""
    return Field(ge=bounds.minimum, gt=bounds.above, le=bounds.maximum, lt=bounds.below)


Rate = Annotated[float, _within(BOUNDS["learning_rate"])]
Decay = Annotated[float, _within(BOUNDS["momentum"])]
Epsilon = Annotated[float, _within(BOUNDS["epsilon"])]


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
    open: Annotated[list[Name], Field(max_length=MAX_OPEN)] | None = None
    form: Form | None = None
    update: bool | None = None


class Bands(Strict):
    """Made-up samples in clean tenths: the first number of a sample decides its class."""

    dataset: Literal["bands"]
    samples: Count
    seed: Seed = 0


BatchSize = Annotated[
    Count | None,
    Field(
        description="Rows of a mini-batch: the session shows one, and every step of learning draws "
        "the next, by the seed and the step alone."
    ),
]
FirstStep = Annotated[
    Row, Field(description="After how many steps of learning the first mini-batch is.")
]


class Points(Strict):
    """Points in a plane, for networks of two inputs; the splits are two draws of one kind.

    With `batch_size` the session draws mini-batches of them; else it has all of them.
    """

    dataset: Literal["xor", "moons", "circles", "spiral", "blobs"]
    split: Literal["train", "test"] = "train"
    samples: Count = 200
    noise: Annotated[float, Field(ge=NOISE.minimum, le=NOISE.maximum)] = 0.1
    seed: Seed = 0
    batch_size: BatchSize = None
    step: FirstStep = 0


class FirstRows(Strict):
    """The first rows of a data set, `mnist` or one's own; their order is a shuffle.

    Without `samples`, or with `batch_size`, the session names them and copies none but the
    mini-batch that it shows, by default of 100 rows; runs learn from all of them.
    """

    dataset: Name
    split: Literal["train", "test"] = "train"
    samples: Count | None = None
    seed: Seed = 0
    batch_size: BatchSize = None
    step: FirstStep = 0


def _data_kind(value: Any) -> str:
    name = value.get("dataset") if isinstance(value, dict) else None
    if name == BANDS:
        return "made up"
    return "points" if name in PLANES else "rows"


Data = Annotated[
    Annotated[Bands, Tag("made up")]
    | Annotated[Points, Tag("points")]
    | Annotated[FirstRows, Tag("rows")],
    Discriminator(_data_kind),
]
