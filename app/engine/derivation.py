"""What a derivation consists of: factors, terms, and what is to be said about them."""

import heapq
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from app.engine.functions import function
from app.engine.rules import Product


@dataclass(frozen=True)
class FactorValue:
    """A cell that went in: where it stands, its number, and the number's own function if any."""

    tensor: str
    index: tuple[int, ...]
    value: float
    function: str = "identity"
    cell_value: float = 0.0


@dataclass(frozen=True)
class TermValue:
    """A product of factors and its value."""

    factors: tuple[FactorValue, ...]
    value: float
    coefficient: float = 1.0


@dataclass(frozen=True)
class Divisor:
    """The sum by which all terms are divided, as in softmax; ``1 / value`` is the scale.

    ``shift`` is what was subtracted in every exponent, 0 where exp is safe without.
    """

    terms: tuple[TermValue, ...]
    value: float
    shift: float = 0.0
    omitted: int = 0
    omitted_value: float = 0.0


@dataclass(frozen=True)
class Explanation:
    """Where one number comes from.

    Attributes:
        tensor: The key asked for.
        index: The cell asked for; empty for a scalar.
        value: The number itself.
        rule: LaTeX; empty for an input, which comes from nowhere.
        rule_name: The rule's name for programs; ``input`` for an input.
        shapes: Shapes of all that takes part, by key.
        terms: All, or those that count most, the largest first; ``omitted`` more have the sum
            ``omitted_value``.
        scale: The factor common to all terms.
        combine: ``sum``; ``max`` where the largest term is the value; ``positive`` where the value
            is 1 if the sum is above 0 (or, of >= and <=, is 0), and 0 if not.
        divisor: The sum behind a scale that is no 1/N.
        note: Why the terms are not the rule's, or not the digits that the cells show. ``others``:
            y - 1 would lose digits, minus the other probabilities is the same number. ``digits``:
            a cell is rounded, its logarithm would lose digits, and the factor is the logarithm of
            the number before the rounding. ``complement``: 1 - y would lose digits, and
            another function of x is the same number.
    """

    tensor: str
    index: tuple[int, ...]
    value: float
    rule: str
    rule_name: str
    shapes: dict[str, tuple[int, ...]]
    terms: tuple[TermValue, ...]
    scale: float = 1.0
    combine: str = "sum"
    omitted: int = 0
    omitted_value: float = 0.0
    divisor: Divisor | None = None
    note: str | None = None


# Functions that are of more than a cell, or of a cell of the optimiser's, and in no table.
WRITTEN: Mapping[str, str] = {
    # 1 or 0 is said of a score: whether it is the one that max took.
    "is_largest": "{value}",
    "exp_shifted": "exp({x} − {(shift)})",
    # 1 over the root of what is gathered; a note says what else is under it.
    "adagrad_root": "1/√{(x)}",
    "adam_root": "1/√{(x)}",
}


def written_functions(explanation: Explanation) -> dict[str, str]:
    """How each function of a derivation is written where a number stands for ``{x}``.

    ``{(x)}`` is in brackets where it is negative, ``{-x}`` has the other sign; ``{value}`` is what
    the function makes of the cell, ``{shift}`` what a divisor subtracts, both likewise.
    """
    divisor = explanation.divisor
    terms = (*explanation.terms, *(divisor.terms if divisor is not None else ()))
    names = {factor.function for term in terms for factor in term.factors}
    return {
        name: WRITTEN[name] if name in WRITTEN else function(name).plain for name in sorted(names)
    }


Valued = TypeVar("Valued", Product, TermValue)


def longest(
    products: Iterable[Valued], limit: int, largest: bool = False
) -> tuple[tuple[Valued, ...], int, float]:
    """The ``limit`` products that count most, how many are left, and the sum of those.

    In their own order where there are no more; else the largest in size first, or the largest of
    all first where it alone is the result.
    """
    values: list[float] = []

    def noted() -> Iterator[Valued]:
        for product in products:
            values.append(product.value)
            yield product

    first: list[Valued] = []
    source = noted()
    for product in source:
        first.append(product)
        if len(first) > limit:
            break
    if len(first) <= limit:
        return tuple(first), 0, 0.0

    def size(product: Valued) -> float:
        return product.value if largest else abs(product.value)

    kept: list[Valued] = heapq.nlargest(limit, itertools.chain(first, source), key=size)
    rest = [*values, *(-product.value for product in kept)]
    total = math.fsum(rest) if all(map(math.isfinite, rest)) else math.nan
    return tuple(kept), len(values) - len(kept), total + 0.0
