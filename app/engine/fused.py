"""Softmax and cross entropy, closed (figure 5-30), as one op of two results.

Closed is more than opened with the lid on: its gradient (y - t) / N is one formula, exact where
the opened chain would divide by a y that has become 0.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from app.engine.graph import Node, OpGraph
from app.engine.layers import (
    cross_entropy,
    log_softmax,
    sample_losses,
    score_gradient,
    softmax,
)
from app.engine.rules import Factor, IndexRule, Term

Array = np.ndarray

SOFTMAX = "softmax"
SOFTMAX_WITH_LOSS = "softmax_with_loss"
FUSED = frozenset({SOFTMAX, SOFTMAX_WITH_LOSS})


def loss_rule(n: int) -> IndexRule:
    """L = -1/N times the sum of t log y over samples and classes (equation 4.3).

    With 1 for N it is the rule of the sum over all samples.
    """
    product = Term((Factor("t", "nh"), Factor("log_y", "nh")), -1.0)
    return IndexRule("", (product,), "nh", scale=1 / n)


def gradient_rule(n: int) -> IndexRule:
    """dL/da = (y - t) / N (section 5.6.3); with 1 for N where 1/N comes from above."""
    return IndexRule(
        "nh", (Term((Factor("y", "nh"),)), Term((Factor("t", "nh"),), -1.0)), scale=1 / n
    )


def averaged(graph: OpGraph) -> bool:
    """Whether the loss is a mean of several samples, by a node or within a closed one."""
    return graph.n > 1 and any(
        node.id == "loss.mean" or (node.op == SOFTMAX_WITH_LOSS and not node.attributes["total"])
        for node in graph.nodes
    )


def is_loss(node: Node, tensor: str) -> bool:
    """Whether an output of a fused node is its loss, and not its probabilities."""
    return node.op == SOFTMAX_WITH_LOSS and tensor == node.outputs[-1]


def gathered(inputs: Sequence[Array]) -> tuple[Array, Array | None]:
    """Scores and targets as ``(N, C)``: from two tensors, or from rows of scalars a_i, t_i."""
    if inputs[0].ndim == 2:
        return inputs[0], inputs[1] if len(inputs) > 1 else None
    classes = len(inputs) // 2
    return np.stack(inputs[:classes])[np.newaxis], np.stack(inputs[classes:])[np.newaxis]


def forward(inputs: Sequence[Array], total: bool = False) -> tuple[Array, ...]:
    """The results in the order of the node's outputs: probabilities, then the loss with targets.

    The loss is the mean over the samples, or with ``total`` their sum.
    """
    a, t = gathered(inputs)
    y = softmax(a)
    rows = (y,) if inputs[0].ndim == 2 else tuple(y[0])
    if t is None:
        return rows
    loss = np.asarray(sample_losses(a, t).sum()) if total else cross_entropy(a, t)
    return (*rows, loss)


def gradient(k: int, inputs: Sequence[Array], grad: Array, total: bool = False) -> Array:
    """dL/d(input k) for a score input, from dL/dL or, with ``total``, from that by the sum."""
    a, t = gathered(inputs)
    assert t is not None
    slope = grad * score_gradient(softmax(a), t) * (len(a) if total else 1)
    return np.asarray(slope if inputs[0].ndim == 2 else slope[0, k])


def kept(inputs: Sequence[Array]) -> Mapping[str, Array]:
    """The arrays that the rules name, all ``(N, C)``."""
    a, t = gathered(inputs)
    arrays = {"y": softmax(a), "log_y": log_softmax(a)[0]}
    return arrays | ({"t": t} if t is not None else {})
