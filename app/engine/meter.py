"""Measuring a training as it goes, for its history, at little cost.

On a small network a single loss costs a quarter of a step, nearly all of it calls of NumPy. So the
scores of some steps are put by and their losses computed together, to the same bits.
"""

from collections.abc import Mapping

import numpy as np

from app.engine.history import History
from app.engine.layers import Layer, Relu, cells, label_losses
from app.engine.network import Network

Array = np.ndarray

# Steps whose scores are put by.
TOGETHER = 256
# Cells of scores that are put by, at most: what is made of more would not stay in the cache, which
# costs a step of the book's network four times what measuring it does otherwise.
MAX_CELLS = 8_000


class Meter:
    """Notes the steps of one training in a history."""

    def __init__(self, history: History, parameters: Mapping[str, Array]) -> None:
        """Note them in ``history``; ``parameters`` are those that the training changes."""
        self.history = history
        self._parameters = parameters
        self._scores = np.zeros((0, 0, 0))
        self._labels = np.zeros((0, 0), dtype=np.intp)
        self._waiting = 0
        self._first = 0

    def note(self, step: int, scores: Array, labels: Array) -> None:
        """A step's scores ``(N, C)`` and the right classes ``(N,)``; both may change afterwards."""
        if self._scores.shape[1:] != scores.shape:
            self.flush()
            count = max(1, min(TOGETHER, MAX_CELLS // scores.size))
            self._scores = np.empty((count, *scores.shape), scores.dtype)
            self._labels = np.empty((count, len(labels)), np.intp)
        if self._waiting == 0:
            self._first = step
        self._scores[self._waiting] = scores
        self._labels[self._waiting] = labels
        self._waiting += 1
        if self._waiting == len(self._scores):
            self.flush()

    @np.errstate(all="ignore")
    def flush(self) -> None:
        """Compute what was put by."""
        count, self._waiting = self._waiting, 0
        if count:
            losses, accuracies = measured(self._scores[:count], self._labels[:count])
            self.history.note(self._first, losses, accuracies)

    @np.errstate(all="ignore")
    def health(
        self,
        gradients: Mapping[str, Array],
        before: Mapping[str, Array],
        layers: Mapping[str, Layer],
    ) -> None:
        """Norms and dead units of the newest step.

        Args:
            gradients: Of the parameters, by name.
            before: The parameters before the step; they are written over.
            layers: As the step's forward pass has left them.
        """
        self.flush()
        names = self.history.parameters
        ratios = []
        for name in names:
            old = before[name]
            size = norm(old)
            change = norm(np.subtract(self._parameters[name], old, out=old))
            # A bias begins at 0: what it gains is infinitely much of that.
            ratios.append(float(np.divide(change, size)))
        dead = []
        for name in self.history.gates:
            layer = layers[name]
            assert isinstance(layer, Relu)
            dead.append(1 - float(layer.mask.any(axis=0).mean()))
        self.history.note_health([norm(gradients[name]) for name in names], ratios, dead)


def norm(array: Array) -> float:
    """The Euclidean norm, as `numpy.linalg.norm` computes it, without its questions."""
    flat = array.ravel("K")
    return float(np.sqrt(flat.dot(flat)))


def measured(scores: Array, labels: Array) -> tuple[Array, Array]:
    """Loss and accuracy of ``k`` mini-batches at once.

    Args:
        scores: ``(k, N, C)``.
        labels: The right classes ``(k, N)``.

    Returns:
        The losses ``(k,)``, the very bits of `layers.cross_entropy`, and the shares ``(k,)`` of
        samples whose largest score is at the label.
    """
    k, n, classes = scores.shape
    flat, right = scores.reshape(k * n, classes), labels.reshape(k * n)
    losses = label_losses(flat, cells(flat, right)).reshape(k, n).mean(axis=1)
    return losses, (flat.argmax(axis=1) == right).reshape(k, n).mean(axis=1)


def gates(network: Network) -> tuple[str, ...]:
    """The names of a network's ReLU layers, whose units can be dead."""
    return tuple(name for name, layer in network.layers.items() if isinstance(layer, Relu))
