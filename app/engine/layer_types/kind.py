"""What a type of layer is: one value, from which everything that names layers follows.

A file of this package has one type, or one kind of types. `app.engine.layer_types.LAYERS` lists
them; the checks of networks, the API and its catalogue, the drawing, training and the page ask it.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from app.engine.bounds import Bounds
from app.engine.builder import GraphBuilder, Use
from app.engine.graph import Tensor
from app.engine.layers import Layer
from app.engine.op import grouped

Array = np.ndarray
# The attributes of an op over the last axis that keeps it.
LAST_AXIS: Mapping[str, Any] = {"axes": (-1,), "keepdims": True}
# What a layer is run for, where it is another in training than once it has learned.
TRAIN, INFERENCE = "train", "inference"
MODES = (TRAIN, INFERENCE)
# The shape of one sample.
Size = tuple[int, ...]
Setting = float | bool
Settings = Mapping[str, Any]


class Nested(Protocol):
    """A layer within another: `app.engine.spec.LayerSpec`."""

    @property
    def name(self) -> str:
        """Its name within the other."""

    @property
    def type(self) -> str:
        """The name of its type."""

    @property
    def step(self) -> int:
        """As for `Opening`."""

    @property
    def kind(self) -> "LayerType":
        """Its type."""

    @property
    def settings(self) -> Settings:
        """All its fields, with their defaults."""


@dataclass(frozen=True)
class Field:
    """A field of a layer or a loss.

    Attributes:
        name: As a body has it.
        bounds: What it may be; None for true or false, or one of ``choices``.
        default: What it is where it is left out; None where it must not be.
        nested: Whether it is a list of layers.
        follows: The field whose value it has where it is left out; None where there is none.
    """

    name: str
    bounds: Bounds | None
    default: Setting | str | None = None
    choices: tuple[str, ...] = ()
    nested: bool = False
    follows: str | None = None

    @property
    def is_needed(self) -> bool:
        """Whether it must not be left out."""
        return self.default is None and self.follows is None

    @property
    def words(self) -> str:
        """What it may be, as an error says it."""
        if self.nested:
            return "a list of at least one layer"
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        return "true or false" if self.bounds is None else self.bounds.words

    @property
    def allowed(self) -> dict[str, object]:
        """What it may be, in the words of JSON Schema."""
        if self.nested:
            return {"type": "array", "minItems": 1}
        if self.choices:
            return {"enum": list(self.choices)}
        return {"type": "boolean"} if self.bounds is None else self.bounds.schema

    @property
    def schema(self) -> dict[str, object]:
        """The same, and what it is where it is left out."""
        if self.nested:
            return self.allowed
        if self.follows is not None:
            return {**self.allowed, "follows": self.follows}
        return self.allowed if self.default is None else {**self.allowed, "default": self.default}

    def holds(self, value: object) -> bool:
        """Whether it may have this value."""
        if self.nested:
            return isinstance(value, tuple) and bool(value)
        if self.choices:
            return value in self.choices
        if self.bounds is None:
            return isinstance(value, bool)
        return (
            not isinstance(value, bool)
            and isinstance(value, int if self.bounds.whole else int | float)
            and self.bounds.holds(value)
        )


@dataclass(frozen=True)
class Parameter:
    """A parameter as a layer declares it.

    Attributes:
        shape: Its shape.
        symbol: Its letter in formulas.
        inputs: How many numbers make one number with it, for weights, which are drawn at random;
            None for what begins at ``start`` everywhere.
        start: That.
    """

    shape: tuple[int, ...]
    symbol: str
    inputs: int | None = None
    start: float = 0.0


@dataclass(frozen=True)
class Opening:
    """A layer in a graph that is being built, and the tensor that comes into it.

    Attributes:
        builder: Takes the nodes.
        name, type: Of the layer.
        x: The name of what comes in.
        settings: All its fields, with their defaults.
        symbols: LaTeX by part: of each parameter and of ``output``.
        parameters: By part.
        closed: Whether it is to stay one op although it could be opened.
        open_ops: Names of ops that are opened, see `app.engine.open_ops`.
        step: Steps of learning before this one, where something is drawn anew at each.
        owner: Name and type of the layer that this one is within; None where there is none.
    """

    builder: GraphBuilder
    name: str
    type: str
    x: str
    settings: Settings
    symbols: Mapping[str, str]
    parameters: Mapping[str, Parameter]
    closed: bool = False
    open_ops: Collection[str] = ()
    step: int = 0
    owner: tuple[str, str] | None = None

    @property
    def group(self) -> tuple[str, str]:
        """Name and type of the layer of the network that its nodes belong to."""
        return self.owner or (self.name, self.type)

    @property
    def x_symbol(self) -> str:
        """What comes in, as LaTeX."""
        return self.builder.tensors[self.x].symbol

    def derivative(self, part: str) -> str:
        """dL/d(part), as LaTeX."""
        return self.builder.derivative(self.symbols[part])

    def told_apart(self, symbol: str) -> str:
        """The symbol, primed where an earlier tensor of the graph has it."""
        taken = {tensor.symbol for tensor in self.builder.tensors.values()}
        while symbol in taken:
            symbol += "'"
        return symbol

    def parameter(self, part: str) -> str:
        """Add a parameter to the graph; its name there."""
        name, symbol = f"{self.name}.{part}", self.symbols[part]
        shape = self.parameters[part].shape
        return self.builder.source(
            name, shape, "parameter", symbol, self.builder.derivative(symbol)
        )

    def node(
        self,
        id: str,
        op: str,
        uses: Sequence[Use | str],
        symbol: str | None = None,
        grad_symbol: str | None = None,
        **attributes: Any,
    ) -> str:
        """Add a node ``layer.id``; the name of what it makes, which is the node's.

        Without ``symbol`` it makes the output of the layer.
        Without ``grad_symbol`` the gradient is called dL/d(symbol).
        """
        names = [use.tensor if isinstance(use, Use) else use for use in uses]
        shape = self.builder.shape_of(op, names, **attributes)
        name = f"{self.name}.{id}"
        made = f"{self.name}.output" if symbol is None else name
        symbol = self.symbols["output"] if symbol is None else symbol
        tensor = Tensor(
            made, shape, "value", symbol, grad_symbol or self.builder.derivative(grouped(symbol))
        )
        return self.builder.node(self.group, name, op, uses, [tensor], attributes)


def same_size(size: Size, settings: Settings) -> Size:
    """A layer whose output has its input's shape."""
    return size


