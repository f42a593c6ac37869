"""Networks as data: names, shapes, and what is refused before anything is allocated."""

import pytest

from app.engine.errors import EngineError, TooLarge
from app.engine.spec import LayerSpec, Limits, NetworkSpec, check_limits

LOSS = "softmax_cross_entropy"


def test_layers_are_named_by_type_and_running_number() -> None:
    layers = [LayerSpec("affine", units=3), LayerSpec("relu"), LayerSpec("affine", "out", 2)]
    spec = NetworkSpec.build(2, layers, LOSS)
    assert [layer.name for layer in spec.layers] == ["affine1", "relu1", "out"]
    assert spec.parameter_shapes == {
        "affine1.W": (2, 3), "affine1.b": (3,), "out.W": (3, 2), "out.b": (2,),
    }  # fmt: skip
    assert (spec.output_size, spec.output_tensor, spec.parameter_count) == (2, "out.output", 17)


def test_a_network_without_layers_takes_x_as_the_scores() -> None:
    spec = NetworkSpec.build(3, [], LOSS)
    assert (spec.output_size, spec.output_tensor, spec.parameter_shapes) == (3, "x", {})


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ((0, []), "network/input_size"),
        ((True, []), "network/input_size"),
        ((2, [LayerSpec("conv")]), "network/layers/0/type"),
        ((2, [LayerSpec("affine")]), "network/layers/0/units"),
        ((2, [LayerSpec("affine", units=0)]), "network/layers/0/units"),
        ((2, [LayerSpec("affine", units=1), LayerSpec("relu", units=3)]), "network/layers/1/units"),
        ((2, [LayerSpec("relu", "loss")]), "network/layers/0/name"),
        ((2, [LayerSpec("relu", "a.b")]), "network/layers/0/name"),
        ((2, [LayerSpec("relu", "a"), LayerSpec("tanh", "a")]), "network/layers/1/name"),
        ((2, [LayerSpec("relu", "tanh1"), LayerSpec("tanh")]), "network/layers/1/name"),
        ((2, [], "mse"), "network/loss/type"),
        ((2, [], LOSS, "float16"), "network/dtype"),
    ],
)
def test_a_wrong_network_is_refused_by_field(arguments: tuple, field: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(EngineError) as error:
        NetworkSpec.build(*arguments)
    assert error.value.field == field


@pytest.mark.parametrize(
    ("input_size", "units", "n", "field"),
    [
        (5000, [2], 1, "network/input_size"),
        (2, [5000], 1, "network/layers/0/units"),
        (1000, [1000] * 6, 1, "network/layers"),
        (2, [2] * 33, 1, "network/layers"),
        (2, [2], 10_001, "x"),
        (784, [1000], 8_000, "x"),
    ],
)
def test_a_network_beyond_a_limit_is_refused_by_name(
    input_size: int, units: list[int], n: int, field: str
) -> None:
    spec = NetworkSpec.build(input_size, [LayerSpec("affine", units=size) for size in units])
    with pytest.raises(TooLarge) as error:
        check_limits(spec, n)
    assert (error.value.field, error.value.code) == (field, "limit")


def test_the_books_network_and_batch_are_within_the_limits() -> None:
    layers = [LayerSpec("affine", units=50), LayerSpec("relu"), LayerSpec("affine", units=10)]
    check_limits(NetworkSpec.build(784, layers, LOSS), 100, Limits())
