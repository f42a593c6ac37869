"""The end of a training pass: the loss of scores, and the gradient that goes back from it."""

from collections.abc import Mapping

import numpy as np

from app.engine.loss_types.decay import penalty
from app.engine.spec import NetworkSpec

Array = np.ndarray


class Head:
    """A network's loss over its parameters, which somebody else owns."""

    def __init__(self, spec: NetworkSpec, parameters: Mapping[str, Array]) -> None:
        """The loss of ``spec``, which has one."""
        assert spec.loss is not None
        self.loss = spec.loss
        self.weights = spec.weights if spec.loss.weight_decay else ()
        self.parameters = parameters
        self.kernel = spec.loss.kind.kernel if spec.loss.averages else None

    def value(self, scores: Array, t: Array) -> float:
        """The loss for targets t, both ``(N, H)``."""
        return self.of_samples(scores, t) + self.penalty()

    def of_samples(self, scores: Array, t: Array) -> float:
        """The same without weight decay."""
        if self.kernel is not None:
            return float(self.kernel().forward(scores, t))
        losses = self.loss.kind.losses(scores, t)
        return float(losses.mean() if self.loss.averages else losses.sum())

    def gradient(self, scores: Array, t: Array) -> Array:
        """dL/d(scores)."""
        if self.kernel is not None:
            head = self.kernel()
            head.forward(scores, t)
            return head.backward()
        slopes = self.loss.kind.slopes(scores, t)
        made = slopes / len(slopes) if self.loss.averages else slopes
        return np.asarray(made, dtype=scores.dtype)

    def penalty(self) -> float:
        """What weight decay adds to the loss."""
        if not self.weights:
            return 0.0
        return penalty(self.parameters, self.weights, self.loss.weight_decay)

    def decay(self, gradients: Mapping[str, Array]) -> None:
        """Add what weight decay adds to the gradients, into them."""
        for name in self.weights:
            gradients[name][...] += self.loss.weight_decay * self.parameters[name]

    def accuracy(self, scores: Array, t: Array) -> float:
        """The share of what is right, 0 to 1."""
        return float(self.loss.kind.hits(scores, t).mean())
