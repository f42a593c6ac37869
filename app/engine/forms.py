"""When the book's form of a graph is safe in floating point, and when another must stand in.

The limits are on exponents: the gradient of 1/S multiplies by 1/S squared, so exp must stay
within the square root of what the number type holds (exp(709) in float64, exp(88) in float32).
"""

import numpy as np

from app.engine.network import Evaluation
from app.engine.spec import NetworkSpec

Array = np.ndarray

SAFE_EXPONENT = {"float64": 300.0, "float32": 40.0}
# exp(a) and exp(a - max) exp(max) differ by the rounding of a - max, half a unit in its last
# place: up to here that is less than the digits in which two ways to one number may differ.
BOOK_SPREAD = 64.0


@np.errstate(all="ignore")  # Infinite scores make a spread that is no number, and no warning.
def loss_form(scores: Array, dtype: str, *, stable: bool = False) -> str:
    """``book`` where exp(a) is safe, ``shifted`` where exp(a - max) is, else ``logsumexp``.

    With ``stable`` the book's form is passed over.
    """
    limit = SAFE_EXPONENT[dtype]
    spread = (scores.max(axis=1, keepdims=True) - scores).max()
    # Written so that a NaN fails both comparisons.
    if not spread <= limit:
        return "logsumexp"
    is_safe = np.abs(scores).max() <= limit and spread <= BOOK_SPREAD
    return "book" if is_safe and not stable else "shifted"


@np.errstate(all="ignore")
def unsafe_sigmoids(spec: NetworkSpec, x: Array, evaluation: Evaluation) -> frozenset[str]:
    """Names of sigmoid layers that have to stay closed in this pass of x ``(N, D)``.

    Those are the ones whose exp(-x) would overflow, or whose dL/dy y^2, a number on the way back,
    would underflow where the gradient itself does not.
    """
    limit, tiny = SAFE_EXPONENT[spec.dtype], np.finfo(spec.dtype).tiny
    unsafe = set()
    for layer in evaluation.layers:
        if layer.type == "sigmoid":
            fits = np.abs(x).max() <= limit
            if fits and layer.grad_output is not None:
                way_back = np.abs(layer.grad_output * (layer.output * layer.output))
                fits = (way_back[layer.grad_output != 0] >= tiny).all()
            if not fits:
                unsafe.add(layer.name)
        x = layer.output
    return frozenset(unsafe)