def no_parameters(size: Size, settings: Settings) -> Mapping[str, Parameter]:
    """A layer that learns nothing."""
    return {}


# A layer's fast code for settings, its parameters and the shape of a sample; None where there is
# none for these, and the layer trains through its graph.
Kernel = Callable[[Settings, Mapping[str, Array], Size], Layer | None]


@dataclass(frozen=True)
class LayerType:
    """A type of layer.

    Attributes:
        name: As a body has it.
        title: What stands in its box.
        build: Adds its ops to a graph; the name of its output.
        fields: What a body says of it.
        size: The shape of one sample of its output, from that of its input; raises `ShapeClash`.
        parameters: By part, in the order in which they are drawn.
        cells: How many numbers it holds for a sample, where they are more than its output.
        kernel: Fast code for training.
        activation: Whether it is a function of one number, cell by cell.
        draws: Whether it draws something by its ``seed``, and anew at every step of learning.
        joins: Whether what it makes of a sample hangs on the others that come with it.
        takes_ids: Whether it takes numbers of words: it begins a network, and hands no gradient
            back.
        opens: Whether `build` makes several ops of what can also be one (see `Opening.closed`).
        formula: Its output as LaTeX, of its input ``{0}``.
    """

    name: str
    title: str
    build: Callable[[Opening], str]
    fields: tuple[Field, ...] = ()
    size: Callable[[Size, Settings], Size] = same_size
    parameters: Callable[[Size, Settings], Mapping[str, Parameter]] = no_parameters
    cells: Callable[[Size, Settings], int] | None = None
    kernel: Kernel | None = None
    activation: bool = False
    opens: bool = False
    draws: bool = False
    joins: bool = False
    takes_ids: bool = False
    formula: str = ""
    by_name: Mapping[str, Field] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {one.name: one for one in self.fields})

    def held(self, size: Size, settings: Settings) -> int:
        """How many numbers it holds for a sample of this shape."""
        made = math.prod(self.size(size, settings))
        return made if self.cells is None else max(made, self.cells(size, settings))

    def whole(self, settings: Settings) -> Settings:
        """The settings with a default for each that is left out."""
        found = {one.name: settings.get(one.name, one.default) for one in self.fields}
        for one in self.fields:
            if one.follows is not None and found[one.name] is None:
                found[one.name] = found[one.follows]
        return found
