"""From items and links to columns: ranks by longest path, one slot for every crossing.

Columns alternate: odd ones hold nodes, even ones the labels of the links between them. A link
has a slot in every column that it crosses (a "dummy" of Sugiyama, Tagawa and Toda, 1981), and
its label is such a slot with a size. So a label is kept off nodes, off other labels and off the
lines of other links by the one rule that slots of a column do not overlap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from app.drawing.layout.geometry import Item, Lane, Link

# Half the height of a bare forward and backward pair of lines, above and below the forward one.
LINE_ABOVE, LINE_BELOW = 4.0, 11.0
NODE_GAP, LABEL_GAP = 14.0, 12.0


@dataclass(eq=False)
class Slot:
    """A node, or one crossing of a link with a column."""

    column: int
    order: int
    width: float
    above: float
    below: float
    lane: Lane | None
    group: str | None
    item: Item | None = None
    link: Link | None = None
    labelled: bool = False
    left: list["Slot"] = field(default_factory=list)
    right: list["Slot"] = field(default_factory=list)
    y: float = 0.0

    @property
    def gap(self) -> float:
        """Free room to keep around this slot."""
        return NODE_GAP if self.item is not None else LABEL_GAP


@dataclass
class Columns:
    """All slots: by column from left to right, of an item, and of a link along its way."""

    columns: list[list[Slot]]
    node: dict[str, Slot]
    path: dict[str, list[Slot]]


def rank(items: Sequence[Item], links: Sequence[Link]) -> dict[str, int]:
    """Longest-path ranks from 0; an item that nothing feeds stands just before its first use.

    Raises:
        ValueError: the links form a cycle.
    """
    following: dict[str, list[str]] = {item.id: [] for item in items}
    waiting = {item.id: 0 for item in items}
    for link in links:
        if link.source is not None and link.target is not None:
            following[link.source].append(link.target)
            waiting[link.target] += 1
    starts = [item.id for item in items if waiting[item.id] == 0]
    ranks = dict.fromkeys(starts, 0)
    ready = list(starts)
    done = 0
    while done < len(ready):
        here = ready[done]
        done += 1
        for there in following[here]:
            ranks[there] = max(ranks.get(there, 0), ranks[here] + 1)
            waiting[there] -= 1
            if waiting[there] == 0:
                ready.append(there)
    if done < len(items):
        raise ValueError("the links form a cycle")
    for start in starts:
        if following[start]:
            ranks[start] = min(ranks[there] for there in following[start]) - 1
    return ranks


def make_columns(items: Sequence[Item], links: Sequence[Link]) -> Columns:
    """Slots for all items and links, tied to their neighbours; places are not yet chosen."""
    ranks = rank(items, links)
    node: dict[str, Slot] = {}
    for order, item in enumerate(items):
        above = item.above
        node[item.id] = Slot(
            2 * ranks[item.id] + 1, order, item.width, above + item.cap, item.height - above,
            item.lane, item.group, item=item,
        )  # fmt: skip
    path: dict[str, list[Slot]] = {}
    starts = {link.id: _first(link, node) for link in links}
    for order, link in enumerate(links):
        first = starts[link.start] if link.start is not None else starts[link.id]
        last = _last(link, node)
        path[link.id] = _crossings(link, order, first, last)
        _tie(link, path[link.id], node)
    slots = [*node.values(), *(slot for way in path.values() for slot in way)]
    columns: list[list[Slot]] = [[] for _ in range(max((s.column for s in slots), default=-1) + 1)]
    for slot in slots:
        columns[slot.column].append(slot)
    return Columns(columns, node, path)


def _first(link: Link, node: Mapping[str, Slot]) -> int:
    if link.source is not None:
        return node[link.source].column + 1
    assert link.target is not None, "a link touches at least one item"
    return node[link.target].column - 1


def _last(link: Link, node: Mapping[str, Slot]) -> int:
    if link.target is not None:
        return node[link.target].column - 1
    assert link.source is not None, "a link touches at least one item"
    return node[link.source].column + 1


def _crossings(link: Link, order: int, first: int, last: int) -> list[Slot]:
    gaps = list(range(first, last + 1, 2))
    gap = len(gaps) // 2 if link.gap is None else link.gap
    labelled = gaps[gap] if link.label is not None else -1
    way = []
    for column in range(first, last + 1):
        above, below, width = LINE_ABOVE, LINE_BELOW, 0.0
        if column == labelled and link.label is not None:
            width, above, below = link.label
        way.append(
            Slot(
                column, order, width, above, below, link.lane, link.group,
                link=link, labelled=column == labelled,
            )
        )  # fmt: skip
    return way


def _tie(link: Link, way: list[Slot], node: Mapping[str, Slot]) -> None:
    chain = list(way)
    if link.source is not None:
        chain.insert(0, node[link.source])
    if link.target is not None:
        chain.append(node[link.target])
    for before, after in pairwise(chain):
        before.right.append(after)
        after.left.append(before)
