"""The name of a wrong number: the mistakes that give this very number.

Practice shows that "wrong" teaches little, and the mistake by its name a great deal. A mistake is
offered only where it gives the answer, to as many digits as the answer has; where two give the
same number, both are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from app.engine.errors import EngineError
from app.engine.faults.fault import Array, Context, Makes, Step
from app.engine.faults.passes import NOWHERE, Site, sites, wrong_gradients
from app.engine.faults.table import FAULTS
from app.engine.graph import Edge
from app.engine.trace import NotComputed, Trace

# An answer from a computation, not typed: how far apart, relatively, the same number may be.
RELATIVE = 1e-6
# What is written with more decimals than these was not rounded by a print; and a number of three
# digits is 100 of its last place.
MOST_DECIMALS, LEAST_DIGITS = 12, 100
# By so many last places of the largest cell a pass in float32 may be off.
LAST_PLACES = 16
# Places that are tried for one mistake; a longer network is looked at from the loss on.
MOST_SITES = 200


@dataclass(frozen=True)
class Named:
    """A mistake that gives an answer.

    Attributes:
        fault: Its name in the table.
        sites: Where it does, nearest to the answer first.
    """

    fault: str
    sites: tuple[Site, ...]


@dataclass(frozen=True)
class Compared:
    """An answer beside the right numbers.

    Attributes:
        equal: Whether all cells are right.
        cells: Those that are not, by index; all are where the shape is another.
        value: The right numbers.
        named: The mistakes that give this very answer.
    """

    equal: bool
    cells: tuple[tuple[int, ...], ...]
    value: Array
    named: tuple[Named, ...]


def gradient_of(trace: Trace, key: str) -> Array:
    """The gradient under ``key``.

    Raises:
        EngineError: no such tensor, no gradient, or none in this pass.
    """
    try:
        value = trace.value(key)
    except KeyError:
        raise EngineError("the network has no such tensor", "tensor", "name") from None
    if not key.endswith(".grad"):
        raise EngineError("a gradient is compared: its name ends with .grad", "tensor", "name")
    if isinstance(value, NotComputed):
        raise EngineError("this gradient is not computed in this pass", "tensor", "name")
    return value


def compared(
    trace: Trace,
    key: str,
    answer: Array,
    within: Array | float | None = None,
    context: Context = NOWHERE,
) -> Compared:
    """Somebody's gradient beside the right one, with the mistakes that give it.

    Args:
        trace: The pass.
        key: Of the gradient, as ``affine1.W.grad``.
        answer: Of any shape; with another one than the gradient's, no cell is right.
        within: How far off a cell may be, from the digits it was written with; 1e-6 of the larger
            number by default.
        context: What mistakes need beyond the pass.
    """
    right = gradient_of(trace, key)
    if answer.shape != right.shape:
        cells = tuple(map(_index, np.ndindex(right.shape)))
        return Compared(False, cells, right, named(trace, key, answer, within, context))
    off = ~_close(answer, right, within)
    cells = tuple(map(_index, np.argwhere(off)))
    names = named(trace, key, answer, within, context) if cells else ()
    return Compared(not cells, cells, right, names)


def named(
    trace: Trace,
    key: str,
    answer: Array,
    within: Array | float | None = None,
    context: Context = NOWHERE,
    index: tuple[int, ...] | None = None,
) -> tuple[Named, ...]:
    """The mistakes that give the answer, in the order of the table.

    Args:
        trace: The pass.
        key: Of the gradient.
        answer: All of it, or with ``index`` one number of it.
        within: As for `compared`.
        context: What mistakes need beyond the pass.
        index: The cell that was asked for. A single number is soon hit by chance, so only what is
            done wrong at this gradient itself is tried then, and in the loss it comes from.
    """
    found: dict[str, list[Site]] = {}
    for fault, site, wrong in _candidates(trace, key, context, near=index is not None):
        number = wrong
        if index is not None:
            if not _has(wrong, index):
                continue
            number = np.asarray(wrong[index])
        if number.shape == answer.shape and _close(answer, number, within).all():
            found.setdefault(fault, []).append(site)
    order = {id: place for place, id in enumerate(FAULTS)}
    return tuple(
        Named(fault, tuple(found[fault])) for fault in sorted(found, key=lambda id: order[id])
    )


def written_within(answer: Array) -> Array | None:
    """How far off the cells of an answer may be by the decimals that it was written with.

    Numbers of one matrix are written alike, so the longest tells for all, whose last zeros are
    lost. None where all of them are whole, or have so many digits that nothing was rounded.
    """
    places = max(
        (-int(Decimal(repr(float(cell))).normalize().as_tuple().exponent) for cell in answer.flat
         if np.isfinite(cell)),
        default=0,
    )  # fmt: skip
    largest = np.max(np.abs(answer[np.isfinite(answer)]), initial=0.0)
    if not 0 < places <= MOST_DECIMALS or largest * 10.0**places < LEAST_DIGITS:
        return None
    relative = RELATIVE * np.abs(answer)
    return np.asarray(np.maximum(relative, 0.5 * (1 + RELATIVE) * 10.0**-places))


def shapes_named(
    trace: Trace, key: str, shape: tuple[int, ...], context: Context = NOWHERE
) -> tuple[str, ...]:
    """The mistakes whose gradient has another shape, namely this one.

    A product that cannot be made has none: what is not transposed does not fit, mostly.
    """
    tensor = key.removesuffix(".grad")
    found = []
    for fault in FAULTS.values():
        for site in sites(trace, fault, context):
            is_here = bool(site.node) and _operand(trace, site).tensor == tensor
            odd = of_other_shape(trace, site, context, fault.makes) if is_here else None
            if odd is not None and odd.shape == shape and fault.id not in found:
                found.append(fault.id)
    return tuple(found)


def _candidates(
    trace: Trace, key: str, context: Context, *, near: bool
) -> Iterator[tuple[str, Site, Array]]:
    """Every wrong number that a mistake gives for the gradient: here first, then from above."""
    graph = trace.graph
    name = key.removesuffix(".grad")
    tensor = graph.edge[name].tensor if name in graph.edge else name
    uses = {edge.target for edge in graph.edges_of[tensor] if edge.target}
    for id, fault in FAULTS.items():
        if (fault.needs == "rate" and context.rate is None) or (
            fault.needs == "before" and context.before is None
        ):
            continue
        places = list(sites(trace, fault, context))[:MOST_SITES]
        places.sort(key=lambda site: site.node not in uses and site.tensor != tensor)
        for site in places:
            here = site.node in uses or site.tensor == tensor
            at_loss = bool(site.node) and graph.output in graph.node[site.node].outputs
            if near and not here and not at_loss:
                continue
            odd = of_other_shape(trace, site, context, fault.makes) if here else None
            if odd is not None:
                if _operand(trace, site).tensor == tensor:
                    yield id, site, odd
                continue
            wrong = wrong_gradients(trace, fault, site, context)
            if key in wrong:
                yield id, site, wrong[key]


def _operand(trace: Trace, site: Site) -> Edge:
    return trace.graph.edge[trace.graph.node[site.node].inputs[site.k]]


def of_other_shape(trace: Trace, site: Site, context: Context, makes: Makes | None) -> Array | None:
    """An answer that no pass could go on with, since its shape is another."""
    if not site.node or makes is None:
        return None
    node = trace.graph.node[site.node]
    inputs = tuple(trace.array(id) for id in node.inputs)
    out = node.outputs[-1]
    step = Step(trace, node, site.k, inputs, trace.array(out), trace.array(f"{out}.grad"), context)
    made = makes(step)
    return made if made is not None and made.shape != step.input.shape else None


def _has(array: Array, index: tuple[int, ...]) -> bool:
    return len(index) == array.ndim and all(
        0 <= at < size for at, size in zip(index, array.shape, strict=True)
    )


def _close(a: Array, b: Array, within: Array | float | None) -> Array:
    if within is None:
        within = RELATIVE * np.maximum(np.abs(a), np.abs(b))
    if b.dtype == np.float32:
        # Sums of float32 are off by some last places of their largest terms, which are about as
        # large as the largest cell; somebody's own are of float64, mostly.
        largest = np.max(np.abs(b[np.isfinite(b)]), initial=0.0)
        within = within + LAST_PLACES * np.finfo(np.float32).eps * largest
    same = np.isnan(a) & np.isnan(b)
    return np.asarray((np.abs(a - b) <= within) | (a == b) | same)


def _index(place: object) -> tuple[int, ...]:
    return tuple(int(at) for at in place)  # type: ignore[attr-defined]
