"""What an expression of a program stands for while it is read."""

import ast
from dataclasses import dataclass

import numpy as np

from app.engine.code.reading import CodeError

Array = np.ndarray


@dataclass(frozen=True)
class Ref:
    """A tensor of the graph, by its name."""

    name: str
    shape: tuple[int, ...]

    @property
    def rank(self) -> int:
        """How many axes it has."""
        return len(self.shape)


# What is known before any number is given: numbers and arrays, shapes, and the text of einsum.
Known = float | int | Array | tuple[int, ...] | str
Value = Ref | Known


def whole_numbers(value: Value | list[Value], at: ast.AST, what: str) -> tuple[int, ...]:
    """One whole number or several, such as a shape or axes.

    Raises:
        CodeError: it is something else.
    """
    several = value if isinstance(value, list | tuple) else [value]
    found = []
    for one in several:
        if isinstance(one, bool) or not isinstance(one, int | np.integer):
            raise CodeError(f"{what} takes whole numbers", at, "type")
        found.append(int(one))
    return tuple(found)


def is_number(value: Value) -> bool:
    """Whether it is a known single number."""
    return isinstance(value, int | float) and not isinstance(value, bool)
