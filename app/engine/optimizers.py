"""Optimisers: from gradients to new parameters (section 6.1 of the book; 5.7.1 for plain SGD).

sgd        p -= lr g
momentum   v = m v - lr g;  p += v                                       (section 6.1.4)
adagrad    h += g^2;  p -= lr g / (sqrt(h) + eps)                        (Duchi et al. 2011)
adam       bias-corrected moments;  p -= lr m' / (sqrt(v') + eps)        (Kingma and Ba 2015)
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.engine.errors import EngineError

Array = np.ndarray
Arrays = Mapping[str, Array]

# Where no epsilon is given: the book's for AdaGrad, the paper's for Adam.
DEFAULT_EPSILON = {"adagrad": 1e-7, "adam": 1e-8}
OPTIMIZERS = ("sgd", "momentum", "adagrad", "adam")


@dataclass(frozen=True)
class OptimizerConfig:
    """Which optimiser and its settings; those that its type does not use stay at their defaults.

    Raises:
        EngineError: an unknown type, or a setting out of its range.
    """

    type: str = "sgd"
    learning_rate: float = 0.1
    momentum: float = 0.9
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float | None = None

    def __post_init__(self) -> None:
        if self.type not in OPTIMIZERS:
            raise EngineError(
                f"optimizer is one of {', '.join(OPTIMIZERS)}", "optimizer/type", "type"
            )
        if not (math.isfinite(self.learning_rate) and self.learning_rate > 0):
            raise EngineError(
                "learning_rate is a finite number above 0", "optimizer/learning_rate", "range"
            )
        for name in ("momentum", "beta1", "beta2"):
            if not 0 <= getattr(self, name) < 1:
                raise EngineError(
                    f"{name} is a number from 0 to below 1", f"optimizer/{name}", "range"
                )
        if self.epsilon is not None and not (math.isfinite(self.epsilon) and self.epsilon > 0):
            raise EngineError("epsilon is a finite number above 0", "optimizer/epsilon", "range")

    @property
    def used_epsilon(self) -> float:
        """The epsilon in force."""
        return self.epsilon if self.epsilon is not None else DEFAULT_EPSILON.get(self.type, 0.0)


class Optimizer:
    """What all optimisers share: new arrays out, nothing given is written into.

    ``slots`` are the arrays an optimiser gathers for each parameter, such as a velocity.
    """

    slots: tuple[str, ...] = ()

    def __init__(self, config: OptimizerConfig) -> None:
        self.config = config
        self.steps = 0
        self.gathered: dict[str, dict[str, Array]] = {slot: {} for slot in self.slots}

    def update(self, parameters: Arrays, gradients: Arrays) -> dict[str, Array]:
        """The parameters after one step, each in its own dtype."""
        self.steps += 1
        new = {}
        for name, parameter in parameters.items():
            change = self.change(name, gradients[name])
            new[name] = np.asarray(parameter + change, dtype=parameter.dtype)
        return new

    def change(self, name: str, gradient: Array) -> Array:
        """What is added to the parameter ``name``, from its gradient of the same shape."""
        raise NotImplementedError

    def last(self, slot: str, name: str, like: Array) -> Array:
        """What was gathered for a parameter; zeros before its first step."""
        found = self.gathered[slot].get(name)
        return np.zeros_like(like) if found is None else found

    def state(self) -> dict[str, Array]:
        """All that was gathered, as arrays by name, for `restore`."""
        arrays = {
            f"{slot}/{name}": array.copy()
            for slot, found in self.gathered.items()
            for name, array in found.items()
        }
        return arrays | {"steps": np.array(self.steps)}

    def restore(self, state: Arrays) -> None:
        """Go on from what `state` gave."""
        self.steps = int(state["steps"])
        for key, array in state.items():
            slot, _, name = key.partition("/")
            if slot in self.gathered and name:
                self.gathered[slot][name] = array.copy()


class Sgd(Optimizer):
    """A step against the gradient, as long as the learning rate says."""

    def change(self, name: str, gradient: Array) -> Array:
        """-lr g."""
        return np.asarray(-self.config.learning_rate * gradient)


class Momentum(Optimizer):
    """A velocity that the gradient accelerates."""

    slots = ("velocity",)

    def change(self, name: str, gradient: Array) -> Array:
        """The new velocity, m v - lr g."""
        config = self.config
        velocity = self.last("velocity", name, gradient)
        velocity = config.momentum * velocity - config.learning_rate * gradient
        self.gathered["velocity"][name] = velocity
        return np.asarray(velocity)


class AdaGrad(Optimizer):
    """Steps that grow shorter where gradients have been large."""

    slots = ("squares",)

    def change(self, name: str, gradient: Array) -> Array:
        """-lr g / (sqrt(h) + epsilon), with h the sum of all squared gradients."""
        config = self.config
        squares = self.last("squares", name, gradient) + gradient * gradient
        self.gathered["squares"][name] = squares
        return np.asarray(
            -config.learning_rate * gradient / (np.sqrt(squares) + config.used_epsilon)
        )


class Adam(Optimizer):
    """Running means of the gradient and its square, freed of their bias towards 0."""

    slots = ("mean", "square")

    def change(self, name: str, gradient: Array) -> Array:
        """-lr m' / (sqrt(v') + epsilon)."""
        config = self.config
        mean = self.last("mean", name, gradient)
        square = self.last("square", name, gradient)
        mean = config.beta1 * mean + (1 - config.beta1) * gradient
        square = config.beta2 * square + (1 - config.beta2) * gradient * gradient
        self.gathered["mean"][name], self.gathered["square"][name] = mean, square
        unbiased_mean = mean / (1 - config.beta1**self.steps)
        unbiased_square = square / (1 - config.beta2**self.steps)
        return np.asarray(
            -config.learning_rate * unbiased_mean / (np.sqrt(unbiased_square) + config.used_epsilon)
        )


_TYPES: dict[str, type[Optimizer]] = {
    "sgd": Sgd,
    "momentum": Momentum,
    "adagrad": AdaGrad,
    "adam": Adam,
}


def make_optimizer(config: OptimizerConfig) -> Optimizer:
    """A fresh optimiser that has gathered nothing."""
    return _TYPES[config.type](config)
