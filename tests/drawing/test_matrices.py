"""Tensors of three and four axes: matrices side by side, each cell in its place and said where."""

import re
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from app.drawing.figure.graph_json import draw
from app.drawing.figure.labels import CELL_H, CELL_W, numbers_of
from app.drawing.figure.matrices import axis_names
from app.drawing.svg.figure import figure_svg
from app.drawing.svg.look import Shown
from app.engine.code.compiling import build_code
from app.sessions.program_presets import PROGRAMS, built
from tests.drawing.overlaps import drawing_faults

SVG = "{http://www.w3.org/2000/svg}"
SHAPES = [(2, 3, 3), (1, 2, 2), (2, 1, 4, 4), (2, 2, 2, 2), (3, 2, 1, 1), (2, 2, 1, 1, 2)]


def labels_of(drawing: Any) -> dict[str, Any]:
    return {edge["key"]: edge["label"] for edge in drawing["edges"] if edge["label"]}


@pytest.mark.parametrize("shape", SHAPES)
def test_matrices_stand_apart_within_their_box(shape: tuple[int, ...]) -> None:
    box = numbers_of(shape)
    rows, cols = shape[-2:]
    if int(np.prod(shape[:-2])) == 1:
        assert (box.mode, box.blocks, box.w) == ("grid", (), cols * CELL_W)
        return
    assert (box.mode, box.rows, box.cols) == ("grid", rows, cols)
    assert len(box.blocks) == np.prod(shape[:-2])
    for one in box.blocks:
        assert 0 <= one.x <= one.x + cols * CELL_W <= box.w
        assert 12 <= one.y <= one.y + rows * CELL_H <= box.h
    for a, b in pairwise(box.blocks):
        below = b.y >= a.y + rows * CELL_H + 12
        assert below or b.x >= a.x + cols * CELL_W + 8
    assert len({one.caption for one in box.blocks}) == len(box.blocks)


def test_of_images_each_sample_is_a_row_and_each_channel_a_column() -> None:
    blocks = numbers_of((2, 3, 2, 2), ("n", "c")).blocks
    assert [one.caption for one in blocks] == [f"n={n}, c={c}" for n in range(2) for c in range(3)]
    assert [one.y for one in blocks[:3]] == [blocks[0].y] * 3
    assert [one.x for one in blocks[:3]] == [one.x for one in blocks[3:]]
    assert blocks[3].y > blocks[0].y
    # Of a single channel the samples stand beside each other.
    assert len({one.y for one in numbers_of((3, 1, 2, 2), ("n", "c")).blocks}) == 1


@pytest.mark.parametrize("shape", [(2, 1, 28, 28), (64, 2, 2), (2, 9, 4, 4), (1, 1, 9, 9)])
def test_larger_ones_are_one_heat_map_with_every_cell_in_it(shape: tuple[int, ...]) -> None:
    box = numbers_of(shape)
    assert box.mode == "heat"
    assert box.rows * box.cols == np.prod(shape)
    assert box.cols == shape[-1]
    assert box.w <= 112.001
    assert box.h <= 216.001


def test_the_axes_of_images_filters_and_biases_have_names_and_others_numbers() -> None:
    names = axis_names(built(PROGRAMS["conv-layer"])[1])
    assert names == {
        "x": ("n", "c"), "w": ("f", "c"), "b": ("c",),
        "h.conv2d1": ("n", "c"), "h.add2": ("n", "c"), "h": ("n", "c"), "y": ("n", "c"),
    }  # fmt: skip
    # Heads of attention are no images.
    _, graph = build_code("S = Q @ K", {"Q": (2, 2, 3, 2), "K": (2, 2, 2, 3)})
    assert axis_names(graph) == {}
    captions = [one["caption"]["text"] for one in labels_of(draw(graph, "op"))["S"]["blocks"]]
    assert captions == ["[0, 0]", "[0, 1]", "[1, 0]", "[1, 1]"]


@pytest.mark.parametrize(
    ("code", "shapes"),
    [
        ("y = conv2d(x, w) + b", {"x": (2, 3, 4, 4), "w": (2, 3, 3, 3), "b": (2, 1, 1)}),
        ("y = max_pool(x, size=2)", {"x": (4, 2, 28, 28)}),
        ("S = Q @ K\nL = np.sum(S ** 2)", {"Q": (2, 2, 3, 2), "K": (2, 2, 2, 3)}),
        ("y = np.exp(x) + x * 2", {"x": (3, 2, 2)}),
    ],
)
def test_nothing_touches_where_there_are_several_matrices(
    code: str, shapes: dict[str, tuple[int, ...]]
) -> None:
    drawing = draw(build_code(code, shapes)[1], "op")
    assert drawing_faults(drawing) == []


def test_a_picture_writes_each_number_where_its_index_says() -> None:
    _, graph = build_code("y = x * 2", {"x": (2, 2, 2, 3)})
    drawing = draw(graph, "op")
    x = np.arange(100.0, 124.0).reshape(2, 2, 2, 3)
    picture = figure_svg(drawing, Shown({"x": x}, {"x": x.size}), "light")
    written = {
        one.text: (float(one.attrib["x"]), float(one.attrib["y"]))
        for one in ElementTree.fromstring(picture).iter(f"{SVG}text")
        if one.text and re.fullmatch(r"1\d\d", one.text)
    }
    assert len(written) == x.size
    label = labels_of(drawing)["x"]
    for index in np.ndindex(x.shape):
        left, baseline = written[f"{x[index]:.0f}"]
        block = label["blocks"][2 * index[0] + index[1]]
        assert 0 < left - block["x"] - index[3] * CELL_W < CELL_W
        assert 0 < baseline - block["y"] - index[2] * CELL_H < CELL_H
    # And each matrix is said to be which.
    for block in label["blocks"]:
        assert f">{block['caption']['text']}<" in picture
    # Half of them known, the rest have no number yet.
    half = figure_svg(drawing, Shown({"x": x}, {"x": 12}), "light")
    assert ">111<" in half
    assert ">112<" not in half
