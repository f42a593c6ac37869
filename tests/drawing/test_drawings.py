"""Properties of every drawing: no collisions, straight rows, the same picture each time."""

import gzip
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from app.drawing.figure import graph_json
from app.drawing.figure.graph_json import MOST_ROWS, draw
from app.engine.build import build_graph
from app.engine.errors import TooLarge
from app.engine.graph import OpGraph
from app.engine.layer_types import LAYERS
from app.engine.spec import LayerSpec, NetworkSpec
from tests.drawing.networks import AFFINE, DIGITS, LOSS, TWO_LAYER, chain, softmax
from tests.drawing.overlaps import drawing_faults
from tests.engine.networks import ACTIVATIONS, EXAMPLES, between_others, sample_of

LANGUAGES = Path(__file__).parents[2] / "static/lang"
FORMS = ("book", "shifted", "logsumexp")
FIGURES = [
    (build_graph(AFFINE, 1), "op"),
    (build_graph(AFFINE, 2), "op"),
    (build_graph(DIGITS, 1), "network"),
    (build_graph(DIGITS, 1), "layer"),
    (build_graph(DIGITS, 1), "op"),
    (build_graph(DIGITS, 1, targets=False), "network"),
    (build_graph(TWO_LAYER, 5), "op"),
    (build_graph(TWO_LAYER, 5), "layer"),
    (build_graph(TWO_LAYER, 5), "network"),
    (build_graph(TWO_LAYER, 1, "element", "opened"), "element"),
    (build_graph(TWO_LAYER, 1, "element", "closed"), "element"),
    *((build_graph(TWO_LAYER, 5, "op", "opened", form), "op") for form in FORMS),
]


def _middles(drawing: dict[str, Any]) -> dict[str, float]:
    return {node["id"]: node["y"] for node in drawing["nodes"]}


@pytest.mark.parametrize(("graph", "level"), FIGURES)
@pytest.mark.parametrize("single", [False, True])
def test_nothing_touches_in_the_figures(graph: OpGraph, level: str, single: bool) -> None:
    assert drawing_faults(draw(graph, level, single)) == []


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("classes", range(1, 13))
def test_rows_of_the_opened_loss_are_straight_and_in_order(classes: int, form: str) -> None:
    drawing = draw(softmax(classes, form=form), "element")
    assert drawing_faults(drawing) == []
    levels = []
    for row in range(1, classes + 1):
        ys = {node["y"] for node in drawing["nodes"] if node["row"] == row and node["kind"] == "op"}
        assert len(ys) == 1
        levels.append(ys.pop())
    assert levels == sorted(levels)
    steps = {round(b - a, 1) for a, b in pairwise(levels)}
    assert max(steps, default=0) - min(steps, default=0) < 0.3


@pytest.mark.parametrize("depth", range(1, 21))
def test_a_chain_of_layers_runs_straight(depth: int) -> None:
    for level in ("op", "layer", "network"):
        drawing = draw(chain(depth), level)
        assert drawing_faults(drawing) == []
        ys = {node["y"] for node in drawing["nodes"] if node["kind"] in ("op", "layer")}
        assert len(ys) == 1


@pytest.mark.parametrize("type", LAYERS)
@pytest.mark.parametrize("n", [1, 3])
def test_a_layer_of_any_type_is_drawn_closed_and_opened_without_collision(
    type: str, n: int
) -> None:
    layer = LayerSpec(type, **EXAMPLES.get(type, {}))
    graph = build_graph(between_others(layer), n)
    name = next(one.name for one in graph.layers if one.type == type)
    alone = build_graph(NetworkSpec.build(None, [layer], input_shape=sample_of(layer)), n)

    for level, opened in (("op", ()), ("layer", ()), ("network", (name,)), ("layer", (name,))):
        assert drawing_faults(draw(graph, level, opened=opened)) == []
    for level in ("op", "layer", "network"):
        assert drawing_faults(draw(alone, level)) == []


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_layer_of_one_op_is_called_alike_in_its_circle_and_on_its_box(activation: str) -> None:
    # A sigmoid of large inputs stays one op.
    closed = frozenset({f"{activation}1"})
    layers = [LayerSpec("affine", units=3), LayerSpec(activation)]
    graph = build_graph(NetworkSpec.build(2, layers), 2, closed=closed)
    nodes = {level: draw(graph, level)["nodes"] for level in ("op", "layer")}
    (symbol,) = (node["symbol"] for node in nodes["op"] if node["op"] == activation)
    (title,) = (node["title"] for node in nodes["layer"] if node["layer"] == f"{activation}1")
    assert symbol == title
    assert LAYERS[activation].title == title
    told = [e["description"] for level in nodes for e in draw(graph, level)["edges"]]
    assert any(f"into {title}" in text for text in told)
    assert f"into {activation}" not in " ".join(told)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("n", [1, 2, 9])
def test_activations_of_any_kind_are_drawn_without_collision_and_named_in_their_outline(
    activation: str, n: int
) -> None:
    drawing = draw(chain(3, activation, n), "op")

    assert drawing_faults(drawing) == []
    for node in drawing["nodes"]:
        # 12 px letters are some 6 px wide.
        assert node["kind"] != "op" or 6 * len(node["symbol"] or "") <= node["w"], node


def test_the_same_graph_gives_the_same_drawing() -> None:
    first = draw(build_graph(TWO_LAYER, 5), "op")
    graph_json._cache.clear()
    again = draw(build_graph(TWO_LAYER, 5), "op")
    assert again is not first
    assert json.dumps(again) == json.dumps(first)


