"""Any one gradient of a pass against its definition: L with a cell a little larger and smaller.

(L(+h) - L(-h)) / 2h of section 5.7.3 for a cell of a parameter, of the input or of anything
between, on the very arrow whose gradient is asked about: only what follows from it is run again.
A large h shows curvature, a small one the rounding of L.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from app.engine.applied import results
from app.engine.bounds import Bounds
from app.engine.errors import EngineError, TooLarge
from app.engine.graph import Edge, Node
from app.engine.objective import weighted
from app.engine.ops import OPS
from app.engine.trace import Trace

Array = np.ndarray

STEP = Bounds(minimum=1e-15, maximum=100.0)
# Quarters of a power of ten from 1e-12 to 10, or fewer where a pass is long.
_FINEST = 4
_POWERS = (-12, 1)
MAX_STEPS = 64
# Multiplications that all passes of one answer may take, a tenth of a second or two.
WORK = 1e9


@dataclass(frozen=True)
class Nudge:
    """One step to either side.

    Attributes:
        h: Its size.
        minus, plus: The number that is differentiated, from the cell less h and from it plus h.
        numerical: (plus - minus) / 2h.
        error: |numerical - backpropagated|.
        relative_error: That over the larger of the two; 0 where both are 0.
        kink: Whether a ReLU opens or closes on the way, so that there is no one slope.
    """

    h: float
    minus: float
    plus: float
    numerical: float
    error: float
    relative_error: float
    kink: bool


@dataclass(frozen=True)
class Nudged:
    """The steps tried with one cell.

    Attributes:
        tensor, index: The gradient's cell.
        objective: ``loss``, or ``upstream`` for the sum of the gradient given times the output.
        start: That number without a step.
        value: The cell of which the gradient is.
        backpropagated: The gradient, as the pass has it.
    """

    tensor: str
    index: tuple[int, ...]
    objective: str
    start: float
    value: float
    backpropagated: float
    nudges: tuple[Nudge, ...]


@np.errstate(all="ignore")  # A step may lead anywhere; that is worth seeing.
def nudged(
    trace: Trace, key: str, index: tuple[int, ...], steps: Iterable[float] | None = None
) -> Nudged:
    """Try steps with one cell, in float64 whatever the pass is in.

    Args:
        trace: A pass with a backward half.
        key: Names a gradient of it, with ``.grad``.
        index: The cell; empty for a scalar.
        steps: Their sizes h; by default from far too small to far too large.

    Raises:
        EngineError: no such gradient, no such cell, a step out of range.
        TooLarge: more steps than are tried in one go.
    """
    gradient = _gradient(trace, key, index)
    passes = _Passes(trace, key.removesuffix(".grad"), index)
    most = int(np.clip(WORK / passes.work / 2, _POWERS[1] - _POWERS[0] + 1, MAX_STEPS))
    if steps is None:
        tried = _usual(most)
    else:
        tried = tuple(steps)
        if len(tried) > most:
            raise TooLarge(
                f"h has at most {most} values for a pass of this size", "h", {"maxItems": most}
            )
    for place, h in enumerate(tried):
        if not STEP.holds(h):
            raise EngineError(f"h is {STEP.words}", f"h/{place}", "range", STEP.schema)
    return Nudged(
        key,
        index,
        "loss" if trace.graph.tensors[trace.graph.output].role == "loss" else "upstream",
        passes.objective(0.0)[0],
        passes.value,
        gradient,
        tuple(passes.nudge(h, gradient) for h in tried),
    )


def _gradient(trace: Trace, key: str, index: tuple[int, ...]) -> float:
    if not key.endswith(".grad"):
        raise EngineError("a nudge is of a gradient, a name with .grad", "tensor", "name")
    return trace.cell(key, index)


def _usual(most: int) -> tuple[float, ...]:
    low, high = _POWERS
    finest = next(n for n in (_FINEST, 2, 1) if (high - low) * n < most)
    return tuple(10 ** (k / finest) for k in range(low * finest, high * finest + 1))


class _Passes:
    """The forward half again and again, from the arrow on whose cell is moved."""

    def __init__(self, trace: Trace, name: str, index: tuple[int, ...]) -> None:
        graph = trace.graph
        self.graph = graph
        self.index = index
        own = graph.edge.get(name)
        # On one arrow of several, only what that one leads to hears of it.
        edges = (own,) if own else graph.edges_of[name]
        self.moved = {edge.id for edge in edges if edge.cell is None or edge.cell == index or own}
        self.tensors: dict[str, Array] = {}
        for tensor in graph.tensors.values():
            if tensor.role == "constant":
                self.tensors[tensor.name] = np.asarray(tensor.value, dtype=float)
            elif tensor.name in trace.inputs:
                self.tensors[tensor.name] = trace.array(tensor.name).astype(float)
        for node in graph.nodes:
            self.tensors.update(self._made(node, self.tensors, 0.0))
        of = self.tensors[edges[0].tensor]
        self.value = float(of[edges[0].cell] if own and own.cell is not None else of[index])
        self.after = self._after()
        self.given: dict[str, Array] | None = None
        if graph.tensors[graph.output].role != "loss":
            self.given = {name: trace.array(f"{name}.grad").astype(float) for name in graph.results}

    @property
    def work(self) -> float:
        """Multiplications of one pass, about; an op of few cells costs its call."""
        shapes = [[self.graph.edge[id].shape for id in node.inputs] for node in self.after]
        sizes = [sum(float(np.prod(shape)) for shape in one) for one in shapes]
        dots = [
            float(np.prod(one[0])) * one[1][-1]
            for node, one in zip(self.after, shapes, strict=True)
            if node.op == "dot"
        ]
        return sum(dots) + 10 * sum(sizes) + 20_000.0 * len(self.after) + 1

    def nudge(self, h: float, gradient: float) -> Nudge:
        """One step to either side."""
        minus, closed = self.objective(-h)
        plus, opened = self.objective(h)
        numerical = (plus - minus) / (2 * h)
        error = abs(numerical - gradient)
        size = max(abs(numerical), abs(gradient))
        kink = any(not np.array_equal(a, b) for a, b in zip(closed, opened, strict=True))
        return Nudge(h, minus, plus, numerical, error, error / size if size else 0.0, kink)

    def objective(self, shift: float) -> tuple[float, list[Array]]:
        """The number with the cell moved by ``shift``, and which gates of all ReLUs are open."""
        tensors = dict(self.tensors)
        gates = []
        for node in self.after:
            switches = OPS[node.op].switches
            if switches is not None:
                inputs = [self._operand(self.graph.edge[id], tensors, shift) for id in node.inputs]
                gates.append(switches(inputs, node.attributes))
            tensors.update(self._made(node, tensors, shift))
        if self.given is None:
            return float(self._result(self.graph.output, tensors, shift)), gates
        total = sum(
            weighted(gradient, self._result(name, tensors, shift))
            for name, gradient in self.given.items()
        )
        return float(total), gates

    def _result(self, name: str, tensors: dict[str, Array], shift: float) -> Array:
        return self._operand(self.graph.edges_of[name][0], tensors, shift)

    def _after(self) -> list[Node]:
        """The nodes that hear of the move, in the order in which they run."""
        heard: set[str] = set()
        after = []
        for node in self.graph.nodes:
            if any(id in self.moved or self.graph.edge[id].tensor in heard for id in node.inputs):
                after.append(node)
                heard.update(node.outputs)
        return after

    def _made(self, node: Node, tensors: dict[str, Array], shift: float) -> dict[str, Array]:
        inputs = [self._operand(self.graph.edge[id], tensors, shift) for id in node.inputs]
        return dict(zip(node.outputs, results(node, inputs), strict=True))

    def _operand(self, edge: Edge, tensors: dict[str, Array], shift: float) -> Array:
        array = tensors[edge.tensor]
        if edge.cell is not None:
            array = np.asarray(array[edge.cell])
        if shift == 0 or edge.id not in self.moved:
            return array
        array = np.array(array)
        array[() if edge.cell is not None else self.index] += shift
        return array
