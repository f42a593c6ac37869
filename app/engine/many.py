"""A derivation of very many terms: all are reckoned at once, the longest are told one by one.

The same cells as `rules.expand` meets one after the other, a block at a time. A sum over a million
numbers is then a matter of moments, not of half a minute.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.engine.functions import function
from app.engine.rules import (
    BROADCAST,
    Axis,
    Factor,
    IndexRule,
    Looked,
    Places,
    Product,
    Shifted,
    Term,
    product_at,
)

Array = np.ndarray
Letters = dict[str, Array]

# From so many terms on it is worth it.
MANY = 20_000
_BLOCK = 1 << 18


def term_count(rule: IndexRule, operands: Mapping[str, Array]) -> int:
    """How many products `rules.expand` would try for one cell."""
    return Places(rule, operands).count * len(rule.terms)


@dataclass(frozen=True)
class _Candidate:
    size: float
    place: int
    term: int


def most(
    rule: IndexRule, index: tuple[int, ...], operands: Mapping[str, Array], limit: int
) -> tuple[tuple[Product, ...], int, float]:
    """The ``limit`` products of cell ``index`` that count most, the largest first; how many are
    left, and their sum. As `derivation.longest` of `rules.expand`.
    """
    places = Places(rule, operands)
    bound = {
        letter: np.asarray(at)
        for letter, at in zip(rule.result, index, strict=True)
        if letter != BROADCAST
    }
    kept: list[_Candidate] = []
    sums: list[float] = []
    total = 0
    for start in range(0, places.count, _BLOCK):
        stop = min(start + _BLOCK, places.count)
        letters, holds = _letters(places, bound, start, stop)
        for number, term in enumerate(rule.terms):
            values, inside = _values(term, letters, holds, operands)
            total += int(inside.sum())
            sums.append(float(values[inside].sum()))
            order = values if rule.largest else np.abs(values)
            order = np.where(inside, order, -np.inf)
            best = np.argsort(-order, kind="stable")[:limit]
            kept += [
                _Candidate(float(order[at]), start + int(at), number) for at in best if inside[at]
            ]
        kept = sorted(kept, key=lambda one: (-one.size, one.place, one.term))[:limit]
    products = []
    for one in kept:
        letters, _ = _letters(places, bound, one.place, one.place + 1)
        plain = {letter: int(np.ravel(at)[0]) for letter, at in letters.items()}
        product = product_at(rule.terms[one.term], plain, operands)
        assert product is not None
        products.append(product)
    left = math.fsum([*sums, *(-product.value for product in products)])
    omitted = total - len(products)
    return tuple(products), omitted, left if omitted else 0.0


def _letters(
    places: Places, bound: Mapping[str, Array], start: int, stop: int
) -> tuple[Letters, Array]:
    """The values of all letters for a block of choices, and which of these hold."""
    sizes = tuple(places.sizes[letter] for letter in places.free)
    found: Letters = dict(bound)
    holds = np.ones(stop - start, dtype=bool)
    if sizes:
        at = np.unravel_index(np.arange(start, stop), sizes)
        found |= dict(zip(places.free, at, strict=True))
    for name, factor, axis, target in places.solved:
        found[name] = np.zeros(1, dtype=int)
        place, rest = np.divmod(found[target] - _at(axis, found, {}), factor)
        holds &= (rest == 0) & (place >= 0) & (place < places.sizes[name])
        found[name] = np.clip(place, 0, places.sizes[name] - 1)
    for other, letter in places.checked:
        holds &= _at(other, found, places.operands) == found[letter]
    return found, holds


def _at(axis: Axis, letters: Letters, operands: Mapping[str, Array]) -> Array:
    if isinstance(axis, Shifted):
        total: Array = np.asarray(axis.constant)
        for letter, factor in axis.parts:
            total = total + letters[letter] * factor
        return total
    if isinstance(axis, Looked):
        rows = operands[axis.operand][tuple(letters[letter] for letter in axis.axes)]
        return np.asarray(rows).astype(int)
    return np.asarray(0) if axis == BROADCAST else letters[axis]


@np.errstate(all="ignore")
def _values(
    term: Term, letters: Letters, holds: Array, operands: Mapping[str, Array]
) -> tuple[Array, Array]:
    """The product of a term's factors for every choice, and where all its cells are there."""
    values = np.full(holds.shape, term.coefficient)
    inside = holds.copy()
    for factor in term.factors:
        number, there = _factor(factor, letters, operands)
        inside &= there
        values = values * number
    return values, inside


def _factor(factor: Factor, letters: Letters, operands: Mapping[str, Array]) -> tuple[Array, Array]:
    array = operands[factor.operand]
    array = array.reshape(-1) if factor.flat else array
    there: Array = np.asarray(True)
    places = []
    for axis, size in zip(factor.axes, array.shape, strict=True):
        place = _at(axis, letters, operands)
        there = there & (place >= 0) & (place < size)
        places.append(np.clip(place, 0, size - 1))
    return np.asarray(function(factor.function).value(array[tuple(places)])), there
