"""Training the book's 784-50-10 network, batch 100, one BLAS thread: the engine and its bounds.

    python -m benchmarks.training

Beside the engine stand the five matrix products that a step cannot do without (the floor, with
buffers made beforehand), NumPy written by hand for this one network, as one would first write it
and with every buffer used again, and PyTorch where it is installed (eager, one thread; it is no
dependency). All but the floor gather the same rows of the same thousand, and after as many steps
have the same parameters, which is checked.

They go in turn, a few steps at a time. What is compared is the processor's time of their one
thread, so that others on the machine disturb little, and that of the same round. Each line has the
median time of a step, by that clock and by the wall's, and the engine's ratio to it: the median
over the rounds, and the quarters below and above it.
"""

import importlib.util
import os
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from app.engine.initializers import Initializer, initialize
from app.engine.network import Network
from app.engine.optimizers import OptimizerConfig, make_optimizer
from app.engine.spec import LayerSpec, NetworkSpec
from app.engine.training import Training

STEPS, ROUNDS, CHECKED = 20, 150, 30
ROWS, BATCH, RATE = 1000, 100, 0.1
LAYERS = [LayerSpec("affine", units=50), LayerSpec("relu"), LayerSpec("affine", units=10)]
# The goals: the engine's time is at most so much of the other's.
GOALS = {
    "products alone": {"float64": 1.3, "float32": 1.5},
    "NumPy, buffers": {"float64": 1.0, "float32": 1.0},
    "PyTorch, eager": {"float64": 0.55, "float32": 0.40},
}
Array = np.ndarray
Parameters = dict[str, Array]
# Makes one more step.
Contender = Iterator[Any]


def engine(spec: NetworkSpec, x: Array, t: Array, parameters: Parameters) -> Contender:
    """The engine's own steps; yields the parameters."""
    optimizer = make_optimizer(OptimizerConfig("sgd", RATE))
    network = Network(spec, parameters)
    training = Training(network, x, t, optimizer, batch_size=BATCH, steps=1_000_000)
    while True:
        training.advance()
        yield network.parameters


def floor(x: Array, parameters: Parameters) -> Contender:
    """The products alone: x W1, z W2, z^T d, d W2^T, x^T dz."""
    w1, w2 = parameters["affine1.W"], parameters["affine2.W"]
    xs = x[:BATCH].copy()
    z, s = xs @ w1, np.empty((BATCH, 10), x.dtype)
    dw1, dw2 = np.empty_like(w1), np.empty_like(w2)
    dz, out = np.empty_like(z), np.empty_like(z)
    while True:
        np.matmul(xs, w1, out=out)
        np.matmul(z, w2, out=s)
        np.matmul(z.T, s, out=dw2)
        np.matmul(s, w2.T, out=dz)
        np.matmul(xs.T, dz, out=dw1)
        yield None


def drawn() -> Iterator[Array]:
    """The rows of every step, those that the engine draws from seed 0."""
    epoch = 0
    while True:
        order = np.random.default_rng([0, epoch]).permutation(ROWS)
        for start in range(0, ROWS, BATCH):
            yield order[start : start + BATCH]
        epoch += 1


def plain(x: Array, t: Array, parameters: Parameters) -> Contender:
    """What one would first write by hand for this one network, and nothing else."""
    w1, b1, w2, b2 = given = [value.copy() for value in parameters.values()]
    for rows in drawn():
        xs, ts = x[rows], t[rows]
        a = xs @ w1 + b1
        z = np.maximum(a, 0)
        s = z @ w2 + b2
        e = np.exp(s - s.max(axis=1, keepdims=True))
        y = e / e.sum(axis=1, keepdims=True)
        d = (y - ts) / BATCH
        dz = np.where(a > 0, d @ w2.T, 0)
        w2 -= RATE * (z.T @ d)
        b2 -= RATE * d.sum(axis=0)
        w1 -= RATE * (xs.T @ dz)
        b1 -= RATE * dz.sum(axis=0)
        yield dict(zip(parameters, given, strict=True))


def buffers(x: Array, t: Array, parameters: Parameters) -> Contender:
    """The same with every array of any size made once, and in as few calls as there need be."""
    w1, b1, w2, b2 = given = [value.copy() for value in parameters.values()]
    dw1, db1, dw2, db2 = (np.empty_like(value) for value in given)
    labels, starts = t.argmax(axis=1), np.arange(0, 10 * BATCH, 10)
    xs = np.empty((BATCH, 784), x.dtype)
    z, dz = np.empty((2, BATCH, 50), x.dtype)
    s, y = np.empty((2, BATCH, 10), x.dtype)
    closed = np.empty((BATCH, 50), bool)
    column = np.empty((BATCH, 1), x.dtype)
    for rows in drawn():
        x.take(rows, axis=0, out=xs, mode="clip")
        np.matmul(xs, w1, out=z)
        z += b1
        np.maximum(z, 0, out=z)
        np.matmul(z, w2, out=s)
        s += b2
        s -= np.maximum.reduce(s, axis=1, out=column, keepdims=True)
        np.exp(s, out=y)
        y /= np.add.reduce(y, axis=1, out=column, keepdims=True)
        cells = starts + labels.take(rows)
        y.put(cells, y.take(cells) - 1)
        y /= BATCH
        np.matmul(z.T, y, out=dw2)
        np.add.reduce(y, axis=0, out=db2)
        np.matmul(y, w2.T, out=dz)
        np.equal(z, 0, out=closed)
        np.putmask(dz, closed, 0)
        np.matmul(xs.T, dz, out=dw1)
        np.add.reduce(dz, axis=0, out=db1)
        for value, slope in ((w1, dw1), (b1, db1), (w2, dw2), (b2, db2)):
            slope *= RATE
            value -= slope
        yield dict(zip(parameters, given, strict=True))


