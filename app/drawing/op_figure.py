"""The figures drawn op by op: Affine (5-24 to 5-27), networks, Softmax-with-Loss (5-29, 5-30).

Lanes: the chain of layers runs straight along row 0; W comes beside its dot from below, B along
the bottom; X comes from above where a single Affine is all there is. The rows of an opened loss
are centred on row 0, and what all rows share (max, sum, 1/S) stands at the top.
"""

from collections.abc import Mapping
from dataclasses import replace

from app.drawing.columns import rank
from app.drawing.equations import numbered_edges
from app.drawing.geometry import Group, Item, Lane, Link
from app.drawing.plan import (
    ABOVE,
    BELOW,
    BOTTOM,
    OP_SIZE,
    TITLES,
    NodeFace,
    Plan,
    layer_title,
)
from app.engine.graph import Edge, Node

CLOSED = ("softmax", "softmax_with_loss")
LOSS_TYPE = "softmax_cross_entropy"
BOX_W, BOX_H = 116.0, 88.0
CROSS_ENTROPY_OPS = {"times_t", "add", "negate", "mean"}
BESIDE, PASSING = -1, 1


def op_figure(plan: Plan) -> None:
    """Fill a plan with every op of its graph."""
    graph = plan.graph
    plan.numbers = numbered_edges(graph, single=plan.single)
    framed = len(graph.layers) > 1 or graph.loss_form is not None
    groups = _group_of(plan, framed)
    lanes = _node_lanes(plan)
    for node in graph.nodes:
        if node.op in CLOSED:
            _closed_loss(plan, node)
            continue
        item = Item(node.id, OP_SIZE, OP_SIZE, lane=lanes[node.id], group=groups.get(node.id))
        for edge in (graph.edge[id] for id in node.inputs):
            if graph.tensors[edge.tensor].role == "constant":
                item = replace(item, cap=plan.constant(edge))
        plan.item(
            item,
            NodeFace("op", node.op, node.layer, node.symbol, row=node.row, nodes=(node.id,)),
        )
    _shared_sources(plan)
    crossing = _crossing(plan)
    for edge in graph.edges:
        if edge.id not in plan.edges:
            _edge(plan, edge, lanes, groups, crossing)
    plan.even_out([group.id for group in plan.groups if group.even == "layer"])


def _edge(
    plan: Plan,
    edge: Edge,
    lanes: Mapping[str, Lane],
    groups: Mapping[str, str],
    crossing: frozenset[str],
) -> None:
    graph = plan.graph
    source, target = _ends(plan, edge)
    inside = groups.get(edge.target or "")
    is_parameter = graph.tensors[edge.tensor].role == "parameter"
    crosses_border = source is not None and groups.get(edge.source or "") != inside
    group = None if is_parameter or crosses_border or edge.tensor == "x" else inside
    start = None
    if edge.tensor.endswith(".b") and is_parameter:
        start = edge.tensor.removesuffix(".b") + ".W"
    plan.edge(
        edge,
        source=source,
        target=target,
        lane=_edge_lane(plan, edge, lanes, crossing),
        start=start,
        group=group,
        numbered=plan.backward and start is None and edge.id in plan.numbers,
    )


def _ends(plan: Plan, edge: Edge) -> tuple[str | None, str | None]:
    """The items at the ends of an edge; the two boxes of a closed loss are told apart here."""
    graph = plan.graph
    source, target = edge.source, edge.target
    if source is None and _source_id(edge) in plan.faces:
        source = _source_id(edge)
    if target is not None and graph.node[target].op in CLOSED:
        to_errors = edge.tensor == "t"
        target = f"{target}:{'cross_entropy' if to_errors else 'softmax'}"
    if source is not None and source in graph.node and graph.node[source].op in CLOSED:
        maker = graph.node[source]
        if edge.tensor == "loss":
            source = f"{source}:cross_entropy"
        else:
            # y runs on from Softmax to the error although no op node reads it there.
            if maker.op == "softmax_with_loss":
                target = f"{source}:cross_entropy"
            source = f"{source}:softmax"
    return source, target


def _edge_lane(
    plan: Plan, edge: Edge, lanes: Mapping[str, Lane], crossing: frozenset[str]
) -> Lane | None:
    graph = plan.graph
    role = graph.tensors[edge.tensor].role
    row = Lane(_centred(plan, edge.row)) if edge.row is not None else Lane(0)
    here = lanes.get(edge.target or "")
    if role == "parameter":
        return BELOW if edge.tensor.endswith(".W") else BOTTOM
    if role == "target":
        return Lane(row.row, BESIDE)
    if edge.tensor == "x" and edge.cell is None and _is_single_affine(plan):
        return ABOVE
    if edge.id in crossing:
        return Lane(row.row, PASSING)
    there = lanes.get(edge.source or "")
    top = _top(plan)
    if not plan.rows:
        # Tensors have one row only: the label of a turning edge stands at the top with its op.
        return top if top in (here, there) else row
    if there == top and here == top:
        return top
    if here == top:
        return Lane(row.row, BESIDE)
    if there == top and edge.target is not None:
        target_row = graph.node[edge.target].row
        return Lane(_centred(plan, target_row), BESIDE) if target_row is not None else row
    return row


