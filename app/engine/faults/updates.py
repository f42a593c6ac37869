"""Mistakes in a step of the optimiser: uphill, without the rate, or the change for the number."""

from collections.abc import Callable, Mapping

import numpy as np

from app.engine.trace import Trace

Array = np.ndarray

# From the old number, its gradient and its change by the optimiser.
UPDATES: Mapping[str, Callable[[float, float, float], float]] = {
    "uphill": lambda old, gradient, change: old - change,
    "rate_missing": lambda old, gradient, change: old - gradient,
    "change_only": lambda old, gradient, change: change,
    "gradient_for_new": lambda old, gradient, change: gradient,
}


def updates_named(
    trace: Trace, key: str, index: tuple[int, ...], means: Callable[[float], bool]
) -> tuple[str, ...]:
    """The mistakes that give an answer for a parameter's new number.

    Args:
        trace: A pass with its update.
        key: As ``affine1.W.new``.
        index: The cell.
        means: Whether the answer is a number.
    """
    name = key.removesuffix(".new")
    numbers = [trace.cell(of, index) for of in (name, f"{name}.grad", f"{name}.change")]
    right = trace.cell(key, index)
    return tuple(
        fault
        for fault, made in UPDATES.items()
        if not np.isclose(made(*numbers), right, rtol=1e-12, atol=0) and means(made(*numbers))
    )
