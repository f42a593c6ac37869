"""The y of every slot: lanes first, exactly straight; the rest by isotonic regression.

A lane's rows are packed outwards from row 0, as close as the columns allow in which two rows
meet. What has no lane goes as near to its neighbours as order and distances permit.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from app.drawing.layout.columns import Slot
from app.drawing.layout.geometry import Group, Lane
from app.drawing.layout.isotonic import spread

SWEEPS = 8
DEFAULT_SUB = DEFAULT_STEP = 40.0
Distance = Callable[[Slot, Slot], float]


def distance_rule(groups: Mapping[str, Group]) -> Distance:
    """Least distance between the lines of two slots of a column, the first above the second."""

    def distance(upper: Slot, lower: Slot) -> float:
        room = upper.below + lower.above + max(upper.gap, lower.gap)
        if upper.group != lower.group:
            # The border of a box runs between the two, and its title where the lower is inside.
            if upper.group is not None:
                room += groups[upper.group].pad
            if lower.group is not None:
                room += groups[lower.group].pad + groups[lower.group].title
        return room

    return distance


def place(columns: Sequence[list[Slot]], distance: Distance) -> None:
    """Set ``y`` of all slots and sort every column from top to bottom."""
    between: dict[tuple[Lane, Lane], float] = {}
    for _ in range(6):
        _place_lanes(columns, distance, between)
        _order(columns, distance)
        if not _missing_room(columns, distance, between):
            break
    for sweep in range(SWEEPS):
        # Alternate directions, and end with one that has seen both sides.
        for column in columns if sweep % 2 == 0 else list(reversed(columns)):
            _settle(column, distance, both_sides=True)


def _place_lanes(
    columns: Sequence[list[Slot]], distance: Distance, between: Mapping[tuple[Lane, Lane], float]
) -> None:
    needs: dict[tuple[Lane, Lane], float] = dict(between)
    for column in columns:
        pinned = sorted((s for s in column if s.lane is not None), key=_lane)
        for upper, lower in pairwise(pinned):
            if _lane(upper) != _lane(lower):
                pair = (_lane(upper), _lane(lower))
                needs[pair] = max(needs.get(pair, 0.0), distance(upper, lower))
    offsets = _sub_offsets(columns, needs)
    rows = _row_places({_lane(s) for c in columns for s in c if s.lane}, needs, offsets)
    for column in columns:
        for slot in column:
            if slot.lane is not None:
                slot.y = rows[slot.lane.row] + offsets[slot.lane.sub]


def _lane(slot: Slot) -> Lane:
    assert slot.lane is not None
    return slot.lane


def _sub_offsets(
    columns: Sequence[list[Slot]], needs: Mapping[tuple[Lane, Lane], float]
) -> dict[int, float]:
    """One offset for each sub-lane, the same in all rows, so that rows look alike."""
    offsets = {0: 0.0}
    subs = {slot.lane.sub for column in columns for slot in column if slot.lane}
    for sub in sorted(subs - {0}, key=lambda s: (abs(s), s)):
        sign = -1 if sub < 0 else 1
        room = DEFAULT_SUB
        for (upper, lower), need in needs.items():
            outer, inner = (upper, lower) if sub < 0 else (lower, upper)
            if upper.row == lower.row and outer.sub == sub and inner.sub in offsets:
                room = max(room, need + abs(offsets[inner.sub]))
        offsets[sub] = sign * room
    return offsets


def _row_places(
    lanes: set[Lane], needs: Mapping[tuple[Lane, Lane], float], offsets: Mapping[int, float]
) -> dict[float, float]:
    rows = {lane.row for lane in lanes}
    # Rows that share no column still keep a visible step, also from the line above the lower one.
    highest = {row: min(offsets[lane.sub] for lane in lanes if lane.row == row) for row in rows}
    apart: dict[tuple[float, float], float] = {
        (upper, lower): DEFAULT_STEP - highest[lower]
        for upper, lower in pairwise(sorted(rows))
        if lower - upper >= 1
    }
    for (above, below), need in needs.items():
        if above.row != below.row:
            room = need + offsets[above.sub] - offsets[below.sub]
            pair = (above.row, below.row)
            apart[pair] = max(apart.get(pair, 0.0), room)
    nearest: dict[tuple[float, int], list[tuple[float | None, float]]] = defaultdict(list)
    for (upper, lower), room in apart.items():
        if upper < 0 < lower:
            # A pair around the anchor gives way by one half each.
            nearest[upper, -1].append((None, room / 2))
            nearest[lower, 1].append((None, room / 2))
        elif lower <= 0:
            nearest[upper, -1].append((lower, room))
        else:
            nearest[lower, 1].append((upper, room))
    places = {0.0: 0.0}
    for row in sorted(rows - {0.0}, key=lambda r: (abs(r), r)):
        sign = -1 if row < 0 else 1
        reach = [
            (abs(places[inner]) if inner is not None else 0.0) + room
            for inner, room in nearest[row, sign]
            if inner is None or inner in places
        ]
        places[row] = sign * max(reach, default=DEFAULT_SUB)
    return places


def _order(columns: Sequence[list[Slot]], distance: Distance) -> None:
    """Order of every column: y of the lanes and of what feeds a slot, then the model's order."""
    for column in columns:
        for slot in column:
            if slot.lane is None:
                before = [other.y for other in slot.left]
                after = [other.y for other in slot.right if other.lane is not None]
                near = before or after
                slot.y = sum(near) / len(near) if near else 0.0
        column.sort(key=lambda s: (s.y, s.lane is None, s.order))
        _settle(column, distance, both_sides=False)


def _missing_room(
    columns: Sequence[list[Slot]],
    distance: Distance,
    between: dict[tuple[Lane, Lane], float],
) -> bool:
    """Note where free slots between two lanes need more room than the lanes leave."""
    missing = False
    for column in columns:
        pinned = [i for i, slot in enumerate(column) if slot.lane is not None]
        for a, b in pairwise(pinned):
            need = sum(distance(column[k], column[k + 1]) for k in range(a, b))
            pair = (_lane(column[a]), _lane(column[b]))
            if pair[0] != pair[1] and need > column[b].y - column[a].y + 1e-6:
                missing |= need > between.get(pair, 0.0) + 1e-6
                between[pair] = max(need, between.get(pair, 0.0))
    return missing


def _settle(column: list[Slot], distance: Distance, *, both_sides: bool) -> None:
    """Move the slots without a lane as near to their neighbours as the column allows."""
    start = 0
    while start < len(column):
        if column[start].lane is not None:
            start += 1
            continue
        end = start
        while end < len(column) and column[end].lane is None:
            end += 1
        free = column[start:end]
        distances = [distance(upper, lower) for upper, lower in pairwise(free)]
        low = high = None
        if start > 0:
            low = column[start - 1].y + distance(column[start - 1], free[0])
        if end < len(column):
            high = column[end].y - distance(free[-1], column[end])
        for slot, y in zip(
            free, spread([_wish(s, both_sides) for s in free], distances, low, high), strict=True
        ):
            slot.y = y
        start = end


def _wish(slot: Slot, both_sides: bool) -> float:
    near = [other.y for other in slot.left]
    if both_sides:
        near += [other.y for other in slot.right]
    return sum(near) / len(near) if near else slot.y
