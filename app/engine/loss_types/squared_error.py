"""Squared error: half the sum of (y - t)^2 over the outputs of a sample (section 4.2.1)."""

import numpy as np

from app.engine.builder import GraphBuilder
from app.engine.loss_types.kind import Array, LossType, LossView, closer
from app.engine.loss_types.opening import LossOpening
from app.engine.targets import Targets, rows_of_numbers

NAME = "squared_error"
T = r"\mathbf{T}"


def _build(builder: GraphBuilder, scores: str, view: LossView) -> str:
    loss = LossOpening(builder, NAME)
    y = builder.tensors[scores].symbol
    difference = f"{y} - {T}"
    error = loss.node(
        "subtract", "subtract", [scores, "t"], difference, loss.mean(rf"({difference})")
    )
    half = loss.mean(r"\frac{1}{2}")
    square = loss.node("square", "square", [error], rf"({difference})^{{2}}", half)
    total = loss.node("sum", "sum", [square], rf"\sum ({difference})^{{2}}", half)
    return loss.scaled(total, "half", r"\frac{1}{2}", 0.5)


def _targets(value: object, wanted: Targets) -> Array:
    return rows_of_numbers(value, wanted)


SQUARED_ERROR = LossType(
    NAME,
    "Squared Error",
    _build,
    _targets,
    losses=lambda y, t: np.asarray(np.square(y - t).sum(axis=1) / 2),
    slopes=lambda y, t: y - t,
    hits=closer,
    formula=r"\frac{1}{2} \sum_{k} (y_{k} - t_{k})^{2}",
    output_symbol="Y",
)
