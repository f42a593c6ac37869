"""How a network fares while it learns: a few numbers for each layer, on one scale for all of them.

They are what one looks at first when a training goes wrong: how large the values and the gradients
are layer by layer (Glorot and Bengio 2010, "Understanding the difficulty of training deep
feedforward neural networks", figures 6 and 7), how large an update is beside the weights that it
changes (about a thousandth where all is well: the notes of Stanford's CS231n, "Neural networks
part 3"), and which units have fallen silent.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.engine.network import Evaluation, LayerResult

Array = np.ndarray

# The ends of the one scale, as powers of ten: what lies beyond stands at an end.
SCALE = (-9, 4)
# Of its largest slope, what a sigmoid or tanh has left where it counts as saturated: beyond
# |x| = 4.6 for the one, 2.3 for the other.
FLAT = 0.04


@dataclass(frozen=True)
class LayerHealth:
    """One layer; None for what it does not have.

    Attributes:
        name, type: Of the layer.
        value: The root of the mean square of its outputs.
        gradient: The same of dL/d(output).
        ratio: Of an affine layer, the norm of W's change over the norm of W.
        dead: Of a ReLU layer, the share of units that no sample opens.
        saturated: Of a sigmoid or tanh layer, the share of outputs with hardly a slope (`FLAT`).
    """

    name: str
    type: str
    value: float
    gradient: float | None
    ratio: float | None = None
    dead: float | None = None
    saturated: float | None = None


@np.errstate(all="ignore")
def layer_health(evaluation: Evaluation, changes: Mapping[str, Array]) -> tuple[LayerHealth, ...]:
    """The health of every layer of a pass.

    Args:
        evaluation: The pass.
        changes: By parameter, what the next step of the optimiser adds to it; may be empty.
    """
    found = []
    for layer in evaluation.layers:
        gradient = None if layer.grad_output is None else size(layer.grad_output)
        change = changes.get(f"{layer.name}.W")
        found.append(
            LayerHealth(
                layer.name,
                layer.type,
                size(layer.output),
                gradient,
                None if change is None else ratio(change, layer.parameters["W"][0]),
                float(np.mean(dead_units(layer))) if layer.type == "relu" else None,
                float(np.mean(flat_cells(layer.output, layer.type)))
                if layer.type in ("sigmoid", "tanh")
                else None,
            )
        )
    return tuple(found)


def size(array: Array) -> float:
    """The root of the mean square; of an empty array 0."""
    wide = array.astype(np.float64)
    # By the largest first: the square of 1e200 is beyond what a float64 can be.
    largest = float(np.abs(wide).max(initial=0.0))
    if largest == 0 or not np.isfinite(largest):
        return largest
    return largest * float(np.sqrt(np.mean((wide / largest) ** 2)))


def ratio(change: Array, old: Array) -> float:
    """The norm of a change over the norm of what it changes; infinite where that is all 0."""
    if size(change) == 0:
        return 0.0
    return float(np.divide(size(change), size(old)))


def dead_units(layer: LayerResult) -> Array:
    """Which units ``(H,)`` of a ReLU layer no sample opens: no gradient comes through these."""
    return np.asarray(~(layer.output > 0).any(axis=0))


def flat_cells(y: Array, curve: str) -> Array:
    """Which outputs of a ``sigmoid`` or ``tanh`` have less slope left than `FLAT`."""
    # Of sigmoid 4y(1 - y), of tanh 1 - y^2: 1 at 0 either way.
    slope = 4 * y * (1 - y) if curve == "sigmoid" else 1 - y * y
    return np.asarray(slope < FLAT)
