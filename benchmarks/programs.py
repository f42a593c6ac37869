"""A program that is trained beside a chain of layers of the same arithmetic, one BLAS thread.

    python -m benchmarks.programs

The lines are those that a chain writes of itself (`code.writing`), so both compute the same loss,
which is checked. They go in turn, some steps at a time; each line has the median time of a step of
both by the processor's clock, their ratio, and how much longer a recorded pass takes.
"""

import statistics
import time

import numpy as np

from app.engine.code.running import read_code, trace_code
from app.engine.code.training import ProgramTraining
from app.engine.code.writing import write
from app.engine.initializers import Initializer, initialize
from app.engine.network import Network
from app.engine.optimizers import OptimizerConfig, make_optimizer
from app.engine.spec import LayerSpec, NetworkSpec
from app.engine.training import Training

ROUNDS, STEPS, RECORDED = 25, 20, 10
# Inputs, hidden units, classes, rows of a mini-batch.
SIZES = ((2, 3, 3, 8), (10, 10, 10, 20), (784, 50, 10, 100))


def compared(inputs: int, hidden: int, classes: int, batch: int) -> str:
    """One line of the table."""
    layers = [
        LayerSpec("affine", units=hidden),
        LayerSpec("relu"),
        LayerSpec("affine", units=classes),
    ]
    spec = NetworkSpec.build(inputs, layers, "softmax_cross_entropy", "float64")
    parameters = initialize(spec, Initializer("he"), 1)
    generator = np.random.default_rng(2)
    x, labels = generator.random((batch, inputs)), generator.integers(0, classes, batch)
    written = write(spec, batch, targets=True)
    arrays = {"x": x, "t": np.eye(classes)[labels], **parameters}
    values = {name: arrays[tensor] for tensor, name in written.names.items()}
    program, given, _ = read_code(written.code, values)
    chain = Training(
        Network(spec, parameters), x, labels, make_optimizer(OptimizerConfig()), batch, 10**6
    )
    lines = ProgramTraining(program, given, make_optimizer(OptimizerConfig()), batch, 10**6)
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for training, found in zip((chain, lines), times, strict=True):
            began = time.thread_time()
            for _ in range(STEPS):
                training.advance()
            found.append((time.thread_time() - began) / STEPS)
    np.testing.assert_allclose(lines.stats().loss, chain.stats().loss, rtol=1e-9)
    began = time.thread_time()
    for _ in range(RECORDED):
        trace_code(program, given)
    recorded = (time.thread_time() - began) / RECORDED
    one, other = map(statistics.median, times)
    ratio = statistics.median(b / a for a, b in zip(*times, strict=True))
    return (
        f"{inputs}-{hidden}-{classes}, batch {batch:4}: chain {one * 1e3:.3f} ms, "
        f"program {other * 1e3:.3f} ms, {ratio:.2f} of it; recorded {recorded / other:.1f} of that"
    )


def main() -> None:
    """Print the table."""
    for sizes in SIZES:
        print(compared(*sizes), flush=True)


if __name__ == "__main__":
    main()
