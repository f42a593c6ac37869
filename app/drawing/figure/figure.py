"""A figure from its op graph: Affine (5-24 to 5-27), a network (5-28), the loss (5-29, 5-30).

The graph has already the depth that is drawn: a layer is there as its ops, or as one node. That
node is a closed box, or the place of an opened one, whose size is all that is known of it here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.drawing.figure.boxes import closed_boxes, input_image, layer_box, loss_frames
from app.drawing.figure.equations import numbered_edges
from app.drawing.figure.lanes_of import centred, edge_lane, node_lanes
from app.drawing.figure.parts import LAYER
from app.drawing.figure.plan import OP_SIZE, REPEAT_H, REPEAT_W, NodeFace, Plan
from app.drawing.figure.program_lanes import point_of
from app.drawing.layout.columns import rank
from app.drawing.layout.geometry import Item, Lane, Link
from app.engine import open_ops
from app.engine.applied import box_ends, closed_of, ids_of
from app.engine.graph import Edge, Node

# Longer names do not fit in a circle; that of a layer of the book, Sigmoid, just does.
WIDEST_SYMBOL, WIDE_CHAR = 3, 8.4


@dataclass(frozen=True)
class Opening:
    """Room for an opened layer; its chain enters and leaves ``port`` below its top."""

    width: float
    height: float
    port: float
    forks: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Context:
    """What is known of the nodes when the edges are placed."""

    lanes: Mapping[str, Lane]
    frames: Mapping[str, str]
    openings: Mapping[str, Opening]
    has_image: bool
    crossing: frozenset[str]


def fill(plan: Plan, openings: Mapping[str, Opening] | None = None) -> None:
    """Fill a plan with the nodes, edges and frames of its graph.

    Args:
        plan: the figure; its graph has the depth that is drawn.
        openings: opened layers by name.
    """
    graph, openings = plan.graph, openings or {}
    if not (plan.boxes or plan.chained):
        plan.numbers = numbered_edges(graph, single=plan.single)
    lanes, frames = node_lanes(plan), loss_frames(plan)
    layers = {layer.name: layer for layer in graph.layers}
    for node in graph.nodes:
        closed = closed_of(node)
        if closed is not None:
            closed_boxes(plan, node, closed)
        elif node.op != LAYER:
            _op(plan, node, lanes[node.id], frames.get(node.id))
        elif node.id in openings:
            room = openings[node.id]
            plan.items.append(
                Item(node.id, room.width, room.height, "box", Lane(0), rise=room.port)
            )
        else:
            layer_box(plan, layers[node.id])
    has_image = input_image(plan)
    _shared_sources(plan)
    context = _Context(lanes, frames, openings, has_image, _crossing(plan))
    for edge in graph.edges:
        if edge.id not in plan.edges:
            _edge(plan, edge, context)


def _op(plan: Plan, node: Node, lane: Lane, frame: str | None) -> None:
    graph = plan.graph
    item = Item(node.id, OP_SIZE, OP_SIZE, lane=lane, group=frame)
    is_repeat = node.op == open_ops.REPEAT
    is_wide = len(node.symbol) > WIDEST_SYMBOL and not is_repeat
    if is_repeat or is_wide:
        width = WIDE_CHAR * len(node.symbol) + 20.0 if is_wide else REPEAT_W
        item = replace(item, width=width, height=REPEAT_H, outline="box")
    for edge in (graph.edge[id] for id in node.inputs):
        if graph.tensors[edge.tensor].role == "constant":
            item = replace(item, cap=plan.constant(edge))
    face = NodeFace(
        "op", node.op, node.layer, node.symbol, row=node.row, nodes=(node.id,),
        hides=open_ops.opens(graph, node), closes=open_ops.closes(graph, node), is_wide=is_wide,
    )  # fmt: skip
    plan.item(item, face)


def _edge(plan: Plan, edge: Edge, context: _Context) -> None:
    graph = plan.graph
    source, target = ends(plan, edge)
    inside = context.frames.get(edge.target or "")
    is_parameter = graph.tensors[edge.tensor].role == "parameter"
    crosses_border = source is not None and context.frames.get(edge.source or "") != inside
    group = None if is_parameter or crosses_border or edge.tensor == "x" else inside
    start, mode = None, "numbers"
    if edge.tensor.endswith(".b") and is_parameter and not (plan.boxes or graph.is_program):
        start = edge.tensor.removesuffix(".b") + ".W"
    opening = context.openings.get(edge.target or "")
    if (opening is not None and edge.id not in opening.forks) or (plan.chained and target is None):
        mode = "bare"
    elif edge.tensor == "x" and context.has_image:
        mode = "name"
    elif plan.fans and edge.shape[-1:] > (1,) and _carries_classes(plan, edge):
        mode = "fan"
    plan.edge(
        edge,
        source="x" if edge.tensor == "x" and context.has_image else source,
        target=target,
        lane=edge_lane(plan, edge, context.lanes, context.crossing),
        start=start,
        group=group,
        mode=mode,
        numbered=plan.backward and start is None and edge.id in plan.numbers,
    )


def ends(plan: Plan, edge: Edge) -> tuple[str | None, str | None]:
    """The items at the ends of an edge; the boxes of a closed group are told apart here."""
    graph = plan.graph
    source, target = edge.source, edge.target
    if source is None and point_of(edge) in plan.faces:
        source = point_of(edge)
    comes_from, goes_to = box_ends(graph, edge)
    return comes_from or source, goes_to or target


def _carries_classes(plan: Plan, edge: Edge) -> bool:
    """Whether an edge is the scores or the probabilities, one cell a class (figure 5-28)."""
    graph = plan.graph
    if edge.tensor == "loss.probabilities":
        return True
    user = graph.node.get(edge.target or "")
    return user is not None and closed_of(user) is not None and edge.id in ids_of(user, "0")


def _shared_sources(plan: Plan) -> None:
    graph = plan.graph
    given: dict[str, list[Edge]] = {}
    for edge in graph.edges:
        if edge.source is None and graph.tensors[edge.tensor].role != "constant":
            given.setdefault(point_of(edge), []).append(edge)
    for id, edges in given.items():
        if len(edges) > 1:
            row = edges[0].row
            lane = Lane(centred(plan, row))
            if graph.is_program:
                lane = plan.program_lanes.nodes[id]
            plan.item(Item(id, 0.0, 0.0, "point", lane), NodeFace("source", row=row))


def _crossing(plan: Plan) -> frozenset[str]:
    """Edges along a row that would run through another op of the row: they pass below it."""
    ids = {item.id for item in plan.items}
    links = []
    for edge in plan.graph.edges:
        source, target = ends(plan, edge)
        if source in ids and target in ids:
            links.append(Link(edge.id, source, target))
    ranks = rank(plan.items, links)
    lane = {item.id: item.lane for item in plan.items}
    ops = {id for id, face in plan.faces.items() if face.kind == "op"}
    taken = {(item.lane, ranks[item.id]) for item in plan.items if item.id in ops}
    crossing = set()
    for link in links:
        assert link.source is not None
        assert link.target is not None
        between = range(ranks[link.source] + 1, ranks[link.target])
        if lane[link.source] == lane[link.target] and any(
            (lane[link.source], at) in taken for at in between
        ):
            crossing.add(link.id)
    return frozenset(crossing)
