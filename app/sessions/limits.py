"""Every limit, told by the name of its field in the words of JSON Schema.

Forms and clients read them here; each stands once, where it is kept.
"""

from app.drawing.figure.graph_json import MOST_ROWS
from app.engine.bounds import whole
from app.engine.initializers import SEED, STD
from app.engine.optimizers import BOUNDS
from app.engine.spec import SIZED, Limits
from app.engine.training import MAX_STEPS
from app.sessions.batch import MAX_BATCH_CELLS, MAX_VARIATIONS


def told(limits: Limits) -> dict[str, dict[str, object]]:
    """What each field may be."""
    return {
        "input_size": whole(1, limits.units).schema,
        **{name: whole(1, limits.units).schema for name in sorted(SIZED)},
        "layers": {"maxItems": limits.layers},
        "samples": whole(1, limits.samples).schema,
        "parameters": whole(0, limits.parameters).schema,
        "cells": whole(1, limits.cells).schema,
        "batch": {"maxItems": MAX_VARIATIONS},
        "batch_cells": whole(1, MAX_BATCH_CELLS).schema,
        "classes_in_rows": whole(1, MOST_ROWS).schema,
        "seed": SEED.schema,
        "std": STD.schema,
        "learning_rate": BOUNDS["learning_rate"].schema,
        "steps": whole(1, MAX_STEPS).schema,
    }
