"""Trainings in which something goes wrong, one for every alarm, and ten that go well."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from app import datasets
from app.engine.history import History
from app.engine.initializers import Initializer, initialize
from app.engine.meter import gates
from app.engine.network import Network
from app.engine.optimizers import OptimizerConfig, make_optimizer
from app.engine.spec import LayerSpec, NetworkSpec
from app.engine.targets import as_one_hot
from app.engine.training import Training, Watch
from app.sessions.planes import points
from app.sessions.runs.health import Health, Looked, at_start, has_blown_up, health, joined
from app.sessions.runs.work.order import Order, Plan, Snapshot

Array = np.ndarray


@dataclass(frozen=True)
class Course:
    """A training that is made and looked at."""

    spec: NetworkSpec
    parameters: dict[str, Array]
    x: Array
    t: Array
    optimizer: OptimizerConfig
    steps: int
    batch: int
    seed: int

    def looked(self, parameters: dict[str, Array], state: dict[str, Array]) -> Looked:
        labels = as_one_hot(self.t, len(self.x), self.spec.output_size).argmax(axis=1)
        config = self.optimizer
        return Looked(self.spec, parameters, self.x, self.t, labels, config, state)

    def shown(self) -> list[tuple[Looked, Health]]:
        """Before the first step, after a tenth of them, and after the last."""
        network = Network(self.spec, self.parameters)
        history = History(tuple(network.parameters), gates(network))
        optimizer = make_optimizer(self.optimizer)
        training = Training(
            network, self.x, self.t, optimizer, self.batch, self.steps, self.seed,
            watch=Watch(history),
        )  # fmt: skip
        targets = as_one_hot(self.t, len(self.x), self.spec.output_size, self.spec.dtype)
        found = []
        for until in (0, self.steps // 10, self.steps):
            while training.done < until:
                training.advance()
            training.settle()
            values = {name: value.copy() for name, value in network.parameters.items()}
            looked = self.looked(values, dict(optimizer.state()) if until else {})
            evaluation = Network(self.spec, values).evaluate(self.x, targets)
            told = health(looked, evaluation, history.rows() if until else None)
            if has_blown_up(told) and until:
                plan = Plan(self.optimizer, self.batch, self.steps, self.seed)
                order = Order(self.spec, self.x, self.t, plan, Snapshot(0, self.parameters))
                told = replace(told, alarms=joined(told.alarms, at_start(order)))
            found.append((looked, told))
        return found


def network(inputs: int, hidden: list[int], classes: int, act: str) -> NetworkSpec:
    layers = [one for units in hidden for one in (LayerSpec("affine", units=units), LayerSpec(act))]
    layers.append(LayerSpec("affine", units=classes))
    return NetworkSpec.build(inputs, layers, "softmax_cross_entropy")


def course(
    data: str, hidden: list[int], act: str, initializer: str | float, seed: int,
    optimizer: OptimizerConfig = OptimizerConfig("sgd", 0.1), classes: int = 2,
    steps: int = 400, samples: int = 200,
) -> Course:  # fmt: skip
    """A training on points of a plane, or on digits."""
    start = Initializer(initializer) if isinstance(initializer, str) else Initializer(
        "normal", initializer
    )  # fmt: skip
    if data == "digits":
        spec = network(784, hidden, 10, act)
        x, t = datasets.load("mnist", "train", range(1000 * seed, 1000 * seed + 500))
    else:
        spec = network(2, hidden, classes, act)
        x, t = points(data, samples, classes, 0.1, seed)
    batch = 100 if data == "digits" else 20
    return Course(spec, initialize(spec, start, seed), x, t, optimizer, steps, batch, seed)


def sgd(rate: float) -> OptimizerConfig:
    return OptimizerConfig("sgd", rate)


def dead_relus(seed: int) -> Course:
    made = course("moons", [8], "relu", "he", seed)
    return replace(
        made, parameters=made.parameters | {"affine1.b": made.parameters["affine1.b"] - 10}
    )


def saturated(seed: int) -> Course:
    made = course("moons", [8], "sigmoid", "xavier", seed)
    return replace(
        made, parameters=made.parameters | {"affine1.W": made.parameters["affine1.W"] * 60}
    )


def rate_high(seed: int) -> Course:
    return course("moons", [8], "relu", "he", seed, sgd(100 * 0.1))


def rate_low(seed: int) -> Course:
    return course("moons", [8], "relu", "he", seed, sgd(0.1 / 1000))


def symmetric(seed: int) -> Course:
    made = course("moons", [8], "relu", "he", seed)
    return replace(made, parameters={k: 0 * v for k, v in made.parameters.items()})


def unscaled_inputs(seed: int) -> Course:
    made = course("digits", [50], "relu", "he", seed, steps=50)
    return replace(made, x=made.x * 255)


def exploding(seed: int) -> Course:
    return course("moons", [16] * 8, "relu", 1.0, seed, sgd(0.01), steps=100)


def vanishing(seed: int) -> Course:
    return course("moons", [16] * 8, "sigmoid", "xavier", seed, steps=100)


def missing_class(seed: int) -> Course:
    made = course("blobs", [8], "relu", "he", seed, classes=3)
    there = made.t != 1
    return replace(made, x=made.x[there], t=made.t[there])


def not_finite(seed: int) -> Course:
    """NaN itself is let in nowhere (tests/api/test_looks.py); what overflows is."""
    made = course("moons", [8], "relu", "he", seed)
    x = made.x.copy()
    x[17] = 1.7e308
    return replace(made, x=x)


SICK: dict[str, Callable[[int], Course]] = {
    "dead_relus": dead_relus,
    "saturated": saturated,
    "rate_high": rate_high,
    "rate_low": rate_low,
    "symmetric": symmetric,
    "unscaled_inputs": unscaled_inputs,
    "exploding": exploding,
    "vanishing": vanishing,
    "missing_class": missing_class,
    "not_finite": not_finite,
}

WELL: dict[str, Callable[[int], Course]] = {
    "the book's": lambda s: course("digits", [50], "relu", 0.01, s, steps=250),
    "digits": lambda s: course(
        "digits", [100, 50], "relu", "he", s, OptimizerConfig("momentum", 0.01), steps=100
    ),
    "xor": lambda s: course("xor", [8], "tanh", "xavier", s, sgd(0.5), steps=1000),
    "moons": lambda s: course("moons", [8], "relu", "he", s, steps=1000),
    "circles": lambda s: course("circles", [16, 16], "relu", "he", s, steps=1000),
    "spiral": lambda s: course(
        "spiral", [32, 32], "relu", "he", s, OptimizerConfig("adam", 0.01), 3, 1000
    ),
    "blobs": lambda s: course("blobs", [8], "sigmoid", "xavier", s, sgd(0.5), 4, 1000),
    "deep": lambda s: course("moons", [16] * 6, "relu", "he", s, sgd(0.05), steps=1000),
    "deep tanh": lambda s: course(
        "circles", [12] * 4, "tanh", "xavier", s, OptimizerConfig("adagrad", 0.03), steps=1000
    ),
    "one layer": lambda s: course("moons", [], "relu", "he", s, sgd(0.5), steps=1000),
}
