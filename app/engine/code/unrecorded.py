"""Passes over a program that keep no record: its number, and the gradients of what it learns.

A recorded pass copies every array, names it and tells of it, which costs a training far more than
the arithmetic. The bits here are the very same: each number is freed of its -0 as it is made, and
the parts of a gradient are added up in the order of their arrows (`Recorder`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.engine.code.kept import OP_CELLS, Kept
from app.engine.code.running import Shapes, built
from app.engine.code.spec import CodeSpec
from app.engine.graph import OpGraph
from app.engine.ops import OPS, Op

Array = np.ndarray


@dataclass(frozen=True)
class _Forward:
    """An op on its way forward: what it reads and makes, by the names of tensors."""

    run: Callable[[Sequence[Array], Mapping[str, Any]], Array]
    attributes: Mapping[str, Any]
    reads: tuple[str, ...]
    makes: str


@dataclass(frozen=True)
class _Backward:
    """An op on its way back.

    Attributes:
        made: What it made, and ``parts``: the arrows whose gradients add up to that of it.
        hands: Which operands it hands a gradient to, and along which arrows.
    """

    op: Op
    attributes: Mapping[str, Any]
    reads: tuple[str, ...]
    made: str
    parts: tuple[str, ...]
    hands: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class _Plan:
    """What a pass goes through; the same for all numbers of one program."""

    graph: OpGraph
    constants: Mapping[str, Array]
    forward: tuple[_Forward, ...]
    backward: tuple[_Backward, ...]
    learned: Mapping[str, tuple[str, ...]]


class UnrecordedPass:
    """Forward over a program, and back from its result to what it learns.

    Args:
        spec: The program.

    Attributes:
        values: Of the last pass forward, by tensor.
    """

    def __init__(self, spec: CodeSpec) -> None:
        self._dtype = np.dtype(spec.dtype)
        self._plan = _plan(spec.code, tuple(spec.shapes.items()))
        self.values: dict[str, Array] = {}

    def forward(self, given: Mapping[str, Array]) -> Array:
        """The result for what the program is given; none of it may hold a -0 (`plain`)."""
        values = self.values = {**self._plan.constants, **given}
        for op in self._plan.forward:
            made = op.run([values[name] for name in op.reads], op.attributes)
            values[op.makes] = self._own(made)
        return values[self._plan.graph.output]

    def backward(self, start: Array) -> dict[str, Array]:
        """Gradients of all that is learned, after a `forward`.

        Args:
            start: dL/d(result): 1 where the result is the loss.
        """
        values = self.values
        parts: dict[str, Array] = {}
        output = self._plan.graph.output
        for step in self._plan.backward:
            above = self._own(np.array(start)) if step.made == output else _sum(parts, step.parts)
            inputs = [values[name] for name in step.reads]
            for k, arrow in step.hands:
                made = step.op.gradient(k, inputs, values[step.made], above, step.attributes)
                parts[arrow] = self._own(made)
        return {name: _sum(parts, arrows) for name, arrows in self._plan.learned.items()}

    def _own(self, made: Array) -> Array:
        """Without -0, laid out as a copy would be, since sums hang on that.

        What an op hands on as it came has no -0, so it may be written into.
        """
        array = np.asarray(made)
        if array.base is None and array.dtype == self._dtype and array.flags.writeable:
            return np.asarray(np.add(array, 0.0, out=array))
        return np.asarray(np.add(array, 0.0, dtype=self._dtype))


def plain(array: Array) -> Array:
    """A copy in which 0 stands for -0, as in a recorded pass."""
    return np.asarray(array + 0.0)


def _sum(parts: Mapping[str, Array], arrows: Sequence[str]) -> Array:
    total = parts[arrows[0]]
    for arrow in arrows[1:]:
        total = total + parts[arrow]
    return np.asarray(total)


def _cells(plan: _Plan) -> int:
    return OP_CELLS * len(plan.forward) + sum(one.size for one in plan.constants.values())


_plans: Kept[_Plan] = Kept(_cells, 8_000_000)


def _plan(code: str, shapes: Shapes) -> _Plan:
    return _plans.get((code, shapes), lambda: _planned(*built(code, shapes)))


def _planned(spec: CodeSpec, graph: OpGraph) -> _Plan:
    forward = tuple(
        _Forward(OPS[node.op].forward, node.attributes, reads, node.outputs[0])
        for node in graph.nodes
        for reads in [tuple(graph.edge[id].tensor for id in node.inputs)]
    )
    needed = set(spec.learned)
    backward: list[_Backward] = []
    for node, step in zip(graph.nodes, forward, strict=True):
        # A gradient that leads to nothing but samples is wanted by nobody.
        hands = tuple(
            (k, id)
            for k, id in enumerate(node.inputs)
            if graph.edge[id].differentiable and graph.edge[id].tensor in needed
        )
        if hands and graph.tensors[step.makes].grad_symbol is not None:
            needed.add(step.makes)
            arrows = _arrows(graph, step.makes)
            op = OPS[node.op]
            backward.append(_Backward(op, node.attributes, step.reads, step.makes, arrows, hands))
    constants = {
        name: np.asarray(np.add(tensor.value, 0.0, dtype=spec.dtype))
        for name, tensor in graph.tensors.items()
        if tensor.value is not None
    }
    learned = {name: _arrows(graph, name) for name in spec.learned}
    return _Plan(graph, constants, forward, tuple(reversed(backward)), learned)


def _arrows(graph: OpGraph, tensor: str) -> tuple[str, ...]:
    return tuple(edge.id for edge in graph.edges_of[tensor] if edge.differentiable)
