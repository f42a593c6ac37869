"""Optimisers: from gradients to new parameters (section 6.1).

sgd        p -= lr g                                                     (section 6.1.2)
momentum   v = m v - lr g;  p += v                                       (section 6.1.4)
adagrad    h += g g;  p -= lr g / (sqrt(h) + eps)                        (Duchi et al., 2011)
adam       bias-corrected moments;  p -= lr m' / (sqrt(v') + eps)        (Kingma and Ba, 2015)
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from app.engine.bounds import Bounds
from app.engine.errors import EngineError
from app.engine.packed import Packed

Array = np.ndarray

OPTIMIZERS = ("sgd", "momentum", "adagrad", "adam")
MAX_LEARNING_RATE = 1e6

# What each type has, beside its name.
SETTINGS: dict[str, tuple[str, ...]] = {
    "sgd": ("type", "learning_rate"),
    "momentum": ("type", "learning_rate", "momentum"),
    "adagrad": ("type", "learning_rate", "epsilon"),
    "adam": ("type", "learning_rate", "beta1", "beta2", "epsilon"),
}
# AdaGrad's only keeps a parameter without a gradient from dividing by 0; Adam's is its paper's.
DEFAULT_EPSILON = {"adagrad": 1e-10, "adam": 1e-8}

_NUMBERS = (int, float, np.integer, np.floating)

_DECAY = Bounds(minimum=0, below=1)
BOUNDS: dict[str, Bounds] = {
    "learning_rate": Bounds(above=0, maximum=MAX_LEARNING_RATE),
    "momentum": _DECAY,
    "beta1": _DECAY,
    "beta2": _DECAY,
    "epsilon": Bounds(above=0, maximum=1),
}


@dataclass(frozen=True)
class OptimizerConfig:
    """Which optimiser and its settings; those that its type does not use stay at their defaults.

    Attributes:
        type: One of `OPTIMIZERS`.
        learning_rate: Above 0, at most 1e6.
        momentum: The share of the velocity that is kept, from 0 to below 1.
        beta1: Decay of Adam's mean, from 0 to below 1.
        beta2: Decay of Adam's mean square, from 0 to below 1.
        epsilon: Added to the root, above 0, at most 1; None becomes the type's own, and stays
            None for a type that has none.

    Raises:
        EngineError: names the field, such as ``optimizer/learning_rate``.
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
                f"type is one of {', '.join(OPTIMIZERS)}",
                "optimizer/type",
                "type",
                {"enum": OPTIMIZERS},
            )
        if self.epsilon is None:
            object.__setattr__(self, "epsilon", DEFAULT_EPSILON.get(self.type))
        for name, bounds in BOUNDS.items():
            value = getattr(self, name)
            if value is None and name == "epsilon":
                continue
            if isinstance(value, bool) or not isinstance(value, _NUMBERS):
                raise EngineError(f"{name} is a number", f"optimizer/{name}", "type")
            # A whole number too large for a float is out of every range, too.
            if not bounds.holds(value):  # type: ignore[arg-type]
                raise EngineError(
                    f"{name} is {bounds.words}", f"optimizer/{name}", "range", bounds.schema
                )
            # A NumPy float64 here would turn float32 parameters into float64.
            object.__setattr__(self, name, float(value))

    def settings(self) -> dict[str, Any]:
        """The type, the learning rate and what else this type has, by name."""
        return {name: getattr(self, name) for name in SETTINGS[self.type]}


