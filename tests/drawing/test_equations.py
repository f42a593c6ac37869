"""Equations 1 to 3 with their shapes, and the brackets of figure 5-26."""

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.drawing.figure.graph_json import draw
from app.engine.build import build_graph
from app.engine.spec import LayerSpec, NetworkSpec

Json = dict[str, Any]


def equations(n: int, inputs: int, units: int, *, single: bool = False) -> Json:
    spec = NetworkSpec.build(inputs, [LayerSpec("affine", units=units)])
    return draw(build_graph(spec, n), "op", single)


def shown(picture: Json) -> str:
    return "".join(text["text"] for text in picture["texts"])


def at(picture: Json, x: float) -> str:
    """The size that is written at x."""
    return str(next(t["text"] for t in picture["texts"] if abs(t["x"] - x) < 0.06))


def test_figure_5_25_has_the_shapes_of_one_sample() -> None:
    first, second = equations(1, 2, 3, single=True)["equations"]
    assert shown(first["picture"]) == "(2,)(3,)(3,2)"
    assert shown(second["picture"]) == "(2,3)(2,1)(1,3)"


def test_figure_5_26_puts_the_product_first() -> None:
    first = equations(1, 2, 3, single=True)["equations"][0]
    assert shown(first["product"]) == "(3,)(3,2)(2,)"
    inner, outer = first["product"]["lines"]
    assert inner["kind"] == "inner"
    assert not inner["head"]
    assert outer["kind"] == "outer"
    assert outer["head"]


def test_the_sum_over_rows_keeps_the_other_axis() -> None:
    third = equations(4, 2, 3)["equations"][2]
    assert shown(third["picture"]) == "(3,)(4,3)"
    (line,) = third["picture"]["lines"]
    assert at(third["picture"], line["points"][0][0]) == "3"
    assert "product" not in third


@given(st.integers(1, 999), st.integers(1, 999), st.integers(1, 999))
@settings(max_examples=40)
def test_brackets_join_equal_sizes(n: int, inputs: int, units: int) -> None:
    for equation in equations(n, inputs, units)["equations"]:
        for name in ("picture", "product"):
            picture = equation.get(name)
            if picture is None:
                continue
            for line in picture["lines"]:
                start, end = line["points"][0][0], line["points"][-1][0]
                assert at(picture, start) == at(picture, end)
                assert all(0 <= x <= picture["width"] for x, _ in line["points"])
                assert all(0 <= y <= picture["height"] for _, y in line["points"])
            expected = {"inner": 1, "outer": 2} if "product" in equation else {"outer": 1}
            kinds = [line["kind"] for line in picture["lines"]]
            assert {kind: kinds.count(kind) for kind in set(kinds)} == expected


@pytest.mark.parametrize("n", [1, 5])
def test_nothing_in_an_equation_touches(n: int) -> None:
    drawing = equations(n, 784, 100)
    for equation in drawing["equations"]:
        picture = equation["picture"]
        ends = [
            (f["x"], f["x"] + drawing["formulas"][f["formula"]]["width"])
            for f in picture["formulas"]
        ]
        assert all(a[1] < b[0] for a, b in itertools.pairwise(ends))
        xs = [text["x"] for text in picture["texts"]]
        assert xs == sorted(xs)
