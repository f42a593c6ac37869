"""What a figure consists of, before anything has a place: nodes, edges with labels, groups.

``figure`` fills a plan, ``inside`` opens layers in it, ``graph_json`` writes it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from app.drawing.figure.labels import (
    Label,
    Numbers,
    fan_rows,
    numbers_of,
    picture_of,
    room,
    shape_text,
)
from app.drawing.figure.program_lanes import ProgramLanes, program_lanes
from app.drawing.formulas.formulas import FormulaTable
from app.drawing.layout.geometry import Group, Item, Lane, Link
from app.engine.graph import LINE, Edge, LayerGroup, OpGraph
from app.engine.layer_types import LAYERS
from app.engine.loss_types import LOSSES, decay
from app.engine.open_ops import REPEAT

OP_SIZE = 44.0
REPEAT_W, REPEAT_H = 64.0, 36.0
CONSTANT_ARROW = 24.0
NUMBER_ROOM = 20.0
# Far rows: inputs from above, parameters from below; only their order counts.
ABOVE, BELOW, BOTTOM = Lane(-1000), Lane(1000), Lane(1001)

TITLES = {
    **{name: layer.title for name, layer in LAYERS.items()},
    **{name: loss.title for name, loss in LOSSES.items()},
    decay.TYPE: decay.TITLE,
    **{
        box: title
        for loss in LOSSES.values()
        if loss.boxes
        for box, title in loss.boxes.titles.items()
    },
}


@dataclass(frozen=True)
class NodeFace:
    """What a node shows.

    ``nodes`` are the ids of the op-graph nodes that it stands for; ``opens`` names the layer that
    opens in its place, ``inside`` the picture of what is in it. ``hides`` names the op that opens
    here, ``closes`` the opened op that closes here (see `app.engine.open_ops`). One that
    ``is_wide`` has a name too long for a circle.
    """

    kind: Literal["op", "layer", "source"]
    op: str | None = None
    layer: str | None = None
    symbol: str | None = None
    title: str | None = None
    row: int | None = None
    nodes: tuple[str, ...] = ()
    image: tuple[int, int] | None = None
    opens: str | None = None
    hides: str | None = None
    closes: str | None = None
    inside: str | None = None
    is_wide: bool = False

    @property
    def is_round(self) -> bool:
        """Whether it is a circle."""
        return self.kind == "op" and self.op != REPEAT and not self.is_wide


@dataclass(frozen=True)
class EdgeFace:
    """An edge with the two halves of its label; ``constant`` is the key of a constant's name."""

    edge: Edge
    source: str | None
    target: str | None
    forward: Label | None
    backward: Label | None
    constant: str | None = None


