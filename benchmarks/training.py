"""Training the book's 784-50-10 network, batch 100: the engine against a bare NumPy loop."""

import numpy as np

from app.engine.initializers import Initializer, initialize
from app.engine.network import Network
from app.engine.optimizers import OptimizerConfig, make_optimizer
from app.engine.spec import LayerSpec, NetworkSpec
from app.engine.training import Training
from benchmarks.pairs import ratio

STEPS = 200
LAYERS = [LayerSpec("affine", units=50), LayerSpec("relu"), LayerSpec("affine", units=10)]
SPEC = NetworkSpec.build(784, LAYERS, "softmax_cross_entropy")


def bare(x: np.ndarray, t: np.ndarray, parameters: dict[str, np.ndarray]) -> None:
    """What one would write by hand for this one network, and nothing else."""
    w1, b1, w2, b2 = (value.copy() for value in parameters.values())
    generator = np.random.default_rng(0)
    for step in range(STEPS):
        if step % 10 == 0:
            order = generator.permutation(len(x))
        rows = order[step % 10 * 100 :][:100]
        xs, ts = x[rows], t[rows]
        a = xs @ w1 + b1
        z = np.maximum(a, 0)
        s = z @ w2 + b2
        e = np.exp(s - s.max(axis=1, keepdims=True))
        y = e / e.sum(axis=1, keepdims=True)
        d = (y - ts) / len(xs)
        dz = np.where(a > 0, d @ w2.T, 0)
        w2 -= 0.1 * (z.T @ d)
        b2 -= 0.1 * d.sum(axis=0)
        w1 -= 0.1 * (xs.T @ dz)
        b1 -= 0.1 * dz.sum(axis=0)


def ours(x: np.ndarray, t: np.ndarray, parameters: dict[str, np.ndarray]) -> None:
    """The same steps by the engine."""
    optimizer = make_optimizer(OptimizerConfig("sgd", 0.1))
    training = Training(Network(SPEC, parameters), x, t, optimizer, batch_size=100, steps=STEPS)
    for _ in range(STEPS):
        training.advance()


if __name__ == "__main__":
    generator = np.random.default_rng(0)
    x = generator.random((1000, 784))
    t = np.eye(10)[generator.integers(10, size=1000)]
    parameters = initialize(SPEC, Initializer(), 0)
    print(f"{STEPS} steps of 784-50-10, batch 100: the engine against bare NumPy")
    print(ratio(lambda: ours(x, t, parameters), lambda: bare(x, t, parameters)))
