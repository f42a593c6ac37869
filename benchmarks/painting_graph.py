"""Random layered graphs of any size, laid out by the real layout, as the page's Graph JSON."""

import math
import random
from typing import Any

from app.drawing.layout.geometry import Extent, Item, Link, Placement
from app.drawing.layout.layout import lay_out
from app.drawing.layout.routes import PARALLEL, beside

Json = dict[str, Any]
NODE = 38.0
LABEL_W, LABEL_H = 64.0, 30.0
NUMBER_H = 17.0
# Columns for each row: the picture of the whole is about as wide as a window.
SHAPE = 0.83
SKIPS = 0.1


def random_graph(nodes: int, seed: int = 0) -> Json:
    """A layered graph, laid out: over every edge a number and a shape, under it its gradient's."""
    items, links = layered(nodes, seed)
    return _as_json(lay_out(items, links), items, links)


def layered(nodes: int, seed: int = 0) -> tuple[list[Item], list[Link]]:
    """A layered graph like a network's: one or two inputs for each node, a tenth of them far back.

    Over and under every edge is room for a label of 64 x 30 px.
    """
    rng = random.Random(seed)
    layers = max(2, round(math.sqrt(nodes * SHAPE)))
    where = [index * layers // nodes for index in range(nodes)]
    by_layer: dict[int, list[int]] = {}
    for index, layer in enumerate(where):
        by_layer.setdefault(layer, []).append(index)
    items = [Item(f"n{index}", NODE, NODE) for index in range(nodes)]
    label = Extent(LABEL_W, LABEL_H + 5, LABEL_H + PARALLEL + 5)
    links: list[Link] = []
    for index, layer in enumerate(where):
        for source in _inputs(rng, index, layer, by_layer):
            links.append(Link(f"e{len(links)}", f"n{source}", f"n{index}", label))
    return items, links


def _inputs(
    rng: random.Random, index: int, layer: int, by_layer: dict[int, list[int]]
) -> list[int]:
    if layer == 0:
        return []
    found = set()
    for _ in range(rng.choice((1, 2))):
        skips = rng.random() < SKIPS
        above = by_layer[max(0, layer - (rng.randint(2, 4) if skips else 1))]
        place = (index - by_layer[layer][0]) / len(by_layer[layer]) * len(above)
        near = round(place + rng.uniform(-1.5, 1.5))
        found.add(above[min(max(near, 0), len(above) - 1)])
    return sorted(found)


def _as_json(placement: Placement, items: list[Item], links: list[Link]) -> Json:
    nodes = []
    for item in items:
        rect = placement.nodes[item.id]
        nodes.append({
            "id": item.id, "kind": "op", "op": "add", "layer": None, "symbol": "+", "title": None,
            "x": rect.x + rect.w / 2, "y": rect.y + rect.h / 2, "w": rect.w, "h": rect.h,
            "row": None, "nodes": [item.id],
        })  # fmt: skip
    edges = [_edge(placement, link, backward=False) for link in links]
    edges += [_edge(placement, link, backward=True) for link in links]
    return {
        "level": "op", "loss": None, "form": None,
        "width": placement.width, "height": placement.height, "nodes": nodes, "edges": edges,
        "groups": [], "equations": [], "insides": {}, "formulas": {}, "glyphs": {},
    }  # fmt: skip


def _edge(placement: Placement, link: Link, *, backward: bool) -> Json:
    points = placement.routes[link.id]
    run = placement.runs[link.id]
    centre = (run.left + run.right) / 2
    top = run.y - 5 - NUMBER_H
    shape_y = top - 3
    ends = (link.source, link.target)
    if backward:
        points = beside(points, PARALLEL)[::-1]
        top = run.y + PARALLEL + 5
        shape_y = top + NUMBER_H + 11
        ends = ends[::-1]
    key = f"{link.id}.grad" if backward else link.id
    return {
        "id": key, "key": key, "tensor": link.id, "from": ends[0], "to": ends[1],
        "direction": "backward" if backward else "forward", "shape": [], "shape_text": "()",
        "row": None, "points": [[round(x, 1), round(y, 1)] for x, y in points],
        "label": {
            "mode": "scalar", "x": centre - LABEL_W / 2, "y": top, "w": LABEL_W, "h": NUMBER_H,
            "rows": 1, "cols": 1, "cell_w": LABEL_W, "cell_h": NUMBER_H,
            "name": None, "shape": {"text": "(32, 64)", "x": centre, "y": shape_y},
        },
        "box": None, "description": key,
    }  # fmt: skip
