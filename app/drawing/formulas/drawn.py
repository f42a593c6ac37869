"""What a drawing is made of, as typed dictionaries: the one declaration of its JSON.

The functions of this package build them, the OpenAPI document describes them and the page's types
are generated from that, so a field that is not declared here is in none of the three. Lengths are
pixels at scale 1, y grows downwards.
"""

from typing import Literal, NotRequired

# pydantic, which writes the schemas, takes only these before Python 3.12.
from typing_extensions import TypedDict

Point = tuple[float, float]
Bar = tuple[float, float, float, float]
Use = tuple[str, float, float, float, float]


class Anchor(TypedDict):
    """Where a text stands: the middle of its baseline."""

    x: float
    y: float


class Strip(Anchor):
    """A legend of shades, by its middle and its width."""

    w: float


class Scaled(Anchor):
    """Where the origin of a small picture stands, and its scale."""

    scale: float


class GraphNode(TypedDict):
    """A node, by its centre.

    An ``op`` is a circle, or where its name is long a box, and a ``layer`` is a box. A ``source``
    is a point where arrows begin, named by their labels; a ``constant`` is the formula ``symbol``
    without a circle. ``nodes`` are the ids in trace events that the node stands for. ``image`` is
    ``[rows, cols]`` on a box that shows the input as a picture; ``opens`` names the layer that
    opens in the node's place, ``hides`` the op that opens there, ``closes`` the opened op that the
    node belongs to; ``inside`` is a key of the graph's ``insides``, whose picture fits in the node
    at ``inside_at``. At a ``clash`` the shapes that come in do not fit.
    """

    id: str
    kind: Literal["op", "layer", "source", "constant"]
    op: str | None
    layer: str | None
    symbol: str | None
    title: str | None
    x: float
    y: float
    w: float
    h: float
    row: int | None
    nodes: list[str]
    image: NotRequired[tuple[int, int]]
    opens: NotRequired[str]
    hides: NotRequired[str]
    closes: NotRequired[str]
    inside: NotRequired[str]
    inside_at: NotRequired[Scaled]
    clash: NotRequired[bool]


class LabelName(Anchor):
    """The name of an edge, a key of the graph's ``formulas``, by the middle of its baseline."""

    formula: str


class LabelShape(Anchor):
    """The shape that an edge carries; empty for a scalar."""

    text: str


class Fan(TypedDict):
    """One arrow for each class with its number over it (figure 5-28).

    Line and cell k belong to the class ``rows[k]``; the lines replace the edge's own, and
    ``ellipsis`` is where dots stand for the classes that are left out.
    """

    rows: list[int]
    elided: bool
    lines: list[Bar]
    cells: list[Bar]
    ellipsis: Point | None


class PlacedText(TypedDict):
    """A text by the middle of its baseline."""

    text: str
    x: float
    y: float


class Block(TypedDict):
    """One matrix of a tensor of more than two axes, by its upper left corner, and its place."""

    x: float
    y: float
    caption: PlacedText


class Label(TypedDict):
    """The box of numbers at an edge, by its upper left corner, with the name and the shape.

    Modes: ``scalar`` one number; ``grid`` up to 8 rows and 8 columns; ``heat`` a heat map, with
    the place of its ``legend``; ``fan`` an arrow for each class; ``name`` without numbers, which
    stand elsewhere. Of a tensor of more than two axes a ``grid`` has ``blocks``, its matrices in
    row-major order, each of so many rows and columns.
    """

    mode: Literal["scalar", "grid", "heat", "fan", "name"]
    x: float
    y: float
    w: float
    h: float
    rows: int
    cols: int
    cell_w: float
    cell_h: float
    blocks: NotRequired[list[Block]]
    legend: NotRequired[Strip]
    fan: NotRequired[Fan]
    name: LabelName
    shape: LabelShape


# ``from`` is a word of Python's own, so these two fields cannot stand in a class.
_Ends = TypedDict("_Ends", {"from": str | None, "to": str | None})


class GraphEdge(_Ends):
    """An arrow. A tensor's gradient has an arrow of its own, whose key ends in ``.grad``.

    ``key`` is the edge's key in the events and values of a trace. ``label`` is null where the
    number stands in a constant itself; ``box`` is the number of a numbered arrow, at ``box_at``.
    """

    id: str
    direction: Literal["forward", "backward"]
    tensor: str
    shape: list[int]
    shape_text: str
    row: int | None
    key: str
    points: list[Point]
    label: Label | None
    box: int | None
    box_at: NotRequired[Point]
    description: str


class Group(TypedDict):
    """A frame, by its upper left corner; ``closes`` names the layer that closes in its place."""

    id: str
    kind: str
    title: str | None
    layer: str | None
    closes: str | None
    x: float
    y: float
    w: float
    h: float


class Pieces(TypedDict):
    """The parts of a picture."""

    nodes: list[GraphNode]
    edges: list[GraphEdge]
    groups: list[Group]


class Inside(Pieces):
    """What is in a closed box, in coordinates of its own.

    ``loss`` says in which pass its numbers are.
    """

    width: float
    height: float
    loss: Literal["opened", "closed"]


class EquationPart(TypedDict):
    """A factor with its shape, or a sign without one."""

    formula: str
    shape: str


class PlacedFormula(TypedDict):
    """A formula by the left end of its baseline."""

    formula: str
    x: float
    y: float


class Bracket(TypedDict):
    """A line between two sizes: equal ones joined (``inner``), or one led to the result."""

    kind: Literal["inner", "outer"]
    points: list[Point]
    head: bool


class EquationPicture(TypedDict):
    """An equation with the shapes under its factors and the brackets of figure 5-26."""

    width: float
    height: float
    formulas: list[PlacedFormula]
    texts: list[PlacedText]
    lines: list[Bracket]


class Equation(TypedDict):
    """The numbered equation of the arrow ``edge``.

    ``formula`` is the whole of it, ``parts`` are its factors and signs in order, and ``product``
    is the picture of a product with its result at the end.
    """

    number: int
    edge: str
    formula: str
    shapes: str
    parts: list[EquationPart]
    picture: EquationPicture
    product: NotRequired[EquationPicture]


class Formula(TypedDict):
    """A set formula; its origin is the left end of the baseline, ``ascent`` is above it.

    A glyph is ``[id, x, y, w, h]``, a rule (a fraction bar) ``[x, y, w, h]``. ``spoken`` is how it
    is read aloud; what each language says in its own way stands in braces: ``{over|1|N}``.
    """

    latex: str
    spoken: str
    width: float
    height: float
    ascent: float
    glyphs: list[Use]
    rules: list[Bar]


class Glyph(TypedDict):
    """One outline: the ``viewBox`` of an SVG symbol and the path data in it."""

    viewBox: str
    d: str


class FormulaTables(TypedDict):
    """Formulas by the keys that a drawing names them by, and their glyphs by id."""

    formulas: dict[str, Formula]
    glyphs: dict[str, Glyph]


class Graph(Pieces, FormulaTables):
    """A drawing without numbers; ``loss`` is null where the network has none."""

    level: str
    loss: Literal["opened", "closed"] | None
    form: str | None
    width: float
    height: float
    insides: dict[str, Inside]
    equations: list[Equation]
