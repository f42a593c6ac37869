"""Measuring a training as it goes, for its history, at little cost.

On a small network a single loss costs a quarter of a step, nearly all of it calls of NumPy. So the
scores of some steps are put by and their losses computed together, to the same bits.
"""

from collections.abc import Mapping

import numpy as np

from app.engine.history import History
from app.engine.layers import Relu
from app.engine.network import Network

Array = np.ndarray

# Steps whose scores are put by.
TOGETHER = 64
# Cells of scores that are put by, at most.
MAX_CELLS = 100_000


class Meter:
    """Notes the steps of one training in a history."""

    def __init__(self, history: History, network: Network) -> None:
        self.history = history
        self._network = network
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
    def health(self, gradients: Mapping[str, Array], before: Mapping[str, Array]) -> None:
        """Norms and dead units of the newest step, with the parameters as they were before it."""
        self.flush()
        network, names = self._network, self.history.parameters
        norms = [float(np.linalg.norm(gradients[name])) for name in names]
        ratios = []
        for name in names:
            change = np.linalg.norm(network.parameters[name] - before[name])
            # A bias begins at 0: what it gains is infinitely much of that.
            ratios.append(float(np.divide(change, np.linalg.norm(before[name]))))
        dead = []
        for name in self.history.gates:
            layer = network.layers[name]
            assert isinstance(layer, Relu)
            dead.append(1 - float(layer.mask.any(axis=0).mean()))
        self.history.note_health(norms, ratios, dead)


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
    rows = np.arange(k * n)
    largest = flat.argmax(axis=1)
    shifted = flat - flat[rows, largest][:, np.newaxis]
    others = np.exp(shifted)
    others[rows, largest] = 0
    log_y = shifted[rows, right] - np.log1p(others.sum(axis=1))
    losses = (-log_y).reshape(k, n).mean(axis=1)
    return losses, (largest == right).reshape(k, n).mean(axis=1)


def gates(network: Network) -> tuple[str, ...]:
    """The names of a network's ReLU layers, whose units can be dead."""
    return tuple(name for name, layer in network.layers.items() if isinstance(layer, Relu))
