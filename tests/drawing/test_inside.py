"""Layers opened in their place, and the small pictures of what is in a closed box."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.drawing.figure.graph_json import draw
from app.drawing.layout import once
from app.drawing.layout.geometry import Rect
from app.engine.build import build_graph
from app.engine.graph import OpGraph
from app.engine.spec import LayerSpec, NetworkSpec
from tests.drawing.networks import DIGITS, LOSS, TWO_LAYER, chain
from tests.drawing.overlaps import drawing_faults, holds

Json = dict[str, Any]


@st.composite
def opened_networks(data: st.DrawFn) -> tuple[OpGraph, frozenset[str]]:
    """A network of 1 to 20 layers, some of them opened."""
    layers = []
    for _ in range(data(st.integers(1, 20))):
        kind = data(st.sampled_from(["affine", "relu", "sigmoid", "tanh"]))
        units = data(st.integers(1, 12)) if kind == "affine" else None
        layers.append(LayerSpec(kind, units=units))
    spec = NetworkSpec.build(data(st.integers(1, 8)), layers, data(st.sampled_from([LOSS, None])))
    graph = build_graph(
        spec, data(st.integers(1, 8)), loss=data(st.sampled_from(["opened", "closed"]))
    )
    names = [layer.name for layer in spec.layers]
    return graph, frozenset(data(st.sets(st.sampled_from(names))))


def places(drawing: Json, row: float) -> dict[str, tuple[float, float, float, float]]:
    """Where every node, frame, line and label stands: left, right, and its height over the row."""
    found: dict[str, tuple[float, float, float, float]] = {}
    for node in drawing["nodes"]:
        found[node["id"]] = (
            node["x"] - node["w"] / 2,
            node["x"] + node["w"] / 2,
            node["y"] - row,
            0,
        )
    for group in drawing["groups"]:
        found[f"frame {group['id']}"] = (
            group["x"], group["x"] + group["w"], group["y"] - row, group["h"]
        )  # fmt: skip
    for edge in drawing["edges"]:
        if edge["label"]:
            left = edge["label"]["x"]
            found[f"label {edge['id']}"] = (
                left, left + edge["label"]["w"], edge["label"]["y"] - row, edge["label"]["h"]
            )  # fmt: skip
    return found


def chain_row(drawing: Json) -> float:
    """The line along which the layers stand."""
    frames = {group["id"] for group in drawing["groups"]}
    return next(
        float(node["y"])
        for node in drawing["nodes"]
        if node["kind"] == "layer" or (node["kind"] == "op" and node["layer"] in frames)
    )


@given(opened_networks(), st.sampled_from(["network", "layer"]))
@settings(max_examples=60)
def test_nothing_touches_whatever_is_opened(
    network: tuple[OpGraph, frozenset[str]], level: str
) -> None:
    graph, opened = network
    drawing = draw(graph, level, opened=opened)
    assert drawing_faults(drawing) == []
    frames = {g["id"] for g in drawing["groups"] if g["kind"] == "layer"}
    assert frames == opened
    assert all(g["closes"] == g["layer"] for g in drawing["groups"])


@given(opened_networks(), st.data())
@settings(max_examples=60)
def test_what_is_not_opened_does_not_move(
    network: tuple[OpGraph, frozenset[str]], data: st.DataObject
) -> None:
    graph, opened = network
    names = [layer.name for layer in graph.layers if layer.type != LOSS]
    name = data.draw(st.sampled_from(names))
    opened = opened - {name}
    before, after = (draw(graph, "network", opened=o) for o in (opened, opened | {name}))
    box = next(node for node in before["nodes"] if node["id"] == name)
    frame = next(group for group in after["groups"] if group["id"] == name)
    old, new = places(before, chain_row(before)), places(after, chain_row(after))
    shared = [id for id in old if id in new and not id.startswith(name)]
    shifts = set()
    for id in shared:
        a, b = old[id], new[id]
        if a[1] <= box["x"] - box["w"] / 2 - 1 and b[1] <= frame["x"]:
            assert a == pytest.approx(b, abs=0.21)
        elif a[0] >= box["x"] + box["w"] / 2:
            assert a[2:] == pytest.approx(b[2:], abs=0.21)
            shifts |= {round(b[0] - a[0], 1), round(b[1] - a[1], 1)}
    # What stands right of it is pushed aside as one piece.
    assert max(shifts, default=0) - min(shifts, default=0) < 0.45


@pytest.mark.parametrize("depth", range(1, 21))
def test_a_chain_of_opened_layers_runs_straight(depth: int) -> None:
    graph = chain(depth)
    names = [layer.name for layer in graph.layers if layer.type != LOSS]
    for opened in (names[::2], names[:1], names):
        drawing = draw(graph, "layer", opened=opened)
        assert drawing_faults(drawing) == []
        assert len({n["y"] for n in drawing["nodes"] if n["kind"] in ("op", "layer")}) == 1


@pytest.mark.parametrize(("spec", "n"), [(TWO_LAYER, 1), (TWO_LAYER, 5), (DIGITS, 1)])
@pytest.mark.parametrize("level", ["network", "layer", "op"])
def test_every_closed_box_has_its_inside_in_it(spec: NetworkSpec, n: int, level: str) -> None:
    graph, inner = build_graph(spec, n), build_graph(spec, n, loss="opened")
    drawing = draw(graph, level, inner=inner)
    boxes = [node for node in drawing["nodes"] if node["kind"] == "layer"]
    assert {node["inside"] for node in boxes} == set(drawing["insides"])
    for node in boxes:
        inside, at = drawing["insides"][node["inside"]], node["inside_at"]
        box = Rect(node["x"] - node["w"] / 2, node["y"] - node["h"] / 2, node["w"], node["h"])
        scaled = (inside["width"] * at["scale"], inside["height"] * at["scale"])
        assert holds(box, Rect(at["x"], at["y"], *scaled))
        assert drawing_faults({**inside, "formulas": drawing["formulas"]}) == []


@pytest.mark.parametrize("form", ["book", "shifted", "logsumexp"])
@pytest.mark.parametrize("classes", range(1, 13))
def test_insides_of_the_loss_have_straight_rows(classes: int, form: str) -> None:
    spec = NetworkSpec.build(classes, [], LOSS)
    inner = build_graph(spec, 1, "element", "opened", form)
    drawing = draw(build_graph(spec, 1, "element"), "element", inner=inner)
    assert set(drawing["insides"]) == {"loss.softmax", "loss.cross_entropy"}
    for inside in drawing["insides"].values():
        assert drawing_faults({**inside, "formulas": drawing["formulas"]}) == []
        levels: list[float] = []
        for row in range(1, classes + 1):
            ys = {n["y"] for n in inside["nodes"] if n["row"] == row and n["kind"] == "op"}
            assert len(ys) <= 1
            levels += ys
        assert levels == sorted(levels)


def test_an_opened_layer_looks_as_it_does_inside_its_box() -> None:
    graph = build_graph(TWO_LAYER, 5)
    inside = draw(graph, "network")["insides"]["affine2"]
    opened = draw(graph, "network", opened=["affine2"])
    frame = next(group for group in opened["groups"] if group["id"] == "affine2")
    nodes = {node["id"]: node for node in opened["nodes"]}
    for node in inside["nodes"]:
        if node["kind"] == "op":
            there = nodes[node["id"]]
            assert there["x"] - frame["x"] == pytest.approx(node["x"], abs=0.21)
            assert there["y"] - frame["y"] == pytest.approx(node["y"], abs=0.21)


def test_the_lines_of_an_opened_layer_join_at_its_sides() -> None:
    drawing = draw(build_graph(TWO_LAYER, 5), "network", opened=["affine1", "relu1"])
    edges = {edge["id"]: edge for edge in drawing["edges"]}
    nodes = {node["id"]: node for node in drawing["nodes"]}
    joined = edges["affine1.output"]
    assert (joined["from"], joined["to"]) == ("affine1.add", "relu1.relu")
    start, end = joined["points"][0], joined["points"][-1]
    assert start == pytest.approx([nodes["affine1.add"]["x"] + 22, nodes["affine1.add"]["y"]])
    side = nodes["relu1.relu"]["x"] - nodes["relu1.relu"]["w"] / 2
    assert end == pytest.approx([side, nodes["relu1.relu"]["y"]])
    assert all(a[1] == b[1] for a, b in pairwise(joined["points"]))


def test_layers_of_the_same_type_and_size_are_laid_out_once() -> None:
    once._placed.cache_clear()
    layers = [LayerSpec("affine", units=5) for _ in range(8)]
    graph = build_graph(NetworkSpec.build(5, layers), 5)
    drawing = draw(graph, "network")
    sizes = {(i["width"], i["height"]) for i in drawing["insides"].values()}
    assert len(sizes) <= 3
    # X and Y at the two ends are named without a number; the six layers between are one layout.
    assert once._placed.cache_info().misses <= 4