@dataclass
class Plan:
    """The parts of one figure.

    ``level`` is how deep it looks; ``chained`` says that the graph is the inside of one layer
    among others, so that its chain enters and leaves at the sides. ``names_batch`` writes N for
    the number of samples and says once, at x, what N is. ``axis_names`` tells what the axes before
    the last two count, by tensor, see `matrices.axis_names`.
    """

    graph: OpGraph
    single: bool
    backward: bool
    level: str = "op"
    chained: bool = False
    names_batch: bool = False
    axis_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    formulas: FormulaTable = field(default_factory=FormulaTable)
    items: list[Item] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    faces: dict[str, NodeFace] = field(default_factory=dict)
    edges: dict[str, EdgeFace] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    group_faces: dict[str, tuple[str, str, str]] = field(default_factory=dict)

    @cached_property
    def rows(self) -> int:
        """Rows of an opened or closed loss in scalars, 0 where there are only tensors."""
        return max((edge.row or 0 for edge in self.graph.edges), default=0)

    @cached_property
    def program_lanes(self) -> ProgramLanes:
        """The lanes of a program's figure, which no chain of layers gives."""
        return program_lanes(self.graph)

    @property
    def boxes(self) -> bool:
        """Whether layers are boxes unless they are opened."""
        return self.level in ("network", "layer")

    @property
    def fans(self) -> bool:
        """Whether each class of a single sample has an arrow of its own (figure 5-28)."""
        return self.level == "network" and self.graph.n == 1

    def item(self, item: Item, face: NodeFace) -> None:
        """Add a node."""
        self.items.append(item)
        self.faces[item.id] = face

    def group(self, group: Group, kind: str, title: str, layer: str) -> None:
        """Add a titled box; members name it themselves."""
        width = 7.6 * len(title) + 4.0
        self.groups.append(replace(group, title_width=width))
        self.group_faces[group.id] = (kind, title, layer)

    def edge(
        self,
        edge: Edge,
        *,
        source: str | None = None,
        target: str | None = None,
        lane: Lane | None = None,
        start: str | None = None,
        group: str | None = None,
        mode: str = "numbers",
        numbered: bool = False,
    ) -> None:
        """Add an edge with its label.

        Args:
            edge: the edge of the op graph.
            source: item it leaves; None begins it in the open, beside its use.
            target: item it reaches; None ends it in the open.
            lane: lane of its horizontal part.
            start: id of the open edge in whose column it begins.
            group: group in whose box it runs.
            mode: ``numbers``, ``fan`` (one arrow a class), ``name`` (no box of numbers: they are
                the picture it leaves, and so is their gradient) or ``bare`` (no label: it stands
                inside the box that the edge enters, or beyond the figure).
            numbered: keep room on the arrow, beside the label, for a numbered box.
        """
        if mode == "bare":
            self.links.append(Link(edge.id, source, target, None, lane, start=start, group=group))
            self.edges[edge.id] = EdgeFace(edge, source, target, None, None)
            return
        forward = self._label(edge, edge.symbol, mode)
        backward = None
        if self.backward and edge.grad_symbol is not None:
            backward = self._label(edge, edge.grad_symbol, "picture" if mode == "name" else "")
        extent = room(forward, backward)
        if numbered:
            extent = extent._replace(width=extent.width + 2 * NUMBER_ROOM)
        self.links.append(Link(edge.id, source, target, extent, lane, start=start, group=group))
        self.edges[edge.id] = EdgeFace(edge, source, target, forward, backward)

    def constant(self, edge: Edge) -> float:
        """Add a constant that comes down into its node from above; the room it needs there."""
        key = self.formulas.add(edge.symbol)
        self.edges[edge.id] = EdgeFace(edge, None, edge.target, None, None, key)
        return CONSTANT_ARROW + self.formulas[key].height + 4.0

    def shape_text(self, edge: Edge) -> str:
        """The shape of what an edge carries, as the figure writes it."""
        shape = edge.shape
        if self.graph.tensors[edge.tensor].role == "parameter":
            # A W with one row is a matrix all the same; only samples lose their axis.
            return shape_text(shape)
        return shape_text(self.named(shape), single=self.single)

    def named(self, shape: Sequence[int]) -> tuple[int | str, ...]:
        """A shape with one row a sample, with N for their number where the figure names it."""
        return ("N", *shape[1:]) if self.names_batch and len(shape) == 2 else tuple(shape)

    def _numbers(self, edge: Edge) -> Numbers:
        return numbers_of(edge.shape, self.axis_names.get(edge.tensor, ()))

    def _label(self, edge: Edge, symbol: str, mode: str) -> Label:
        key = self.formulas.add(symbol)
        text = self.shape_text(edge)
        if self.names_batch and edge.tensor == "x" and symbol == edge.symbol:
            text += f", N = {self.graph.n}"
        image = self.faces[edge.tensor].image if mode == "picture" else None
        numbers = picture_of(*image) if image else self._numbers(edge)
        if mode == "fan":
            cell = numbers_of(())
            classes = edge.shape[-1]
            return Label(cell, key, self.formulas[key], text, fan_rows(classes), classes)
        return Label(None if mode == "name" else numbers, key, self.formulas[key], text)


def layer_title(layer: LayerGroup, layers: Sequence[LayerGroup]) -> str:
    """``Affine``; with a running number among several; its own name where it has one."""
    if layer.type == LINE:
        return layer.name
    if layer.name in ("loss", decay.LAYER):
        return TITLES[layer.type]
    alike = [other.name for other in layers if other.type == layer.type]
    title = TITLES[layer.type]
    number = layer.name.removeprefix(layer.type)
    if not number.isdecimal():
        return layer.name
    return title if len(alike) == 1 else f"{title} {number}"
