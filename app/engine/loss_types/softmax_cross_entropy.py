"""Softmax with cross entropy: -log y of the right class, or the mean of it by soft targets."""

import numpy as np

from app.engine import open_loss
from app.engine.builder import GraphBuilder
from app.engine.layers import SoftmaxWithLoss, sample_losses, score_slopes, softmax
from app.engine.loss_types.kind import Boxes, LossType, LossView
from app.engine.open_elements import Rows
from app.engine.targets import as_class_rows

# Ops of the opened loss that do not make the probabilities.
_ERROR_OPS = frozenset({"times_t", "add", "negate", "mean"})


def _build(builder: GraphBuilder, scores: str, view: LossView) -> str:
    if view.in_rows and view.targets:
        rows = Rows(builder, scores, builder.tensors[scores].shape[-1])
        return rows.closed() if view.closed else rows.opened(view.form)
    if view.closed:
        return open_loss.closed(builder, scores, view.targets, view.shows_mean)
    return open_loss.opened(builder, scores, view.form, view.targets)


def _box_of(op: str, form: str | None) -> str:
    is_log_of_y = op == "log" and form != "logsumexp"
    return "cross_entropy" if op in _ERROR_OPS or is_log_of_y else "softmax"


SOFTMAX_CROSS_ENTROPY = LossType(
    open_loss.NAME,
    "Softmax with Loss",
    _build,
    as_class_rows,
    losses=sample_losses,
    slopes=lambda a, t: score_slopes(softmax(a), t),
    hits=lambda a, t: np.asarray((a.argmax(axis=1) == t.argmax(axis=1)) * 1.0),
    formula=r"-\sum_{k} t_{k} \log y_{k}",
    probabilities=softmax,
    predictions=lambda a: a.argmax(axis=1),
    has_classes=True,
    boxes=Boxes({"softmax": "Softmax", "cross_entropy": "Cross Entropy Error"}, _box_of),
    kernel=SoftmaxWithLoss,
)
