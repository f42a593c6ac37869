"""A drawing as JSON: the answer of ``GET /api/v1/sessions/{id}/graph``.

Its fields are declared in `app.drawing.formulas.drawn`.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import replace
from functools import cached_property
from threading import Lock
from typing import Any, Literal

import orjson

from app.drawing.figure.equations import equations
from app.drawing.figure.figure import fill
from app.drawing.figure.inside import Inside, branches, inside_of, merged
from app.drawing.figure.labels import pixel
from app.drawing.figure.matrices import axis_names
from app.drawing.figure.parts import boxes_of, contracted, is_closed, loss_parts
from app.drawing.figure.pieces import pieces
from app.drawing.figure.plan import TITLES, Plan, layer_title
from app.drawing.formulas import drawn
from app.drawing.formulas.drawn import Graph
from app.drawing.layout.once import placed
from app.engine.errors import TooLarge
from app.engine.graph import OpGraph, for_one_sample
from app.engine.loss_types import decay
from app.engine.notation import all_rules

LEVELS = ("network", "layer", "op", "element")
CACHED = 64
# More classes than this are not drawn in scalar rows: the picture would be past reading.
MOST_ROWS = 24
# Rules that are set as formulas; each costs some milliseconds once, and half a kilobyte.
MOST_RULES = 60
# Room between the side of a closed box and the picture of its inside.
EDGE = 4.0


class Drawing(dict[str, Any]):
    """A drawing as a JSON-ready dict, written out and named once for all who ask for it."""

    @cached_property
    def encoded(self) -> bytes:
        """The drawing as JSON in UTF-8."""
        return orjson.dumps(self)

    @cached_property
    def tag(self) -> str:
        """A name that only an equal drawing has."""
        return hashlib.blake2b(self.encoded, digest_size=12).hexdigest()


_cache: OrderedDict[object, Drawing] = OrderedDict()
_lock = Lock()


def draw(
    graph: OpGraph,
    level: str,
    single: bool = False,
    backward: bool = True,
    opened: Collection[str] = (),
    inner: OpGraph | None = None,
    *,
    names_batch: bool = False,
    rules: Collection[str] = (),
) -> Drawing:
    """Draw a graph at a level.

    Args:
        graph: the op graph.
        level: ``network`` (layers are boxes), ``layer`` (with their parameters), ``op`` or
            ``element`` (as the graph is opened).
        single: write the shapes of one sample as the book does, ``(2,)`` for ``(1, 2)``.
        backward: whether there is a backward half; without, no backward arrow is drawn.
        opened: names of layers that are opened in their place at the levels of boxes.
        inner: the graph with its loss opened, for the insides of the closed boxes of the loss.
        names_batch: write N for the number of samples in shapes, as figure 5-27 does.
        rules: further rules that are shown beside the figure, as LaTeX.

    Returns:
        A drawing without any number of the pass, in pixels at scale 1. Drawings are
        cached by topology and sizes and shared between callers: read, do not change.

    Raises:
        ValueError: an unknown level, or an opened layer that the graph does not have.
        TooLarge: more than ``MOST_ROWS`` classes in rows.
    """
    if level not in LEVELS:
        raise ValueError(f"level is one of {', '.join(LEVELS)}")
    if unknown := set(opened) - {layer.name for layer in graph.layers}:
        raise ValueError(f"the graph has no layers {', '.join(sorted(unknown))}")
    if single and graph.n == 1:
        graph = for_one_sample(graph)
        inner = inner and for_one_sample(inner)
    names = frozenset(opened)
    key = (
        _topology(graph), level, single, backward, names, inner and _topology(inner), names_batch,
        tuple(rules),
    )  # fmt: skip
    with _lock:
        if key in _cache:
            _cache.move_to_end(key)
            return _cache[key]
    drawing = Drawing(_draw(graph, level, single, backward, names, inner, names_batch, rules))
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
    return (
        graph.level, graph.loss_form, graph.n, graph.sample, graph.loss_symbol, nodes, edges,
        layers, graph.clash,
    )  # fmt: skip


def _draw(
    graph: OpGraph, level: str, single: bool, backward: bool, opened: frozenset[str],
    inner: OpGraph | None, names_batch: bool, rules: Collection[str],
) -> Graph:  # fmt: skip
    whole = Plan(
        graph, single=single, backward=backward, level=level, names_batch=names_batch,
        axis_names=axis_names(graph),
    )  # fmt: skip
    if whole.rows > MOST_ROWS:
        raise TooLarge(f"at most {MOST_ROWS} classes can be drawn in rows", "view/level")
    layers = {layer.name: layer for layer in graph.layers if boxes_of(layer) is None}
    if not whole.boxes:
        # A layer by itself is the figure; among others it is a frame in it.
        framed = (len(graph.layers) > 1 or graph.loss_form is not None) and not graph.is_program
        opened = frozenset(layers) if framed else frozenset()
    # A loss that is no pair of boxes, as the book's is, opens and closes as a layer does.
    loss = frozenset({"loss"} & layers.keys())
    opened = opened - loss if graph.loss_form == "closed" else opened | loss
    if whole.boxes or opened:
        # What weight decay does with the weights is inside its box.
        named = set(layers) - opened - {decay.LAYER} if level == "layer" else set()
        whole.graph = contracted(graph, named, opened)
    elif len(graph.layers) == 1 and graph.loss_form is None and branches(graph):
        # One layer in which ways part and meet is drawn as it is inside its box.
        whole.graph = replace(graph, is_program=True)
    insides = {
        name: inside_of(whole, graph, layer, layer.nodes, layer_title(layer, graph.layers))
        for name, layer in layers.items()
        if whole.boxes or name in opened
    }
    shown = {name: inside for name, inside in insides.items() if name in opened}
    fill(whole, {name: inside.opening for name, inside in shown.items()})
    placement = placed(whole.items, whole.links, whole.groups)
    plan, placement = merged(whole, placement, shown)
    sides = equations(plan)
    drawn = pieces(plan, placement)
    closed = {name: inside for name, inside in insides.items() if name not in opened}
    if inner is not None and is_closed(graph):
        closed |= _loss_insides(whole, inner)
    # For the explanation beside the figure: the page shows the rule of the op in play.
    for rule in (*all_rules(graph), *rules)[:MOST_RULES]:
        whole.formulas.add(rule)
    return {
        "level": level,
        "loss": None if graph.loss_form is None else _loss_state(graph),
        "form": None if graph.loss_form == "closed" else graph.loss_form,
        "width": pixel(placement.width),
        "height": pixel(placement.height),
        **drawn,
        "insides": _inside_pictures(drawn["nodes"], closed),
        "equations": sides,
        **whole.formulas.as_json(),
    }


def _loss_insides(whole: Plan, inner: OpGraph) -> dict[str, Inside]:
    layer = next((layer for layer in inner.layers if boxes_of(layer) is not None), None)
    if layer is None:
        return {}
    # What the figure has beside the boxes is not in them.
    without = {node.id for node in whole.graph.nodes}
    return {
        f"loss.{kind}": inside_of(whole, inner, layer, ids, TITLES[kind])
        for kind, ids in loss_parts(inner, layer, without).items()
    }


def _inside_pictures(
    nodes: list[drawn.GraphNode], insides: dict[str, Inside]
) -> dict[str, drawn.Inside]:
    """The insides of closed boxes, each with its place in its box written into the node."""
    pictures: dict[str, drawn.Inside] = {}
    for node in nodes:
        key = node.get("inside")
        if key is None:
            continue
        inside = insides.get(key)
        if inside is None:
            del node["inside"]
            continue
        size = inside.placement
        scale = min((node["w"] - 2 * EDGE) / size.width, (node["h"] - 2 * EDGE) / size.height)
        node["inside_at"] = {
            "x": pixel(node["x"] - size.width * scale / 2),
            "y": pixel(node["y"] - size.height * scale / 2),
            "scale": round(scale, 5),
        }
        pictures[key] = {
            "width": pixel(size.width),
            "height": pixel(size.height),
            "loss": "opened" if key.startswith("loss.") else "closed",
            **pieces(inside.plan, size),
        }
    return pictures


def _loss_state(graph: OpGraph) -> Literal["opened", "closed"]:
    return "closed" if graph.loss_form == "closed" else "opened"
