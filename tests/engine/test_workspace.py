"""A training that writes into memory of its own: the bits of new arrays, and nobody else's touched.

What somebody else holds is written down when he gets it, and must read the same ever after.
"""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.history import History
from app.engine.initializers import Initializer, initialize
from app.engine.meter import gates
from app.engine.network import Network
from app.engine.optimizers import OPTIMIZERS, OptimizerConfig, make_optimizer
from app.engine.spec import LayerSpec, NetworkSpec
from app.engine.training import Training, Watch
from tests.engine.networks import ACTIVATIONS, Case

Array = np.ndarray


class Held:
    """Arrays that somebody has been given, and what they were then."""

    def __init__(self) -> None:
        self._kept: list[tuple[str, Array, bytes]] = []

    def hold(self, name: str, value: Any) -> None:
        """All arrays in a value, however deep in it."""
        if isinstance(value, np.ndarray):
            self._kept.append((name, value, value.tobytes()))
        elif isinstance(value, dict):
            for key, one in value.items():
                self.hold(f"{name}/{key}", one)
        elif isinstance(value, list | tuple):
            for key, one in enumerate(value):
                self.hold(f"{name}/{key}", one)
        elif hasattr(value, "__dataclass_fields__"):
            self.hold(name, vars(value))

    def check(self) -> None:
        """None of them has changed."""
        for name, array, was in self._kept:
            assert array.tobytes() == was, f"{name} was written over"


class Follower:
    """A training, and the same steps with new arrays only."""

    def __init__(self, case: Case, held: Held, batches: list[list[int]], name: str) -> None:
        self.case, self.held, self.batches = case, held, batches
        held.hold("given", [case.parameters, case.x, case.t])
        config = OptimizerConfig(name, 0.3)
        network = Network(case.spec, case.parameters)
        history = History(tuple(network.parameters), gates(network))
        self.training = Training(
            network,
            case.x,
            case.t,
            make_optimizer(config),
            batches=batches,
            steps=len(batches),
            watch=Watch(history, (case.x, case.t.argmax(axis=1)), 3),
        )
        self.optimizer = make_optimizer(config)
        self.parameters = case.parameters
        self.losses: list[float] = []

    def step(self) -> None:
        """One step of both, which must come to the same."""
        rows = self.batches[self.training.done]
        x, t = self.case.x[rows], self.case.t[rows]
        fresh = Network(self.case.spec, self.parameters)
        gradients = fresh.gradients(x, t)
        norms = {name: float(np.linalg.norm(value)) for name, value in gradients.items()}
        self.held.hold("gradients", gradients)
        self.parameters = self.optimizer.update(self.parameters, gradients)
        self.held.hold("updated", self.parameters)
        stats = self.training.step()
        self.losses.append(stats.loss)
        assert (stats.loss, stats.accuracy) == (fresh.loss(x, t), fresh.accuracy(x, t))
        assert stats.gradient_norms == norms
        for name, value in self.parameters.items():
            assert self.training.network.parameters[name].tobytes() == value.tobytes(), name

    def look(self) -> None:
        """Take all that a training gives to who looks at it, between two steps."""
        training, case = self.training, self.case
        history = training.watch.history
        assert history is not None
        training.settle()
        noted = history.rows().loss
        assert noted.tobytes() == np.array(self.losses, dtype=np.float32).tobytes()
        self.held.hold("history", [history.arrays(), history.rows()])
        self.held.hold("state", training.optimizer.state())
        network = training.network
        self.held.hold("gradients", network.gradients(case.x, case.t))
        self.held.hold("scores", network.forward(case.x))
        # The parameters in it are the network's own.
        seen = network.evaluate(case.x, case.t)
        self.held.hold("loss", [seen.probabilities, seen.predictions, seen.grad_input])
        self.held.hold("slopes", seen.parameter_gradients)
        self.held.hold("layers", [[layer.output, layer.grad_output] for layer in seen.layers])
        restored = make_optimizer(training.optimizer.config)
        restored.restore(training.optimizer.state())
        self.held.hold("changes", restored.changes(seen.parameter_gradients))
        self.held.hold("more", restored.changes(seen.parameter_gradients))


@st.composite
def rows_of_layers(draw: st.DrawFn) -> Case:
    """Layers in any order: two activations one after the other, one first, one last."""
    layers = [LayerSpec("affine", units=draw(st.integers(1, 5)))]
    for kind in draw(st.lists(st.sampled_from(["affine", *ACTIVATIONS]), max_size=5)):
        layer = LayerSpec(kind, units=draw(st.integers(1, 5)) if kind == "affine" else None)
        layers.insert(draw(st.integers(0, len(layers))), layer)
    width, n = draw(st.integers(1, 5)), draw(st.integers(1, 7))
    dtype = draw(st.sampled_from(["float64", "float32"]))
    spec = NetworkSpec.build(width, layers, "softmax_cross_entropy", dtype)
    seed = draw(st.integers(0, 2**31))
    generator = np.random.default_rng(seed)
    x = generator.standard_normal((n, width)).astype(dtype)
    t = np.eye(spec.output_size, dtype=dtype)[generator.integers(spec.output_size, size=n)]
    return Case(spec, initialize(spec, Initializer("xavier"), seed), x, t)


@settings(max_examples=80)
@given(st.lists(rows_of_layers(), min_size=1, max_size=2), st.sampled_from(OPTIMIZERS), st.data())
def test_a_training_has_the_bits_of_new_arrays_and_writes_over_nothing_of_others(
    some: list[Case], name: str, data: st.DataObject
) -> None:
    held = Held()
    followers = []
    for case in some:
        # Of all lengths, so that memory is too small for some and too large for others.
        batch = st.lists(st.integers(0, len(case.x) - 1), min_size=1, max_size=9)
        batches = data.draw(st.lists(batch, min_size=1, max_size=6))
        followers.append(Follower(case, held, batches, name))
    # Two in one process take turns, as they do in a worker.
    while going := [follower for follower in followers if not follower.training.finished]:
        follower = data.draw(st.sampled_from(going))
        follower.step()
        if data.draw(st.booleans()):
            follower.look()
        held.check()
