"""Layered layout with lanes: pure data in, pure data out, the same input gives the same picture.

Steps, after Sugiyama's method without its crossing minimisation (a computational graph is drawn
in its own order, as the book does): ranks by longest path with sources beside their use; a slot
for each crossing of a link with a column, labels being slots with a size; y by lanes and
isotonic regression; x from the widest slot of each column and the steepest turn in each gap.
"""

from collections.abc import Sequence

from app.drawing.layout.columns import Columns, Slot, make_columns
from app.drawing.layout.geometry import Group, Item, Link, Placement, Rect, Run
from app.drawing.layout.lanes import distance_rule, place
from app.drawing.layout.routes import route

MARGIN = 16.0
OPEN_END = 18.0
LABEL_TO_NODE, NODE_TO_LABEL, SAME_KIND = 18.0, 12.0, 8.0
SLOPE, WIDEST_GAP = 0.26, 96.0
SPAN_PAD = 22.0


def lay_out(
    items: Sequence[Item], links: Sequence[Link], groups: Sequence[Group] = ()
) -> Placement:
    """Place items, links and groups.

    Args:
        items: nodes, in the order that is kept where nothing else decides.
        links: edges; must not form a cycle.
        groups: boxes; members are the items and links that name them.

    Returns:
        Places with the origin at the top left and a margin of 16 px all round.

    Raises:
        ValueError: the links form a cycle.
    """
    by_id = {group.id: group for group in groups}
    columns = make_columns(items, links)
    place(columns.columns, distance_rule(by_id))
    left, right = _columns_x(columns, by_id)
    placement = Placement()
    rows = _lane_levels(columns)
    for id, slot in columns.node.items():
        placement.nodes[id] = _rect(slot, rows, left[slot.column], right[slot.column])
    route(columns, left, right, placement)
    _extend_open_ends(links, placement)
    for id, way in columns.path.items():
        for slot in way:
            if slot.labelled:
                placement.runs[id] = Run(left[slot.column], right[slot.column], slot.y)
    _groups(columns, by_id, left, right, placement)
    return _to_origin(columns, left, right, placement)


def _columns_x(columns: Columns, groups: dict[str, Group]) -> tuple[list[float], list[float]]:
    """Left and right end of each column."""
    borders = _borders(columns, groups)
    left: list[float] = []
    right: list[float] = []
    x = 0.0
    for index, column in enumerate(columns.columns):
        left.append(x)
        x += max((slot.width for slot in column), default=0.0)
        right.append(x)
        if index + 1 < len(columns.columns):
            x += _gap(column, columns.columns[index + 1], index) + borders.get(index, 0.0)
    return left, right


def _gap(column: list[Slot], following: list[Slot], index: int) -> float:
    if not column or not following:
        return 0.0
    rise = max((abs(a.y - b.y) for a in column for b in a.right), default=0.0)
    base = LABEL_TO_NODE if index % 2 == 0 else NODE_TO_LABEL
    return max(base, min(SLOPE * rise, WIDEST_GAP))


def _group_columns(columns: Columns) -> dict[str, tuple[int, int]]:
    ranges: dict[str, tuple[int, int]] = {}
    for slot in columns.node.values():
        if slot.group is not None:
            low, high = ranges.get(slot.group, (slot.column, slot.column))
            ranges[slot.group] = (min(low, slot.column), max(high, slot.column))
    return ranges


def _borders(columns: Columns, groups: dict[str, Group]) -> dict[int, float]:
    """Extra room in the gaps through which the sides of group boxes run, by left column."""
    extra: dict[int, float] = {}
    for id, (low, high) in _group_columns(columns).items():
        group = groups[id]
        inner = max(slot.width for slot in columns.columns[low])
        # A box of one narrow column is widened until its title fits.
        room = group.pad
        if low == high:
            room = max(room, (group.title_width - inner) / 2)
        extra[low - 1] = extra.get(low - 1, 0.0) + room
        extra[high] = extra.get(high, 0.0) + room
    return extra


def _lane_levels(columns: Columns) -> dict[object, float]:
    return {
        slot.lane: slot.y for column in columns.columns for slot in column if slot.lane is not None
    }


def _rect(slot: Slot, rows: dict[object, float], left: float, right: float) -> Rect:
    item = slot.item
    assert item is not None
    height, top_y = item.height, slot.y - item.above
    if item.span is not None:
        top, bottom = rows[item.span[0]], rows[item.span[1]]
        height = max(height, bottom - top + 2 * SPAN_PAD)
        top_y = (top + bottom) / 2 - height / 2
    centre = (left + right) / 2
    return Rect(centre - item.width / 2, top_y, item.width, height)


def _extend_open_ends(links: Sequence[Link], placement: Placement) -> None:
    for link in links:
        if link.target is None:
            x, y = placement.routes[link.id][-1]
            placement.routes[link.id][-1] = (x + OPEN_END, y)


def _groups(
    columns: Columns,
    groups: dict[str, Group],
    left: list[float],
    right: list[float],
    placement: Placement,
) -> None:
    top: dict[str, float] = {}
    bottom: dict[str, float] = {}
    slots = [*columns.node.values(), *(slot for way in columns.path.values() for slot in way)]
    for slot in slots:
        if slot.group is None:
            continue
        rect = placement.nodes[slot.item.id] if slot.item is not None else None
        high = slot.y - slot.above
        if rect is not None:
            high = min(high, rect.y)
        low = rect.y + rect.h if rect is not None else slot.y + slot.below
        top[slot.group] = min(top.get(slot.group, high), high)
        bottom[slot.group] = max(bottom.get(slot.group, low), low)
    for mark in {group.even for group in groups.values() if group.even is not None}:
        alike = [id for id in top if groups[id].even == mark]
        if alike:
            highest, lowest = min(top[id] for id in alike), max(bottom[id] for id in alike)
            top.update(dict.fromkeys(alike, highest))
            bottom.update(dict.fromkeys(alike, lowest))
    for id, (low_column, high_column) in _group_columns(columns).items():
        group = groups[id]
        x0, x1 = left[low_column] - group.pad, right[high_column] + group.pad
        missing = max(0.0, group.title_width - (x1 - x0) + 2 * 8.0)
        y0 = top[id] - group.pad - group.title
        placement.groups[id] = Rect(
            x0 - missing / 2, y0, x1 - x0 + missing, bottom[id] + group.pad - y0
        )


def _to_origin(
    columns: Columns, left: list[float], right: list[float], placement: Placement
) -> Placement:
    """The placement with the margin as its smallest x and y, and with its width and height."""
    boxes = [*placement.nodes.values(), *placement.groups.values()]
    boxes += [
        Rect(
            left[slot.column], slot.y - slot.above,
            right[slot.column] - left[slot.column], slot.above + slot.below,
        )
        for column in columns.columns
        for slot in column
    ]  # fmt: skip
    xs = [x for points in placement.routes.values() for x, _ in points]
    if not boxes:
        return placement
    dx = MARGIN - min([b.x for b in boxes] + xs)
    dy = MARGIN - min(b.y for b in boxes)
    moved = placement.moved(dx, dy)
    moved.width = max([b.x + b.w for b in boxes] + xs) + dx + MARGIN
    moved.height = max(b.y + b.h for b in boxes) + dy + MARGIN
    return moved