class Optimizer(ABC):
    """What all optimisers share: a parameter's change, from its gradient and what was gathered.

    ``slots`` name the arrays that an optimiser gathers for each parameter, such as a velocity;
    ``rooms`` says how many more it needs to reckon in.
    """

    slots: ClassVar[tuple[str, ...]] = ()
    rooms: ClassVar[int] = 1

    def __init__(self, config: OptimizerConfig) -> None:
        self.config = config
        # The step's own rate, where a schedule makes it another than the settings'.
        self.rate = config.learning_rate
        self.steps = 0
        # By parameter, an array for each slot.
        self._gathered: dict[str, tuple[Array, ...]] = {}
        # For `step`, of all parameters together: the same arrays, and memory to reckon in.
        self._whole: tuple[tuple[Array, ...], tuple[Array, ...]] | None = None
        self._lent = np.zeros(0)
        # Where no epsilon is used, 0 is as good as any.
        self._epsilon = config.epsilon or 0.0

    # An overflow is part of the answer: it shows as Infinity or NaN, not as a warning in a log.
    @np.errstate(all="ignore")
    def changes(self, grads: Mapping[str, Array]) -> dict[str, Array]:
        """What one step adds to each parameter, new arrays of the gradients' shapes and dtypes.

        Args:
            grads: dL/d(parameter) by name.
        """
        self.steps += 1
        changes = {}
        for name, grad in grads.items():
            gathered = self._gathered_of(name, grad)
            change = self._change(grad, self._room(grad), gathered)
            # What is gathered is written into by the next step.
            changes[name] = change.copy() if any(change is one for one in gathered) else change
        return changes

    @np.errstate(all="ignore")
    def update(self, params: Mapping[str, Array], grads: Mapping[str, Array]) -> dict[str, Array]:
        """The parameters after one step, each a new array of its own shape and dtype.

        Args:
            params: Parameters by name.
            grads: dL/d(parameter) by the same names and of the same shapes.
        """
        changes = self.changes({name: grads[name] for name in params})
        return added(params, changes)

    def step(self, params: Packed, grads: Packed) -> None:
        """One step in place: the same as `update`, without an array that is not there already.

        Args:
            params: Parameters by name, which are written into; the same at each step.
            grads: dL/d(parameter) by the same names and of the same shapes.
        """
        self.steps += 1
        gathered, memory = self._whole or self._pack(params)
        whole = params.whole
        whole += self._change(grads.whole, memory, gathered)

    def lend(self, memory: Array) -> None:
        """Let `step` reckon in memory ``(n,)`` that holds nothing of worth by then.

        A step waits for memory more than for anything else, so the less of it there is, the better.
        """
        self._lent = memory
        self._whole = None

    def _pack(self, params: Packed) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
        """See ``_whole``: from now on what was gathered for a parameter is a part of that."""
        packed = tuple(Packed.like(params) for _ in self.slots)
        for name, gathered in self._gathered.items():
            for slot, array in zip(packed, gathered, strict=True):
                slot[name][...] = array
        self._gathered = {name: tuple(slot[name] for slot in packed) for name in params}
        self._whole = tuple(slot.whole for slot in packed), self._room(params.whole, self._lent)
        return self._whole

    def _gathered_of(self, name: str, like: Array) -> tuple[Array, ...]:
        gathered = self._gathered.get(name)
        if gathered is None:
            gathered = self._gathered[name] = tuple(np.zeros_like(like) for _ in self.slots)
        return gathered

    def _room(self, like: Array, lent: Array | None = None) -> tuple[Array, ...]:
        rooms = []
        for _ in range(self.rooms):
            if lent is not None and lent.dtype == like.dtype and lent.size >= like.size:
                room, lent = lent[: like.size].reshape(like.shape), lent[like.size :]
            else:
                room = np.empty_like(like)
            rooms.append(room)
        return tuple(rooms)

    def state(self) -> dict[str, Array]:
        """All that was gathered, as copies by name, for `restore`; nothing where nothing is."""
        state = {
            f"{slot}/{name}": gathered[k].copy()
            for k, slot in enumerate(self.slots)
            for name, gathered in self._gathered.items()
        }
        return state | {"steps": np.array(self.steps, dtype=np.int64)} if state else {}

    def restore(self, state: Mapping[str, Array]) -> None:
        """Go on from what `state` gave, bit for bit.

        Raises:
            EngineError: the state is another type's.
        """
        found: dict[str, dict[str, Array]] = {}
        for key, array in state.items():
            slot, _, name = key.partition("/")
            if slot in self.slots:
                found.setdefault(name, {})[slot] = np.array(array)
            elif key != "steps":
                raise EngineError(
                    "the state belongs to another type of optimizer", "optimizer/type", "value"
                )
        self._gathered = {
            name: tuple(slots[slot] for slot in self.slots) for name, slots in found.items()
        }
        self.steps = int(state.get("steps", np.array(0)))
        self._whole = None

    @abstractmethod
    def _change(self, g: Array, memory: tuple[Array, ...], gathered: tuple[Array, ...]) -> Array:
        """The change, in one of ``memory`` or of ``gathered``; g is not written into.

        Args:
            g: dL/d(parameter).
            memory: As many arrays as there are ``rooms``, like g.
            gathered: One for each of ``slots``, to be brought up to this step.
        """


class Sgd(Optimizer):
    """A step against the gradient, as long as the learning rate says."""

    def _change(self, g: Array, memory: tuple[Array, ...], gathered: tuple[Array, ...]) -> Array:
        return np.asarray(np.multiply(g, -self.rate, out=memory[0]))


class Momentum(Optimizer):
    """A velocity that the gradient accelerates."""

    slots = ("velocity",)

    def _change(self, g: Array, memory: tuple[Array, ...], gathered: tuple[Array, ...]) -> Array:
        (v,) = gathered
        v *= self.config.momentum
        v -= np.multiply(g, self.rate, out=memory[0])
        return v


class AdaGrad(Optimizer):
    """Steps that grow shorter where gradients have been large."""

    slots = ("squares",)
    rooms = 2

    def _change(self, g: Array, memory: tuple[Array, ...], gathered: tuple[Array, ...]) -> Array:
        (h,), (out, root) = gathered, memory
        h += np.multiply(g, g, out=out)
        np.sqrt(h, out=root)
        root += self._epsilon
        np.multiply(g, -self.rate, out=out)
        out /= root
        return out


class Adam(Optimizer):
    """Running means of the gradient and its square, freed of their bias towards 0."""

    slots = ("mean", "square")
    rooms = 2

    def _change(self, g: Array, memory: tuple[Array, ...], gathered: tuple[Array, ...]) -> Array:
        (m, v), (out, root) = gathered, memory
        beta1, beta2 = self.config.beta1, self.config.beta2
        m *= beta1
        m += np.multiply(g, 1 - beta1, out=out)
        np.multiply(g, g, out=out)
        out *= 1 - beta2
        v *= beta2
        v += out
        np.divide(v, 1 - beta2**self.steps, out=root)
        np.sqrt(root, out=root)
        root += self._epsilon
        np.divide(m, 1 - beta1**self.steps, out=out)
        out *= -self.rate
        out /= root
        return out


@np.errstate(all="ignore")
def added(params: Mapping[str, Array], changes: Mapping[str, Array]) -> dict[str, Array]:
    """The parameters after a step that changes them so, new arrays."""
    return {name: np.asarray(np.add(param, changes[name])) for name, param in params.items()}


_CLASSES: dict[str, type[Optimizer]] = {
    "sgd": Sgd,
    "momentum": Momentum,
    "adagrad": AdaGrad,
    "adam": Adam,
}


def make_optimizer(config: OptimizerConfig) -> Optimizer:
    """A fresh optimiser that has gathered nothing."""
    return _CLASSES[config.type](config)
