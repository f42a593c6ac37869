"""Figures 5-24 to 5-30 of the book: which nodes and arrows there are, and where."""

from typing import Any

import numpy as np

from app.drawing.figure.graph_json import draw
from app.drawing.formulas.spoken import in_words
from app.engine.build import build_graph
from app.engine.initializers import Initializer, initialize
from app.engine.run import make_trace
from app.engine.spec import LayerSpec, NetworkSpec
from tests.drawing.networks import AFFINE, DIGITS, TWO_LAYER, softmax

Json = dict[str, Any]


def _said(formula: Json) -> str:
    return in_words(formula["spoken"])


def _names(drawing: Json, direction: str) -> dict[str, str]:
    """Name on each arrow as it is spoken, by edge."""
    formulas = drawing["formulas"]
    return {
        edge["id"].removesuffix(".grad"): _said(formulas[edge["label"]["name"]["formula"]])
        for edge in drawing["edges"]
        if edge["direction"] == direction and edge["label"]
    }


def _by_id(parts: list[Json]) -> dict[str, Json]:
    return {part["id"]: part for part in parts}


def _ops(drawing: Json) -> list[tuple[str, int | None]]:
    return sorted((n["symbol"], n["row"] or 0) for n in drawing["nodes"] if n["kind"] == "op")


def test_figure_5_24_one_sample_through_affine() -> None:
    drawing = draw(build_graph(AFFINE, 1), "op", single=True, backward=False)
    assert _ops(drawing) == [("+", 0), ("dot", 0)]
    assert _names(drawing, "forward") == {
        "x": "X", "affine1.W": "W", "affine1.dot": "X dot W", "affine1.b": "B",
        "affine1.output": "Y",
    }  # fmt: skip
    shapes = {e["id"]: e["label"]["shape"]["text"] for e in drawing["edges"]}
    assert shapes == {
        "x": "(2,)", "affine1.W": "(2, 3)", "affine1.dot": "(3,)", "affine1.b": "(3,)",
        "affine1.output": "(3,)",
    }  # fmt: skip
    assert drawing["groups"] == []


def test_figure_5_24_arrows_come_from_their_places() -> None:
    drawing = draw(build_graph(AFFINE, 1), "op", single=True, backward=False)
    nodes, edges = _by_id(drawing["nodes"]), _by_id(drawing["edges"])
    dot, add = nodes["affine1.dot"], nodes["affine1.add"]
    assert dot["y"] == add["y"]
    assert dot["x"] < add["x"]
    for id, from_above in (("x", True), ("affine1.W", False)):
        start, end = edges[id]["points"][0], edges[id]["points"][-1]
        assert start[0] < dot["x"] - 22
        assert (start[1] < dot["y"] - 22) == from_above
        assert (start[1] > dot["y"] + 22) != from_above
        assert (end[1] < dot["y"]) == from_above
    bias = edges["affine1.b"]["points"]
    assert bias[0][0] == edges["affine1.W"]["points"][0][0]
    assert bias[0][1] == bias[1][1] > edges["affine1.W"]["points"][0][1]
    assert dot["x"] < bias[1][0] < add["x"]
    assert bias[-1][1] < bias[1][1]
    assert edges["affine1.output"]["points"][-1][0] > add["x"]


def test_figure_5_25_gradients_of_one_sample() -> None:
    drawing = draw(build_graph(AFFINE, 1), "op", single=True)
    assert _names(drawing, "backward") == {
        "x": "d L by d X", "affine1.W": "d L by d W", "affine1.dot": "d L by d Y",
        "affine1.b": "d L by d Y", "affine1.output": "d L by d Y",
    }  # fmt: skip
    boxes = {e["id"]: e["box"] for e in drawing["edges"] if e["box"]}
    assert boxes == {"x.grad": 1, "affine1.W.grad": 2}
    assert [e["shapes"] for e in drawing["equations"]] == [
        "(2,) = (3,) (3, 2)",
        "(2, 3) = (2, 1) (1, 3)",
    ]
    spoken = [_said(drawing["formulas"][e["formula"]]) for e in drawing["equations"]]
    assert spoken == [
        "d L by d X equals d L by d Y dot W transposed",
        "d L by d W equals X transposed dot d L by d Y",
    ]


def test_a_weight_of_one_row_keeps_both_sizes_of_its_shape() -> None:
    spec = NetworkSpec.build(1, [LayerSpec("affine", units=3)])
    drawing = draw(build_graph(spec, 1), "op", single=True)
    shapes = {e["id"]: e["shape_text"] for e in drawing["edges"]}
    assert (shapes["x"], shapes["affine1.W"], shapes["affine1.W.grad"]) == (
        "(1,)", "(1, 3)", "(1, 3)",
    )  # fmt: skip


