"""The index rule: which cells of which operands make one cell of a result, and how.

A rule is a sum of products over named axes, as one writes it by hand::

    dot:   out[n, h] = sum over d of  x[n, d] * w[d, h]
    conv:  out[n, f, i, j] = sum over c, u, v of  x[n, c, i + u, j + v] * w[f, c, u, v]

From this one declaration come the cells to highlight, the arithmetic with numbers put in, and
the gradient's own rule: d/d(x[n, d]) of the line above, times dL/d(out), is again such a sum.
Every op's NumPy code is held to its rule by a test.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.engine.functions import function

Array = np.ndarray

# An axis of length 1 that is broadcast has no letter of its own: its index is always 0.
BROADCAST = "0"
# Names for the axes of a gradient whose operand was read at i + u, at a fixed place, or by a table.
_FRESH = "pqrstvwxyz"


@dataclass(frozen=True)
class Shifted:
    """An index that is a sum of letters, each with a factor, and a constant: ``2 i + u - 1``."""

    parts: tuple[tuple[str, int], ...] = ()
    constant: int = 0

    def at(self, letters: Mapping[str, int]) -> int:
        """The index where the letters have these values."""
        return self.constant + sum(letters[letter] * factor for letter, factor in self.parts)


@dataclass(frozen=True)
class Looked:
    """An index that is itself a cell of an operand, ``ids[n]``: a row is gathered by a number."""

    operand: str
    axes: str


# A letter, or one of the above; most factors have nothing but letters, written as one string.
Axis = str | Shifted | Looked
Axes = str | tuple[Axis, ...]


@dataclass(frozen=True)
class Factor:
    """One cell of one operand, perhaps through a function of that number alone.

    ``operand`` is the number of an input ("0", "1"), "out", "grad" (dL/d(out)), or the name of
    an array that the op keeps for its rules. ``axes`` has an index for each axis of it; a ``flat``
    operand has one axis, on which its cells stand row by row.
    ``instead`` is the same number by another way, for cells where this one loses digits.
    """

    operand: str
    axes: Axes = ""
    function: str = "identity"
    instead: "Factor | None" = None
    flat: bool = False


@dataclass(frozen=True)
class Term:
    """A product of factors and a fixed coefficient."""

    factors: tuple[Factor, ...]
    coefficient: float = 1.0


@dataclass(frozen=True)
class IndexRule:
    """``out[result] = scale * sum over summed of the sum of terms``, or the largest instead.

    A cell that an index would have to look for outside its operand adds nothing.

    Attributes:
        result: The axes of the result, by letters alone.
        terms: What is added.
        summed: The letters that are summed over.
        largest: Whether the largest product is the result, not the sum.
        scale: A factor common to all.
        where: Only where this index has the value of this letter: how a gradient finds its way
            back through i + u.
        ranges: How far letters go that no operand has as an axis.
        flat: Whether the result has one axis, on which its cells stand row by row.
        outer: A function of the whole sum.
        over: A rule for what the whole sum is divided by, as in softmax.
    """

    result: str
    terms: tuple[Term, ...]
    summed: str = ""
    largest: bool = False
    scale: float = 1.0
    where: tuple[tuple[Axis, str], ...] = ()
    ranges: tuple[tuple[str, int], ...] = ()
    flat: bool = False
    outer: str = "identity"
    over: "IndexRule | None" = None

    @property
    def letters(self) -> str:
        """All its letters, the result's first."""
        return "".join(letter for letter in self.result + self.summed if letter != BROADCAST)

    def gradient(self, operand: str) -> "IndexRule":
        """The rule of dL/d(operand): every term differentiated, times dL/d(out), and summed.

        Where the largest is taken, only the cells that were it hear of the gradient: the operand
        ``largest`` has 1 there, over all letters.
        """
        terms = []
        place = next(
            factor for term in self.terms for factor in term.factors if factor.operand == operand
        )
        result, where = self._axes_of(place)
        for term in self.terms:
            for position, factor in enumerate(term.factors):
                if factor.operand == operand:
                    others = term.factors[:position] + term.factors[position + 1 :]
                    alone = len(term.factors) == len(self.terms) == 1 and term.coefficient == 1
                    slope, coefficient = derivative(factor, self.result, alone)
                    above = Factor("grad", self.result, flat=self.flat)
                    chosen = (Factor("largest", self.letters),) if self.largest else ()
                    product = (above, *chosen, *others, *slope)
                    terms.append(Term(product, term.coefficient * coefficient))
        letters = sorted(set(self.letters) - set(result))
        return IndexRule(
            result, tuple(terms), "".join(letters), scale=self.scale, where=where,
            ranges=self.ranges, flat=place.flat,
        )  # fmt: skip

    def _axes_of(self, factor: Factor) -> tuple[str, tuple[tuple[Axis, str], ...]]:
        """The axes of a factor as letters, and what each new letter stands for."""
        fresh = iter(letter for letter in _FRESH if letter not in self.letters)
        result, where = "", []
        for axis in factor.axes:
            if isinstance(axis, str) and (axis == BROADCAST or axis not in result):
                result += axis
            else:
                result += next(fresh)
                where.append((axis, result[-1]))
        return result, tuple(where)


