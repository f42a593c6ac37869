"""A drawing as JSON: the answer of ``GET /api/v1/sessions/{id}/graph``.

Additions to the fixed fields, all optional for a reader:
    nodes: ``nodes`` are the op-graph nodes that a node stands for (the ids in trace events), and
        ``image`` is ``[rows, cols]`` on a box that shows the input as a picture. A node of kind
        ``source`` is a point where arrows begin, named by their labels; a node of kind
        ``constant`` is the formula ``symbol`` centred in its box, without a circle.
    edges: ``label`` is null where the number stands in the constant itself; ``label.range`` and
        ``label.fan`` are described in `app.drawing.labels`.
    equations: ``parts`` are the factors with the shapes under them.
"""

from collections import OrderedDict
from threading import Lock
from typing import Any

from app.drawing.block_figure import block_figure, needs_closed
from app.drawing.equations import equations
from app.drawing.geometry import Placement, Point, Rect
from app.drawing.labels import pixel, rounded
from app.drawing.layout import lay_out
from app.drawing.op_figure import op_figure
from app.drawing.plan import CONSTANT_ARROW, NUMBER_ROOM, EdgeFace, Plan
from app.drawing.routes import PARALLEL, beside, to_circle
from app.engine.errors import TooLarge
from app.engine.graph import OpGraph
from app.engine.notation import all_rules

Json = dict[str, Any]
LEVELS = ("network", "layer", "op", "element")
CACHED = 64
# More classes than this are not drawn in scalar rows: the picture would be past reading.
MOST_ROWS = 24
# Rules that are set as formulas; each costs some milliseconds once, and half a kilobyte.
MOST_RULES = 60

_cache: OrderedDict[object, Json] = OrderedDict()
_lock = Lock()


def draw(graph: OpGraph, level: str, single: bool = False, backward: bool = True) -> Json:
    """Draw a graph at a level.

    Args:
        graph: the op graph; for ``network`` and ``layer`` with its loss closed.
        level: ``network`` or ``layer`` (boxes), ``op`` or ``element`` (as the graph is opened).
        single: write the shapes of one sample as the book does, ``(2,)`` for ``(1, 2)``.
        backward: whether there is a backward half; without, no backward arrow is drawn.

    Returns:
        A JSON-ready dict without any number of the pass, in pixels at scale 1. Drawings are
        cached by topology and sizes and shared between callers: read, do not change.

    Raises:
        ValueError: an unknown level, or boxes asked of a graph whose loss is opened.
        TooLarge: more than ``MOST_ROWS`` classes in rows.
    """
    if level not in LEVELS:
        raise ValueError(f"level is one of {', '.join(LEVELS)}")
    key = (_topology(graph), level, single, backward)
    with _lock:
        if key in _cache:
            _cache.move_to_end(key)
            return _cache[key]
    drawing = _draw(graph, level, single, backward)
    with _lock:
        _cache[key] = drawing
        if len(_cache) > CACHED:
            _cache.popitem(last=False)
    return drawing


def _topology(graph: OpGraph) -> object:
    edges = tuple(
        (e.id, e.tensor, e.source, e.target, e.shape, e.symbol, e.grad_symbol, e.row)
        for e in graph.edges
    )
    nodes = tuple((n.id, n.op, n.symbol, n.layer, n.row) for n in graph.nodes)
    layers = tuple((g.name, g.type) for g in graph.layers)
    return graph.level, graph.loss_form, graph.n, nodes, edges, layers


def _draw(graph: OpGraph, level: str, single: bool, backward: bool) -> Json:
    plan = Plan(graph, single=single, backward=backward)
    if plan.rows > MOST_ROWS:
        raise TooLarge(f"at most {MOST_ROWS} classes can be drawn in rows", "view/level")
    if level in ("op", "element"):
        op_figure(plan)
    elif needs_closed(plan):
        block_figure(plan, parameters=level == "layer")
    else:
        raise ValueError(f"level {level} needs a graph with the loss closed")
    placement = lay_out(plan.items, plan.links, plan.groups)
    sides = equations(plan)
    nodes = _nodes(plan, placement)
    edges = []
    for id, face in plan.edges.items():
        if face.constant is not None:
            nodes.append(_constant(plan, face, placement))
        elif face.edge.source is None and face.source is None:
            nodes.append(_open_source(face, placement.routes[id][0]))
        edges.append(_forward(plan, face, placement))
    for id, face in plan.edges.items():
        if face.backward is not None:
            edges.append(_backward(plan, face, placement, plan.numbers.get(id)))
    # For the explanation beside the figure: the page shows the rule of the op in play.
    for rule in all_rules(graph)[:MOST_RULES]:
        plan.formulas.add(rule)
    return {
        "level": level,
        "loss": None if graph.loss_form is None else _loss_state(graph),
        "form": None if graph.loss_form == "closed" else graph.loss_form,
        "width": pixel(placement.width),
        "height": pixel(placement.height),
        "nodes": nodes,
        "edges": edges,
        "groups": _groups(plan, placement),
        "equations": sides if level in ("op", "element") else [],
        **plan.formulas.as_json(),
    }