def test_figure_5_27_gradients_of_a_batch() -> None:
    drawing = draw(build_graph(AFFINE, 2), "op")
    assert _names(drawing, "backward")["affine1.b"] == "d L by d B"
    boxes = {e["id"]: e["box"] for e in drawing["edges"] if e["box"]}
    assert boxes == {"x.grad": 1, "affine1.W.grad": 2, "affine1.b.grad": 3}
    assert [e["shapes"] for e in drawing["equations"]] == [
        "(2, 2) = (2, 3) (3, 2)",
        "(2, 3) = (2, 2) (2, 3)",
        "(3,) = (2, 3)",
    ]


def test_numbered_boxes_stand_on_their_arrows_and_on_no_number() -> None:
    drawing = draw(build_graph(AFFINE, 2), "op")
    for edge in drawing["edges"]:
        if edge["box"]:
            x, y = edge["box_at"]
            levels = [p for p in edge["points"] if p[1] == y]
            assert min(p[0] for p in levels) < x < max(p[0] for p in levels)
            label = edge["label"]
            assert not label["x"] - 7 < x < label["x"] + label["w"] + 7


def test_figure_5_28_a_digit_through_the_network() -> None:
    drawing = draw(build_graph(DIGITS, 1, targets=False), "network", single=True, backward=False)
    boxes = [n for n in drawing["nodes"] if n["kind"] == "layer"]
    assert [n["title"] for n in boxes] == [
        "Affine 1", "ReLU 1", "Affine 2", "ReLU 2", "Affine 3", "Softmax",
    ]  # fmt: skip
    assert [n["x"] for n in boxes] == sorted(n["x"] for n in boxes)
    image = _by_id(drawing["nodes"])["x"]
    assert image["image"] == (28, 28)
    assert image["x"] < boxes[0]["x"]
    edges = _by_id(drawing["edges"])
    for id in ("affine3.output", "loss.probabilities"):
        fan = edges[id]["label"]["fan"]
        assert fan["rows"] == [0, 1, 2, 7, 8, 9]
        assert fan["elided"]
        assert len(fan["lines"]) == len(fan["cells"]) == 6
        assert fan["lines"][2][1] < fan["ellipsis"][1] < fan["lines"][3][1]


def test_figure_5_28_fans_end_on_the_boxes() -> None:
    drawing = draw(build_graph(DIGITS, 1, targets=False), "network", single=True, backward=False)
    nodes, edges = _by_id(drawing["nodes"]), _by_id(drawing["edges"])
    box, softmax_box = nodes["affine3"], nodes["loss:softmax"]
    for x0, y0, x1, y1 in edges["affine3.output"]["label"]["fan"]["lines"]:
        assert abs(x0 - (box["x"] + box["w"] / 2)) < 0.2
        assert abs(x1 - (softmax_box["x"] - softmax_box["w"] / 2)) < 0.2
        assert y0 == y1
        assert abs(y0 - box["y"]) < box["h"] / 2


def test_figure_5_29_ops_and_names_of_the_forward_half() -> None:
    drawing = draw(softmax(3), "element")
    rows = [("exp", i) for i in (1, 2, 3)] + [("log", i) for i in (1, 2, 3)]
    rows += [("x", i) for i in (0, 1, 1, 2, 2, 3, 3)]
    assert _ops(drawing) == sorted([*rows, ("+", 0), ("+", 0), ("/", 0)])
    names = _names(drawing, "forward")
    for i in (1, 2, 3):
        assert names[f"loss.a.{i}"] == f"a {i}"
        assert names[f"loss.exp.{i}:sum"] == names[f"loss.exp.{i}:multiply.{i}"] == f"exp (a {i})"
        assert names[f"loss.reciprocal:multiply.{i}"] == "1 over S"
        assert names[f"loss.multiply.{i}"] == f"y {i}"
        assert names[f"loss.log.{i}"] == f"log y {i}"
        assert names[f"loss.t.{i}"] == f"t {i}"
        assert names[f"loss.times_t.{i}"] == f"t {i} log y {i}"
    assert names["loss.sum"] == "S"
    assert names["loss"] == "L"
    constants = [n for n in drawing["nodes"] if n["kind"] == "constant"]
    assert [_said(drawing["formulas"][n["symbol"]]) for n in constants] == ["minus 1"]


