"""The rounded boxes of a figure: layers, a closed loss, frames, and the input image."""

import math

from app.drawing.figure.labels import GRID_ROWS
from app.drawing.figure.lanes_of import closed_span
from app.drawing.figure.parts import boxes_of, is_closed, loss_parts
from app.drawing.figure.plan import TITLES, NodeFace, Plan, layer_title
from app.drawing.layout.geometry import Group, Item, Lane
from app.engine import open_ops
from app.engine.graph import LayerGroup, Node
from app.engine.op import Closed

BOX_W, BOX_H, TALL_H = 92.0, 96.0, 208.0
ERROR_W = 150.0
ROWS_W, ROWS_H = 116.0, 88.0
IMAGE = 140.0
SMALLEST_IMAGE = 16


def layer_box(plan: Plan, layer: LayerGroup) -> None:
    """Add a closed layer."""
    title = layer_title(layer, plan.graph.layers)
    plan.item(
        Item(layer.name, max(BOX_W, 7.6 * len(title) + 16), _height(plan), "box", Lane(0)),
        NodeFace(
            "layer", layer.type, layer.name, title=title, nodes=layer.nodes, opens=layer.name,
            inside=layer.name,
        ),
    )  # fmt: skip


def closed_boxes(plan: Plan, node: Node, closed: Closed) -> None:
    """Add the boxes of a closed group, one for each result (figure 5-30).

    They reach over all rows where there are rows. Without targets there is Softmax alone.
    """
    span = closed_span(plan)
    for result in closed.results:
        kind, is_first = result.box, result is closed.results[0]
        if plan.boxes:
            width, height = BOX_W if is_first else ERROR_W, _height(plan)
        else:
            width, height = ROWS_W if is_first else ROWS_W + 48, ROWS_H
        # The mean is taken in the second box.
        hides = None if is_first else open_ops.opens(plan.graph, node)
        id = f"{node.layer}:{kind}"
        plan.item(
            Item(id, width, height, "box", None if span else Lane(0), span),
            NodeFace(
                "layer", kind, node.layer, title=TITLES[kind], nodes=(node.id,), opens=node.layer,
                hides=hides, inside=f"{node.layer}.{kind}",
            ),
        )  # fmt: skip


def input_image(plan: Plan) -> bool:
    """Add the input as the picture it is, where x is one square image; whether it is."""
    side = _image_side(plan)
    if side:
        plan.item(Item("x", IMAGE, IMAGE, "box", Lane(0)), NodeFace("source", image=(side, side)))
    return side > 0


def loss_frames(plan: Plan) -> dict[str, str]:
    """Add the frames of an opened loss (figure 5-29); the id of its frame for each op."""
    frames: dict[str, str] = {}
    graph = plan.graph
    layers = [layer for layer in graph.layers if boxes_of(layer) is not None]
    if plan.chained or is_closed(graph):
        return frames
    for layer in layers:
        for kind, ids in loss_parts(graph, layer).items():
            title = TITLES[kind]
            if kind == "softmax" and graph.loss_form == "logsumexp" and "t" in graph.tensors:
                title = "log Softmax"
            plan.group(Group(f"loss.{kind}", even="loss"), kind, title, "loss")
            frames |= dict.fromkeys(ids, f"loss.{kind}")
    return frames


def _height(plan: Plan) -> float:
    return TALL_H if plan.fans and plan.graph.loss_form is not None else BOX_H


def _image_side(plan: Plan) -> int:
    """Side of the square image that a single x is, 0 when it is none."""
    if plan.graph.is_program:
        return 0
    n, *sample = plan.graph.tensors["x"].shape
    size = math.prod(sample)
    side = math.isqrt(size)
    is_image = n == 1 and bool(plan.graph.layers) and side * side == size >= SMALLEST_IMAGE
    if len(sample) > 1:
        # As a matrix of numbers, as long as these can be read.
        is_image = is_image and sample == [1, side, side] and side > GRID_ROWS
    return side if plan.boxes and is_image else 0
