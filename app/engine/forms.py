"""When the book's form of a graph is safe in floating point, and when another must stand in.

The limits are on exponents: the gradient of 1/S multiplies by 1/S squared, so exp must stay
within the square root of what the number type holds (exp(709) in float64, exp(88) in float32).
"""

import numpy as np

from app.engine.spec import NetworkSpec

Array = np.ndarray

SAFE_EXPONENT = {"float64": 300.0, "float32": 40.0}


def loss_form(scores: Array, dtype: str, *, stable: bool = False) -> str:
    """``book`` where exp(a) is safe, ``shifted`` where exp(a - max) is, else ``logsumexp``.

    With ``stable`` the book's form is passed over.
    """
    limit = SAFE_EXPONENT[dtype]
    spread = (scores.max(axis=1, keepdims=True) - scores).max()
    # Written so that a NaN fails both comparisons.
    if not spread <= limit:
        return "logsumexp"
    is_safe = np.abs(scores).max() <= limit
    return "book" if is_safe and not stable else "shifted"


def unsafe_sigmoids(spec: NetworkSpec, inputs: dict[str, Array]) -> frozenset[str]:
    """Names of sigmoid layers whose exp(-x) is not safe; ``inputs`` are the layers' inputs."""
    limit = SAFE_EXPONENT[spec.dtype]
    return frozenset(
        layer.name
        for layer in spec.layers
        if layer.type == "sigmoid" and not np.abs(inputs[layer.name]).max() <= limit
    )
