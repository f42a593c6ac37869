"""Figures of programs: every branch has a line of its own, and nothing lies on anything."""

import numpy as np
import pytest

from app.drawing.figure.graph_json import draw
from app.drawing.figure.program_lanes import program_lanes
from app.drawing.layout.geometry import Rect
from app.engine.code.compiling import build_code
from app.engine.code.running import read_code, trace_code
from app.sessions import program_presets
from tests.drawing.overlaps import drawing_faults

PROGRAMS: dict[str, tuple[str, dict[str, tuple[int, ...]]]] = {
    "apples": ("price = apple * n\ntotal = price * tax", {"apple": (), "n": (), "tax": ()}),
    "neuron": (
        "n = x1*w1 + x2*w2 + b\no = np.tanh(n)",
        dict.fromkeys(("x1", "x2", "w1", "w2", "b"), ()),
    ),
    "residual": (
        "h = np.maximum(X @ W1 + b1, 0)\ny = h @ W2 + X",
        {"X": (2, 2), "W1": (2, 3), "b1": (3,), "W2": (3, 2)},
    ),
    "attention": (
        "Q = X @ Wq\nK = X @ Wk\nV = X @ Wv\nA = softmax(Q @ K.T / np.sqrt(2))\nY = A @ V",
        {"X": (3, 2), "Wq": (2, 2), "Wk": (2, 2), "Wv": (2, 2)},
    ),
    "batch norm": (
        "mu = X.mean(axis=0)\nxc = X - mu\nstd = np.sqrt(np.mean(xc ** 2, axis=0) + 1e-5)\n"
        "out = gamma * (xc / std) + beta",
        {"X": (3, 2), "gamma": (2,), "beta": (2,)},
    ),
    "one tensor many times": ("y = x * x + np.exp(x) - x / (x + 1)", {"x": ()}),
    "given and not used": ("y = x * len(w)", {"x": (2,), "w": (2, 1)}),
    "several ends": ("a = x * 2\nb = x + w\nc = np.exp(w)\nL = a * b", {"x": (), "w": ()}),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_nodes_and_labels_of_a_program_lie_apart(name: str) -> None:
    code, shapes = PROGRAMS[name]
    drawing = draw(build_code(code, shapes)[1], "op")
    rects = [
        (
            node["id"],
            Rect(node["x"] - node["w"] / 2, node["y"] - node["h"] / 2, node["w"], node["h"]),
        )
        for node in drawing["nodes"]
        if node["kind"] == "op"
    ]
    rects += [
        (edge["id"] + edge["direction"], Rect(label["x"], label["y"], label["w"], label["h"]))
        for edge in drawing["edges"]
        if (label := edge["label"]) is not None
    ]
    for k, (one, a) in enumerate(rects):
        for other, b in rects[k + 1 :]:
            apart = a.x + a.w <= b.x or b.x + b.w <= a.x or a.y + a.h <= b.y or b.y + b.h <= a.y
            assert apart, (one, other)
    assert all(np.isfinite([drawing["width"], drawing["height"]]))


@pytest.mark.parametrize("name", program_presets.PROGRAMS)
def test_nothing_touches_in_the_figures_of_programs(name: str) -> None:
    graph = program_presets.built(program_presets.PROGRAMS[name])[1]
    assert drawing_faults(draw(graph, "op")) == []


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_edge_of_a_program_has_a_line(name: str) -> None:
    code, shapes = PROGRAMS[name]
    graph = build_code(code, shapes)[1]
    lanes = program_lanes(graph)
    drawn = {edge.id for edge in graph.edges if graph.tensors[edge.tensor].role != "constant"}
    assert set(lanes.edges) == drawn
    assert {node.id for node in graph.nodes} <= set(lanes.nodes)


@pytest.mark.parametrize(
    "code",
    ["Y = W[ids]", "L = np.sum(W[ids])", "Y = W[ids] @ W.T", "b = W.T\nY = np.exp(W[ids][0])"],
)
def test_what_only_chooses_has_no_line_among_single_numbers(code: str) -> None:
    values = {"W": np.arange(6.0).reshape(3, 2), "ids": np.array([0, 2, 0])}
    spec, checked, _ = read_code(code, values)
    start = np.ones(spec.output_shape) if spec.output_shape else None
    trace = trace_code(spec, checked, start, "element")
    assert trace.graph.level == "element"
    assert {edge.tensor for edge in trace.graph.edges} >= {"W"}
    assert "ids" not in {edge.tensor for edge in trace.graph.edges}
    assert drawing_faults(draw(trace.graph, "element")) == []


def test_the_longest_way_runs_straight() -> None:
    code, shapes = PROGRAMS["residual"]
    lanes = program_lanes(build_code(code, shapes)[1])
    assert {lane.row for lane in lanes.nodes.values()} == {0}