def pytorch(torch: Any, x: Array, t: Array, parameters: Parameters) -> Contender:
    """The same steps as PyTorch's own tutorial has them."""
    torch.set_num_threads(1)
    samples, labels = torch.from_numpy(x), torch.from_numpy(t.argmax(axis=1))
    dtype = samples.dtype
    model = torch.nn.Sequential(
        torch.nn.Linear(784, 50, dtype=dtype),
        torch.nn.ReLU(),
        torch.nn.Linear(50, 10, dtype=dtype),
    )
    weights = {
        f"{name}.{short}": getattr(model[place], long)
        for name, place in (("affine1", 0), ("affine2", 2))
        for short, long in (("W", "weight"), ("b", "bias"))
    }
    with torch.no_grad():
        for name, weight in weights.items():
            weight.copy_(torch.from_numpy(parameters[name].T))
    loss_of = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    # Lazily, as a view: it costs a step nothing.
    found = {name: weight.detach().numpy().T for name, weight in weights.items()}
    for drawn_rows in drawn():
        rows = torch.from_numpy(drawn_rows)
        optimizer.zero_grad()
        loss_of(model(samples[rows]), labels[rows]).backward()
        optimizer.step()
        yield found


def contenders(dtype: str) -> dict[str, Callable[[], Contender]]:
    """All of them, the engine first, each to be begun."""
    generator = np.random.default_rng(0)
    spec = NetworkSpec.build(784, LAYERS, "softmax_cross_entropy", dtype)
    x = generator.random((ROWS, 784)).astype(dtype)
    t = np.eye(10, dtype=dtype)[generator.integers(10, size=ROWS)]
    parameters = initialize(spec, Initializer(), 0)
    found: dict[str, Callable[[], Contender]] = {
        "engine": lambda: engine(spec, x, t, parameters),
        "products alone": lambda: floor(x, parameters),
        "NumPy, buffers": lambda: buffers(x, t, parameters),
        "NumPy, plain": lambda: plain(x, t, parameters),
    }
    if importlib.util.find_spec("torch") is not None:
        torch = importlib.import_module("torch")
        found["PyTorch, eager"] = lambda: pytorch(torch, x, t, parameters)
    return found


def check(begun: dict[str, Contender], dtype: str) -> None:
    """That all make the same steps."""
    after = {}
    for name, contender in begun.items():
        for _ in range(CHECKED):
            made = next(contender)
        if made is not None:
            after[name] = made
    for name, made in after.items():
        for parameter, value in after["engine"].items():
            error = abs(made[parameter] - value).max()
            if not error <= np.finfo(dtype).eps * 1e3:
                raise AssertionError(f"{name} has another {parameter}, by {error}")


def quarters(values: list[float]) -> str:
    """The median and the quarters below and above it."""
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:5.2f}  ({low:.2f} to {high:.2f})"


def measure(dtype: str) -> None:
    """All contenders in one dtype, in turn."""
    begun = {name: begin() for name, begin in contenders(dtype).items()}
    check(begun, dtype)
    used: dict[str, list[float]] = {name: [] for name in begun}
    passed: dict[str, list[float]] = {name: [] for name in begun}
    order = list(begun.items())
    for _ in range(ROUNDS):
        # Who comes first finds the rows in no cache.
        order.append(order.pop(0))
        for name, contender in order:
            wall, own = time.perf_counter(), time.thread_time()
            for _ in range(STEPS):
                next(contender)
            used[name].append((time.thread_time() - own) / STEPS)
            passed[name].append((time.perf_counter() - wall) / STEPS)
    for name, found in used.items():
        ratios = [a / b for a, b in zip(used["engine"], found, strict=True)]
        goal = GOALS.get(name, {}).get(dtype)
        print(
            f"{dtype}  {name:>14}: {statistics.median(found) * 1e3:6.3f} ms of a core, "
            f"{statistics.median(passed[name]) * 1e3:6.3f} ms by the wall, a step;"
            f"  engine / it {quarters(ratios)}" + (f"  goal {goal:.2f}" if goal else ""),
            flush=True,
        )


def main() -> None:
    """Both dtypes."""
    blas = np.show_config("dicts")["Build Dependencies"]["blas"]
    print(f"load {os.getloadavg()[0]:.1f}; {blas['name']} {blas['version']}; {ROUNDS} x {STEPS}")
    if importlib.util.find_spec("torch") is None:
        print("PyTorch is not installed, so it is not among them")
    for dtype in ("float64", "float32"):
        measure(dtype)
    print(f"load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
