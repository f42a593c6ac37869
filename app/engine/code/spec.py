"""A program as data: its text and the shapes of what it is given."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.engine.spec import LayerSpec


@dataclass(frozen=True)
class CodeSpec:
    """A checked program; make one with `compile.build_code`.

    Beside a `NetworkSpec`, of which it answers the same questions: there are no layers in it, and
    all that it is given counts as parameters.

    Attributes:
        code: The text.
        shapes: Of what it is given, by name.
        output: The name that is assigned last.
        output_shape: Its shape; empty where it is a single number, which is the loss then.
        cells: How many numbers a pass holds.
    """

    code: str
    shapes: Mapping[str, tuple[int, ...]]
    output: str
    output_shape: tuple[int, ...] = ()
    cells: int = 0
    dtype: str = "float64"
    layers: tuple[LayerSpec, ...] = field(default=())

    @property
    def loss(self) -> str | None:
        """``code`` where the result is one number; None where it is an array."""
        return None if self.output_shape else "code"

    @property
    def input_size(self) -> int:
        """A program has no rows of samples of its own."""
        return 0

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

    def pass_cells(self, n: int) -> int:
        """How many numbers one pass holds."""
        return self.cells
