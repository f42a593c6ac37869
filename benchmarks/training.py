"""Training the book's 784-50-10 network, batch 100, one BLAS thread: the engine and its bounds.

    python -m benchmarks.training

Beside the engine stand the five matrix products that a step cannot do without (the floor, with
buffers made beforehand), a bare NumPy loop written for this one network, and PyTorch where it is
installed (eager, one thread; it is no dependency). All gather their rows from the same thousand,
but for the floor, and go in turn; each line has the median time of a step, and the ratio to the
engine's with its least and most over the rounds.
"""

import importlib.util
import os
import statistics
from collections.abc import Callable
from typing import Any

import numpy as np

from app.engine.initializers import Initializer, initialize
from app.engine.network import Network
from app.engine.optimizers import OptimizerConfig, make_optimizer
from app.engine.spec import LayerSpec, NetworkSpec
from app.engine.training import Training
from benchmarks.pairs import seconds

STEPS, ROUNDS = 100, 11
ROWS, BATCH, RATE = 1000, 100, 0.1
LAYERS = [LayerSpec("affine", units=50), LayerSpec("relu"), LayerSpec("affine", units=10)]
Array = np.ndarray
Parameters = dict[str, Array]
# What makes STEPS steps from the start.
Contender = Callable[[], object]


def floor(x: Array, parameters: Parameters) -> Contender:
    """The products alone: x W1, z W2, z^T d, d W2^T, x^T dz."""
    w1, w2 = parameters["affine1.W"], parameters["affine2.W"]
    xs = x[:BATCH].copy()
    z, s = xs @ w1, np.empty((BATCH, 10), x.dtype)
    dw1, dw2 = np.empty_like(w1), np.empty_like(w2)
    dz, out = np.empty_like(z), np.empty_like(z)

    def run() -> None:
        for _ in range(STEPS):
            np.matmul(xs, w1, out=out)
            np.matmul(z, w2, out=s)
            np.matmul(z.T, s, out=dw2)
            np.matmul(s, w2.T, out=dz)
            np.matmul(xs.T, dz, out=dw1)

    return run


def bare(x: Array, t: Array, parameters: Parameters) -> Contender:
    """What one would write by hand for this one network, and nothing else."""

    def run() -> None:
        w1, b1, w2, b2 = (value.copy() for value in parameters.values())
        generator = np.random.default_rng(0)
        for step in range(STEPS):
            if step % (ROWS // BATCH) == 0:
                order = generator.permutation(ROWS)
            rows = order[step % (ROWS // BATCH) * BATCH :][:BATCH]
            xs, ts = x[rows], t[rows]
            a = xs @ w1 + b1
            z = np.maximum(a, 0)
            s = z @ w2 + b2
            e = np.exp(s - s.max(axis=1, keepdims=True))
            y = e / e.sum(axis=1, keepdims=True)
            d = (y - ts) / len(xs)
            dz = np.where(a > 0, d @ w2.T, 0)
            w2 -= RATE * (z.T @ d)
            b2 -= RATE * d.sum(axis=0)
            w1 -= RATE * (xs.T @ dz)
            b1 -= RATE * dz.sum(axis=0)

    return run


def engine(spec: NetworkSpec, x: Array, t: Array, parameters: Parameters) -> Contender:
    """The same steps by the engine."""

    def run() -> None:
        optimizer = make_optimizer(OptimizerConfig("sgd", RATE))
        network = Network(spec, parameters)
        training = Training(network, x, t, optimizer, batch_size=BATCH, steps=STEPS)
        for _ in range(STEPS):
            training.advance()

    return run


def pytorch(torch: Any, x: Array, t: Array, parameters: Parameters) -> Contender:
    """The same steps as PyTorch's own tutorial has them."""
    torch.set_num_threads(1)
    samples, labels = torch.from_numpy(x), torch.from_numpy(t.argmax(axis=1))

    def run() -> None:
        dtype = samples.dtype
        model = torch.nn.Sequential(
            torch.nn.Linear(784, 50, dtype=dtype),
            torch.nn.ReLU(),
            torch.nn.Linear(50, 10, dtype=dtype),
        )
        with torch.no_grad():
            for linear, name in ((model[0], "affine1"), (model[2], "affine2")):
                linear.weight.copy_(torch.from_numpy(parameters[f"{name}.W"].T))
                linear.bias.copy_(torch.from_numpy(parameters[f"{name}.b"]))
        loss_of = torch.nn.CrossEntropyLoss()
        optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
        for step in range(STEPS):
            if step % (ROWS // BATCH) == 0:
                order = torch.randperm(ROWS)
            rows = order[step % (ROWS // BATCH) * BATCH :][:BATCH]
            optimizer.zero_grad()
            loss_of(model(samples[rows]), labels[rows]).backward()
            optimizer.step()

    return run


def contenders(dtype: str) -> dict[str, Contender]:
    """All of them, the engine first."""
    generator = np.random.default_rng(0)
    spec = NetworkSpec.build(784, LAYERS, "softmax_cross_entropy", dtype)
    x = generator.random((ROWS, 784)).astype(dtype)
    t = np.eye(10, dtype=dtype)[generator.integers(10, size=ROWS)]
    parameters = initialize(spec, Initializer(), 0)
    found = {
        "engine": engine(spec, x, t, parameters),
        "products alone": floor(x, parameters),
        "bare NumPy": bare(x, t, parameters),
    }
    if importlib.util.find_spec("torch") is not None:
        found["PyTorch, eager"] = pytorch(importlib.import_module("torch"), x, t, parameters)
    return found


def main() -> None:
    """Both dtypes."""
    blas = np.show_config("dicts")["Build Dependencies"]["blas"]
    print(f"load {os.getloadavg()[0]:.1f}; {blas['name']} {blas['version']}; {ROUNDS} x {STEPS}")
    for dtype in ("float64", "float32"):
        runs = contenders(dtype)
        for run in runs.values():
            run()
        times: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(ROUNDS):
            for name, run in runs.items():
                times[name].append(seconds(run) / STEPS)
        for name, found in times.items():
            ratios = [a / b for a, b in zip(times["engine"], found, strict=True)]
            print(
                f"{dtype}  {name:>16}: {statistics.median(found) * 1e3:7.3f} ms a step"
                f"  engine / it {statistics.median(ratios):5.2f}"
                f"  ({min(ratios):.2f} to {max(ratios):.2f})",
                flush=True,
            )


if __name__ == "__main__":
    main()
