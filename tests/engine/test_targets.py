"""What comes in at the door: rows, labels and one-hot targets, parameters."""

import numpy as np
import pytest

from app.engine.errors import EngineError
from app.engine.spec import LayerSpec, NetworkSpec
from app.engine.targets import as_one_hot, check_parameters, check_rows


def test_labels_and_one_hot_rows_give_the_same_targets() -> None:
    labels = as_one_hot([2, 0], 2, 3)
    assert labels.tolist() == [[0, 0, 1], [1, 0, 0]]
    assert np.array_equal(labels, as_one_hot([[0, 0, 1], [1, 0, 0]], 2, 3))


def test_a_single_flat_sample_is_refused_with_the_way_to_write_it() -> None:
    with pytest.raises(EngineError, match=r"\[\[...\]\], shape \(1, 2\)") as error:
        check_rows([1.0, 2.0], 2, "float64", "x")
    assert (error.value.field, error.value.code) == ("x", "shape")


@pytest.mark.parametrize(
    ("x", "code"),
    [([[1.0]], "shape"), ([], "shape"), ([[1.0, 2.0], [3.0]], "shape"), ([["a", "b"]], "type"),
     ([[True, False]], "type"), ([[np.nan, 1.0]], "range"), ([[np.inf, 1.0]], "range"),
     ([[[1.0, 2.0]]], "shape")],
)  # fmt: skip
def test_wrong_rows_are_refused(x: object, code: str) -> None:
    with pytest.raises(EngineError) as error:
        check_rows(x, 2, "float64", "x")
    assert error.value.code == code


def test_a_number_too_large_for_float32_is_refused_there() -> None:
    assert check_rows([[1e39]], 1, "float64", "x")[0, 0] == 1e39
    with pytest.raises(EngineError, match="float32"):
        check_rows([[1e39]], 1, "float32", "x")


@pytest.mark.parametrize(
    ("t", "field"),
    [([0], "t"), ([0, 3], "t/1"), ([-1, 0], "t/0"), ([0.5, 0], "t/0"), ([[1, 0], [0, 1]], "t"),
     ([[1, 0, 0], [0, 0, 0]], "t/1"), ([[0.5, 0.5, 0], [1, 0, 0]], "t/0"),
     ([[1, 1, 0], [1, 0, 0]], "t/0"), ([[2, -1, 0], [1, 0, 0]], "t/0")],
)  # fmt: skip
def test_wrong_targets_are_refused_by_row(t: object, field: str) -> None:
    with pytest.raises(EngineError) as error:
        as_one_hot(t, 2, 3)
    assert error.value.field == field


def test_parameters_must_be_complete_known_and_of_their_shape() -> None:
    spec = NetworkSpec.build(1, [LayerSpec("affine", units=2)])
    good: dict[str, object] = {"affine1.W": [[1, 2]], "affine1.b": [0, 0]}
    assert check_parameters(spec, good)["affine1.W"].dtype == np.float64
    wrongs: list[tuple[dict[str, object], str]] = [
        ({"affine1.W": [[1, 2]]}, "parameters/affine1.b"),
        (good | {"affine2.W": [[1]]}, "parameters/affine2.W"),
        (good | {"affine1.b": [[[0, 0]]]}, "parameters/affine1.b"),
        (good | {"affine1.b": [[0, 0], [0, 0]]}, "parameters/affine1.b"),
    ]
    for wrong, field in wrongs:
        with pytest.raises(EngineError) as error:
            check_parameters(spec, wrong)
        assert error.value.field == field


def test_what_is_given_is_copied() -> None:
    x = np.ones((1, 2))
    assert not np.shares_memory(check_rows(x, 2, "float64", "x"), x)


def test_a_bias_may_come_as_one_row_or_one_column() -> None:
    spec = NetworkSpec.build(1, [LayerSpec("affine", units=3)])
    for bias in ([1, 2, 3], [[1, 2, 3]], [[1], [2], [3]]):
        checked = check_parameters(spec, {"affine1.W": [[1, 2, 3]], "affine1.b": bias})
        assert checked["affine1.b"].tolist() == [1, 2, 3]


def test_labels_may_come_as_a_column() -> None:
    assert np.array_equal(as_one_hot([[2], [0]], 2, 3), as_one_hot([2, 0], 2, 3))
    # With one class a column is one-hot already: a 1 is no label 1 of classes 0..0.
    assert as_one_hot([[1], [1]], 2, 1).tolist() == [[1], [1]]


def test_what_only_fits_transposed_is_refused_with_these_words() -> None:
    spec = NetworkSpec.build(2, [LayerSpec("affine", units=3)], "softmax_cross_entropy")
    as_torch_keeps_it: dict[str, object] = {"affine1.W": np.ones((3, 2)), "affine1.b": [0, 0, 0]}
    message = r"has shape \(3, 2\), expected \(2, 3\): it looks transposed"
    with pytest.raises(EngineError, match=f"affine1.W {message}"):
        check_parameters(spec, as_torch_keeps_it)
    with pytest.raises(EngineError, match=r"x has shape \(2, 5\).*transposed"):
        check_rows(np.ones((2, 5)), 2, "float64", "x")
    with pytest.raises(EngineError, match=r"t has shape \(3, 5\).*transposed"):
        as_one_hot(np.ones((3, 5)), 5, 3)
    with pytest.raises(EngineError) as other:
        check_parameters(spec, as_torch_keeps_it | {"affine1.W": np.ones((4, 4))})
    assert "transposed" not in other.value.message