def derivative(factor: Factor, result: str, alone: bool = True) -> tuple[tuple[Factor, ...], float]:
    """What stands in a product in the factor's place once it is differentiated.

    Args:
        factor: It.
        result: The axes of the op's result.
        alone: Whether the factor is all of the result, so that its derivative may be written by it.
    """
    row = function(factor.function)
    slope = []
    for source, name in row.slope:
        if source == "in":
            slope.append(replace(factor, function=name))
        elif alone:
            slope.append(Factor("out", result, name))
        else:
            both = factor.function if name == "identity" else f"{name}.of.{factor.function}"
            slope.append(replace(factor, function=both))
    if row.instead is not None and alone:
        slope[-1] = replace(slope[-1], instead=replace(factor, function=row.instead))
    return tuple(slope), row.coefficient


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
        index: A cell of the result; its number in the row of all cells where the rule is flat.
        operands: The arrays that the rule names, each with its own shape.
    """
    places = Places(rule, operands)
    bound = {
        letter: place
        for letter, place in zip(rule.result, index, strict=True)
        if letter != BROADCAST
    }
    for letters in places.all(bound):
        for term in rule.terms:
            product = product_at(term, letters, operands)
            if product is not None:
                yield product


def product_at(
    term: Term, letters: Mapping[str, int], operands: Mapping[str, Array]
) -> Product | None:
    """A term where the letters have these values; None where a cell lies outside its operand."""
    cells = tuple(_cell(factor, letters, operands) for factor in term.factors)
    known = [cell for cell in cells if cell is not None]
    if len(known) < len(cells):
        return None
    value = term.coefficient * math.prod(cell.value for cell in known)
    return Product(tuple(known), value, term.coefficient)


class Places:
    """The values that the letters of a rule take for one cell of the result.

    Attributes:
        sizes: How far each letter goes.
        free: The letters that are tried one by one.
        solved: The others that are summed over: a letter, its factor in an index, the index, and
            the letter whose value that has.
        checked: Indices that have to have the value of a letter.
    """

    def __init__(self, rule: IndexRule, operands: Mapping[str, Array]) -> None:
        self.operands = operands
        self.sizes = _sizes(rule, operands)
        free = list(rule.summed)
        # i + u = p leaves no choice of i once u is chosen: it is worked out, not tried.
        self.solved: list[tuple[str, int, Shifted, str]] = []
        self.checked: list[tuple[Axis, str]] = []
        for axis, letter in rule.where:
            unknown = [part for part in getattr(axis, "parts", ()) if part[0] in free]
            if isinstance(axis, Shifted) and unknown:
                name, factor = unknown[0]
                free.remove(name)
                self.solved.append((name, factor, axis, letter))
            else:
                self.checked.append((axis, letter))
        self.free = free

    @property
    def count(self) -> int:
        """How many choices there are."""
        return math.prod(self.sizes[letter] for letter in self.free)

    def all(self, bound: Mapping[str, int]) -> Iterator[Mapping[str, int]]:
        """Every way to choose the rest, row by row."""
        for places in itertools.product(*(range(self.sizes[letter]) for letter in self.free)):
            letters = {**bound, **dict(zip(self.free, places, strict=True))}
            if self._solves(letters) and all(
                _place(axis, letters, self.operands) == letters[letter]
                for axis, letter in self.checked
            ):
                yield letters

    def _solves(self, letters: dict[str, int]) -> bool:
        for name, factor, axis, target in self.solved:
            letters[name] = 0
            place, rest = divmod(letters[target] - axis.at(letters), factor)
            if rest or not 0 <= place < self.sizes[name]:
                return False
            letters[name] = place
        return True


def _sizes(rule: IndexRule, operands: Mapping[str, Array]) -> dict[str, int]:
    sizes = {
        letter: size
        for term in rule.terms
        for factor in term.factors
        for letter, size in zip(factor.axes, _shape(factor, operands), strict=True)
        if isinstance(letter, str) and letter != BROADCAST
    }
    looked = [axis for axis in _all_axes(rule) if isinstance(axis, Looked)]
    for axis in looked:
        sizes |= dict(zip(axis.axes, operands[axis.operand].shape, strict=True))
    return sizes | dict(rule.ranges)


def _all_axes(rule: IndexRule) -> Iterator[Axis]:
    for term in rule.terms:
        for factor in term.factors:
            yield from factor.axes
    for axis, _ in rule.where:
        yield axis


def _shape(factor: Factor, operands: Mapping[str, Array]) -> tuple[int, ...]:
    array = operands[factor.operand]
    return (array.size,) if factor.flat else array.shape


def _place(axis: Axis, letters: Mapping[str, int], operands: Mapping[str, Array]) -> int:
    if isinstance(axis, Shifted):
        return axis.at(letters)
    if isinstance(axis, Looked):
        return int(operands[axis.operand][tuple(letters[letter] for letter in axis.axes)])
    return 0 if axis == BROADCAST else letters[axis]


def _cell(factor: Factor, letters: Mapping[str, int], operands: Mapping[str, Array]) -> Cell | None:
    """The factor's cell; None where it lies outside its operand."""
    place = tuple(_place(axis, letters, operands) for axis in factor.axes)
    shape = _shape(factor, operands)
    if not all(0 <= at < size for at, size in zip(place, shape, strict=True)):
        return None
    array = operands[factor.operand]
    index = _unraveled(place[0], array.shape) if factor.flat else place
    raw = array[index]
    value = function(factor.function).value(raw)
    if factor.instead is not None:
        other = _cell(factor.instead, letters, operands)
        assert other is not None
        # A quarter, since the other factors of the product have their own rounding.
        if not abs(value - other.value) <= tolerance(raw.dtype) / 4 * abs(other.value):
            return other
    return Cell(factor.operand, index, float(value), float(raw), factor.function)


def _unraveled(place: int, shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(int(at) for at in np.unravel_index(place, tuple(shape)))
