"""All losses, by name: what is not here is none."""

from collections.abc import Mapping

from app.engine.layer_types.kind import Field
from app.engine.loss_types.kind import LossType
from app.engine.loss_types.sigmoid_cross_entropy import SIGMOID_CROSS_ENTROPY
from app.engine.loss_types.softmax_cross_entropy import SOFTMAX_CROSS_ENTROPY
from app.engine.loss_types.squared_error import SQUARED_ERROR

__all__ = ["LOSSES", "LOSS_FIELDS", "LossType"]

LOSSES: Mapping[str, LossType] = {
    one.name: one for one in (SOFTMAX_CROSS_ENTROPY, SQUARED_ERROR, SIGMOID_CROSS_ENTROPY)
}

# Every field that some loss has, by name.
LOSS_FIELDS: Mapping[str, Field] = {
    field.name: field for loss in LOSSES.values() for field in loss.fields
}
