"""Weight decay (section 6.4.2): lambda/2 times the sum of all squared weights joins the loss.

It is a branch of the graph like any other. On the way back it hands lambda W to every weight, where
that meets the gradient of the loss by a sum.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from app.engine.builder import GraphBuilder, Use
from app.engine.graph import Tensor

Array = np.ndarray

LAYER = "decay"
TYPE = "weight_decay"
TITLE = "Weight Decay"


def add_decay(builder: GraphBuilder, weights: Sequence[str], data: str, factor: float) -> str:
    """Add the branch; the name of the whole loss.

    Args:
        builder: Takes the nodes.
        weights: Names of the weights in the graph.
        data: The loss without it.
        factor: Lambda.
    """
    sums = []
    for weight in weights:
        w = builder.tensors[weight].symbol
        id = f"{LAYER}.{weight}"
        square = _node(
            builder, f"{id}.square", "square", [Use(weight, rf"\lambda {w}")], f"{w}^{{2}}",
            r"\frac{\lambda}{2}",
        )  # fmt: skip
        sums.append(
            _node(builder, f"{id}.sum", "sum", [square], rf"\sum {w}^{{2}}", r"\frac{\lambda}{2}")
        )
    total = sums[0]
    if len(sums) > 1:
        total = _node(builder, f"{LAYER}.add", "add", sums, r"\sum W^{2}", r"\frac{\lambda}{2}")
    builder.source(f"{LAYER}.half", (), "constant", r"\frac{\lambda}{2}", value=factor / 2)
    penalty = _node(
        builder, f"{LAYER}.multiply", "multiply", [total, f"{LAYER}.half"],
        rf"\frac{{\lambda}}{{2}} {builder.tensors[total].symbol}", "1",
    )  # fmt: skip
    loss = Tensor("loss", (), "loss", builder.loss, "1")
    return builder.node((LAYER, TYPE), f"{LAYER}.total", "add", [data, penalty], [loss])


def _node(
    builder: GraphBuilder, id: str, op: str, uses: Sequence[Use | str], symbol: str, grad: str
) -> str:
    names = [use.tensor if isinstance(use, Use) else use for use in uses]
    made = Tensor(id, builder.shape_of(op, names), "value", symbol, grad)
    return builder.node((LAYER, TYPE), id, op, uses, [made])


def penalty(parameters: Mapping[str, Array], weights: Sequence[str], factor: float) -> float:
    """What the branch adds to the loss."""
    return factor / 2 * float(sum(np.sum(np.square(parameters[name])) for name in weights))
