"""What a step of the optimiser promises, and what comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.engine.objective import Differentiated

Array = np.ndarray


@dataclass(frozen=True)
class Losses:
    """The loss around one step, or without a loss what a gradient from above stands for.

    Attributes:
        before: The mean loss of the step's samples, with the old parameters.
        predicted: ``before`` plus the sum of gradient times change over all parameters: what the
            slope promises, L - lr |dL/dW|^2 for SGD (the first order of Taylor's series).
        after: The mean loss of the same samples, with the new parameters.
    """

    before: float
    predicted: float
    after: float


@np.errstate(all="ignore")  # A step may blow up; that is worth seeing.
def losses(
    objective: Differentiated,
    loss: float | None,
    gradients: Mapping[str, Array],
    changes: Mapping[str, Array],
    new: Mapping[str, Array],
) -> Losses:
    """The losses around a step.

    Args:
        objective: What is differentiated, of the step's samples, with the old parameters.
        loss: The same as a number, where a pass has made it.
        gradients: dL/d(parameter), by name.
        changes: What the optimiser adds to each.
        new: The parameters after it.
    """
    before = objective.value() if loss is None else loss
    slope = sum(
        float(np.sum(gradients[name] * change, dtype=np.float64))
        for name, change in changes.items()
    )
    return Losses(before, before + slope, objective.at(new).value())
