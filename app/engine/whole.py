"""The numbers that an opened layer shares with the closed one, from the closed one's formulas.

Opened or closed, in a trace or in training: one number has one answer, to the last bit. The ops
inside an opened layer have numbers of their own; where the layer as a whole has the number too
(its output, the gradient that it hands back, y, log y), it is the layer's, which keeps all digits
where the chain of ops would lose some: y - 1 of a y close to 1, 1 - y of a saturated sigmoid.
"""

from collections.abc import Mapping

import numpy as np

from app.engine import layers
from app.engine.graph import OpGraph, Whole

Array = np.ndarray


class WholeLayers:
    """Gives those numbers for one pass; each formula is computed once.

    Args:
        graph: The op graph that is run.
        values: The pass so far, by key; it may grow.
        tensors: The same by the names of tensors.
    """

    def __init__(
        self, graph: OpGraph, values: Mapping[str, Array], tensors: Mapping[str, Array]
    ) -> None:
        self.graph = graph
        self.values = values
        self.tensors = tensors
        self._loss: dict[str, Array] = {}

    def has(self, key: str) -> bool:
        """Whether the number under ``key`` is a layer's own."""
        return key in self.graph.whole

    def number(self, key: str) -> Array:
        """The number or array under ``key``."""
        whole = self.graph.whole[key]
        source = self.tensors[whole.source]
        if whole.quantity == "sigmoid":
            return layers.sigmoid(source)
        if whole.quantity == "sigmoid_gradient":
            return np.asarray(self._upstream(whole.source) * layers.sigmoid_slope(source))
        return self._of_loss(whole)

    def _upstream(self, source: str) -> Array:
        """dL/d(output) of the opened sigmoid that ``source`` enters."""
        entered = self.graph.edges_of[source][0].target or ""
        layer = self.graph.node[entered].layer
        return self.values[f"{layer}.output.grad"]

    def _of_loss(self, whole: Whole) -> Array:
        if not self._loss:
            self._loss = self._numbers_of_loss(whole.source)
        quantity = self._loss[whole.quantity]
        return quantity if whole.row is None else np.asarray(quantity[0, whole.row - 1])

    def _numbers_of_loss(self, scores: str) -> dict[str, Array]:
        a, t = self.tensors[scores], self.tensors.get("t")
        y = layers.softmax(a)
        if t is None:
            return {"probabilities": y}
        log_y, log_sum = layers.log_softmax(a)
        slope, loss = layers.score_gradient(y, t), layers.cross_entropy(a, t)
        if not self.graph.averages:
            slope, loss = layers.score_slopes(y, t), np.asarray(layers.sample_losses(a, t).sum())
        numbers = {
            "probabilities": y,
            "log_probabilities": log_y,
            "log_sum": log_sum,
            "loss": loss,
            "score_gradient": slope,
            # Softmax is the same whatever is subtracted from all scores. NaN stays NaN.
            "shift_gradient": 0 * slope.sum(axis=1, keepdims=True),
        }
        if self.graph.level == "element":
            for name in ("log_sum", "shift_gradient"):
                numbers[name] = numbers[name][0, 0]
        if "loss.exp" in self.tensors:
            numbers["exp_gradient"] = slope / self.tensors["loss.exp"]
        elif "loss.exp.1" in self.tensors:
            e = [self.tensors[f"loss.exp.{i}"] for i in range(1, a.shape[1] + 1)]
            numbers["exp_gradient"] = slope / np.stack(e)[np.newaxis]
        return numbers
