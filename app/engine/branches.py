"""What a graph that no book has drawn needs: gradients where they arrive, a name for each part."""

from dataclasses import replace

from app.engine.graph import Edge, OpGraph
from app.engine.names import derivative
from app.engine.op import as_one
from app.engine.ops import OPS


def with_gradients(graph: OpGraph, loss: str) -> OpGraph:
    """The graph of a program: no gradient where none arrives, and each branch's part named.

    Args:
        graph: With gradient names for all tensors, whether they have one or not.
        loss: The symbol of what is differentiated.
    """
    results = graph.results
    reached = _reached(graph)
    tensors = {
        name: tensor if name in reached else replace(tensor, grad_symbol=None)
        for name, tensor in graph.tensors.items()
    }
    uses: dict[tuple[str, tuple[int, ...] | None], int] = {}

    def named(edge: Edge) -> Edge:
        node = graph.node.get(edge.target or "")
        arrives = edge.tensor in reached and (
            edge.tensor in results
            if node is None
            else node.outputs[-1] in reached
            and any(_reaches(node.op, k) for k, id in enumerate(node.inputs) if id == edge.id)
        )
        if not arrives:
            return replace(edge, grad_symbol=None)
        alike = [
            one
            for one in graph.edges_of[edge.tensor]
            if one.target is not None and one.cell == edge.cell
        ]
        if len(alike) < 2:
            return edge
        key = (edge.tensor, edge.cell)
        uses[key] = uses.get(key, 0) + 1
        part = rf"{as_one(edge.symbol)}^{{({uses[key]})}}"
        return replace(edge, grad_symbol=derivative(part, loss))

    edges = tuple(named(edge) for edge in graph.edges)
    return replace(graph, tensors=tensors, edges=edges, objective=loss, is_program=True)


def _reaches(op: str, k: int) -> bool:
    return OPS[op].reaches(k)


def _reached(graph: OpGraph) -> frozenset[str]:
    """Names of the tensors that the results depend on smoothly."""
    reached = set(graph.results)
    for node in reversed(graph.nodes):
        if any(name in reached for name in node.outputs):
            for k, id in enumerate(node.inputs):
                tensor = graph.tensors[graph.edge[id].tensor]
                if _reaches(node.op, k) and tensor.grad_symbol is not None:
                    reached.add(tensor.name)
    return frozenset(reached)
