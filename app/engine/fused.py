"""Softmax and cross entropy, closed (figure 5-30), as one op of two results.

Closed is more than opened with the lid on: its gradient (y - t) / N is one formula, exact where
the opened chain would divide by a y that has become 0.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from app.engine.layers import cross_entropy, log_softmax, score_gradient, softmax
from app.engine.rules import Factor, IndexRule, Term

Array = np.ndarray

SOFTMAX = "softmax"
SOFTMAX_WITH_LOSS = "softmax_with_loss"
FUSED = frozenset({SOFTMAX, SOFTMAX_WITH_LOSS})


def loss_rule(n: int) -> IndexRule:
    """L = -1/N times the sum of t log y over samples and classes (equation 4.3)."""
    product = Term((Factor("t", "nh"), Factor("log_y", "nh")), -1.0)
    return IndexRule("", (product,), "nh", scale=1 / n)


def gradient_rule(n: int) -> IndexRule:
    """dL/da = (y - t) / N (section 5.6.3)."""
    return IndexRule(
        "nh", (Term((Factor("y", "nh"),)), Term((Factor("t", "nh"),), -1.0)), scale=1 / n
    )


def gathered(inputs: Sequence[Array]) -> tuple[Array, Array | None]:
    """Scores and targets as ``(N, C)``: from two tensors, or from rows of scalars a_i, t_i."""
    if inputs[0].ndim == 2:
        return inputs[0], inputs[1] if len(inputs) > 1 else None
    classes = len(inputs) // 2
    return np.stack(inputs[:classes])[np.newaxis], np.stack(inputs[classes:])[np.newaxis]


def forward(inputs: Sequence[Array]) -> tuple[Array, ...]:
    """The results in the order of the node's outputs: probabilities, then the loss with targets."""
    a, t = gathered(inputs)
    y = softmax(a)
    rows = (y,) if inputs[0].ndim == 2 else tuple(y[0])
    return (*rows, cross_entropy(a, t)) if t is not None else rows


def gradient(k: int, inputs: Sequence[Array], grad: Array) -> Array:
    """dL/d(input k) for a score input, from dL/dL."""
    a, t = gathered(inputs)
    assert t is not None
    slope = grad * score_gradient(softmax(a), t)
    return np.asarray(slope if inputs[0].ndim == 2 else slope[0, k])


def kept(inputs: Sequence[Array]) -> Mapping[str, Array]:
    """The arrays that the rules name, all ``(N, C)``."""
    a, t = gathered(inputs)
    arrays = {"y": softmax(a), "log_y": log_softmax(a)[0]}
    return arrays | ({"t": t} if t is not None else {})
