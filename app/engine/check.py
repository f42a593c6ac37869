"""Backpropagation against numerical gradients (section 5.7.3): slopes of L from p-h to p+h."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from app.engine.network import Network
from app.engine.objective import Differentiated, Objective
from app.engine.spec import NetworkSpec

Array = np.ndarray

# What any cell may be off by. Curvature leaves about 1e-7 of right gradients at the usual h, and
# 1e-4 where inputs are in hundreds; a sign, a mask or a factor that is wrong leaves far more.
TOLERANCE = 1e-3


@dataclass(frozen=True)
class ParameterCheck:
    """One parameter's comparison. None stands where no cell could be compared.

    Attributes:
        shape: The parameter's.
        max_relative_error: The largest of the cells' own |a - b| / max(|a|, |b|, floor).
        norm_error: The same of all cells together, in the Euclidean norm.
        mean_difference: The mean of the cells' |a - b|, which the book prints.
        worst: The cell with that error, and both numbers there.
        places: The cells that were nudged, counted row by row.
        errors: Their own relative errors; None at a kink.
        not_comparable: Cells whose nudge moved some number over a kink, such as ReLU's at 0, where
            the slope on the left differs from the one on the right.
    """

    shape: tuple[int, ...]
    max_relative_error: float | None
    norm_error: float | None
    mean_difference: float | None
    worst: tuple[int, ...] | None
    backpropagated: float | None
    numerical: float | None
    places: tuple[int, ...]
    errors: tuple[float | None, ...]
    not_comparable: tuple[tuple[int, ...], ...]

    @property
    def cells(self) -> int:
        """How many numbers the parameter has."""
        return int(np.prod(self.shape))

    @property
    def checked(self) -> int:
        """How many were nudged."""
        return len(self.places)

    @property
    def passed(self) -> bool | None:
        """Whether every cell is within `TOLERANCE`; an error that is no number is not."""
        worst = self.max_relative_error
        return None if worst is None else worst <= TOLERANCE


@dataclass(frozen=True)
class CheckResult:
    """The step h and the comparison of every parameter."""

    h: float
    parameters: dict[str, ParameterCheck]


@np.errstate(all="ignore")
def gradient_check(
    spec: NetworkSpec,
    parameters: Mapping[str, Array],
    x: Array,
    t: Array | None,
    h: float = 1e-4,
    max_cells: int = 2_000,
    seed: int = 0,
    grad_output: Array | None = None,
) -> CheckResult:
    """Compare dL/d(parameter) by backpropagation with central differences.

    All is computed in float64, whatever the network's dtype: in float32 the difference of two
    losses would be mostly rounding.

    Args:
        spec: The network.
        parameters: Its parameters.
        x: Inputs ``(N, D)``.
        t: One-hot targets ``(N, C)``; None for a network without a loss.
        h: Half the width of the step.
        max_cells: The most cells to nudge over all parameters; beyond it an even share of each is
            drawn with ``seed``.
        seed: For that drawing.
        grad_output: dL/dY ``(N, C)`` of a network without a loss, see `Objective`.
    """
    exact = replace(spec, dtype="float64")
    network = Network(exact, parameters)
    given = None if grad_output is None else grad_output.astype(float)
    objective = Objective(network, x.astype(float), None if t is None else t.astype(float), given)
    return check_objective(objective, h, max_cells, seed)


@np.errstate(all="ignore")
def check_objective(
    objective: Differentiated, h: float = 1e-4, max_cells: int = 2_000, seed: int = 0
) -> CheckResult:
    """The same of anything that is differentiated, with its numbers in float64.

    Args:
        objective: Its parameters are nudged in place, and are as they were in the end.
        h: Half the width of the step.
        max_cells: The most cells to nudge over all parameters.
        seed: For drawing them.
    """
    gradients = objective.gradients()
    # Differences below this are the rounding of L itself, divided by the width of the step.
    floor = 1e-11 / h * max(1.0, abs(objective.value()))
    generator = np.random.default_rng(seed)
    share = max_cells // max(len(gradients), 1)
    is_long = sum(gradient.size for gradient in gradients.values()) > max_cells
    checks = {}
    for name, gradient in gradients.items():
        cells = np.arange(gradient.size)
        if is_long and gradient.size > share:
            cells = np.sort(generator.choice(gradient.size, max(share, 1), replace=False))
        checks[name] = _check(objective, name, gradient, cells, h, floor)
    return CheckResult(h, checks)


def _check(
    objective: Differentiated, name: str, gradient: Array, cells: Array, h: float, floor: float
) -> ParameterCheck:
    parameter = objective.parameters[name]
    numerical = np.full(len(cells), np.nan)
    smooth = np.ones(len(cells), dtype=bool)
    for k, cell in enumerate(cells):
        index = np.unravel_index(cell, parameter.shape)
        original = parameter[index]
        parameter[index] = original - h
        lower, gates = objective.value(), objective.gates()
        parameter[index] = original + h
        upper, other_gates = objective.value(), objective.gates()
        parameter[index] = original
        smooth[k] = all(np.array_equal(a, b) for a, b in zip(gates, other_gates, strict=True))
        numerical[k] = (upper - lower) / (2 * h)
    exact = gradient.reshape(-1)[cells].astype(float)
    difference = np.abs(numerical - exact)
    errors = difference / np.maximum(np.maximum(np.abs(numerical), np.abs(exact)), floor)
    places = [tuple(map(int, np.unravel_index(cell, parameter.shape))) for cell in cells]
    kinks = tuple(place for place, is_smooth in zip(places, smooth, strict=True) if not is_smooth)
    told = tuple(float(error) if ok else None for error, ok in zip(errors, smooth, strict=True))
    flat = tuple(map(int, cells))
    if not smooth.any():
        nothing = (None, None, None, None, None, None)
        return ParameterCheck(parameter.shape, *nothing, flat, told, kinks)
    # A NaN is the worst there is, and argmax finds it.
    worst = int(np.flatnonzero(smooth)[np.argmax(errors[smooth])])
    sizes = (np.linalg.norm(numbers[smooth]) for numbers in (numerical, exact))
    scale = max(*sizes, floor * np.sqrt(smooth.sum()))
    return ParameterCheck(
        parameter.shape,
        float(errors[worst]),
        float(np.linalg.norm(difference[smooth]) / scale),
        float(difference[smooth].mean()),
        places[worst],
        float(exact[worst]),
        float(numerical[worst]),
        flat,
        told,
        kinks,
    )
