"""What the answers of the catalogue hold: presets, data sets, problems. See `answers`."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from app.api.answers import NetworkAnswer, ViewAnswer
from app.api.cells import Shape
from app.sessions.program_presets import Chapter


class AllowedAnswer(TypedDict, total=False):
    """What a field may be, in the words of JSON Schema; `shapes` are those of an array."""

    type: Literal["integer", "number", "boolean", "array"]
    minimum: float
    maximum: float
    exclusiveMinimum: float
    exclusiveMaximum: float
    minItems: int
    maxItems: int
    enum: list[str]
    shapes: list[Shape]


class FieldErrorAnswer(TypedDict):
    """One wrong field."""

    pointer: str
    code: str
    message: str
    line: NotRequired[Annotated[int, Field(description="In a text, counted from 1.")]]
    column: NotRequired[int]
    allowed: NotRequired[AllowedAnswer]


class ProblemAnswer(TypedDict):
    """RFC 9457; `request_id` is the answer's X-Request-ID, by which the server's log knows it."""

    type: str
    title: str
    status: int
    detail: str
    request_id: NotRequired[str]
    errors: NotRequired[Annotated[list[FieldErrorAnswer], Field(max_length=20)]]


class IndexLinks(TypedDict):
    """Addresses; `evaluate` and `sessions` take POST."""

    document: str
    evaluate: str
    sessions: str
    catalogue: str
    presets: str
    lessons: str
    datasets: str
    problems: str


class IndexAnswer(TypedDict):
    """Where to begin."""

    links: IndexLinks


class FieldAnswer(AllowedAnswer, total=False):
    """What a field may be, and what it is where it is left out; without that it is needed."""

    default: float | bool | str
    follows: str


# By language (en, ko, ja), and there by what is told.
Texts = dict[str, dict[str, str]]


class LevelKindAnswer(TypedDict):
    """A level at which networks are drawn."""

    name: str
    fields: dict[str, FieldAnswer]
    texts: Texts


class LossKindAnswer(TypedDict):
    """A loss: its title, it as LaTeX for one sample, and what its fields may be.

    With `classes`, its scores are of classes, of which one is right.
    """

    name: str
    title: str
    formula: str
    classes: bool
    fields: dict[str, FieldAnswer]
    texts: Texts


class LayerKindAnswer(TypedDict):
    """A kind of layer: its title, its output as LaTeX, and what its fields may be.

    An `activation` is a function of one number, cell by cell. It has `learned` numbers to learn for
    each that it takes, unless a field says how many. `texts` has the names of its fields.
    """

    name: str
    title: str
    formula: str
    activation: bool
    fields: dict[str, FieldAnswer]
    learned: int
    texts: Texts


class CallsAnswer(TypedDict):
    """What lines of NumPy may call, as it is written: `np.exp`, or `conv2d`, which NumPy lacks."""

    functions: list[str]
    methods: list[str]
    constants: list[str]


class FunctionKindAnswer(TypedDict):
    """A function of one number: it and dL/dx as LaTeX, its NumPy line, and how it is written.

    `plain` has `{x}` where the number stands, as in the `functions` of a derivation; `gradient` is
    of `G`, what comes from above, and the result `Y`. At `kinks` the slope jumps. A `layer` of the
    same name applies it cell by cell.
    """

    name: str
    title: str
    formula: str
    gradient: str
    numpy: str
    plain: str
    kinks: list[float]
    layer: bool
    fields: dict[str, FieldAnswer]
    texts: Texts


class OpKindAnswer(TypedDict):
    """An op: its sign, and it as LaTeX and as a NumPy line of operands A, B, C.

    Formula and line are null where they hang on how the op is used, and on how many operands.
    `texts` has the sentences that explain its rules, with the names of tensors in braces.
    """

    name: str
    symbol: str
    formula: str | None
    numpy: str | None
    texts: Texts


class CatalogueAnswer(TypedDict):
    """What networks and programs are made of, and every limit by the name of its field."""

    functions: list[FunctionKindAnswer]
    ops: list[OpKindAnswer]
    layers: list[LayerKindAnswer]
    losses: list[LossKindAnswer]
    levels: list[LevelKindAnswer]
    program: CallsAnswer
    limits: dict[str, AllowedAnswer]


class SketchAnswer(TypedDict):
    """A graph in a few circles, as [x, y], and lines, as [x, y, x, y], in a box of 72 by 40."""

    dots: list[list[float]]
    lines: list[list[float]]
    radius: float


class PresetAnswer(TypedDict):
    """A session to start from.

    A `network` with `code` is a program, and has a sketch of its graph. `chapter` is the part of
    the book that it belongs to, or `beyond`; those of one chapter stand together.

    Where it shows a digit, `rows` is how many there are to choose from, and `doubtful` are those
    over which its network wavers or errs, so that there is a gradient to see; else both are null.
    """

    id: str
    chapter: Chapter
    title: str
    network: NetworkAnswer
    view: ViewAnswer
    rows: int | None
    doubtful: list[int] | None
    sketch: SketchAnswer | None


class PresetsAnswer(TypedDict):
    """What there is to start from."""

    presets: list[PresetAnswer]


class DatasetAnswer(TypedDict):
    """A data set, with the rows of each split and the shape of one picture."""

    name: str
    title: str
    splits: dict[str, int]
    shape: Shape
    classes: int
    license: str
    source: str


class PlaneAnswer(TypedDict):
    """Points in a plane, made when asked for; `classes` is null where a network decides."""

    name: str
    title: str
    classes: int | None
    samples: int
    noise: float


class DatasetsAnswer(TypedDict):
    """Real data that sessions can load, and made-up points with the most samples and noise."""

    datasets: list[DatasetAnswer]
    planes: list[PlaneAnswer]


class OwnDatasetAnswer(TypedDict):
    """One's own data set: its columns in the order of `x`, and its classes in that of labels."""

    name: str
    splits: dict[str, int]
    shape: Shape
    classes: int
    class_names: list[str]
    columns: list[str]
    label: str


class RowAnswer(TypedDict):
    """One sample of a data set; pixels from 0 to 255."""

    row: int
    label: int
    pixels: list[int]


class PictureAnswer(TypedDict):
    """A picture as a network takes one: 28 rows of 28 numbers, from 0 (paper) to 1 (ink)."""

    pixels: list[list[float]]


class ProblemKindAnswer(TypedDict):
    """What a problem of this `type` means."""

    type: str
    title: str
    status: int
    meaning: str


class ProblemsAnswer(TypedDict):
    """What each problem's `type` means."""

    problems: list[ProblemKindAnswer]
