"""Runs an op graph forward and back and records nothing: what training needs of it."""

from collections.abc import Mapping

import numpy as np

from app.engine.graph import Edge, OpGraph
from app.engine.ops import OPS

Array = np.ndarray


class Execution:
    """The passes of one graph, whose ops make one tensor each.

    Attributes:
        values: Of the last pass, by tensor.
    """

    def __init__(self, graph: OpGraph, dtype: np.dtype | str) -> None:
        self.graph = graph
        self.dtype = np.dtype(dtype)
        self._constants = {
            name: np.asarray(tensor.value, self.dtype)
            for name, tensor in graph.tensors.items()
            if tensor.value is not None
        }
        # Where a gradient goes: to a tensor that has one, and that the op lets through.
        self._nodes = [
            (
                node,
                OPS[node.op],
                tuple(graph.edge[id] for id in node.inputs),
            )
            for node in graph.nodes
        ]
        self.values: dict[str, Array] = {}

    def forward(self, given: Mapping[str, Array]) -> Array:
        """The graph's output from what it is given, by tensor."""
        values = self.values = {**self._constants, **given}
        for node, op, edges in self._nodes:
            inputs = [_cell(values[edge.tensor], edge.cell) for edge in edges]
            made = op.forward(inputs, node.attributes)
            values[node.outputs[0]] = np.asarray(made, dtype=self.dtype)
        return values[self.graph.output]

    def backward(self, dout: Array) -> dict[str, Array]:
        """dL/d(tensor) of every tensor that a gradient reaches, from dL/d(output)."""
        grads: dict[str, Array] = {self.graph.output: dout}
        # What each use of a tensor hands back: added in the order of the uses, as a trace does it.
        parts: dict[str, list[tuple[Edge, Array]]] = {}
        values = self.values
        for node, op, edges in reversed(self._nodes):
            out = node.outputs[0]
            if out in parts:
                grads[out] = self._sum(out, parts.pop(out), grads.get(out))
            if out not in grads:
                continue
            inputs = [_cell(values[edge.tensor], edge.cell) for edge in edges]
            for k, edge in enumerate(edges):
                if not edge.differentiable or not op.reaches(k):
                    continue
                part = op.gradient(k, inputs, values[out], grads[out], node.attributes)
                parts.setdefault(edge.tensor, []).append((edge, part))
        for name, found in parts.items():
            grads[name] = self._sum(name, found, grads.get(name))
        return grads

    def switches(self) -> list[Array]:
        """What decided which way the gradient takes, in the last pass (`Op.switches`).

        An op that none comes back through, since what it makes changes nothing, has no say.
        """
        return [
            op.switches(
                [_cell(self.values[edge.tensor], edge.cell) for edge in edges], node.attributes
            )
            for node, op, edges in self._nodes
            if op.switches is not None and any(edge.differentiable for edge in edges)
        ]

    def _sum(self, tensor: str, parts: list[tuple[Edge, Array]], so_far: Array | None) -> Array:
        order = [edge.id for edge in self.graph.edges_of[tensor]]
        for edge, part in sorted(parts, key=lambda one: order.index(one[0].id)):
            if edge.cell is not None:
                whole = np.zeros_like(self.values[tensor]) if so_far is None else so_far.copy()
                whole[edge.cell] += part
                so_far = whole
            else:
                so_far = np.asarray(part if so_far is None else so_far + part, dtype=self.dtype)
        assert so_far is not None
        return so_far


def _cell(array: Array, cell: tuple[int, ...] | None) -> Array:
    return array if cell is None else np.asarray(array[cell])
