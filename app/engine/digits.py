"""Derivations whose numbers, as they stand in the cells, would not give all digits of the value.

A y of 1 - 1e-18 is kept as 1. The value of y - t, of log y and of 1 - y has all its digits all the
same, since it is computed from the scores (`app.engine.whole`), so the terms must not be 1 - 1.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from app.engine.applied import closed_of
from app.engine.derivation import Explanation, FactorValue, TermValue, longest
from app.engine.functions import function
from app.engine.rules import tolerance
from app.engine.trace import Trace

COMPLEMENTS = frozenset({"sigmoid_of_minus", "one_over_cosh_square"})


def with_all_digits(trace: Trace, found: Explanation, max_terms: int) -> Explanation:
    """The derivation with terms that give the value to all its digits, and a note why."""
    allowed = tolerance(trace.array(found.tensor).dtype)
    place = _slope_place(trace, found)
    if place is not None and not _adds_up(found, allowed):
        return _as_others(trace, found, place, max_terms)
    factors = [factor for term in found.terms for factor in term.factors]
    if any(factor.function in COMPLEMENTS for factor in factors):
        return replace(found, note="complement")
    logs = [factor for factor in factors if factor.function == "log"]
    edge = trace.graph.edge.get(found.tensor)
    name = found.tensor if edge is None else edge.tensor
    if name in trace.graph.whole and len(found.terms) == len(factors) == len(logs) == 1:
        exact = replace(factors[0], value=found.value)
        logs = [exact]
        found = replace(found, terms=(TermValue((exact,), found.value),))
    if any(_differs(factor, allowed) for factor in logs):
        found = replace(found, note="digits")
    return found


def _adds_up(found: Explanation, allowed: float) -> bool:
    total = math.fsum(term.value for term in found.terms) * found.scale
    # A NaN or an infinity has no better terms.
    return not math.isfinite(total) or abs(total - found.value) <= allowed * abs(found.value)


def _differs(factor: FactorValue, allowed: float) -> bool:
    rounded = float(function(factor.function).value(np.asarray(factor.cell_value)))
    return not abs(rounded - factor.value) <= allowed * abs(factor.value)


@dataclass(frozen=True)
class _Place:
    """Whose slope is asked for: sample n and class i, and whether it is by exp(a_i)."""

    n: int
    i: int
    by_exp: bool


def _slope_place(trace: Trace, found: Explanation) -> _Place | None:
    """Where the derivation is one of y - t, or of that over exp(a)."""
    whole = trace.graph.whole.get(found.tensor)
    quantity, row = (whole.quantity, whole.row) if whole is not None else ("", None)
    event = trace.maker(found.tensor)
    if event is not None and event.is_gradient and event.node and found.tensor in event.writes:
        closed = closed_of(trace.graph.node[event.node])
        if closed is not None:
            quantity = closed.quantity
            row = trace.graph.edge[found.tensor.removesuffix(".grad")].row
    if quantity not in ("score_gradient", "exp_gradient"):
        return None
    n, i = (0, row - 1) if row is not None else found.index
    return _Place(n, i, quantity == "exp_gradient")


def _as_others(trace: Trace, found: Explanation, place: _Place, max_terms: int) -> Explanation:
    """y - 1 as minus the sum of the other probabilities."""
    is_rows = trace.graph.level == "element"
    classes = trace.array("t").shape[1]

    def cell(name: str, j: int) -> FactorValue:
        key, index = (f"{name}.{j + 1}", ()) if is_rows else (name, (place.n, j))
        number = float(trace.array(key)[index])
        return FactorValue(key, index, number, cell_value=number)

    def inverse(factor: FactorValue) -> FactorValue:
        return replace(factor, value=1 / factor.cell_value, function="reciprocal")

    def probability(j: int) -> tuple[FactorValue, ...]:
        for name in ("loss.probabilities", "loss.y", "loss.multiply"):
            if (f"{name}.{j + 1}" if is_rows else name) in trace.known:
                return (cell(name, j),)
        index = () if is_rows else (place.n, 0)
        total = float(trace.array("loss.sum")[index])
        return cell("loss.exp", j), inverse(FactorValue("loss.sum", index, 0, cell_value=total))

    by = (inverse(cell("loss.exp", place.i)),) if place.by_exp else ()

    def terms() -> Iterator[TermValue]:
        for j in range(classes):
            if j != place.i:
                factors = (*probability(j), *by)
                value = -math.prod(factor.value for factor in factors)
                yield TermValue(factors, value + 0.0, -1.0)

    kept, omitted, omitted_value = longest(terms(), max_terms)
    names = (found.tensor, *(factor.tensor for term in kept for factor in term.factors))
    return replace(
        found,
        shapes={name: trace.array(name).shape for name in names},
        terms=kept,
        scale=float(trace.array("loss.grad")) / (trace.graph.n if trace.graph.averages else 1),
        omitted=omitted,
        omitted_value=omitted_value,
        note="others",
    )
