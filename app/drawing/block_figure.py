"""The figures drawn layer by layer: the network of figure 5-28, and the same with parameters.

At level ``network`` only data runs between the boxes, each class of a single sample on an arrow
of its own before and after Softmax; at level ``layer`` W and B come in from below as well.
"""

import math

from app.drawing.geometry import Item, Lane
from app.drawing.op_figure import CLOSED, LOSS_TYPE
from app.drawing.plan import BELOW, BOTTOM, TITLES, NodeFace, Plan, layer_title
from app.engine.graph import Edge, LayerGroup

BOX_W, BOX_H, TALL_H = 92.0, 96.0, 208.0
ERROR_W = 150.0
IMAGE = 140.0
SMALLEST_IMAGE = 16


def block_figure(plan: Plan, *, parameters: bool) -> None:
    """Fill a plan with one box a layer; ``parameters`` adds W and B.

    Only edges that cross from one layer to another, or enter or leave the network, are drawn.
    """
    graph = plan.graph
    fans = not parameters and graph.n == 1
    height = TALL_H if fans and graph.loss_form is not None else BOX_H
    box_of: dict[str, str] = {}
    for layer in graph.layers:
        if layer.type == LOSS_TYPE:
            box_of |= _loss_boxes(plan, layer, height)
            continue
        box_of |= dict.fromkeys(layer.nodes, layer.name)
        plan.item(
            Item(layer.name, BOX_W, height, "box", Lane(0)),
            NodeFace(
                "layer",
                layer.type,
                layer.name,
                title=layer_title(layer, graph.layers),
                nodes=layer.nodes,
            ),
        )
    side = _image_side(plan)
    if side:
        plan.item(Item("x", IMAGE, IMAGE, "box", Lane(0)), NodeFace("source", image=(side, side)))
    for edge in graph.edges:
        _edge(plan, edge, box_of, parameters=parameters, fans=fans, image=side > 0)


def _loss_boxes(plan: Plan, layer: LayerGroup, height: float) -> dict[str, str]:
    graph = plan.graph
    has_errors = "t" in graph.tensors
    for kind, width in (("softmax", BOX_W), ("cross_entropy", ERROR_W)):
        if kind == "softmax" or has_errors:
            plan.item(
                Item(f"{layer.name}:{kind}", width, height, "box", Lane(0)),
                NodeFace("layer", kind, layer.name, title=TITLES[kind], nodes=layer.nodes),
            )
    return dict.fromkeys(layer.nodes, layer.name)


def _edge(
    plan: Plan,
    edge: Edge,
    box_of: dict[str, str],
    *,
    parameters: bool,
    fans: bool,
    image: bool,
) -> None:
    graph = plan.graph
    role = graph.tensors[edge.tensor].role
    source, target = box_of.get(edge.source or ""), box_of.get(edge.target or "")
    is_inner = edge.source is not None and source == target
    if is_inner or role == "constant" or (role == "parameter" and not parameters):
        return
    loss = graph.layers[-1].name if graph.loss_form is not None else None
    makes_classes = edge.tensor == "loss.probabilities" or (target == loss and role != "target")
    if target == loss and target is not None:
        target = f"{loss}:{'cross_entropy' if role == 'target' else 'softmax'}"
    if source == loss and source is not None:
        source = f"{loss}:{'softmax' if edge.tensor == 'loss.probabilities' else 'cross_entropy'}"
        if edge.tensor == "loss.probabilities" and "t" in graph.tensors:
            target = f"{loss}:cross_entropy"
    lane, start = Lane(0), None
    if role == "parameter":
        is_weight = edge.tensor.endswith(".W")
        lane = BELOW if is_weight else BOTTOM
    elif role == "target":
        lane = Lane(0, -1)
    mode = "numbers"
    if edge.tensor == "x" and image:
        source, mode = "x", "name"
    elif fans and makes_classes and edge.shape[-1] > 1:
        mode = "fan"
    plan.edge(edge, source=source, target=target, lane=lane, start=start, mode=mode)


def _image_side(plan: Plan) -> int:
    """Side of the square image that a single x is, 0 when it is none."""
    n, size = plan.graph.tensors["x"].shape
    side = math.isqrt(size)
    is_image = n == 1 and bool(plan.graph.layers) and side * side == size >= SMALLEST_IMAGE
    return side if is_image else 0


def needs_closed(plan: Plan) -> bool:
    """Whether the loss of the graph is closed, as the levels of boxes expect."""
    graph = plan.graph
    return graph.loss_form is None or any(node.op in CLOSED for node in graph.nodes)
