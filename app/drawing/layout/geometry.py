"""Plain data that the layout takes and gives: items, links, groups, places.

Everything is in pixels at scale 1 with the origin at the top left and y downwards. Nothing here
knows what a tensor is: the figures (``app.drawing.figure.plan``) say what is to be placed, the
layout (``app.drawing.layout.layout``) says where.
"""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Point = tuple[float, float]
Outline = Literal["circle", "box", "point"]


class Lane(NamedTuple):
    """A horizontal line of the figure; all that share a lane get exactly the same y.

    Attributes:
        row: place from top to bottom; row 0 is the anchor of the figure (y = 0 before shifting).
        sub: 0 for the row itself; -1 for the line just above it, which moves with the row.
    """

    row: float = 0.0
    sub: int = 0


class Extent(NamedTuple):
    """Room that a label needs: its width, and its height above and below the arrow."""

    width: float
    above: float
    below: float


@dataclass(frozen=True)
class Item:
    """A node to place.

    ``span`` makes it reach from one lane to another (a box with rows); ``cap`` is room kept free
    above it, for a constant that comes straight down. ``rise`` is how far its line lies below its
    top where that is not the middle: all its links then meet it at the line, not along its side.
    """

    id: str
    width: float
    height: float
    outline: Outline = "circle"
    lane: Lane | None = None
    span: tuple[Lane, Lane] | None = None
    group: str | None = None
    cap: float = 0.0
    rise: float | None = None

    @property
    def above(self) -> float:
        """Height above its line."""
        return self.height / 2 if self.rise is None else self.rise


@dataclass(frozen=True)
class Link:
    """An edge to place.

    Attributes:
        source: item it leaves, or None for an arrow that begins in the open, beside its use.
        target: item it reaches, or None for an arrow that ends in the open.
        label: room for its label, None when it carries none.
        lane: lane of the horizontal part that carries the label; None lets the layout choose.
        start: id of another open link in whose column this one begins (B begins under X and W).
        gap: which of the gaps that the link crosses carries the label; None is the middle one.
        group: group whose inside the link runs in, for the room around the group's box.
    """

    id: str
    source: str | None
    target: str | None
    label: Extent | None = None
    lane: Lane | None = None
    start: str | None = None
    gap: int | None = None
    group: str | None = None


@dataclass(frozen=True)
class Group:
    """A titled box around items. Groups with the same ``even`` mark get one common height."""

    id: str
    pad: float = 12.0
    title: float = 22.0
    title_width: float = 0.0
    even: str | None = None


class Rect(NamedTuple):
    """A rectangle: top left corner and size."""

    x: float
    y: float
    w: float
    h: float


class Run(NamedTuple):
    """The horizontal part of a link that carries its label: from left to right at y."""

    left: float
    right: float
    y: float


@dataclass
class Placement:
    """Where everything stands; ``routes`` are polylines from source to target."""

    nodes: dict[str, Rect] = field(default_factory=dict)
    routes: dict[str, list[Point]] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    groups: dict[str, Rect] = field(default_factory=dict)
    width: float = 0.0
    height: float = 0.0

    def moved(self, dx: float, dy: float) -> "Placement":
        """All of it elsewhere; its size stays."""
        return Placement(
            {id: Rect(r.x + dx, r.y + dy, r.w, r.h) for id, r in self.nodes.items()},
            {id: [(x + dx, y + dy) for x, y in points] for id, points in self.routes.items()},
            {id: Run(r.left + dx, r.right + dx, r.y + dy) for id, r in self.runs.items()},
            {id: Rect(r.x + dx, r.y + dy, r.w, r.h) for id, r in self.groups.items()},
            self.width,
            self.height,
        )
