"""A program as data: its text and the shapes of what it is given."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.engine.spec import NetworkSpec


@dataclass(frozen=True)
class Clash:
    """The first place of a program at which shapes do not fit.

    Attributes:
        line, column: Where, counted from 1.
        message: Which shapes, and what would fit.
        op: A row of the table of ops.
        shapes: Of its operands, in order.
        end: The line and the column after its last letter.
    """

    line: int
    column: int
    end: tuple[int, int]
    message: str
    op: str
    shapes: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class CodeSpec(NetworkSpec):
    """A checked program; `compiling.build_code` makes one.

    To whoever asks a network for its parameters, its result or its size, a program is one: without
    layers and rows of samples, with all that it is given as its parameters, of which it learns
    those that are ``learned``.

    Attributes:
        code: The text.
        shapes: Of what it is given, by name.
        output: The name that is assigned last.
        output_shape: Its shape; empty where it is a single number, which is the loss then.
        cells: How many numbers a pass holds.
        work: Products that its forward half takes.
        names: What of the given an optimiser moves: what has a gradient and is no data.
        clash: Where shapes do not fit; its graph ends there, and nothing goes back or learns.
    """

    code: str = ""
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    output: str = ""
    output_shape: tuple[int, ...] = ()
    cells: int = 0
    work: int = 0
    names: tuple[str, ...] = ()
    clash: Clash | None = None

    @property
    def is_program(self) -> bool:
        """Whether there are lines in place of layers."""
        return True

    @property
    def widths(self) -> tuple[int, ...]:
        """Columns of samples: none."""
        return (0,)

    @property
    def output_size(self) -> int:
        """Columns of the result."""
        return self.output_shape[-1] if self.output_shape else 1

    @property
    def output_tensor(self) -> str:
        """The name of the result."""
        return self.output

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of all that the program is given."""
        return dict(self.shapes)

    @property
    def parameter_count(self) -> int:
        """How many numbers the program is given."""
        return sum(math.prod(shape) for shape in self.shapes.values())

    @property
    def learned(self) -> tuple[str, ...]:
        """Names of what an optimiser moves."""
        return self.names

    def pass_cells(self, n: int) -> int:
        """How many numbers one pass holds."""
        return self.cells
