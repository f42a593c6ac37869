"""A pass as a trace against the same pass through the fused layers, and drawings, warm and cold.

    python -m benchmarks.trace [CHECKOUT ...]

A drawing is cold the first time after a start, when its formulas have to be set: that is timed in
fresh processes, of this checkout and of the others given, in turn, as CPU time, which other work on
the machine touches least. The control is the same drawing once more in the same process, its
formulas known, its cache emptied.
"""

import os
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np

from app.drawing.figure import graph_json
from app.drawing.layout import once
from app.engine.build import build_graph
from app.engine.graph import OpGraph
from app.engine.initializers import Initializer, initialize
from app.engine.network import Network
from app.engine.run import make_trace
from app.engine.spec import LayerSpec, NetworkSpec
from benchmarks.pairs import line, ratio
from benchmarks.served import HERE

COLD_ROUNDS = 5
# Affine layers with a ReLU between them, and the loss closed; or the opened loss of figure 5-29.
COLD = {
    "figure 5-29 opened": (0, "opened"),
    "two-layer opened": (2, "opened"),
    "7 layers": (4, "closed"),
    "15 layers": (8, "closed"),
    "31 layers": (16, "closed"),
}
# Runs in a checkout of any age, so it has nothing of this module.
SCRIPT = """
import sys, time
import app
from app.drawing.figure import graph_json
from app.drawing.layout import once
from app.engine.build import build_graph
from app.engine.spec import LayerSpec, NetworkSpec

pairs, loss = int(sys.argv[1]), sys.argv[2]
layers = []
for _ in range(pairs):
    layers += [LayerSpec("affine", units=4), LayerSpec("relu")]
spec = NetworkSpec.build(4 if pairs else 3, layers[:-1], "softmax_cross_entropy")
level, samples = ("op", 3) if loss == "closed" else ("element", 1)
graph = build_graph(spec, samples, level, loss)
for _ in range(2):
    graph_json._cache.clear()
    once._placed.cache_clear()
    start = time.process_time()
    graph_json.draw(graph, level)
    print(time.process_time() - start)
"""


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
    found = ratio(lambda: make_trace(spec, parameters, x, t), lambda: fused.evaluate(x, t))
    print(f"trace / fused pass, {name:>22}: {found}", flush=True)


def drawn(graph: OpGraph, level: str) -> None:
    """Draw, whatever has been drawn before; formulas that were set stay so."""
    graph_json._cache.clear()
    once._placed.cache_clear()
    graph_json.draw(graph, level)


def cold(folder: Path, pairs: int, loss: str) -> tuple[float, float]:
    """CPU seconds of the first drawing in a process, and of the second."""
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(pairs), loss],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    first, second = map(float, run.stdout.split())
    return first, second


def main(others: list[Path]) -> None:
    """All lines."""
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    compare("2-4-3, 5 samples", network(2, 4, 3), 5)
    compare("784-50-10, 1 sample", network(784, 50, 10), 1)
    compare("784-50-10, 100 samples", network(784, 50, 10), 100)
    specs = [NetworkSpec.build(size, [], "softmax_cross_entropy") for size in (10, 3)]
    ten, three = (build_graph(spec, 1, "element", "opened") for spec in specs)
    found = ratio(lambda: drawn(ten, "element"), lambda: drawn(three, "element"))
    print(f"drawing of figure 5-29, 10 classes / 3, formulas known: {found}")
    for name, (pairs, loss) in COLD.items():
        rounds: dict[str, list[tuple[float, float]]] = {}
        for _ in range(COLD_ROUNDS):
            for folder in [HERE, *others]:
                where = "this" if folder == HERE else folder.name
                rounds.setdefault(where, []).append(cold(folder, pairs, loss))
        for where, times in rounds.items():
            print(f"first drawing / known, {name:>18}, {where:>8}: {line(times)}", flush=True)
        for where, times in list(rounds.items())[1:]:
            gains = [a[0] / b[0] for a, b in zip(times, rounds["this"], strict=True)]
            print(f"{'':>22}  {name:>18}: {where} / this {statistics.median(gains):.1f}")


if __name__ == "__main__":
    main([Path(argument).resolve() for argument in sys.argv[1:]])
