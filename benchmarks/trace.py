"""A pass as a trace against the same pass through the fused layers, and the drawing beside it."""

import numpy as np

from app.drawing.graph_json import draw
from app.engine.build import build_graph
from app.engine.initializers import Initializer, initialize
from app.engine.network import Network
from app.engine.run import make_trace
from app.engine.spec import LayerSpec, NetworkSpec
from benchmarks.pairs import ratio


def network(*sizes: int) -> NetworkSpec:
    """Affine layers of these sizes with ReLU between them."""
    layers: list[LayerSpec] = []
    for units in sizes[1:]:
        layers += [LayerSpec("affine", units=units), LayerSpec("relu")]
    return NetworkSpec.build(sizes[0], layers[:-1], "softmax_cross_entropy")


def compare(name: str, spec: NetworkSpec, n: int) -> None:
    """Print one line."""
    generator = np.random.default_rng(0)
    x = generator.random((n, spec.input_size))
    t = np.eye(spec.output_size)[generator.integers(spec.output_size, size=n)]
    parameters = initialize(spec, Initializer(), 0)
    fused = Network(spec, parameters)
    line = ratio(lambda: make_trace(spec, parameters, x, t), lambda: fused.evaluate(x, t))
    print(f"trace / fused pass, {name:>22}: {line}")


if __name__ == "__main__":
    compare("2-4-3, 5 samples", network(2, 4, 3), 5)
    compare("784-50-10, 1 sample", network(784, 50, 10), 1)
    compare("784-50-10, 100 samples", network(784, 50, 10), 100)
    scores = NetworkSpec.build(10, [], "softmax_cross_entropy")
    three = NetworkSpec.build(3, [], "softmax_cross_entropy")
    graphs = [build_graph(spec, 1, "element", "opened") for spec in (three, scores)]
    line = ratio(lambda: draw(graphs[1], "element"), lambda: draw(graphs[0], "element"))
    print(f"drawing of figure 5-29, 10 classes / 3 : {line}")
