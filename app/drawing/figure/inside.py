"""What is inside a layer: laid out once in its own coordinates, drawn in its box or in its place.

The inside of an Affine is figure 5-25 or 5-27 with its chain straight. It brings the label of what
comes in; what leaves carries its label in the next box, or beyond it. A closed box shows its
inside small; an opened one is its inside at full size, and `merged` joins the lines that meet at
its sides.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from app.drawing.figure.figure import Opening, fill
from app.drawing.figure.parts import boxes_of, part
from app.drawing.figure.plan import Plan
from app.drawing.layout.geometry import Placement, Point
from app.drawing.layout.once import placed
from app.drawing.layout.routes import straightened
from app.engine.graph import Edge, LayerGroup, OpGraph
from app.engine.open_ops import REPEAT

TITLE, TITLE_CHAR = 22.0, 7.6
# What comes from nowhere, and so from within the box in which it is used; but the targets of the
# book's loss come to it from without.
BEGINS_INSIDE = ("parameter", "mask", "constant", "target")


@dataclass(frozen=True)
class Inside:
    """A laid out inside; its sides are the sides of the box, ``port`` the y of its chain.

    ``leaves`` are the edges that leave it, with their tensors;
    ``stub`` is the one whose line stands for all of them.
    ``forks`` are the points at which what comes in parts, by tensor.
    """

    plan: Plan
    placement: Placement
    title: str
    port: float
    leaves: Mapping[str, str]
    stub: str
    forks: Mapping[str, Point]

    @property
    def opening(self) -> Opening:
        """Its size in a figure in which the layer is opened."""
        return Opening(
            self.placement.width, self.placement.height, self.port, frozenset(self.forks)
        )


def inside_of(
    whole: Plan, graph: OpGraph, layer: LayerGroup, ids: Collection[str], title: str
) -> Inside:
    """Lay out some ops of a layer; formulas go into the table of the whole figure.

    Args:
        whole: the figure in which it will stand.
        graph: the op graph in which the layer is opened.
        layer: the layer.
        ids: its ops that are in this box.
        title: of the box.
    """
    inner = part(graph, layer, ids)
    arrives, leaves = _crossing(inner, layer)
    carried = {id: inner.edge[id].tensor for id in leaves}
    inner = _one_line_each(inner)
    stub = next(edge.id for edge in inner.edges if edge.target is None)
    if boxes_of(layer) is None and branches(inner):
        # Any graph may be in a layer; the lines of a chain are those of the book.
        inner = replace(inner, is_program=True)
    forks = _forks(inner)
    plan = Plan(
        inner, whole.single, whole.backward, chained=True, names_batch=whole.names_batch,
        axis_names=whole.axis_names, formulas=whole.formulas,
    )  # fmt: skip
    fill(plan)
    placement = _framed(placed(plan.items, plan.links, plan.groups), title)
    for id in arrives:
        if inner.edge[id].tensor in forks:
            continue
        points = placement.routes[id]
        placement.routes[id] = [(0.0, points[0][1]), *points]
    for id in leaves:
        if id in placement.routes:
            points = placement.routes[id]
            placement.routes[id] = [*points, (placement.width, points[-1][1])]
    port = placement.routes[stub][-1][1]
    ways = {name: (placement.nodes[name].x, placement.nodes[name].y) for name in forks}
    return Inside(plan, placement, title, port, carried, stub, ways)


def merged(
    plan: Plan, placement: Placement, insides: Mapping[str, Inside]
) -> tuple[Plan, Placement]:
    """One plan and placement of a figure with its opened layers in their places.

    Args:
        plan: the figure, in which each opened layer is one empty box.
        placement: of the figure.
        insides: the opened layers by name.
    """
    nodes, groups = dict(placement.nodes), dict(placement.groups)
    routes, runs = dict(placement.routes), dict(placement.runs)
    faces, edges = dict(plan.faces), dict(plan.edges)
    group_faces = dict(plan.group_faces)
    for name, inside in insides.items():
        box = nodes.pop(name)
        groups[name] = box
        group_faces[name] = ("layer", inside.title, name)
        faces |= inside.plan.faces
        inner = inside.placement.moved(box.x, box.y)
        nodes |= inner.nodes
        runs |= inner.runs
        for id, face in inside.plan.edges.items():
            if id in inside.leaves:
                continue
            # What comes in goes on from where the figure's line ends.
            if outer := edges.get(id):
                face = replace(face, source=outer.source, edge=outer.edge)
            edges[id] = face
            routes[id] = [*routes.get(id, []), *inner.routes.get(id, [])]
        for tensor, (x, y) in inside.forks.items():
            # What comes in once goes on to the point from which its uses part.
            if tensor in routes:
                routes[tensor] = [*routes[tensor], (box.x, y + box.y), (x + box.x, y + box.y)]
                edges[tensor] = replace(edges[tensor], target=tensor)
        maker = inside.plan.edges[inside.stub].source
        # What goes to several uses in the next box goes there on one line.
        for id in {id if id in edges else tensor for id, tensor in inside.leaves.items()}:
            edges[id] = replace(edges[id], source=maker)
            routes[id] = [*inner.routes[inside.stub], *routes[id]]
    joined = Placement(
        nodes, {id: straightened(points) for id, points in routes.items()}, runs, groups,
        placement.width, placement.height,
    )  # fmt: skip
    return replace(plan, faces=faces, edges=edges, group_faces=group_faces), joined


def _forks(inner: OpGraph) -> frozenset[str]:
    """Data that comes in once and goes to several ops."""
    counts = Counter(
        edge.tensor
        for edge in inner.edges
        if edge.source is None and inner.tensors[edge.tensor].role not in BEGINS_INSIDE
    )
    return frozenset(name for name, count in counts.items() if count > 1 and inner.is_program)


def branches(inner: OpGraph) -> bool:
    """Whether there is more in it than a chain: something is used twice, or two ways meet."""
    uses = Counter(
        edge.tensor for edge in inner.edges if inner.tensors[edge.tensor].role != "constant"
    )
    if any(count > 1 for count in uses.values()):
        return True
    for node in inner.nodes:
        ways = [
            edge
            for edge in (inner.edge[id] for id in node.inputs)
            if inner.tensors[edge.tensor].role not in BEGINS_INSIDE
            and (edge.source is None or inner.node[edge.source].op != REPEAT)
        ]
        if len(ways) > 1:
            return True
    return False


def _crossing(inner: OpGraph, layer: LayerGroup) -> tuple[list[str], list[str]]:
    """Edges of data that come in, and those that leave."""
    kept = BEGINS_INSIDE if boxes_of(layer) is None else ("parameter", "mask", "constant")
    arrives = [
        edge.id
        for edge in inner.edges
        if edge.source is None and inner.tensors[edge.tensor].role not in kept
    ]
    return arrives, [edge.id for edge in inner.edges if edge.target is None]


def _one_line_each(inner: OpGraph) -> OpGraph:
    """Cells of one tensor leave on one line, and part beyond the box."""
    edges: list[Edge] = []
    left: set[str | None] = set()
    for edge in inner.edges:
        if edge.target is not None:
            edges.append(edge)
        elif edge.source not in left:
            left.add(edge.source)
            source = inner.node[edge.source or ""]
            edges.append(replace(edge, row=source.row))
    return replace(inner, edges=tuple(edges))


def _framed(placement: Placement, title: str) -> Placement:
    """Room for the title of the frame over the picture."""
    width = max(placement.width, TITLE_CHAR * len(title) + 28.0)
    framed = placement.moved((width - placement.width) / 2, TITLE)
    framed.width, framed.height = width, placement.height + TITLE
    return framed
