"""Which lane every node and every edge of a program's figure runs on.

What a chain of layers has by its nature, a program has to be given: the longest way to the result
runs straight along row 0, and each branch that joins it has a row of its own, as near as there is
room: above where it is the first operand, below where it is the second. A row is used again
where the branches on it do not meet.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from app.drawing.layout.columns import rank
from app.drawing.layout.geometry import Item, Lane, Link
from app.engine.graph import Edge, OpGraph

# How far from a row the lines of its further edges may lie.
MOST_SUBS = 6


@dataclass(frozen=True)
class ProgramLanes:
    """Lanes of the nodes, of the points where given tensors part, and of the edges, by id.

    And the columns of nodes and points, from 0.
    """

    nodes: Mapping[str, Lane]
    edges: Mapping[str, Lane]
    columns: Mapping[str, int]


def program_lanes(graph: OpGraph) -> ProgramLanes:
    """The lanes of a program's graph; the same graph gives the same lanes."""
    flow = _Flow.of(graph)
    rows = _Rows(flow).assigned()
    lanes = {id: Lane(row) for id, row in rows.items()}
    return ProgramLanes(lanes, _edge_lanes(flow, rows), flow.ranks)


def point_of(edge: Edge) -> str:
    """The point from which a given tensor, or one cell of it, goes to several uses."""
    if edge.cell is None:
        return edge.tensor
    place = (edge.row,) if edge.row is not None else edge.cell
    return ".".join([edge.tensor, *map(str, place)])


@dataclass
class _Flow:
    """What leads to what: nodes and points, with the columns in which they stand."""

    graph: OpGraph
    ranks: dict[str, int]
    into: dict[str, list[Edge]] = field(default_factory=dict)
    out: dict[str, list[Edge]] = field(default_factory=dict)

    @classmethod
    def of(cls, graph: OpGraph) -> "_Flow":
        given: dict[str, int] = defaultdict(int)
        for edge in graph.edges:
            if edge.source is None and edge.target is not None and _is_drawn(graph, edge):
                given[point_of(edge)] += 1
        points = [name for name, count in given.items() if count > 1]
        items = [Item(id, 0, 0) for id in (*(node.id for node in graph.nodes), *points)]
        known = {item.id for item in items}
        into: dict[str, list[Edge]] = defaultdict(list)
        out: dict[str, list[Edge]] = defaultdict(list)
        links = []
        for node in graph.nodes:
            for id in node.inputs:
                edge = graph.edge[id]
                if _is_drawn(graph, edge):
                    into[node.id].append(edge)
        for edge in graph.edges:
            source = edge.source or point_of(edge)
            if source in known and _is_drawn(graph, edge):
                out[source].append(edge)
                if edge.target is not None:
                    links.append(Link(edge.id, source, edge.target))
        return cls(graph, rank(items, links), dict(into), dict(out))

    def source(self, edge: Edge) -> str | None:
        """The node or point that an edge leaves; None where it begins in the open."""
        source = edge.source or point_of(edge)
        return source if source in self.ranks else None

    def gaps(self, edge: Edge) -> range:
        """The columns between nodes that an edge crosses."""
        source = self.source(edge)
        last = self.ranks[edge.target] if edge.target is not None else None
        if source is None:
            assert last is not None
            return range(last, last + 1)
        first = self.ranks[source] + 1
        return range(first, (last if last is not None else first) + 1)


def _is_drawn(graph: OpGraph, edge: Edge) -> bool:
    """Constants come straight down into their node and need no lane."""
    return graph.tensors[edge.tensor].role != "constant"


