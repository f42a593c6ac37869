import pytest

from app.drawing.figure.labels import fan_rows, numbers_of, shape_text


@pytest.mark.parametrize(
    ("shape", "mode", "size"),
    [
        ((), "scalar", (58, 17)),
        ((1, 1), "scalar", (58, 17)),
        ((3,), "grid", (174, 17)),
        ((5, 6), "grid", (348, 85)),
    ],
)
def test_small_tensors_show_their_numbers_in_cells(
    shape: tuple[int, ...], mode: str, size: tuple[int, int]
) -> None:
    box = numbers_of(shape)
    assert (box.mode, (box.w, box.h)) == (mode, size)


@pytest.mark.parametrize("shape", [(9, 1), (1, 9), (784, 50), (1, 784), (100, 1)])
def test_larger_tensors_are_heat_maps_of_bounded_size(shape: tuple[int, ...]) -> None:
    box = numbers_of(shape)
    assert box.mode == "heat"
    assert box.w <= 112.001
    assert box.h <= 72.001
    assert box.w == pytest.approx(box.cols * box.cell_w)
    assert box.h == pytest.approx(box.rows * box.cell_h)


def test_shapes_are_written_as_numpy_writes_them() -> None:
    assert shape_text((2, 3)) == "(2, 3)"
    assert shape_text((3,)) == "(3,)"
    assert shape_text(()) == ""
    assert shape_text((1, 2), single=True) == "(2,)"
    assert shape_text((2, 1), single=True) == "(2, 1)"


def test_a_fan_elides_the_middle_of_more_than_six_classes() -> None:
    assert fan_rows(6) == (0, 1, 2, 3, 4, 5)
    assert fan_rows(10) == (0, 1, 2, 7, 8, 9)
