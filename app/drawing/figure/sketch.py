"""The graph of a program in a few dots and strokes, for a list to choose from.

Its ops stand in the columns and rows of the figure itself, without labels and numbers.
"""

from collections.abc import Collection
from dataclasses import dataclass

from app.drawing.figure.program_lanes import program_lanes
from app.engine.graph import OpGraph

WIDTH, HEIGHT = 72.0, 40.0
# Free at each side, beyond what comes in and goes out.
SIDE = 2.0
MOST_RADIUS = 5.0
# How far apart dots are at least, in radii, and rows and columns at most, in pixels.
APART, MOST_APART = 2.8, 22.0
# How far what comes in begins to the left of its op, and how far above or below, in radii.
COMES, LEANS = 2.4, 1.6

Dot = tuple[float, float]
Stroke = tuple[float, float, float, float]


@dataclass(frozen=True)
class Sketch:
    """Circles of one radius, and straight lines between them, in a box of `WIDTH` by `HEIGHT`."""

    dots: tuple[Dot, ...]
    lines: tuple[Stroke, ...]
    radius: float


def sketch(graph: OpGraph) -> Sketch:
    """The sketch of a program's graph."""
    lanes = program_lanes(graph)
    columns = {id: float(column) for id, column in lanes.columns.items()}
    rows = {id: lanes.nodes[id].row for id in columns}
    across, x = _spread(columns.values(), WIDTH, COMES)
    along, y = _spread(rows.values(), HEIGHT, LEANS)
    radius = round(min(MOST_RADIUS, across / APART, along / APART), 1)
    at = {
        id: (WIDTH / 2 + across * (columns[id] - x), HEIGHT / 2 + along * (rows[id] - y))
        for id in columns
    }
    lines = []
    for node in graph.nodes:
        edges = [graph.edge[id] for id in node.inputs]
        drawn = [one for one in edges if graph.tensors[one.tensor].role != "constant"]
        for place, edge in enumerate(drawn):
            to = at[node.id]
            begin = at.get(edge.source or edge.tensor)
            if begin is None:
                lean = (place - (len(drawn) - 1) / 2) * 2 * LEANS * radius if drawn[1:] else 0.0
                begin = (to[0] - COMES * radius, to[1] + lean)
                lines.append(_between(begin, to, 0.0, radius))
            else:
                starts = radius if edge.source is not None else 0.0
                lines.append(_between(begin, to, starts, radius))
    for edge in graph.edges:
        if edge.target is None and edge.source is not None:
            begin = at[edge.source]
            lines.append(_between(begin, (begin[0] + COMES * radius, begin[1]), radius, 0.0))
    dots = tuple((round(x, 1), round(y, 1)) for node in graph.nodes for x, y in [at[node.id]])
    return Sketch(dots, tuple(lines), radius)


def _spread(places: Collection[float], size: float, around: float) -> tuple[float, float]:
    """How far apart two neighbours are, and which place is in the middle.

    Args:
        places: Of all nodes, a neighbour's one more.
        size: Of the box.
        around: Room for what leads to the first and from the last, in radii.
    """
    low, high = min(places), max(places)
    radius = (size - 2 * SIDE) / (APART * (high - low) + 2 * around)
    return min(MOST_APART, APART * radius), (low + high) / 2


def _between(a: Dot, b: Dot, leave: float, stop: float) -> Stroke:
    """From ``leave`` beyond a to ``stop`` before b."""
    length = max(((b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2) ** 0.5, leave + stop)
    ux, uy = (b[0] - a[0]) / length, (b[1] - a[1]) / length
    return (
        round(a[0] + ux * leave, 1), round(a[1] + uy * leave, 1),
        round(b[0] - ux * stop, 1), round(b[1] - uy * stop, 1),
    )  # fmt: skip
