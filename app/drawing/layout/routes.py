"""The lines themselves: ends fanned out on circles, level through columns, turning in gaps."""

import math
from collections import defaultdict
from collections.abc import Mapping
from itertools import pairwise

from app.drawing.layout.columns import NODE_GAP, Columns, Slot
from app.drawing.layout.geometry import Placement, Point, Rect
from app.drawing.layout.isotonic import spread

STEEPEST = math.radians(62)
FAN_STEP, FAN_WIDEST = math.radians(30), math.radians(90)
# Half the room between two nodes of a column.
CLEAR = NODE_GAP / 2 - 1
PARALLEL = 6.0
# So far a steep line runs level before it meets a box, where there is room for it: beside it the
# gradient's would otherwise meet the box around its corner.
LEVEL, LEVEL_GAP = 14.0, 60.0


def route(columns: Columns, left: list[float], right: list[float], placement: Placement) -> None:
    """Fill ``placement.routes`` with one polyline for each link, from source to target.

    Args:
        columns: slots with their y.
        left: left end of each column.
        right: right end of each column.
        placement: nodes are read, routes are written.
    """
    ends = _ports(columns, left, right, placement)
    for id, way in columns.path.items():
        points: list[Point] = []
        if (start := ends.get((id, "out"))) is not None:
            points += start
        for slot in way:
            points += [(left[slot.column], slot.y), (right[slot.column], slot.y)]
        if (end := ends.get((id, "in"))) is not None:
            points += reversed(end)
        placement.routes[id] = straightened(points)


def _ports(
    columns: Columns, left: list[float], right: list[float], placement: Placement
) -> Mapping[tuple[str, str], list[Point]]:
    """Where each link touches its nodes: rim point, then the edge of the node's column."""
    touching: dict[tuple[str, str], list[tuple[str, Slot]]] = defaultdict(list)
    for id, way in columns.path.items():
        link = way[0].link
        assert link is not None
        if link.source is not None:
            touching[link.source, "out"].append((id, way[0]))
        if link.target is not None:
            touching[link.target, "in"].append((id, way[-1]))
    ends: dict[tuple[str, str], list[Point]] = {}
    for (node, way_in), links in touching.items():
        slot = columns.node[node]
        side = 1 if way_in == "out" else -1
        border = right[slot.column] if side > 0 else left[slot.column]
        beyond = left[slot.column + 1] if side > 0 else right[slot.column - 1]
        rect = placement.nodes[node]
        # A node narrower than its column first goes level to the column's edge: other nodes of
        # the column may stand where a slanted line would pass.
        fills = right[slot.column] - left[slot.column] < rect.w + 8
        rims = _rims(slot, rect, side, abs(beyond - border), [other.y for _, other in links])
        for (id, far), (x, y) in zip(links, rims, strict=True):
            ends[id, way_in] = [(x, y)]
            gap = abs(beyond - border)
            if not fills:
                ends[id, way_in].append((border, y))
            elif _node_between(columns.columns[slot.column], slot, far.y):
                near = rect.y - CLEAR if far.y < slot.y else rect.y + rect.h + CLEAR
                ends[id, way_in].append((border, near))
            elif slot.item and slot.item.outline == "box" and abs(far.y - y) > gap >= LEVEL_GAP:
                ends[id, way_in].append((x + side * LEVEL, y))
    return ends


def _node_between(column: list[Slot], slot: Slot, level: float) -> bool:
    """Whether a line that enters the column at this level could brush another node of it."""
    low, high = sorted((slot.y, level))
    return any(
        other is not slot
        and other.item is not None
        and other.y + other.below > low
        and other.y - other.above < high
        for other in column
    )


def _rims(slot: Slot, rect: Rect, side: int, gap: float, levels: list[float]) -> list[Point]:
    assert slot.item is not None
    centre_x, centre_y = rect.x + rect.w / 2, rect.y + rect.h / 2
    by_level = sorted(range(len(levels)), key=lambda i: (levels[i], i))
    points: dict[int, Point] = {}
    if slot.item.outline == "circle":
        radius = rect.w / 2
        wishes = [_aim(levels[i] - centre_y, gap + radius) for i in by_level]
        step = min(FAN_STEP, FAN_WIDEST / max(len(levels) - 1, 1))
        angles = spread(wishes, [step] * (len(levels) - 1), -STEEPEST, STEEPEST)
        for i, angle in zip(by_level, angles, strict=True):
            points[i] = (
                centre_x + side * radius * math.cos(angle), centre_y + radius * math.sin(angle)
            )  # fmt: skip
    elif slot.item.rise is not None:
        points = dict.fromkeys(by_level, (centre_x + side * rect.w / 2, slot.y))
    elif slot.item.outline == "box":
        inset = min(16.0, rect.h / 4)
        step = min(14.0, (rect.h - 2 * inset) / max(len(levels) - 1, 1))
        low, high = rect.y + inset, rect.y + rect.h - inset
        wishes = [min(max(levels[i], low), high) for i in by_level]
        for i, y in zip(by_level, spread(wishes, [step] * len(levels), low, high), strict=True):
            points[i] = (centre_x + side * rect.w / 2, y)
    else:
        points = dict.fromkeys(by_level, (centre_x, centre_y))
    return [points[i] for i in range(len(levels))]


def _aim(rise: float, run: float) -> float:
    return max(-STEEPEST, min(STEEPEST, math.atan2(rise, run)))


def straightened(points: list[Point]) -> list[Point]:
    """The polyline without doubled points and without points on a straight line."""
    kept: list[Point] = []
    for point in points:
        if kept and math.dist(kept[-1], point) < 0.05:
            continue
        if len(kept) >= 2 and _collinear(kept[-2], kept[-1], point):
            kept[-1] = point
        else:
            kept.append(point)
    return kept


def _collinear(a: Point, b: Point, c: Point) -> bool:
    return abs((b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0])) < 0.05


def beside(points: list[Point], distance: float = PARALLEL) -> list[Point]:
    """The same polyline moved to its right-hand side: below, for a line from left to right."""
    moved: list[Point] = []
    normals = [_normal(a, b) for a, b in pairwise(points)]
    for i, (x, y) in enumerate(points):
        before, after = normals[max(i - 1, 0)], normals[min(i, len(normals) - 1)]
        # The mitre of the two normals keeps both segments at the same distance.
        scale = distance / max(1 + before[0] * after[0] + before[1] * after[1], 0.3)
        moved.append((x + (before[0] + after[0]) * scale, y + (before[1] + after[1]) * scale))
    return moved


def _normal(a: Point, b: Point) -> Point:
    length = math.dist(a, b) or 1.0
    return (-(b[1] - a[1]) / length, (b[0] - a[0]) / length)


def to_circle(end: Point, before: Point, centre: Point, radius: float) -> Point:
    """Where the line through ``before`` and ``end`` meets a circle, on the side of ``before``.

    ``end`` itself when the line misses the circle.
    """
    dx, dy = end[0] - before[0], end[1] - before[1]
    length = math.hypot(dx, dy)
    if length == 0:
        return end
    dx, dy = dx / length, dy / length
    along = (centre[0] - before[0]) * dx + (centre[1] - before[1]) * dy
    off = (centre[0] - before[0]) * dy - (centre[1] - before[1]) * dx
    if abs(off) >= radius:
        return end
    reach = along - math.sqrt(radius * radius - off * off)
    return (before[0] + dx * reach, before[1] + dy * reach)