def test_a_drawing_is_cached_by_topology_and_sizes() -> None:
    first = draw(build_graph(TWO_LAYER, 5), "op")
    assert draw(build_graph(TWO_LAYER, 5), "op") is first
    assert draw(build_graph(TWO_LAYER, 4), "op") is not first
    assert draw(build_graph(TWO_LAYER, 5), "op", backward=False) is not first


def test_the_cache_is_bounded() -> None:
    for n in range(1, graph_json.CACHED + 10):
        draw(build_graph(AFFINE, n), "network")
    assert len(graph_json._cache) <= graph_json.CACHED


def test_a_change_of_size_in_one_layer_leaves_the_rows_of_the_others() -> None:
    small = NetworkSpec.build(2, [LayerSpec("affine", units=3), LayerSpec("affine", units=2)], LOSS)
    large = NetworkSpec.build(2, [LayerSpec("affine", units=3), LayerSpec("affine", units=6)], LOSS)
    before, after = (draw(build_graph(spec, 2), "op") for spec in (small, large))
    assert _middles(before)["affine1.dot"] == _middles(after)["affine1.dot"]


def test_the_first_figure_is_small_over_the_wire() -> None:
    packed = gzip.compress(json.dumps(draw(build_graph(AFFINE, 1), "op", True)).encode())
    assert len(packed) < 8_000


@pytest.mark.parametrize(("graph", "level"), FIGURES)
def test_every_reference_in_a_drawing_resolves(graph: OpGraph, level: str) -> None:
    drawing = draw(graph, level)
    nodes = {node["id"] for node in drawing["nodes"]}
    assert len(nodes) == len(drawing["nodes"])
    ids = [edge["id"] for edge in drawing["edges"]]
    assert len(ids) == len(set(ids))
    for edge in drawing["edges"]:
        forward = edge["id"].removesuffix(".grad")
        assert forward in graph.edge
        assert {edge["from"], edge["to"]} <= nodes | {None}
        assert edge["key"] == edge["id"]
        if edge["label"]:
            assert edge["label"]["name"]["formula"] in drawing["formulas"]
    for node in drawing["nodes"]:
        assert set(node["nodes"]) <= set(graph.node)


@pytest.mark.parametrize(("graph", "level"), [f for f in FIGURES if f[1] in ("op", "element")])
def test_every_edge_and_every_op_of_the_graph_is_drawn_once(graph: OpGraph, level: str) -> None:
    drawing = draw(graph, level)
    forward = [e["id"] for e in drawing["edges"] if e["direction"] == "forward"]
    backward = [e["id"] for e in drawing["edges"] if e["direction"] == "backward"]
    assert sorted(forward) == sorted(graph.edge)
    expected = sorted(f"{edge.id}.grad" for edge in graph.edges if edge.differentiable)
    assert sorted(backward) == expected
    drawn = {id for node in drawing["nodes"] for id in node["nodes"]}
    assert drawn == set(graph.node)


def test_the_gradients_of_a_layer_leave_it_at_its_side_and_not_round_its_corner() -> None:
    drawing = draw(build_graph(TWO_LAYER, 5), "layer")
    sides = {n["id"]: n["x"] - n["w"] / 2 for n in drawing["nodes"] if n["kind"] == "layer"}
    starts = {
        edge["key"]: (edge["points"][0][0], sides[edge["from"]])
        for edge in drawing["edges"]
        if edge["direction"] == "backward" and edge["from"] in sides
    }
    assert {"affine1.W.grad", "affine1.b.grad"} <= starts.keys()
    assert all(x == pytest.approx(side) for x, side in starts.values()), starts


def test_backward_lines_run_parallel_just_below_and_the_other_way() -> None:
    drawing = draw(build_graph(AFFINE, 1), "op", True)
    edges = {edge["id"]: edge for edge in drawing["edges"]}
    forward, backward = edges["affine1.dot"], edges["affine1.dot.grad"]
    assert forward["points"][0][0] < forward["points"][-1][0]
    assert backward["points"][0][0] > backward["points"][-1][0]
    assert backward["points"][0][1] - forward["points"][0][1] == 6
    assert (backward["from"], backward["to"]) == (forward["to"], forward["from"])


def test_without_a_backward_half_no_backward_edge_is_drawn() -> None:
    drawing = draw(build_graph(AFFINE, 1), "op", True, backward=False)
    assert {edge["direction"] for edge in drawing["edges"]} == {"forward"}
    assert drawing["equations"] == []


def test_a_large_network_stays_a_small_picture() -> None:
    for level in ("network", "layer", "op"):
        drawing = draw(build_graph(DIGITS, 1), level)
        assert len(drawing["nodes"]) + len(drawing["edges"]) < 80


def test_unknown_levels_and_layers_are_refused() -> None:
    with pytest.raises(ValueError, match="level is one of"):
        draw(build_graph(AFFINE, 1), "atom")
    with pytest.raises(ValueError, match="no layers relu7"):
        draw(build_graph(TWO_LAYER, 5), "network", opened=("relu7",))


def test_too_many_rows_are_refused_with_the_limit() -> None:
    with pytest.raises(TooLarge, match=f"at most {MOST_ROWS}"):
        draw(softmax(MOST_ROWS + 1), "element")
    assert draw(softmax(MOST_ROWS), "element")["level"] == "element"
