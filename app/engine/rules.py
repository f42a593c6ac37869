"""The index rule: which cells of which operands make one cell of a result, and how.

A rule is a sum of products over named axes, as one writes it by hand::

    dot:  out[n, h] = sum over d of  x[n, d] * w[d, h]

From this one declaration come the cells to highlight, the arithmetic with numbers put in, and
the gradient's own rule: d/d(x[n, d]) of the line above, times dL/d(out), is again such a sum.
Every op's NumPy code is held to its rule by a test.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from app.engine import layers

Array = np.ndarray

# An axis of length 1 that is broadcast has no letter of its own: its index is always 0.
BROADCAST = "0"


@dataclass(frozen=True)
class Factor:
    """One cell of one operand, perhaps through a function of that number alone.

    ``operand`` is the number of an input ("0", "1"), "out", "grad" (dL/d(out)), or the name of
    an array that the op keeps for its rules. ``axes`` has a letter for each axis of it.
    ``instead`` is the same number by another way, for cells where this one loses digits.
    """

    operand: str
    axes: str = ""
    function: str = "identity"
    instead: "Factor | None" = None


@dataclass(frozen=True)
class Term:
    """A product of factors and a fixed coefficient."""

    factors: tuple[Factor, ...]
    coefficient: float = 1.0


@dataclass(frozen=True)
class IndexRule:
    """``out[result] = scale * sum over summed of the sum of terms``, or the largest instead."""

    result: str
    terms: tuple[Term, ...]
    summed: str = ""
    largest: bool = False
    scale: float = 1.0

    def gradient(self, operand: str, axes: str) -> "IndexRule":
        """The rule of dL/d(operand): every term differentiated, times dL/d(out), and summed.

        Args:
            operand: The input to differentiate by.
            axes: The axes of that input, which become the result's.
        """
        terms = []
        for term in self.terms:
            for position, factor in enumerate(term.factors):
                if factor.operand == operand:
                    others = term.factors[:position] + term.factors[position + 1 :]
                    slope, coefficient = derivative(factor, self.result)
                    product = (Factor("grad", self.result), *others, *slope)
                    terms.append(Term(product, term.coefficient * coefficient))
        letters = sorted(set(self.result + self.summed) - set(axes) - {BROADCAST})
        return IndexRule(axes, tuple(terms), "".join(letters))


@dataclass(frozen=True)
class Function:
    """A function of one number and its derivative as factors of "in" (the number) or "out".

    ``instead`` is a function of "in" that is the same number as the last factor of the slope.
    """

    value: Callable[[Array], Array]
    slope: tuple[tuple[str, str], ...] = ()
    coefficient: float = 1.0
    instead: str | None = None


def _relu(v: Array) -> Array:
    return np.asarray(np.maximum(v, 0))


FUNCTIONS: Mapping[str, Function] = {
    "identity": Function(lambda v: v),
    "exp": Function(np.exp, (("out", "identity"),)),
    "log": Function(np.log, (("in", "reciprocal"),)),
    "reciprocal": Function(lambda v: 1 / v, (("out", "square"),), -1.0),
    "relu": Function(_relu, (("in", "step"),)),
    "sigmoid": Function(
        layers.sigmoid, (("out", "identity"), ("out", "one_minus")), instead="sigmoid_of_minus"
    ),
    "tanh": Function(np.tanh, (("out", "one_minus_square"),), instead="one_over_cosh_square"),
    # These only appear in derivatives.
    "square": Function(lambda v: v * v),
    "step": Function(lambda v: (v > 0) * 1.0),
    "one_minus": Function(lambda v: 1 - v),
    "one_minus_square": Function(lambda v: 1 - v * v),
    "sigmoid_of_minus": Function(lambda v: layers.sigmoid(-v)),
    "one_over_cosh_square": Function(layers.tanh_slope),
}


def derivative(factor: Factor, result: str) -> tuple[tuple[Factor, ...], float]:
    """What stands in a product in the factor's place once it is differentiated."""
    function = FUNCTIONS[factor.function]
    slope = [
        Factor("out", result, name) if source == "out" else replace(factor, function=name)
        for source, name in function.slope
    ]
    if function.instead is not None:
        slope[-1] = replace(slope[-1], instead=replace(factor, function=function.instead))
    return tuple(slope), function.coefficient


def tolerance(dtype: np.dtype) -> float:
    """How far apart, relatively, two ways to one number may be: 1e-14 in float64, 5.4e-6 in
    float32, which are as many units in the last place.
    """
    return 1e-14 * float(np.finfo(dtype).eps / np.finfo(np.float64).eps)


def broadcast_axes(shape: tuple[int, ...], result_shape: tuple[int, ...], result: str) -> str:
    """The axes of an operand of ``shape`` inside a result that NumPy broadcasts it to."""
    aligned = list(zip(shape, result_shape[len(result_shape) - len(shape) :], strict=True))
    letters = result[len(result) - len(shape) :] if shape else ""
    return "".join(
        letter if size == wide else BROADCAST
        for (size, wide), letter in zip(aligned, letters, strict=True)
    )


@dataclass(frozen=True)
class Cell:
    """One factor with its place and its number; ``raw`` is the number before the function."""

    operand: str
    index: tuple[int, ...]
    value: float
    raw: float
    function: str


@dataclass(frozen=True)
class Product:
    """One term with numbers in it."""

    cells: tuple[Cell, ...]
    value: float
    coefficient: float = 1.0


def expand(
    rule: IndexRule, index: tuple[int, ...], operands: Mapping[str, Array]
) -> Iterator[Product]:
    """The products that make cell ``index`` of a result; their values add up to it over ``scale``.

    Args:
        rule: The rule of the result.
        index: A cell of the result.
        operands: The arrays that the rule names, each with its own shape.
    """
    sizes = _sizes(rule, operands)
    bound = {
        letter: place
        for letter, place in zip(rule.result, index, strict=True)
        if letter != BROADCAST
    }
    for places in itertools.product(*(range(sizes[letter]) for letter in rule.summed)):
        letters = bound | dict(zip(rule.summed, places, strict=True))
        for term in rule.terms:
            cells = tuple(_cell(factor, letters, operands) for factor in term.factors)
            value = term.coefficient * math.prod(cell.value for cell in cells)
            yield Product(cells, value, term.coefficient)


def _sizes(rule: IndexRule, operands: Mapping[str, Array]) -> dict[str, int]:
    return {
        letter: size
        for term in rule.terms
        for factor in term.factors
        for letter, size in zip(factor.axes, operands[factor.operand].shape, strict=True)
        if letter != BROADCAST
    }


def _cell(factor: Factor, letters: Mapping[str, int], operands: Mapping[str, Array]) -> Cell:
    index = tuple(0 if axis == BROADCAST else letters[axis] for axis in factor.axes)
    raw = operands[factor.operand][index]
    value = FUNCTIONS[factor.function].value(raw)
    if factor.instead is not None:
        other = _cell(factor.instead, letters, operands)
        # A quarter, since the other factors of the product have their own rounding.
        if not abs(value - other.value) <= tolerance(raw.dtype) / 4 * abs(other.value):
            return other
    return Cell(factor.operand, index, float(value), float(raw), factor.function)
