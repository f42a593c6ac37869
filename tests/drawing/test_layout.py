from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.drawing.layout.columns import rank
from app.drawing.layout.geometry import Extent, Group, Item, Lane, Link
from app.drawing.layout.layout import lay_out
from tests.drawing.overlaps import placement_faults

Graph = tuple[list[Item], list[Link]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    count = draw(st.integers(1, 24))
    outlines = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    items = [
        Item(f"n{i}", 100.0 if is_box else 44.0, 44.0, "box" if is_box else "circle")
        for i, is_box in enumerate(outlines)
    ]
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    sizes = st.floats(8, 60)
    links = []
    for a, b in sorted(draw(st.sets(pairs, max_size=2 * count))):
        if a == b:
            continue
        low, high = sorted((a, b))
        extent = Extent(draw(st.floats(20, 90)), draw(sizes), draw(sizes))
        label = extent if draw(st.booleans()) else None
        links.append(Link(f"{a}-{b}", f"n{low}", f"n{high}", label))
    for i in range(0, count, 5):
        links.append(Link(f"in{i}", None, f"n{i}", Extent(60, 30, 40)))
        links.append(Link(f"out{i}", f"n{i}", None, Extent(60, 30, 40)))
    return items, links


@given(graphs())
@settings(max_examples=60)
def test_nothing_touches_in_random_graphs(graph: Graph) -> None:
    items, links = graph
    assert placement_faults(lay_out(items, links), links) == []


@given(graphs())
@settings(max_examples=30)
def test_the_same_input_gives_the_same_picture(graph: Graph) -> None:
    assert lay_out(*graph) == lay_out(*graph)


@given(graphs())
@settings(max_examples=30)
def test_every_line_runs_from_left_to_right_inside_the_picture(graph: Graph) -> None:
    placement = lay_out(*graph)
    for points in placement.routes.values():
        assert all(b[0] >= a[0] - 1e-6 for a, b in pairwise(points))
        assert all(0 <= x <= placement.width and 0 <= y <= placement.height for x, y in points)


def test_the_checker_sees_a_collision() -> None:
    items = [Item("a", 44, 44, lane=Lane(0)), Item("b", 44, 44, lane=Lane(0))]
    links = [Link("in", None, "a", Extent(60, 30, 40)), Link("in2", None, "b", Extent(60, 30, 40))]
    placement = lay_out(items, links)
    assert placement_faults(placement, links)


def test_lanes_are_straight_and_keep_their_order() -> None:
    items = [Item(f"{c}{r}", 44, 44, lane=Lane(r)) for r in (-1, 0, 1) for c in "ab"]
    links = [Link(f"e{r}", f"a{r}", f"b{r}", Extent(60, 30, 40)) for r in (-1, 0, 1)]
    nodes = lay_out(items, links).nodes
    levels = [nodes[f"a{r}"].y for r in (-1, 0, 1)]
    assert levels == sorted(levels)
    assert levels == [nodes[f"b{r}"].y for r in (-1, 0, 1)]


def test_ranks_are_longest_paths_and_sources_stand_beside_their_use() -> None:
    items = [Item(name, 44, 44) for name in "abcs"]
    links = [Link(pair, pair[0], pair[1]) for pair in ("ab", "bc", "ac", "sc")]
    assert rank(items, links) == {"a": 0, "b": 1, "c": 2, "s": 1}


def test_a_cycle_is_refused() -> None:
    items = [Item(name, 44, 44) for name in "ab"]
    with pytest.raises(ValueError, match="cycle"):
        lay_out(items, [Link("1", "a", "b"), Link("2", "b", "a")])


def test_a_group_box_encloses_its_items_and_keeps_others_out() -> None:
    items = [Item(n, 44, 44, lane=Lane(0), group="g" if n in "bc" else None) for n in "abcd"]
    links = [
        Link("ab", "a", "b", Extent(60, 30, 40)),
        Link("bc", "b", "c", Extent(60, 30, 40), Lane(0), group="g"),
        Link("cd", "c", "d", Extent(60, 30, 40)),
        Link("low", None, "c", Extent(60, 30, 40), Lane(5)),
    ]
    placement = lay_out(items, links, [Group("g", title_width=40.0)])
    box = placement.groups["g"]
    for name, node in placement.nodes.items():
        is_inside = box.x < node.x and node.x + node.w < box.x + box.w
        assert is_inside == (name in "bc")
    assert placement.runs["low"].y - 30 >= box.y + box.h
    assert placement.runs["ab"].right <= box.x
    assert placement.runs["cd"].left >= box.x + box.w


def test_nothing_to_place_gives_an_empty_picture() -> None:
    placement = lay_out([], [])
    assert (placement.nodes, placement.width, placement.height) == ({}, 0.0, 0.0)