class _Rows:
    """Gives every node a row: depth first from what is handed out, the longest operand straight."""

    def __init__(self, flow: _Flow) -> None:
        self.flow = flow
        self.rows: dict[str, float] = {}
        # By row, the columns that are taken.
        self.taken: dict[float, list[range]] = defaultdict(list)

    def assigned(self) -> dict[str, float]:
        """The rows of all nodes and points."""
        graph = self.flow.graph
        makers = {name: node.id for node in graph.nodes for name in node.outputs}
        # The result, or its parts in their order from above; other ends have rows below.
        ends = [makers[name] for name in graph.results if name in makers]
        ends += [node.id for node in reversed(graph.nodes)]
        for id in ends:
            if id in self.flow.ranks and id not in self.rows:
                self._walk(id, self._free(self._span(id), 0.0, 1) if self.rows else 0.0)
        for id in self.flow.ranks:
            if id not in self.rows:
                self.rows[id] = self._free(self._span(id), 0.0, 1)
        return self.rows

    def _walk(self, start: str, row: float) -> None:
        """Give ``start`` and the chain behind it this row, and the branches of it other rows."""
        chain = list(self._chain(start))
        for id in chain:
            self.rows[id] = row
            for at in self._own_gaps(id):
                self.taken[row].append(at)
            self.taken[row].append(range(self.flow.ranks[id], self.flow.ranks[id] + 1))
        for id in chain:
            main = self._main(id)
            passed = False
            for edge in self.flow.into.get(id, []):
                source = self.flow.source(edge)
                passed = passed or source == main
                if source is None or source in self.rows:
                    continue
                side = 1 if passed else -1
                self._walk(source, self._free(self._span(source, id), row, side))

    def _chain(self, start: str) -> Iterator[str]:
        at: str | None = start
        while at is not None and at not in self.rows:
            yield at
            at = self._main(at)

    def _own_gaps(self, id: str) -> Iterable[range]:
        return [self.flow.gaps(edge) for edge in self.flow.out.get(id, [])]

    def _main(self, id: str) -> str | None:
        """The operand that took the longest way, the first of equals; None where all are given."""
        sources = [self.flow.source(edge) for edge in self.flow.into.get(id, [])]
        known = [source for source in sources if source is not None]
        return max(known, key=lambda source: self.flow.ranks[source], default=None)

    def _span(self, start: str, join: str | None = None) -> range:
        """The columns of the branch that ends at ``start`` and joins another row at ``join``."""
        first = min(self.flow.ranks[id] for id in self._chain(start))
        last = self.flow.ranks[join if join is not None else start]
        return range(first, last + 1)

    def _free(self, span: range, beside: float, side: int) -> float:
        """The nearest row on this side with room for so many columns."""
        row = beside + side
        while any(_meet(span, taken) for taken in self.taken[row]):
            row += side
        return row


def _edge_lanes(flow: _Flow, rows: Mapping[str, float]) -> dict[str, Lane]:
    """A line for every edge on which it meets no node and no other edge's label."""
    nodes: dict[float, set[int]] = defaultdict(set)
    for id, row in rows.items():
        nodes[row].add(flow.ranks[id])
    taken: dict[Lane, list[range]] = defaultdict(list)
    lanes: dict[str, Lane] = {}
    edges = [edge for edge in flow.graph.edges if _is_drawn(flow.graph, edge)]
    # Short lines first: they are the figure's backbone.
    for edge in sorted(edges, key=lambda one: (flow.source(one) is None, len(flow.gaps(one)))):
        gaps = flow.gaps(edge)
        inner = range(gaps.start, gaps.stop - 1)
        for lane in _wished(flow, rows, edge):
            is_free = not any(_meet(gaps, other) for other in taken[lane])
            runs_into = lane.sub == 0 and any(at in nodes[lane.row] for at in inner)
            if is_free and not runs_into:
                lanes[edge.id] = lane
                taken[lane].append(gaps)
                break
    return lanes


def _wished(flow: _Flow, rows: Mapping[str, float], edge: Edge) -> Iterator[Lane]:
    """Lanes for an edge, the best first: its own row, the row it goes to, then lines beside."""
    source = flow.source(edge)
    there = rows.get(edge.target or "")
    here = rows[source] if source is not None else there
    assert here is not None
    down = 1
    if edge.target is not None:
        inputs = flow.into[edge.target]
        place = next(k for k, one in enumerate(inputs) if one.id == edge.id)
        # The first operand comes from above, the second from below.
        down = -1 if place == 0 and len(inputs) > 1 else 1
    if edge.source is not None and _has_constant(flow.graph, edge.source):
        # What comes down into it stands above it.
        down = 1
    yield Lane(here)
    if there is not None and there != here:
        yield Lane(there)
    for sub in range(1, MOST_SUBS + 1):
        yield Lane(here, sub * down)
        yield Lane(here, -sub * down)


def _has_constant(graph: OpGraph, node: str) -> bool:
    return not all(_is_drawn(graph, graph.edge[id]) for id in graph.node[node].inputs)


def _meet(one: range, other: range) -> bool:
    return one.start < other.stop and other.start < one.stop
