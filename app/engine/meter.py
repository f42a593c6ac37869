"""Measuring a training as it goes, for its history, at little cost.

On a small network a single loss costs a quarter of a step, nearly all of it calls of NumPy. So the
scores of some steps are put by and their losses computed together, to the same bits.
"""

from collections.abc import Mapping

import numpy as np

from app.engine.history import History
from app.engine.layers import Layer, Relu, cells, label_losses
from app.engine.network import Network
from app.engine.spec import LossSpec

Array = np.ndarray

# Steps whose scores are put by.
TOGETHER = 256
# Cells of scores that are put by, at most: what is made of more would not stay in the cache, which
# costs a step of the book's network four times what measuring it does otherwise.
MAX_CELLS = 8_000


class Meter:
    """Notes the steps of one training in a history."""

    def __init__(
        self, history: History, parameters: Mapping[str, Array], loss: LossSpec | None = None
    ) -> None:
        """Note them in ``history``; ``parameters`` are those that the training changes.

        Without ``loss`` it is the mean cross entropy of right classes.
        """
        self._loss = loss
        self._losses: list[float] = []
        self._penalties = np.zeros(0)
        self.history = history
        self._parameters = parameters
        self._scores = np.zeros((0, 0, 0))
        self._labels = np.zeros((0, 0), dtype=np.intp)
        self._waiting = 0
        self._first = 0

    def note(self, step: int, scores: Array, labels: Array, penalty: float = 0.0) -> None:
        """A step's scores ``(N, C)`` and the right classes ``(N,)``, or the targets ``(N, C)``.

        Both may change afterwards. ``penalty`` is what weight decay added to the loss.
        """
        if self._scores.shape[1:] != scores.shape:
            self.flush()
            count = max(1, min(TOGETHER, MAX_CELLS // scores.size))
            self._scores = np.empty((count, *scores.shape), scores.dtype)
            self._labels = np.empty((count, *labels.shape), labels.dtype)
            self._penalties = np.zeros(count)
        if self._waiting == 0:
            self._first = step
        self._scores[self._waiting] = scores
        self._labels[self._waiting] = labels
        self._penalties[self._waiting] = penalty
        self._waiting += 1
        if self._waiting == len(self._scores):
            self.flush()

    def note_loss(self, step: int, loss: float) -> None:
        """A step's loss where there are no scores to measure it by, and so no accuracy."""
        if not self._losses:
            self._first = step
        self._losses.append(loss)
        if len(self._losses) == TOGETHER:
            self.flush()

    @np.errstate(all="ignore")
    def flush(self) -> None:
        """Compute what was put by."""
        told, self._losses = self._losses, []
        if told:
            self.history.note(self._first, np.array(told), np.full(len(told), np.nan))
        count, self._waiting = self._waiting, 0
        if count:
            losses, accuracies = measured(self._scores[:count], self._labels[:count], self._loss)
            self.history.note(self._first, losses + self._penalties[:count], accuracies)

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


def measured(scores: Array, labels: Array, loss: LossSpec | None = None) -> tuple[Array, Array]:
    """Loss and accuracy of ``k`` mini-batches at once.

    Args:
        scores: ``(k, N, C)``.
        labels: The right classes ``(k, N)``, or the targets ``(k, N, C)``.
        loss: What they are for; the mean cross entropy of right classes where it is None.

    Returns:
        The losses ``(k,)``, the very bits of `layers.cross_entropy`, and the shares ``(k,)`` of
        samples whose largest score is at the label.
    """
    k, n, classes = scores.shape
    if loss is not None and labels.ndim > 2:
        rows, wanted = scores.reshape(k * n, classes), labels.reshape(k * n, classes)
        each = loss.kind.losses(rows, wanted).reshape(k, n)
        hits = loss.kind.hits(rows, wanted).reshape(k, n).mean(axis=1)
        return each.mean(axis=1) if loss.averages else each.sum(axis=1), hits
    flat, right = scores.reshape(k * n, classes), labels.reshape(k * n)
    losses = label_losses(flat, cells(flat, right)).reshape(k, n).mean(axis=1)
    return losses, (flat.argmax(axis=1) == right).reshape(k, n).mean(axis=1)


def gates(network: Network) -> tuple[str, ...]:
    """The names of a network's ReLU layers, whose units can be dead."""
    return tuple(name for name, layer in network.layers.items() if isinstance(layer, Relu))
