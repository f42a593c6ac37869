"""Ops that can be opened, as layers can: what a figure of the book leaves unsaid becomes a node.

The + of an Affine adds the one row b to each of N rows. Opened, a node Repeat copies b to N rows
first; on the way back N rows of the gradient add up into one there, and + only passes on. The
closed loss is a mean over N samples. Opened, it is their sum, and 1/N a node of its own; an opened
loss has that node anyway.

With one sample nothing repeats and no mean is taken: there is nothing to open.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING

from app.engine.applied import closed_of
from app.engine.graph import Node, OpGraph

if TYPE_CHECKING:
    from app.engine.spec import NetworkSpec

MEAN = "loss.mean"
REPEAT = "repeat"


def openable_ops(spec: "NetworkSpec") -> tuple[str, ...]:
    """Names of the ops that open in a pass of several samples, in the order in which they run."""
    if not spec.layers:
        return () if spec.loss is None or spec.is_program else (MEAN,)
    adds = tuple(
        _add(layer.name)
        for layer in spec.layers
        if layer.type == "affine" and f"{layer.name}.b" in spec.parameter_shapes
    )
    # Of losses that have no closed form, the mean is a node anyway.
    is_closed = spec.loss is not None and spec.loss.kind.opens and spec.loss.averages
    return (*adds, MEAN) if is_closed else adds


def is_open(layer: str, open_ops: Collection[str]) -> bool:
    """Whether the + of an Affine is among the names."""
    return _add(layer) in open_ops


def opens(graph: OpGraph, node: Node) -> str | None:
    """The name of the op that opens in a node of a graph in which it is closed."""
    if graph.n == 1:
        return None
    if _takes_mean(node):
        return None if not graph.averages or MEAN in graph.node else MEAN
    return node.id if _adds_bias(graph, node) and _repeat(graph, node) is None else None


def closes(graph: OpGraph, node: Node) -> str | None:
    """The name of the opened op that a node belongs to, and that closes there."""
    if node.op == REPEAT:
        return _add(node.layer)
    if node.id == MEAN:
        is_apart = any(map(_takes_mean, graph.nodes))
        return MEAN if is_apart else None
    return node.id if _adds_bias(graph, node) and _repeat(graph, node) is not None else None


def opened_in(graph: OpGraph) -> frozenset[str]:
    """Names of the ops that are opened in a graph."""
    return frozenset(name for node in graph.nodes if (name := closes(graph, node)) is not None)


def _add(layer: str) -> str:
    return f"{layer}.add"


def _takes_mean(node: Node) -> bool:
    closed = closed_of(node)
    return closed is not None and closed.takes_mean


def _adds_bias(graph: OpGraph, node: Node) -> bool:
    return any(layer.name == node.layer for layer in graph.layers if layer.type == "affine") and (
        node.op == "add"
    )


def _repeat(graph: OpGraph, node: Node) -> Node | None:
    made = (graph.node.get(graph.edge[id].source or "") for id in node.inputs)
    return next((one for one in made if one is not None and one.op == REPEAT), None)