def _node_lanes(plan: Plan) -> dict[str, Lane]:
    """Row 0 for the chain, own rows for the classes, the top for what feeds all rows at once."""
    graph = plan.graph
    shared = _shared_ops(plan)
    lanes = {}
    for node in graph.nodes:
        if node.id in shared:
            lanes[node.id] = _top(plan)
        else:
            lanes[node.id] = Lane(_centred(plan, node.row) if node.row is not None else 0)
    return lanes


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


def _centred(plan: Plan, row: int | None) -> float:
    return 0.0 if row is None else row - (plan.rows + 1) / 2


def _top(plan: Plan) -> Lane:
    return Lane(-(plan.rows + 1) / 2 - 1)


def _is_single_affine(plan: Plan) -> bool:
    layers = plan.graph.layers
    return len(layers) == 1 and layers[0].type == "affine" and plan.graph.loss_form is None


def _group_of(plan: Plan, framed: bool) -> dict[str, str]:
    """Groups of the figure; the id of its group for each op node."""
    groups: dict[str, str] = {}
    graph = plan.graph
    for layer in graph.layers if framed else ():
        if layer.type != LOSS_TYPE:
            title = layer_title(layer, graph.layers)
            plan.group(Group(layer.name, even="layer"), "layer", title, layer.name)
            groups |= dict.fromkeys(layer.nodes, layer.name)
            continue
        parts = {id: _loss_part(id, graph.loss_form) for id in layer.nodes}
        if any(graph.node[id].op in CLOSED for id in layer.nodes):
            continue
        for kind in dict.fromkeys(parts.values()):
            title = TITLES[kind]
            if kind == "softmax" and graph.loss_form == "logsumexp" and "t" in graph.tensors:
                title = "log Softmax"
            plan.group(Group(f"loss.{kind}", even="loss"), kind, title, "loss")
        groups |= {id: f"loss.{kind}" for id, kind in parts.items()}
    return groups


def _loss_part(node: str, form: str | None) -> str:
    base = node.split(".")[1]
    is_log_of_y = base == "log" and form != "logsumexp"
    return "cross_entropy" if base in CROSS_ENTROPY_OPS or is_log_of_y else "softmax"


def _closed_loss(plan: Plan, node: Node) -> None:
    """The rounded boxes of figure 5-30; they reach over all rows where there are rows."""
    rows = plan.rows
    span = None
    if rows:
        # From t_1, which comes in above y_1, to the last row.
        span = (Lane(_centred(plan, 1), BESIDE), Lane(_centred(plan, rows)))
    kinds = ["softmax"] + (["cross_entropy"] if node.op == "softmax_with_loss" else [])
    for kind in kinds:
        width = BOX_W if kind == "softmax" else BOX_W + 48
        plan.item(
            Item(f"{node.id}:{kind}", width, BOX_H, "box", None if span else Lane(0), span),
            NodeFace("layer", kind, node.layer, title=TITLES[kind], nodes=(node.id,)),
        )


def _source_id(edge: Edge) -> str:
    """Name of the point from which a given tensor, or a cell of it, goes to several uses."""
    return edge.tensor if edge.cell is None else f"{edge.tensor}.{edge.row}"


def _shared_sources(plan: Plan) -> None:
    graph = plan.graph
    given: dict[str, list[Edge]] = {}
    for edge in graph.edges:
        if edge.source is None:
            given.setdefault(_source_id(edge), []).append(edge)
    for id, edges in given.items():
        if len(edges) > 1:
            row = edges[0].row
            plan.item(
                Item(id, 0.0, 0.0, "point", Lane(_centred(plan, row))),
                NodeFace("source", row=row),
            )


def _crossing(plan: Plan) -> frozenset[str]:
    """Edges along a row that would run through another op of the row: they pass below it."""
    graph = plan.graph
    links = []
    for edge in graph.edges:
        source, target = _ends(plan, edge)
        if source in plan.faces and target in plan.faces:
            links.append(Link(edge.id, source, target))
    ranks = rank(plan.items, links)
    lane = {item.id: item.lane for item in plan.items}
    taken = {(item.lane, ranks[item.id]) for item in plan.items if item.outline == "circle"}
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
