"""The parts of a laid out figure as JSON: nodes, edges with their labels, frames."""

from typing import Literal

from app.drawing.figure.labels import pixel, rounded
from app.drawing.figure.plan import CONSTANT_ARROW, NUMBER_ROOM, TITLES, EdgeFace, Plan
from app.drawing.formulas import drawn
from app.drawing.formulas.spoken import in_english
from app.drawing.layout.geometry import Placement, Point, Rect
from app.drawing.layout.routes import PARALLEL, beside, to_circle


def pieces(plan: Plan, placement: Placement) -> drawn.Pieces:
    """``nodes``, ``edges`` and ``groups`` of a figure, in the coordinates of its placement."""
    nodes = _nodes(plan, placement)
    edges = []
    for id, face in plan.edges.items():
        if face.constant is not None:
            nodes.append(_constant(plan, face, placement))
        elif face.edge.source is None and face.source is None:
            nodes.append(_open_source(face, placement.routes[id][0]))
        edges.append(_forward(plan, face, placement))
    for id, face in plan.edges.items():
        if plan.backward and face.constant is None and face.edge.differentiable:
            edges.append(_backward(plan, face, placement, plan.numbers.get(id)))
    return {"nodes": nodes, "edges": edges, "groups": _groups(plan, placement)}


def _nodes(plan: Plan, placement: Placement) -> list[drawn.GraphNode]:
    answer: list[drawn.GraphNode] = []
    for id, face in plan.faces.items():
        x, y, w, h = _centred(placement.nodes[id])
        node: drawn.GraphNode = {
            "id": id, "kind": face.kind, "op": face.op, "layer": face.layer,
            "symbol": face.symbol, "title": face.title, "x": x, "y": y, "w": w, "h": h,
            "row": face.row, "nodes": list(face.nodes),
        }  # fmt: skip
        if face.image is not None:
            node["image"] = face.image
        if face.opens is not None:
            node["opens"] = face.opens
        if face.hides is not None:
            node["hides"] = face.hides
        if face.closes is not None:
            node["closes"] = face.closes
        if face.inside is not None:
            node["inside"] = face.inside
        if plan.graph.clash is not None and plan.graph.clash in face.nodes:
            node["clash"] = True
        answer.append(node)
    return answer


def _open_source(face: EdgeFace, at: Point) -> drawn.GraphNode:
    rect = Rect(at[0], at[1], 0, 0)
    return _source(face, "source", face.forward.key if face.forward else None, rect)


def _constant(plan: Plan, face: EdgeFace, placement: Placement) -> drawn.GraphNode:
    """A constant above its node; its arrow is routed here, it takes no part in the layout."""
    assert face.constant is not None
    assert face.target is not None
    formula, target = plan.formulas[face.constant], placement.nodes[face.target]
    x, y = target.x + target.w / 2, target.y
    placement.routes[face.edge.id] = [(x, y - CONSTANT_ARROW), (x, y)]
    rect = Rect(
        x - formula.width / 2, y - CONSTANT_ARROW - 2.0 - formula.height,
        formula.width, formula.height,
    )  # fmt: skip
    return _source(face, "constant", face.constant, rect)


def _source(
    face: EdgeFace, kind: Literal["source", "constant"], symbol: str | None, rect: Rect
) -> drawn.GraphNode:
    x, y, w, h = _centred(rect)
    return {
        "id": face.edge.id, "kind": kind, "op": None, "layer": None, "symbol": symbol,
        "title": None, "x": x, "y": y, "w": w, "h": h, "row": face.edge.row, "nodes": [],
    }  # fmt: skip


def _centred(rect: Rect) -> drawn.Bar:
    """Centre and size."""
    centre = (pixel(rect.x + rect.w / 2), pixel(rect.y + rect.h / 2))
    return (*centre, pixel(rect.w), pixel(rect.h))


