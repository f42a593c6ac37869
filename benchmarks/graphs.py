"""Training through the graph of ops that a layer opens into, against its hand-written code.

    python -m benchmarks.graphs

The same network learns twice, from the same parameters and rows: with the fast code that its layers
have (`app.engine.layers`), and with every layer run by its ops (`app.engine.graph_layer`), as one
without fast code is. Both go in turn, a few steps at a time, by the processor's time of their one
thread; a line has the median step of each and the median ratio, with the quarters beside it. Layer
norm has no fast code in the engine, so one stands here, as one would write it. After as many steps
both have the same parameters: to the last bit where the table of ops and the code have the same
formula, which is checked for Affine, ReLU and Sigmoid, else to rounding.
"""

import os
import statistics
import time
from collections.abc import Mapping
from unittest.mock import patch

import numpy as np

from app.engine.graph_layer import GraphLayer, kernel_of
from app.engine.initializers import Initializer, initialize
from app.engine.layers import Layer
from app.engine.network import Network
from app.engine.optimizers import OptimizerConfig, make_optimizer
from app.engine.spec import LayerSpec, NetworkSpec
from app.engine.training import Training

Array = np.ndarray
ROUNDS, GOAL = 30, 1.6
# Rows there are, rows of a step, sizes, and steps at a time.
SIZES: Mapping[str, tuple[int, int, tuple[int, int, int], int]] = {
    "784-50-10, batch 100": (1000, 100, (784, 50, 10), 10),
    "2-3-3, batch 4": (16, 4, (2, 3, 3), 100),
}
MIDDLES = (
    "affine", "relu", "leaky_relu", "sigmoid", "tanh", "softplus", "gelu_tanh", "softmax",
    "layer_norm",
)  # fmt: skip
SAME_BITS = frozenset({"affine", "relu", "sigmoid"})


class LayerNorm(Layer):
    """Layer normalisation written by hand."""

    def __init__(self, layer: LayerSpec, parameters: Mapping[str, Array]) -> None:
        self.gamma, self.beta = parameters["gamma"], parameters["beta"]
        self.epsilon = layer.settings["epsilon"]
        self.memory: Mapping[str, Array] = {}

    def forward(self, x: Array) -> Array:
        """(x - mean) / deviation, times gamma, plus beta."""
        centred = x - x.mean(axis=1, keepdims=True)
        self.deviation = np.sqrt(np.square(centred).mean(axis=1, keepdims=True) + self.epsilon)
        self.normal = centred / self.deviation
        return np.asarray(self.normal * self.gamma + self.beta)

    def backward(self, dout: Array) -> Array:
        """dL/dx in one formula."""
        np.sum(dout * self.normal, axis=0, out=self.memory["gamma"])
        np.sum(dout, axis=0, out=self.memory["beta"])
        slope = dout * self.gamma
        mean = slope.mean(axis=1, keepdims=True)
        along = (slope * self.normal).mean(axis=1, keepdims=True)
        return np.asarray((slope - mean - self.normal * along) / self.deviation)

    def gradients(self) -> Mapping[str, Array]:
        """Of gamma and beta."""
        return self.memory

    def keep_gradients(self, memory: Mapping[str, Array]) -> None:
        """From now on write them into these."""
        self.memory = memory


def by_hand(layer: LayerSpec, size: tuple[int, ...], parameters: Mapping[str, Array]) -> Layer:
    """The fast code of a layer."""
    if layer.type == "layer_norm":
        return LayerNorm(layer, parameters)
    return kernel_of(layer, size, parameters)


def training(spec: NetworkSpec, rows: int, batch: int, through_graphs: bool) -> Training:
    """One that has not begun."""
    generator = np.random.default_rng(0)
    x = generator.random((rows, spec.input_size))
    t = np.eye(spec.output_size)[generator.integers(spec.output_size, size=rows)]
    network = Network(spec, initialize(spec, Initializer(), 0))
    optimizer = make_optimizer(OptimizerConfig("sgd", 0.1))
    with patch("app.engine.chain.kernel_of", GraphLayer if through_graphs else by_hand):
        return Training(network, x, t, optimizer, batch_size=batch, steps=1_000_000)


def check(spec: NetworkSpec, both: tuple[Training, Training], exact: bool) -> None:
    """That both learn the same."""
    for _ in range(20):
        for one in both:
            one.advance()
    graph, hand = (one.network.parameters for one in both)
    for name in spec.parameter_shapes:
        rtol, atol = (0.0, 0.0) if exact else (1e-9, 1e-12)
        if not np.allclose(graph[name], hand[name], rtol=rtol, atol=atol):
            raise AssertionError(f"the graph of {spec.layers} learns another {name}")


def measure(title: str, middle: str) -> float:
    """One network both ways; prints the line and gives the median ratio."""
    rows, batch, (inputs, hidden, classes), steps = SIZES[title]
    between = [LayerSpec(middle)] if middle != "affine" else []
    layers = [LayerSpec("affine", units=hidden), *between, LayerSpec("affine", units=classes)]
    spec = NetworkSpec.build(inputs, layers, "softmax_cross_entropy")
    both = training(spec, rows, batch, True), training(spec, rows, batch, False)
    check(spec, both, middle in SAME_BITS)
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS):
        for turn in (0, 1) if number % 2 else (1, 0):
            start = time.thread_time()
            for _ in range(steps):
                both[turn].advance()
            times[turn].append((time.thread_time() - start) / steps)
    ratios = [a / b for a, b in zip(*times, strict=True)]
    low, found, high = statistics.quantiles(ratios, n=4)
    graph, hand = (statistics.median(one) * 1e6 for one in times)
    print(
        f"{title:>20}  {middle:>10}: {graph:7.0f} us by its graph, {hand:7.0f} us by hand,"
        f"  ratio {found:.2f}  ({low:.2f} to {high:.2f})  goal {GOAL:.2f}",
        flush=True,
    )
    return found


def main() -> None:
    """All of them."""
    for title in SIZES:
        for middle in MIDDLES:
            measure(title, middle)


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    main()