def test_figure_5_29_gradients() -> None:
    names = _names(draw(softmax(3), "element"), "backward")
    assert names["loss"] == "1"
    assert names["loss.add"] == "minus 1"
    assert names["loss.sum"] == "1 over S"
    for i in (1, 2, 3):
        assert names[f"loss.times_t.{i}"] == "minus 1"
        assert names[f"loss.log.{i}"] == f"minus t {i}"
        assert names[f"loss.multiply.{i}"] == f"minus t {i} over y {i}"
        assert names[f"loss.reciprocal:multiply.{i}"] == f"minus t {i} S"
        assert names[f"loss.exp.{i}:multiply.{i}"] == f"minus t {i} over exp (a {i})"
        assert names[f"loss.exp.{i}:sum"] == "1 over S"
        assert names[f"loss.a.{i}"] == f"y {i} minus t {i}"
        assert f"loss.t.{i}" not in names


def test_figure_5_29_places() -> None:
    drawing = draw(softmax(3), "element")
    nodes, edges, groups = (_by_id(drawing[part]) for part in ("nodes", "edges", "groups"))
    assert nodes["loss.sum"]["y"] == nodes["loss.reciprocal"]["y"] < nodes["loss.exp.1"]["y"] - 44
    assert nodes["loss.add"]["y"] == nodes["loss.negate"]["y"] == nodes["loss.exp.2"]["y"]
    for i in (1, 2, 3):
        target, bend = edges[f"loss.t.{i}"]["points"], nodes[f"loss.times_t.{i}"]
        assert target[0][1] < bend["y"] - 22
        assert target[0][0] < bend["x"] - 22
    softmax_box, error_box = groups["loss.softmax"], groups["loss.cross_entropy"]
    assert [g["title"] for g in (softmax_box, error_box)] == ["Softmax", "Cross Entropy Error"]
    assert softmax_box["x"] + softmax_box["w"] < error_box["x"]
    for group, inside in (
        (softmax_box, ("exp.1", "sum", "reciprocal", "multiply.3")),
        (error_box, ("log.1", "times_t.3", "add", "negate")),
    ):
        for op in inside:
            node = nodes[f"loss.{op}"]
            assert group["x"] < node["x"] - 22 < node["x"] + 22 < group["x"] + group["w"]
            assert group["y"] < node["y"] - 22 < node["y"] + 22 < group["y"] + group["h"]


def test_figure_5_30_two_boxes_with_straight_rows() -> None:
    drawing = draw(softmax(3, "closed"), "element")
    boxes = [n for n in drawing["nodes"] if n["kind"] == "layer"]
    assert [n["title"] for n in boxes] == ["Softmax", "Cross Entropy Error"]
    edges = _by_id(drawing["edges"])
    for i in (1, 2, 3):
        scores, y, t = (edges[f"loss.{name}.{i}"]["points"] for name in "ayt")
        assert len({point[1] for point in scores + y}) == 1
        assert t[0][1] < y[0][1]
        assert edges[f"loss.y.{i}"]["to"] == boxes[1]["id"]
    assert _names(drawing, "backward") == {
        "loss.a.1": "y 1 minus t 1", "loss.a.2": "y 2 minus t 2", "loss.a.3": "y 3 minus t 3",
        "loss": "1",
    }  # fmt: skip


def test_two_layers_have_boxes_for_their_layers_and_w_beside_its_dot() -> None:
    drawing = draw(build_graph(TWO_LAYER, 5), "op")
    assert [g["title"] for g in drawing["groups"]] == ["Affine 1", "ReLU", "Affine 2"]
    nodes, edges = _by_id(drawing["nodes"]), _by_id(drawing["edges"])
    chain = nodes["relu1.relu"]["y"]
    assert all(g["y"] + 22 < chain < g["y"] + g["h"] for g in drawing["groups"])
    weight, relu = edges["affine2.W"]["points"], nodes["relu1.relu"]
    assert relu["x"] < weight[0][0] < nodes["affine2.dot"]["x"]
    assert weight[0][1] > nodes["affine2.dot"]["y"] + 44


def test_the_mean_of_a_batch_is_a_factor_of_its_own() -> None:
    drawing = draw(build_graph(TWO_LAYER, 5, "op", "opened"), "op")
    constants = [n["symbol"] for n in drawing["nodes"] if n["kind"] == "constant"]
    assert [drawing["formulas"][key]["latex"] for key in constants] == ["-1", r"\frac{1}{N}"]


def test_the_rule_of_every_event_is_set_as_a_formula() -> None:
    spec = NetworkSpec.build(2, [LayerSpec("affine", units=3)], "softmax_cross_entropy")
    x, t = np.ones((4, 2)), np.eye(3)[[0, 1, 2, 0]]
    for loss in ("closed", "opened"):
        trace = make_trace(spec, initialize(spec, Initializer(), 0), x, t, loss=loss)
        drawing = draw(trace.graph, "op")
        formulas = {formula["latex"] for formula in drawing["formulas"].values()}
        assert {event.rule for event in trace.events} <= formulas
