"""Backpropagation against numerical gradients (section 5.7.3): slopes of L from p-h to p+h."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.engine.layers import Relu
from app.engine.network import Network
from app.engine.spec import NetworkSpec

Array = np.ndarray


@dataclass(frozen=True)
class ParameterCheck:
    """One parameter's comparison.

    Attributes:
        max_relative_error: Over the cells compared: |a - b| / max(|a|, |b|, floor); None when no
            cell could be compared.
        worst: The cell with that error, and both numbers there.
        cells: How many numbers the parameter has.
        checked: How many were nudged.
        not_comparable: Cells whose nudge moved some ReLU over its kink at 0, where the slope on
            the left differs from the one on the right.
    """

    max_relative_error: float | None
    worst: tuple[int, ...] | None
    backpropagated: float | None
    numerical: float | None
    cells: int
    checked: int
    not_comparable: tuple[tuple[int, ...], ...]


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
    t: Array,
    h: float = 1e-4,
    max_cells: int = 2_000,
    seed: int = 0,
) -> CheckResult:
    """Compare dL/d(parameter) by backpropagation with central differences.

    All is computed in float64, whatever the network's dtype: in float32 the difference of two
    losses would be mostly rounding.

    Args:
        spec: The network, with a loss.
        parameters: Its parameters.
        x: Inputs ``(N, D)``.
        t: One-hot targets ``(N, C)``.
        h: Half the width of the step.
        max_cells: The most cells to nudge over all parameters; beyond it an even share of each is
            drawn with ``seed``.
        seed: For that drawing.
    """
    exact = NetworkSpec(spec.input_size, spec.layers, spec.loss)
    network = Network(exact, parameters)
    x, t = x.astype(float), t.astype(float)
    gradients = network.gradients(x, t)
    # Differences below this are the rounding of L itself, divided by the width of the step.
    floor = 1e-11 / h * max(1.0, abs(network.loss(x, t)))
    generator = np.random.default_rng(seed)
    share = max_cells // max(len(gradients), 1)
    checks = {}
    for name, gradient in gradients.items():
        cells = np.arange(gradient.size)
        if spec.parameter_count > max_cells and gradient.size > share:
            cells = np.sort(generator.choice(gradient.size, max(share, 1), replace=False))
        checks[name] = _check(network, name, gradient, cells, x, t, h, floor)
    return CheckResult(h, checks)


def _check(
    network: Network, name: str, gradient: Array, cells: Array, x: Array, t: Array,
    h: float, floor: float,
) -> ParameterCheck:  # fmt: skip
    parameter = network.parameters[name]
    worst: tuple[float, tuple[int, ...], float, float] | None = None
    kinks: list[tuple[int, ...]] = []
    for cell in cells:
        index = tuple(int(place) for place in np.unravel_index(cell, parameter.shape))
        original = parameter[index]
        parameter[index] = original - h
        lower, gates = network.loss(x, t), _gates(network)
        parameter[index] = original + h
        upper, other_gates = network.loss(x, t), _gates(network)
        parameter[index] = original
        if not all(np.array_equal(a, b) for a, b in zip(gates, other_gates, strict=True)):
            kinks.append(index)
            continue
        numerical, exact = (upper - lower) / (2 * h), float(gradient[index])
        error = abs(numerical - exact) / max(abs(numerical), abs(exact), floor)
        if worst is None or not error <= worst[0]:
            worst = (error, index, exact, numerical)
    error, index, exact, numerical = worst or (None, None, None, None)  # type: ignore[assignment]
    return ParameterCheck(error, index, exact, numerical, parameter.size, len(cells), tuple(kinks))


def _gates(network: Network) -> list[Array]:
    """Which gates are open in every ReLU after a forward pass."""
    return [layer.mask for layer in network.layers.values() if isinstance(layer, Relu)]
