"""An opened + and an opened mean: where Repeat and 1/N stand, and that nothing touches them."""

from collections.abc import Sequence
from itertools import chain, combinations
from typing import Any

import pytest

from app.drawing.figure.graph_json import draw
from app.drawing.formulas.typesetter import typeset
from app.engine.build import build_graph
from app.engine.open_ops import MEAN, openable_ops
from app.engine.spec import LayerSpec, NetworkSpec
from tests.drawing.networks import AFFINE, DIGITS, LOSS, TWO_LAYER
from tests.drawing.overlaps import drawing_faults

Json = dict[str, Any]
SIGMOID = NetworkSpec.build(
    3, [LayerSpec("affine", units=7), LayerSpec("sigmoid"), LayerSpec("affine", units=2)], LOSS
)


def by_id(parts: Sequence[Json]) -> dict[str, Json]:
    return {part["id"]: part for part in parts}


def drawings(spec: NetworkSpec, n: int) -> list[tuple[str, Json]]:
    """Every choice of what is opened, at each level that draws it."""
    names = openable_ops(spec)
    layers = tuple(layer.name for layer in spec.layers)
    found: list[tuple[str, Json]] = []
    for some in chain.from_iterable(combinations(names, k) for k in range(1, len(names) + 1)):
        for loss in ("closed", "opened") if spec.loss else ("closed",):
            graph = build_graph(spec, n, loss=loss, open_ops=some)
            for level, opened in (("op", ()), ("layer", layers), ("layer", ()), ("network", ())):
                for names_batch in (False, True):
                    drawn = draw(graph, level, opened=opened, names_batch=names_batch)
                    found.append((f"{some} {loss} {level} {opened}", drawn))
    return found


@pytest.mark.parametrize("n", [2, 3, 7, 100])
@pytest.mark.parametrize("spec", [AFFINE, TWO_LAYER, SIGMOID, DIGITS], ids=lambda s: str(s.widths))
def test_nothing_touches_whatever_is_opened(spec: NetworkSpec, n: int) -> None:
    for name, drawn in drawings(spec, n):
        assert drawing_faults(drawn) == [], name


def test_repeat_stands_between_b_and_plus() -> None:
    drawn = draw(build_graph(AFFINE, 3, open_ops={"affine1.add"}), "op", names_batch=True)
    nodes, edges = by_id(drawn["nodes"]), by_id(drawn["edges"])
    repeat, add = nodes["affine1.repeat"], nodes["affine1.add"]
    assert repeat["symbol"] == "Repeat"
    assert repeat["w"] > repeat["h"], "its name does not fit in a circle"
    assert repeat["x"] + repeat["w"] / 2 < add["x"] - add["w"] / 2
    assert repeat["y"] == edges["affine1.b"]["points"][0][1]
    assert edges["affine1.b"]["from"] == "affine1.b"
    assert (edges["affine1.b"]["to"], edges["affine1.repeat"]["from"]) == ("affine1.repeat",) * 2
    assert edges["affine1.repeat"]["to"] == "affine1.add"
    assert (edges["affine1.b"]["shape_text"], edges["affine1.repeat"]["shape_text"]) == (
        "(3,)", "(N, 3)",
    )  # fmt: skip
    back = edges["affine1.repeat.grad"]
    assert (back["from"], back["to"]) == ("affine1.add", "affine1.repeat")
    assert edges["affine1.b.grad"]["box"] == 3
    # Its line begins at the side of the box, not on a circle within it.
    assert back["points"][-1][0] == repeat["x"] + repeat["w"] / 2


def test_the_closed_figure_is_the_books_and_says_what_opens() -> None:
    closed, opened = (
        by_id(draw(build_graph(AFFINE, 3, open_ops=names), "op")["nodes"])
        for names in ((), ("affine1.add",))
    )
    assert "affine1.repeat" not in closed
    assert closed["affine1.add"]["hides"] == "affine1.add"
    assert {"hides", "closes"}.isdisjoint(closed["affine1.dot"])
    assert "hides" not in opened["affine1.add"]
    assert opened["affine1.add"]["closes"] == opened["affine1.repeat"]["closes"] == "affine1.add"
    one = by_id(draw(build_graph(AFFINE, 1, open_ops=["affine1.add"]), "op")["nodes"])
    assert {"hides", "closes"}.isdisjoint(one["affine1.add"])


@pytest.mark.parametrize("level", ["network", "layer", "op"])
def test_one_over_n_stands_after_the_closed_loss(level: str) -> None:
    closed, opened = (
        draw(
            build_graph(TWO_LAYER, 3, open_ops=names), level,
            inner=build_graph(TWO_LAYER, 3, loss="opened"),
        )
        for names in ((), (MEAN,))
    )  # fmt: skip
    box = by_id(closed["nodes"])["loss:cross_entropy"]
    assert (box["opens"], box["hides"]) == ("loss", MEAN)
    nodes, edges = by_id(opened["nodes"]), by_id(opened["edges"])
    assert "hides" not in nodes["loss:cross_entropy"]
    assert nodes[MEAN]["closes"] == MEAN
    constant = nodes["loss.one_over_n"]
    assert opened["formulas"][constant["symbol"]]["latex"] == r"\frac{1}{N}"
    assert constant["y"] < nodes[MEAN]["y"]
    assert nodes["loss:cross_entropy"]["x"] < nodes[MEAN]["x"]
    assert edges["loss.negate"]["from"] == "loss:cross_entropy"
    assert (edges["loss.negate"]["to"], edges["loss"]["from"]) == (MEAN, MEAN)
    # It stands beside the box, so it is not in it as well.
    insides = [
        {node["id"] for node in drawn["insides"]["loss.cross_entropy"]["nodes"]}
        for drawn in (closed, opened)
    ]
    assert insides[0] - insides[1] >= {MEAN}
    assert "loss.negate" in insides[1]


def test_a_bold_one_is_the_column_of_ones_and_not_a_number() -> None:
    # Outlines have names, so other digits are other names.
    outlines = [
        {use.get("href") for use in typeset(latex, 15.0).iter() if use.get("href")}
        for latex in (r"\mathbf{1}", "1", r"\mathbf{1} \cdot \mathbf{B}")
    ]
    assert outlines[0]
    assert outlines[0].isdisjoint(outlines[1])
    assert outlines[0] < outlines[2]