def _forward(plan: Plan, face: EdgeFace, placement: Placement) -> drawn.GraphEdge:
    edge, points = face.edge, placement.routes[face.edge.id]
    label = None
    if face.forward is not None:
        label = face.forward.over(placement.runs[edge.id], points[0][0], points[-1][0])
    return {
        "id": edge.id, "direction": "forward", "tensor": edge.tensor,
        "from": _begin(face), "to": face.target, "shape": list(edge.shape),
        "shape_text": _shape_text(plan, face), "row": edge.row, "key": edge.id,
        "points": rounded(points), "label": label, "box": None,
        "description": _sentence(plan, face),
    }  # fmt: skip


def _backward(
    plan: Plan, face: EdgeFace, placement: Placement, number: int | None
) -> drawn.GraphEdge:
    edge, run = face.edge, placement.runs.get(face.edge.id)
    off = PARALLEL
    reach = face.forward.reach if face.forward else 0.0
    points = placement.routes[edge.id]
    if reach and run is not None:
        off = reach + PARALLEL
        points = [(points[0][0], run.y), (points[-1][0], run.y)]
    parallel = beside(points, off)
    _cut(plan, face, placement, parallel)
    answer: drawn.GraphEdge = {
        "id": f"{edge.id}.grad", "direction": "backward", "tensor": edge.tensor,
        "from": face.target, "to": _begin(face), "shape": list(edge.shape),
        "shape_text": _shape_text(plan, face), "row": edge.row,
        "key": f"{edge.id}.grad",
        "points": rounded(parallel[::-1]),
        "label": face.backward.under(run, off) if face.backward and run else None, "box": number,
        "description": f"gradient on {_sentence(plan, face)}",
    }  # fmt: skip
    if number is not None and run is not None:
        # On the arrow, where no number stands: right of the label, or halfway to it.
        begin = parallel[0][0]
        is_long = run.left - begin > 4 * NUMBER_ROOM
        x = (begin + run.left) / 2 if is_long else run.right - NUMBER_ROOM / 2
        answer["box_at"] = (pixel(x), pixel(run.y + off))
    return answer


def _cut(plan: Plan, face: EdgeFace, placement: Placement, points: list[Point]) -> None:
    """Move the ends of a parallel line onto the rims of the circles it touches."""
    for id, end, before in ((face.source, 0, 1), (face.target, -1, -2)):
        if id is not None and plan.faces[id].is_round:
            rect = placement.nodes[id]
            centre = (rect.x + rect.w / 2, rect.y + rect.h / 2)
            points[end] = to_circle(points[end], points[before], centre, rect.w / 2)


def _begin(face: EdgeFace) -> str | None:
    """The node that the forward arrow leaves, or the point in the open where it begins."""
    return face.source or (face.edge.id if face.edge.source is None else None)


def _shape_text(plan: Plan, face: EdgeFace) -> str:
    """The shape as the label has it, without the number of samples that stands after X's."""
    return plan.shape_text(face.edge) if face.forward or face.backward else ""


def _sentence(plan: Plan, face: EdgeFace) -> str:
    """English for tools: "W from outside into dot"."""
    key = face.forward.key if face.forward else face.constant
    name = in_english(plan.formulas[key or plan.formulas.add(face.edge.symbol)].spoken)
    words = [name]
    if face.source is not None and plan.faces[face.source].kind != "source":
        words.append(f"from {_called(plan, face.source)}")
    words.append(f"into {_called(plan, face.target)}" if face.target else "out of the graph")
    return " ".join(words)


def _called(plan: Plan, id: str) -> str:
    face = plan.faces[id]
    return face.title or TITLES.get(face.op or "", face.op) or id


def _groups(plan: Plan, placement: Placement) -> list[drawn.Group]:
    answer: list[drawn.Group] = []
    for id, rect in placement.groups.items():
        kind, title, layer = plan.group_faces[id]
        answer.append(
            {
                "id": id, "kind": kind, "title": title, "layer": layer,
                "closes": layer,
                "x": pixel(rect.x), "y": pixel(rect.y), "w": pixel(rect.w), "h": pixel(rect.h),
            }
        )  # fmt: skip
    return answer