def _loss_state(graph: OpGraph) -> str:
    return "closed" if graph.loss_form == "closed" else "opened"


def _nodes(plan: Plan, placement: Placement) -> list[Json]:
    answer = []
    for id, face in plan.faces.items():
        rect = placement.nodes[id]
        node: Json = {
            "id": id, "kind": face.kind, "op": face.op, "layer": face.layer,
            "symbol": face.symbol, "title": face.title, **_centre(rect), "row": face.row,
            "nodes": list(face.nodes),
        }  # fmt: skip
        if face.image is not None:
            node["image"] = list(face.image)
        answer.append(node)
    return answer


def _open_source(face: EdgeFace, at: Point) -> Json:
    rect = Rect(at[0], at[1], 0, 0)
    return _source(face, "source", face.forward.key if face.forward else None, rect)


def _constant(plan: Plan, face: EdgeFace, placement: Placement) -> Json:
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


def _source(face: EdgeFace, kind: str, symbol: str | None, rect: Rect) -> Json:
    return {
        "id": face.edge.id, "kind": kind, "op": None, "layer": None, "symbol": symbol,
        "title": None, **_centre(rect), "row": face.edge.row, "nodes": [],
    }  # fmt: skip


def _centre(rect: Rect) -> Json:
    return {
        "x": pixel(rect.x + rect.w / 2),
        "y": pixel(rect.y + rect.h / 2),
        "w": pixel(rect.w),
        "h": pixel(rect.h),
    }


def _forward(plan: Plan, face: EdgeFace, placement: Placement) -> Json:
    edge, points = face.edge, placement.routes[face.edge.id]
    label = None
    if face.forward is not None:
        label = face.forward.over(placement.runs[edge.id], points[0][0], points[-1][0])
    return {
        "id": edge.id, "direction": "forward", **_ends(face), "key": edge.id,
        "points": rounded(points), "label": label, "box": None,
        "description": _sentence(plan, face),
    }  # fmt: skip


def _backward(plan: Plan, face: EdgeFace, placement: Placement, number: int | None) -> Json:
    edge, run = face.edge, placement.runs[face.edge.id]
    assert face.backward is not None
    off = PARALLEL
    reach = face.forward.reach if face.forward else 0.0
    points = placement.routes[edge.id]
    if reach:
        off = reach + PARALLEL
        points = [(points[0][0], run.y), (points[-1][0], run.y)]
    parallel = beside(points, off)
    _cut(plan, face, placement, parallel)
    answer: Json = {
        "id": f"{edge.id}.grad", "direction": "backward", **_ends(face),
        "key": f"{edge.id}.grad", "points": rounded(parallel[::-1]),
        "label": face.backward.under(run, off), "box": number,
        "description": f"gradient on {_sentence(plan, face)}",
    }  # fmt: skip
    answer["from"], answer["to"] = answer["to"], answer["from"]
    if number is not None:
        # On the arrow, where no number stands: right of the label, or halfway to it.
        begin = parallel[0][0]
        is_long = run.left - begin > 4 * NUMBER_ROOM
        x = (begin + run.left) / 2 if is_long else run.right - NUMBER_ROOM / 2
        answer["box_at"] = [pixel(x), pixel(run.y + off)]
    return answer


def _cut(plan: Plan, face: EdgeFace, placement: Placement, points: list[Point]) -> None:
    """Move the ends of a parallel line onto the rims of the circles it touches."""
    for id, end, before in ((face.source, 0, 1), (face.target, -1, -2)):
        if id is not None and plan.faces[id].kind == "op":
            rect = placement.nodes[id]
            centre = (rect.x + rect.w / 2, rect.y + rect.h / 2)
            points[end] = to_circle(points[end], points[before], centre, rect.w / 2)


def _ends(face: EdgeFace) -> Json:
    edge = face.edge
    label = face.forward or face.backward
    return {
        "tensor": edge.tensor,
        "from": face.source or (edge.id if edge.source is None else None),
        "to": face.target,
        "shape": list(edge.shape),
        "shape_text": label.shape if label else "",
        "row": edge.row,
    }


def _sentence(plan: Plan, face: EdgeFace) -> str:
    """English for tools: "W from outside into dot"."""
    name = plan.formulas[face.forward.key if face.forward else face.constant or ""].spoken
    words = [name]
    if face.source is not None and plan.faces[face.source].kind != "source":
        words.append(f"from {_called(plan, face.source)}")
    words.append(f"into {_called(plan, face.target)}" if face.target else "out of the graph")
    return " ".join(words)


def _called(plan: Plan, id: str) -> str:
    face = plan.faces[id]
    return face.title or face.op or id


def _groups(plan: Plan, placement: Placement) -> list[Json]:
    answer = []
    for id, rect in placement.groups.items():
        kind, title, layer = plan.group_faces[id]
        answer.append(
            {
                "id": id, "kind": kind, "title": title, "layer": layer,
                "x": pixel(rect.x), "y": pixel(rect.y), "w": pixel(rect.w), "h": pixel(rect.h),
            }
        )  # fmt: skip
    return answer
