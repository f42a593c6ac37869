"""What a network says of many samples at once, in as few passes as there is room for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.network import Network
from app.engine.regions import SIZES, Plane, bounded, probabilities
from app.engine.spec import LayerSpec, Limits, NetworkSpec
from tests.engine.networks import Case, cases, make_case, some


@settings(max_examples=30)
@given(cases(max_n=12), st.integers(0, 300))
def test_pieces_give_what_one_pass_gives(case: Case, cells: int) -> None:
    network = Network(case.spec, case.parameters)
    whole = some(network.evaluate(case.x, case.t).probabilities)
    given = case.spec.pass_cells(0)
    pieces = probabilities(network, case.x, Limits(cells=given + cells))
    np.testing.assert_allclose(pieces, whole, rtol=1e-12, atol=1e-15)


def test_the_grid_goes_row_by_row_from_the_top_and_holds_all_points() -> None:
    points = np.array([[-1.0, 2.0], [3.0, 2.5]])
    plane = Plane.around(points)
    assert plane.high[0] - plane.low[0] == pytest.approx(plane.high[1] - plane.low[1])
    grid = plane.grid(4)
    assert grid.shape == (16, 2)
    assert (np.diff(grid[:4, 0]) > 0).all()
    assert (np.diff(grid[::4, 1]) < 0).all()
    assert (points > plane.low).all()
    assert (points < plane.high).all()
    alone = Plane.around(np.array([[5.0, 5.0]]))
    assert alone.high[0] > 5 > alone.low[0]


@pytest.mark.parametrize(
    "points", [[[1.7e308, 1.7e308], [0, 1]], [[-1.7e308, 0], [1.7e308, 1]], [[1.7e308, -1.7e308]]]
)
def test_a_plane_ends_where_numbers_end(points: list[list[float]]) -> None:
    given = np.array(points, dtype=np.float64)
    plane = Plane.around(given)
    grid = plane.grid(8)
    assert np.isfinite([*plane.low, *plane.high]).all()
    assert np.isfinite(grid).all()
    assert (given >= plane.low).all()
    assert (given <= plane.high).all()
    assert (np.diff(grid[:8, 0]) > 0).all()
    assert (np.diff(grid[::8, 1]) < 0).all()


def test_a_large_network_is_asked_of_fewer_cells() -> None:
    small = make_case([2, 3, 2], ["relu"], 1, 0)
    assert bounded(Network(small.spec, small.parameters), 1000) == SIZES[1]
    wide = [LayerSpec("affine", units=units) for units in (1000, 1000, 2)]
    spec = NetworkSpec.build(2, wide, "softmax_cross_entropy")
    zeros = {name: np.zeros(shape) for name, shape in spec.parameter_shapes.items()}
    assert SIZES[0] <= bounded(Network(spec, zeros), SIZES[1]) < SIZES[1]
