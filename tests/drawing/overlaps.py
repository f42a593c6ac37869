"""What may not touch in a picture, for placements and for finished drawings."""

from itertools import combinations, pairwise
from typing import Any

from app.drawing.layout.geometry import Link, Placement, Point, Rect

Json = dict[str, Any]
SLACK = 0.6


def overlap(a: Rect, b: Rect) -> bool:
    return (
        a.x + a.w > b.x + SLACK
        and b.x + b.w > a.x + SLACK
        and a.y + a.h > b.y + SLACK
        and b.y + b.h > a.y + SLACK
    )


def crosses(a: Point, b: Point, rect: Rect) -> bool:
    """Whether the segment a-b runs through the inside of the rectangle (Liang and Barsky)."""
    low, high = 0.0, 1.0
    bounds = (
        (a[0], b[0] - a[0], rect.x + SLACK, rect.x + rect.w - SLACK),
        (a[1], b[1] - a[1], rect.y + SLACK, rect.y + rect.h - SLACK),
    )
    for start, step, lower, upper in bounds:
        if lower >= upper:
            return False
        if step == 0:
            if not lower < start < upper:
                return False
            continue
        near, far = sorted(((lower - start) / step, (upper - start) / step))
        low, high = max(low, near), min(high, far)
    return low < high


def runs_through(points: list[Any], rect: Rect) -> bool:
    return any(crosses(a, b, rect) for a, b in pairwise(points))


def near(points: list[Any], rects: dict[str, Rect]) -> dict[str, Rect]:
    """The rectangles that the box around some points reaches into: it runs through no others."""
    if not points:
        return {}
    xs, ys = zip(*points, strict=True)
    left, right, top, bottom = min(xs), max(xs), min(ys), max(ys)
    return {
        name: rect
        for name, rect in rects.items()
        if rect.x + SLACK < right
        and left < rect.x + rect.w - SLACK
        and rect.y + SLACK < bottom
        and top < rect.y + rect.h - SLACK
    }


def placement_faults(placement: Placement, links: list[Link]) -> list[str]:
    """Every collision in a placement, in words."""
    labels = {}
    for link in links:
        if link.label is not None:
            run, extent = placement.runs[link.id], link.label
            middle = (run.left + run.right) / 2
            labels[link.id] = Rect(
                middle - extent.width / 2, run.y - extent.above,
                extent.width, extent.above + extent.below,
            )  # fmt: skip
    ends = {link.id: {link.source, link.target} for link in links}
    return _faults(placement.nodes, labels, placement.routes, ends)


def _faults(
    nodes: dict[str, Rect],
    labels: dict[str, Rect],
    routes: dict[str, list[Point]],
    ends: dict[str, set[str | None]],
) -> list[str]:
    faults = [f"nodes {a} {b}" for a, b in combinations(nodes, 2) if overlap(nodes[a], nodes[b])]
    faults += [
        f"labels {a} {b}" for a, b in combinations(labels, 2) if overlap(labels[a], labels[b])
    ]
    faults += [
        f"label {a} on node {b}" for a in labels for b in nodes if overlap(labels[a], nodes[b])
    ]
    for id, points in routes.items():
        faults += [
            f"line {id} through node {node}"
            for node, rect in near(points, nodes).items()
            if node not in ends[id] and runs_through(points, rect)
        ]
        faults += [
            f"line {id} through label {other}"
            for other, rect in near(points, labels).items()
            if other != id and runs_through(points, rect)
        ]
    return faults


def label_rect(drawing: Json, label: Json) -> Rect:
    """The room that a label's ink takes: numbers, formula, shape."""
    formula = drawing["formulas"][label["name"]["formula"]]
    name = label["name"]
    parts = [
        Rect(
            name["x"] - formula["width"] / 2, name["y"] - formula["ascent"],
            formula["width"], formula["height"],
        )
    ]  # fmt: skip
    if label["w"]:
        parts.append(Rect(label["x"], label["y"], label["w"], label["h"]))
    for text, size in ((label["shape"], 11), (label.get("range"), 10)):
        if text:
            width = 5.9 * len(text.get("text", "")) if "text" in text else 60.0
            if width:
                parts.append(Rect(text["x"] - width / 2, text["y"] - size + 2, width, size))
    x, y = min(p.x for p in parts), min(p.y for p in parts)
    return Rect(x, y, max(p.x + p.w for p in parts) - x, max(p.y + p.h for p in parts) - y)


def drawing_faults(drawing: Json) -> list[str]:
    """Every collision in a finished drawing, forward and backward lines alike."""
    nodes = {
        node["id"]: Rect(node["x"] - node["w"] / 2, node["y"] - node["h"] / 2, node["w"], node["h"])
        for node in drawing["nodes"]
        if node["w"]
    }
    labels, routes, ends = {}, {}, {}
    for edge in drawing["edges"]:
        routes[edge["id"]] = edge["points"]
        ends[edge["id"]] = {edge["from"], edge["to"]}
        if edge["label"]:
            labels[edge["id"]] = label_rect(drawing, edge["label"])
            if edge["label"]["mode"] == "fan":
                routes[edge["id"]] = []
    faults = _faults(nodes, labels, routes, ends)
    page = Rect(0, 0, drawing["width"], drawing["height"])
    faults += [f"label {id} outside the picture" for id in labels if not holds(page, labels[id])]
    for group in drawing["groups"]:
        box = Rect(group["x"], group["y"], group["w"], group["h"])
        body = Rect(box.x, box.y + 20, box.w, box.h - 20)
        faults += [
            f"label {id} on the border of {group['id']}"
            for id, rect in labels.items()
            if overlap(rect, box) and not holds(body, rect)
        ]
        faults += [
            f"node {id} on the border of {group['id']}"
            for id, rect in nodes.items()
            if overlap(rect, box) and not holds(body, rect)
        ]
    return faults


def holds(outer: Rect, inner: Rect) -> bool:
    return (
        outer.x <= inner.x
        and outer.y <= inner.y
        and inner.x + inner.w <= outer.x + outer.w
        and inner.y + inner.h <= outer.y + outer.h
    )
