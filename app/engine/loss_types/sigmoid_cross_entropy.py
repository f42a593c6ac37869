"""Sigmoid with cross entropy: of each output by itself, -t log y - (1 - t) log(1 - y).

With y the sigmoid of a score a, -log y is softplus(-a) and -log(1 - y) is softplus(a), which no
score can bring to log 0; and of the two parts of its slope, (1 - t) y and -t (1 - y), neither
loses a digit to the other where t is 0 or 1.
"""

import numpy as np

from app.engine.builder import GraphBuilder, Use
from app.engine.layers import sigmoid
from app.engine.loss_types.kind import Array, LossType, LossView
from app.engine.loss_types.opening import LossOpening
from app.engine.targets import Targets, rows_of_numbers

NAME = "sigmoid_cross_entropy"
T, Y = r"\mathbf{T}", r"\mathbf{Y}"


def _build(builder: GraphBuilder, scores: str, view: LossView) -> str:
    """Both logarithms as Softplus of a score, times t and times 1 - t."""
    loss = LossOpening(builder, NAME)
    a = builder.tensors[scores].symbol
    one, minus = loss.constant("one", "1", 1.0), loss.constant("minus_one", "-1", -1.0)
    others = loss.node("others", "subtract", [one, "t"], f"1 - {T}", None)
    yes, no = f"{T} (1 - {Y})", f"(1 - {T}) {Y}"
    negative = loss.node(
        "negate", "multiply", [Use(scores, f"-{loss.mean(yes)}"), minus], f"-{a}",
        loss.mean(yes),
    )  # fmt: skip
    log_y = loss.node("log_y", "softplus", [negative], rf"-\log {Y}", loss.mean(T))
    log_rest = loss.node(
        "log_rest", "softplus", [Use(scores, loss.mean(no))], rf"-\log (1 - {Y})",
        loss.mean(f"(1 - {T})"),
    )  # fmt: skip
    part = loss.mean("")
    first = loss.node("times_t", "multiply", [log_y, "t"], rf"-{T} \log {Y}", part)
    second = loss.node(
        "times_rest", "multiply", [log_rest, others], rf"-(1 - {T}) \log (1 - {Y})", part
    )
    both = loss.node("add", "add", [first, second], r"\mathbf{E}", part)
    if not builder.averages:
        return loss.end("sum", "sum", [both])
    return loss.averaged(loss.node("sum", "sum", [both], r"\sum \mathbf{E}", part))


def _losses(a: Array, t: Array) -> Array:
    return np.asarray((t * np.logaddexp(0, -a) + (1 - t) * np.logaddexp(0, a)).sum(axis=1))


def _slopes(a: Array, t: Array) -> Array:
    return np.asarray((1 - t) * sigmoid(a) - t * sigmoid(-a))


def _targets(value: object, wanted: Targets) -> Array:
    return rows_of_numbers(value, wanted, between=(0, 1))


def _predictions(a: Array) -> Array | None:
    """Of a single output, 1 where it is likelier than not."""
    return (a[:, 0] > 0).astype(np.int64) if a.shape[1] == 1 else None


SIGMOID_CROSS_ENTROPY = LossType(
    NAME,
    "Sigmoid with Loss",
    _build,
    _targets,
    losses=_losses,
    slopes=_slopes,
    hits=lambda a, t: np.asarray(((a > 0) == (t > 0.5)).mean(axis=1)),
    formula=r"-\sum_{k} (t_{k} \log y_{k} + (1 - t_{k}) \log (1 - y_{k}))",
    probabilities=sigmoid,
    predictions=_predictions,
)
