"""The trace: one whole pass, kept as an immutable list of events.

Everything that shows a pass reads this one object. An event makes one tensor or one gradient;
a cursor over the events is all that stepping forward and back is.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

import numpy as np

from app.engine.errors import EngineError
from app.engine.graph import OpGraph

if TYPE_CHECKING:
    from app.engine.update import Update

Array = np.ndarray


@final
class NotComputed:
    """A number that no event has made: its own thing, never 0."""

    def __repr__(self) -> str:
        return "NOT_COMPUTED"

    def __bool__(self) -> bool:
        return False


NOT_COMPUTED: Final = NotComputed()


@dataclass(frozen=True)
class Event:
    """One op doing one thing.

    Attributes:
        seq: Its place in the trace, from 0.
        phase: ``forward``, ``loss``, ``backward`` or ``update``.
        layer: The layer it belongs to; ``loss`` for the loss.
        node: The op graph's node; an update has none there.
        op: The op, ``seed`` for the gradient that the backward half starts from, or the type of
            the optimiser.
        rule_name: Names the rule for programs, as ``dot.gradient.1``.
        rule: The rule, as LaTeX.
        reads: Keys it needs: edge ids, and edge ids + ``.grad`` for gradients.
        writes: Keys it makes known.
        totals: Tensor names (+ ``.grad``) that became complete with it, where they are no edge's.
        shape: Shape of what it made.
    """

    seq: int
    phase: str
    layer: str
    node: str
    op: str
    rule_name: str
    rule: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    totals: tuple[str, ...]
    shape: tuple[int, ...]

    @property
    def elements(self) -> int:
        """How many numbers it made; 1 for a scalar."""
        return math.prod(self.shape)

    @property
    def is_gradient(self) -> bool:
        """Whether it made a gradient."""
        return self.phase == "backward"


class Trace:
    """A pass that has happened; nothing in it can be changed.

    Attributes:
        graph: The op graph that was run.
        inputs: Keys known before the first event: inputs, targets, parameters, constants.
        events: All events in order.
        update: The optimiser's part, where the pass goes on into a step of it.
    """

    def __init__(
        self, graph: OpGraph, inputs: tuple[str, ...], events: tuple[Event, ...],
        values: Mapping[str, Array], update: "Update | None" = None,
    ) -> None:  # fmt: skip
        self.graph = graph
        self.update = update
        self.inputs = inputs
        self.events = events
        self._values = values
        for array in values.values():
            array.setflags(write=False)
        self._made_by = {key: event for event in events for key in (*event.writes, *event.totals)}

    def extended(
        self, inputs: tuple[str, ...], events: tuple[Event, ...], values: Mapping[str, Array],
        update: "Update",
    ) -> "Trace":  # fmt: skip
        """This pass with the events that follow it; its arrays are shared."""
        return Trace(
            self.graph,
            (*self.inputs, *inputs),
            (*self.events, *events),
            {**self._values, **values},
            update,
        )

    def value(self, key: str) -> Array | NotComputed:
        """The number or array under a tensor's or edge's name, or its gradient (``.grad``).

        Raises:
            KeyError: the graph has no such name.
        """
        if key in self._values:
            return self._values[key]
        if (
            key.removesuffix(".grad") in self.graph.tensors
            or key.removesuffix(".grad") in self.graph.edge
        ):
            return NOT_COMPUTED
        raise KeyError(key)

    def array(self, key: str) -> Array:
        """As :meth:`value`, for what is known to be computed.

        Raises:
            KeyError: it is not, or has no such name.
        """
        return self._values[key]

    def cell(self, key: str, index: tuple[int, ...]) -> float:
        """One number of what `value` gives; the index of a scalar is empty.

        Raises:
            EngineError: no such tensor, nothing computed under it, or no such cell.
        """
        try:
            array = self.value(key)
        except KeyError:
            raise EngineError("the network has no such tensor", "tensor", "name") from None
        if isinstance(array, NotComputed):
            raise EngineError("this number is not computed in this pass", "tensor", "name")
        if len(index) != array.ndim or any(
            not 0 <= place < size for place, size in zip(index, array.shape, strict=False)
        ):
            raise EngineError(f"index needs a cell of shape {array.shape}", "index", "range")
        return float(array[index])

    def maker(self, key: str) -> Event | None:
        """The event that made ``key``; None for inputs and for what is not computed."""
        return self._made_by.get(key)

    @property
    def known(self) -> tuple[str, ...]:
        """Every key that has a value."""
        return tuple(self._values)

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays, for whoever bounds a cache of traces."""
        return sum({id(array): array.nbytes for array in self._values.values()}.values())
