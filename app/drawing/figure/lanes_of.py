"""Which lane every node and every edge of a figure runs on.

The chain of layers runs straight along row 0; W comes beside its dot from below, B along the
bottom, where it is repeated if its + is opened; X comes from above where a single Affine is all
there is. The rows of an opened loss are centred on row 0, and what all rows share (max, sum, 1/S)
stands at the top.
"""

from collections.abc import Mapping

from app.drawing.figure.parts import LAYER
from app.drawing.figure.plan import ABOVE, BELOW, BOTTOM, Plan
from app.drawing.layout.geometry import Lane
from app.engine.graph import Edge, OpGraph
from app.engine.open_ops import REPEAT

BESIDE, PASSING = -1, 1
PARAMETER = "parameter"


def node_lanes(plan: Plan) -> dict[str, Lane]:
    """Row 0 for the chain, own rows for the classes, the top for what feeds all rows at once."""
    graph = plan.graph
    if graph.is_program:
        return dict(plan.program_lanes.nodes)
    shared = _shared_ops(plan)
    lanes = {}
    for node in graph.nodes:
        if node.op == REPEAT:
            lanes[node.id] = BOTTOM
        elif node.id in shared:
            lanes[node.id] = top_lane(plan)
        else:
            lanes[node.id] = Lane(centred(plan, node.row))
    return lanes


def edge_lane(
    plan: Plan, edge: Edge, lanes: Mapping[str, Lane], crossing: frozenset[str]
) -> Lane | None:
    """Lane of the horizontal part of an edge; None lets the layout choose.

    Args:
        plan: the figure.
        edge: the edge.
        lanes: of the nodes.
        crossing: edges that would run through a node of their row.
    """
    graph = plan.graph
    if graph.is_program:
        return plan.program_lanes.edges.get(edge.id)
    role = graph.tensors[edge.tensor].role
    row = Lane(centred(plan, edge.row))
    here = lanes.get(edge.target or "")
    if role == PARAMETER:
        return _parameter_lane(graph, edge)
    if role == "mask":
        return BELOW
    if role == "target":
        return Lane(row.row, BESIDE)
    if edge.tensor == "x" and edge.cell is None and _is_single_affine(plan):
        return ABOVE
    if edge.id in crossing:
        return Lane(row.row, PASSING)
    there = lanes.get(edge.source or "")
    if there == BOTTOM:
        return BOTTOM
    top = top_lane(plan)
    if not plan.rows:
        # Tensors have one row only: the label of a turning edge stands at the top with its op.
        return top if top in (here, there) else row
    if there == top and here == top:
        return top
    if here == top:
        return Lane(row.row, BESIDE)
    if there == top and edge.target is not None:
        target_row = graph.node[edge.target].row
        return Lane(centred(plan, target_row), BESIDE) if target_row is not None else row
    return row


def _parameter_lane(graph: OpGraph, edge: Edge) -> Lane:
    """W below the chain and B below W; beside a closed box one below the other, as they come."""
    target = graph.node.get(edge.target or "")
    if target is not None and target.op == LAYER:
        own = [id for id in target.inputs if graph.tensors[graph.edge[id].tensor].role == PARAMETER]
        return Lane(BELOW.row + own.index(edge.id))
    return BELOW if edge.tensor.endswith(".W") else BOTTOM


def centred(plan: Plan, row: int | None) -> float:
    """Row 1 to C around row 0; row 0 for what belongs to no class."""
    return 0.0 if row is None else row - (plan.rows + 1) / 2


def top_lane(plan: Plan) -> Lane:
    """The row over all classes."""
    return Lane(-(plan.rows + 1) / 2 - 1)


def closed_span(plan: Plan) -> tuple[Lane, Lane] | None:
    """The lanes over which the boxes of a closed loss reach, None where there are no rows."""
    if not plan.rows:
        return None
    # From t_1, which comes in above y_1, to the last row.
    return Lane(centred(plan, 1), BESIDE), Lane(centred(plan, plan.rows))


def _shared_ops(plan: Plan) -> set[str]:
    """Ops of the opened loss that reduce all classes and whose result goes back to them."""
    graph = plan.graph
    reducing: set[str] = set()
    back: set[str] = set()
    for node in graph.nodes:
        if node.layer != "loss" or node.row is not None:
            continue
        reads = {graph.edge[id].source for id in node.inputs} - {None}
        reduces = node.op in ("sum", "max") or (node.op == "add" and plan.rows > 0)
        if reduces or (reads and reads <= reducing):
            reducing.add(node.id)
    for node in reversed(graph.nodes):
        if node.id in reducing:
            uses = [edge.target for edge in graph.edges if edge.source == node.id]
            if any(use is not None and (use not in reducing or use in back) for use in uses):
                back.add(node.id)
    return back


def _is_single_affine(plan: Plan) -> bool:
    layers = plan.graph.layers
    is_affine = len(layers) == 1 and layers[0].type == "affine" and plan.graph.loss_form is None
    return is_affine and not plan.chained and not plan.boxes
