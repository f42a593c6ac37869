"""Softmax with cross entropy: -log y of the right class, or the mean of it by soft targets."""

import numpy as np

from app.engine.layers import sample_losses, score_slopes, softmax
from app.engine.loss_types.kind import LossType
from app.engine.targets import as_class_rows

SOFTMAX_CROSS_ENTROPY = LossType(
    "softmax_cross_entropy",
    "Softmax with Loss",
    None,
    as_class_rows,
    losses=sample_losses,
    slopes=lambda a, t: score_slopes(softmax(a), t),
    hits=lambda a, t: np.asarray((a.argmax(axis=1) == t.argmax(axis=1)) * 1.0),
    formula=r"-\sum_{k} t_{k} \log y_{k}",
    probabilities=softmax,
    predictions=lambda a: a.argmax(axis=1),
    has_classes=True,
)
