"""Every layout is made once: two layers of the same type and size share one.

A layout depends on sizes and on what is tied to what, never on names. So the names are replaced
by running numbers, the layout is looked up under what is left, and the names are put back.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from app.drawing.layout.geometry import Group, Item, Link, Placement
from app.drawing.layout.layout import lay_out

KEPT = 512


def placed(items: Sequence[Item], links: Sequence[Link], groups: Sequence[Group]) -> Placement:
    """As `lay_out`, from the cache where the same was laid out before.

    Raises:
        ValueError: the links form a cycle.
    """
    node = {item.id: f"{at}" for at, item in enumerate(items)}
    link = {one.id: f"{at}" for at, one in enumerate(links)}
    group = {one.id: f"{at}" for at, one in enumerate(groups)}
    found = _placed(
        tuple(replace(i, id=node[i.id], group=group.get(i.group or "")) for i in items),
        tuple(
            replace(
                one,
                id=link[one.id],
                source=node.get(one.source or ""),
                target=node.get(one.target or ""),
                start=link.get(one.start or ""),
                group=group.get(one.group or ""),
            )
            for one in links
        ),
        tuple(replace(one, id=group[one.id]) for one in groups),
    )
    return Placement(
        {id: found.nodes[at] for id, at in node.items()},
        {id: list(found.routes[at]) for id, at in link.items()},
        {id: found.runs[at] for id, at in link.items() if at in found.runs},
        {id: found.groups[at] for id, at in group.items() if at in found.groups},
        found.width,
        found.height,
    )


@lru_cache(maxsize=KEPT)
def _placed(
    items: tuple[Item, ...], links: tuple[Link, ...], groups: tuple[Group, ...]
) -> Placement:
    return lay_out(items, links, groups)
