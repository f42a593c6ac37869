"""The small pictures of programs: within their box, no dot on another, every op and line there."""

from itertools import combinations
from math import dist

import pytest

from app.drawing.figure.sketch import HEIGHT, WIDTH, sketch
from app.sessions.program_presets import PROGRAMS, built


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_sketch_shows_every_op_within_its_box(name: str) -> None:
    graph = built(PROGRAMS[name])[1]
    made = sketch(graph)
    assert len(made.dots) == len(graph.nodes)
    # What goes from one op to the next, what comes in and what goes out.
    drawn = [edge for edge in graph.edges if graph.tensors[edge.tensor].role != "constant"]
    assert len(made.lines) == len(drawn)
    for x, y in made.dots:
        assert made.radius <= x <= WIDTH - made.radius
        assert made.radius <= y <= HEIGHT - made.radius
    for x, y, to_x, to_y in made.lines:
        assert 0 <= min(x, to_x) <= max(x, to_x) <= WIDTH
        assert 0 <= min(y, to_y) <= max(y, to_y) <= HEIGHT
    assert all(dist(a, b) > 2 * made.radius for a, b in combinations(made.dots, 2))
