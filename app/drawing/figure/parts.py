"""Parts of an op graph as graphs of their own: a layer as one node, and what is inside it.

A figure shows each layer as a box or opened. Both come from here: ``contracted`` puts one node in
the place of a layer's ops, ``part`` keeps only those ops, with what reaches them and leaves them.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace

from app.engine.applied import closed_of
from app.engine.graph import Edge, LayerGroup, Node, OpGraph
from app.engine.loss_types import LOSSES
from app.engine.loss_types.kind import Boxes

LAYER = "layer"


def boxes_of(layer: LayerGroup) -> Boxes | None:
    """The boxes of a loss that stands in more than one; None for any other group."""
    kind = LOSSES.get(layer.type)
    return None if kind is None else kind.boxes


def contracted(
    graph: OpGraph, parameters: Collection[str], opened: Collection[str] = ()
) -> OpGraph:
    """The graph with one node for each layer but the loss.

    The node has the layer's name as its id and ``layer`` as its op. Edges inside a layer are gone,
    and so are the parameters of layers that are not named in ``parameters``, and the targets where
    the loss is among the ``opened``: they begin inside.
    """
    box = {id: g.name for g in graph.layers if boxes_of(g) is None for id in g.nodes}
    edges: list[Edge] = []
    for edge in graph.edges:
        source, target = box.get(edge.source or ""), box.get(edge.target or "")
        role = graph.tensors[edge.tensor].role
        is_inner = source is not None and source == target
        is_constant = role == "constant" and target is not None
        is_hidden = role == "parameter" and target is not None and target not in parameters
        is_hidden = is_hidden or (role == "mask" and target is not None)
        is_hidden = is_hidden or (role == "target" and target in opened)
        if not (is_inner or is_constant or is_hidden):
            edges.append(replace(edge, source=source or edge.source, target=target or edge.target))
    edges = _once_each(graph, edges, set(box.values()))
    nodes: dict[str, Node] = {}
    for node in graph.nodes:
        name = box.get(node.id)
        if name is None:
            nodes[node.id] = node
        elif name not in nodes:
            inputs = tuple(edge.id for edge in edges if edge.target == name)
            nodes[name] = Node(name, LAYER, "", name, inputs, ())
    return replace(graph, nodes=tuple(nodes.values()), edges=tuple(edges))


def _once_each(graph: OpGraph, edges: Sequence[Edge], boxes: Collection[str]) -> list[Edge]:
    """The edges, but a tensor that goes into a box to several uses in it goes in once."""
    uses = Counter((edge.tensor, edge.target) for edge in edges if edge.target in boxes)
    kept: list[Edge] = []
    seen: set[tuple[str, str | None]] = set()
    for edge in edges:
        into = (edge.tensor, edge.target)
        if uses[into] < 2 or graph.tensors[edge.tensor].role == "parameter":
            kept.append(edge)
        elif into not in seen:
            seen.add(into)
            tensor = graph.tensors[edge.tensor]
            kept.append(replace(edge, id=edge.tensor, grad_symbol=tensor.grad_symbol))
    return kept


def part(graph: OpGraph, layer: LayerGroup, ids: Collection[str]) -> OpGraph:
    """Some nodes of a layer as a graph: what comes in has no source, what leaves has no target."""
    kept = set(ids)
    edges = []
    for edge in graph.edges:
        source = edge.source if edge.source in kept else None
        target = edge.target if edge.target in kept else None
        if source is not None or target is not None:
            edges.append(replace(edge, source=source, target=target))
    nodes = tuple(node for node in graph.nodes if node.id in kept)
    inside = LayerGroup(layer.name, layer.type, tuple(node.id for node in nodes))
    return replace(graph, nodes=nodes, edges=tuple(edges), layers=(inside,))


def loss_parts(
    graph: OpGraph, layer: LayerGroup, without: Collection[str] = ()
) -> dict[str, list[str]]:
    """Ops of an opened loss by the box they belong to: ``softmax``, ``cross_entropy``."""
    parts: dict[str, list[str]] = {}
    for id in layer.nodes:
        if id not in without:
            boxes = boxes_of(layer)
            assert boxes is not None
            parts.setdefault(boxes.box_of(id.split(".")[1], graph.loss_form), []).append(id)
    return parts


def is_closed(graph: OpGraph) -> bool:
    """Whether the graph has no loss, or has it as one op."""
    return graph.loss_form in (None, "closed") or any(closed_of(node) for node in graph.nodes)
