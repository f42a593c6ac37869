"""All types of layers, by name: what is not here is no layer."""

from collections.abc import Mapping

from app.engine.layer_types.affine import AFFINE
from app.engine.layer_types.attention import ATTENTION
from app.engine.layer_types.batch_norm import BATCH_NORM
from app.engine.layer_types.dropout import DROPOUT
from app.engine.layer_types.elementwise import ELEMENTWISE
from app.engine.layer_types.embedding import EMBEDDING
from app.engine.layer_types.images import CONV2D, FLATTEN, MAX_POOL
from app.engine.layer_types.kind import INFERENCE, Field, LayerType, Opening, Parameter
from app.engine.layer_types.layer_norm import LAYER_NORM
from app.engine.layer_types.residual import RESIDUAL
from app.engine.layer_types.softmax import SOFTMAX

__all__ = ["INFERENCE", "LAYERS", "LAYER_FIELDS", "Field", "LayerType", "Opening", "Parameter"]

LAYERS: Mapping[str, LayerType] = {
    one.name: one
    for one in (
        AFFINE,
        *ELEMENTWISE,
        SOFTMAX,
        LAYER_NORM,
        BATCH_NORM,
        DROPOUT,
        RESIDUAL,
        CONV2D,
        MAX_POOL,
        FLATTEN,
        EMBEDDING,
        ATTENTION,
    )
}

# Every field that some layer has, by name. What it may be hangs on the layer.
LAYER_FIELDS: Mapping[str, Field] = {
    field.name: field for layer in LAYERS.values() for field in layer.fields
}
