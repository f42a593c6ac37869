"""Random networks for the engine's tests."""

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from hypothesis import strategies as st

from app.engine.initializers import Initializer, initialize
from app.engine.layer_types import LAYERS
from app.engine.spec import LayerSpec, NetworkSpec

Array = np.ndarray
T = TypeVar("T")
ACTIVATIONS = tuple(layer.name for layer in LAYERS.values() if layer.activation)


def some(value: T | None) -> T:
    """A value that must be there."""
    assert value is not None
    return value


@dataclass(frozen=True)
class Case:
    """A network with inputs and one-hot targets."""

    spec: NetworkSpec
    parameters: dict[str, Array]
    x: Array
    t: Array


def make_case(
    sizes: list[int], activations: list[str], n: int, seed: int, scale: float = 1.0
) -> Case:
    """A network of ``len(sizes) - 1`` Affine layers with activations between them."""
    layers = []
    for position, units in enumerate(sizes[1:]):
        if position:
            layers.append(LayerSpec(activations[position - 1]))
        layers.append(LayerSpec("affine", units=units))
    spec = NetworkSpec.build(sizes[0], layers, "softmax_cross_entropy")
    generator = np.random.default_rng(seed)
    parameters = initialize(spec, Initializer("xavier"), seed)
    for name, value in parameters.items():
        parameters[name] = value + 0.3 * generator.standard_normal(value.shape)
    x = scale * generator.standard_normal((n, sizes[0]))
    t = np.eye(spec.output_size)[generator.integers(spec.output_size, size=n)]
    return Case(spec, parameters, x, t)


@st.composite
def cases(draw: st.DrawFn, max_n: int = 5) -> Case:
    """Networks of 1 to 3 Affine layers, sizes 1 to 5, batches of 1 to ``max_n``."""
    sizes = draw(st.lists(st.integers(1, 5), min_size=2, max_size=4))
    activations = [draw(st.sampled_from(ACTIVATIONS)) for _ in sizes[2:]]
    n = draw(st.integers(1, max_n))
    return make_case(sizes, activations, n, draw(st.integers(0, 2**31)))


# One of each type, with fields that are not as usual.
EXAMPLES: dict[str, dict[str, Any]] = {
    "affine": {"units": 4},
    "leaky_relu": {"slope": 0.2},
    "residual": {"layers": [LayerSpec("affine", units=3), LayerSpec("tanh")]},
    "conv2d": {"filters": 2, "size": 3, "pad": 1, "stride": 2},
    "max_pool": {"size": 2, "stride": 1},
    "embedding": {"vocabulary": 5, "units": 2},
    "attention": {"heads": 2},
}
# Of samples that are no rows of three numbers.
SHAPES = {"conv2d": (2, 4, 4), "max_pool": (2, 3, 3), "flatten": (2, 2, 2), "attention": (3, 4)}


def samples_for(layer: LayerSpec, seed: int, n: int) -> Array:
    """Samples, or of an embedding numbers of words."""
    generator = np.random.default_rng(seed)
    if layer.type == "embedding":
        return generator.integers(5, size=(n, 3)).astype(float)
    return generator.normal(size=(n, *sample_of(layer)))


def sample_of(layer: LayerSpec) -> tuple[int, ...]:
    return SHAPES.get(layer.type, (3,))


def between_others(layer: LayerSpec, *then: LayerSpec) -> NetworkSpec:
    """The layer with something to learn before it and after it, as far as samples allow that."""
    before = [LayerSpec("tanh") if layer.type in SHAPES else LayerSpec("affine", units=3)]
    if layer.type == "embedding":
        before = []
    is_rows = layer.type not in (*SHAPES, "embedding")
    flat = [] if is_rows else [LayerSpec("flatten")]
    layers = [*before, layer, *then, *flat, LayerSpec("affine", units=2)]
    return NetworkSpec.build(None, layers, "softmax_cross_entropy", input_shape=sample_of(layer))
