"""Runs an op graph forward and back and records nothing: what training needs of it.

What is to be done is settled once, as two flat lists of calls over numbered slots: a small layer's
step is so short that looking names up would be most of it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.engine.graph import Edge, OpGraph
from app.engine.op import Op
from app.engine.ops import OPS

Array = np.ndarray
Cell = tuple[int, ...] | None


@dataclass(frozen=True)
class _Call:
    """A node: the slots that it reads, of these that are cells, and the slot it writes."""

    op: Op
    attributes: Mapping[str, Any]
    reads: tuple[int, ...]
    cells: tuple[Cell, ...] | None
    writes: int

    def inputs(self, values: list[Any]) -> list[Array]:
        """Its operands."""
        if self.cells is None:
            return [values[slot] for slot in self.reads]
        return [
            values[slot] if cell is None else np.asarray(values[slot][cell])
            for slot, cell in zip(self.reads, self.cells, strict=True)
        ]


@dataclass(frozen=True)
class _Sum:
    """dL/d(tensor) from the parts that its uses hand back, in the order in which a trace adds.

    With ``is_alone`` the tensor has one use, and that part is all of it.
    """

    slot: int
    parts: tuple[tuple[int, Cell], ...]
    is_output: bool
    is_alone: bool


@dataclass(frozen=True)
class _Back:
    """The way back through a node: first its own gradient, then each operand's part."""

    total: _Sum
    call: _Call
    parts: tuple[tuple[int, int], ...]


class Execution:
    """The passes of one graph, whose ops make one tensor each."""

    def __init__(self, graph: OpGraph, dtype: np.dtype | str) -> None:
        self.graph = graph
        self.dtype = np.dtype(dtype)
        self._slots = {name: slot for slot, name in enumerate(graph.tensors)}
        self._start: list[Any] = [None] * len(self._slots)
        for name, tensor in graph.tensors.items():
            if tensor.value is not None:
                self._start[self._slots[name]] = np.asarray(tensor.value, self.dtype)
        self._edges = [tuple(graph.edge[id] for id in node.inputs) for node in graph.nodes]
        self._calls = [
            _Call(
                OPS[node.op],
                node.attributes,
                tuple(self._slots[edge.tensor] for edge in edges),
                tuple(edge.cell for edge in edges) if any(edge.cell for edge in edges) else None,
                self._slots[node.outputs[0]],
            )
            for node, edges in zip(graph.nodes, self._edges, strict=True)
        ]
        self._output = self._slots[graph.output]
        self._ways: dict[frozenset[str], tuple[list[_Back], list[_Sum]]] = {}
        self._values: list[Any] = []

    @property
    def values(self) -> dict[str, Array]:
        """Of the last pass, by tensor."""
        return dict(zip(self._slots, self._values, strict=True))

    def forward(self, given: Mapping[str, Array]) -> Array:
        """The graph's output from what it is given, by tensor."""
        values = self._values = self._start.copy()
        for name, array in given.items():
            values[self._slots[name]] = array
        dtype = self.dtype
        for call in self._calls:
            made = call.op.forward(call.inputs(values), call.attributes)
            values[call.writes] = _packed(np.asarray(made, dtype=dtype))
        found: Array = values[self._output]
        return found

    def backward(self, dout: Array, wanted: frozenset[str]) -> dict[str, Array]:
        """dL/d(tensor) of those that are ``wanted`` and that a gradient reaches.

        Args:
            dout: dL/d(output).
            wanted: Names of tensors. What leads to none of them is left out.
        """
        if wanted not in self._ways:
            self._ways[wanted] = self._way_back(wanted)
        nodes, last = self._ways[wanted]
        values = self._values
        parts: dict[int, Array] = {}
        for back in nodes:
            call = back.call
            grad = self._total(back.total, parts, dout)
            inputs, out = call.inputs(values), values[call.writes]
            for k, part in back.parts:
                parts[part] = call.op.gradient(k, inputs, out, grad, call.attributes)
        names = list(self._slots)
        return {names[total.slot]: self._total(total, parts, dout) for total in last}

    def switches(self) -> list[Array]:
        """What decided which way the gradient takes, in the last pass (`Op.switches`).

        An op that none comes back through, since what it makes changes nothing, has no say.
        """
        return [
            call.op.switches(call.inputs(self._values), call.attributes)
            for call, edges in zip(self._calls, self._edges, strict=True)
            if call.op.switches is not None and any(edge.differentiable for edge in edges)
        ]

    def _total(self, total: _Sum, parts: Mapping[int, Array], dout: Array) -> Array:
        if total.is_alone:
            return _packed(np.asarray(parts[total.parts[0][0]], dtype=self.dtype))
        so_far = dout if total.is_output else None
        for number, cell in total.parts:
            part = parts[number]
            if cell is not None:
                value = self._values[total.slot]
                whole = np.zeros_like(value) if so_far is None else so_far.copy()
                whole[cell] += part
                so_far = whole
            elif so_far is None and part.flags.c_contiguous:
                so_far = np.asarray(part, dtype=self.dtype)
            else:
                before = np.zeros_like(part, order="C") if so_far is None else so_far
                so_far = np.asarray(before + part, dtype=self.dtype)
        assert so_far is not None
        return so_far

    def _way_back(self, wanted: Collection[str]) -> tuple[list[_Back], list[_Sum]]:
        leads = self._leading(wanted)
        numbers: dict[str, int] = {}
        reached = {self.graph.output}
        found: list[_Back] = []
        for node, call, edges in reversed(
            list(zip(self.graph.nodes, self._calls, self._edges, strict=True))
        ):
            out = node.outputs[0]
            if out not in reached:
                continue
            total = self._sum(out, numbers)
            parts = []
            for k, edge in enumerate(edges):
                if self._carries(call.op, k, edge) and edge.tensor in leads:
                    reached.add(edge.tensor)
                    parts.append((k, numbers.setdefault(edge.id, len(numbers))))
            if parts:
                found.append(_Back(total, call, tuple(parts)))
        return found, [self._sum(name, numbers) for name in wanted if name in reached]

    def _leading(self, wanted: Collection[str]) -> set[str]:
        """Names of the tensors from which a gradient goes on to one that is wanted."""
        leads = set(wanted)
        for node, call, edges in zip(self.graph.nodes, self._calls, self._edges, strict=True):
            if any(
                self._carries(call.op, k, edge) and edge.tensor in leads
                for k, edge in enumerate(edges)
            ):
                leads.update(node.outputs)
        return leads

    @staticmethod
    def _carries(op: Op, k: int, edge: Edge) -> bool:
        """Whether a gradient goes there: to a tensor that has one, and that the op lets through."""
        return edge.differentiable and op.reaches(k)

    def _sum(self, tensor: str, numbers: Mapping[str, int]) -> _Sum:
        edges = [edge for edge in self.graph.edges_of[tensor] if edge.id in numbers]
        parts = tuple((numbers[edge.id], edge.cell) for edge in edges)
        is_output = tensor == self.graph.output
        is_alone = not is_output and len(self.graph.edges_of[tensor]) == 1 and not edges[0].cell
        return _Sum(self._slots[tensor], parts, is_output, is_alone)


def _packed(array: Array) -> Array:
    """The array without gaps, as a trace keeps it: in which order cells lie decides the last bits
    of a sum over them.
    """
    return array if array.flags.forc else np.add(array, 0.0, dtype=array.dtype)
