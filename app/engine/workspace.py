"""The passes of a training, in memory that is used again at every step.

A step of a large network waits for memory: to gather the rows, to hold what each layer makes, to
hold the gradients. So a training has layers of its own over the network's parameters, and all that
a step makes is written over by the next. The bits are those of `Network.gradients`.
"""

import numpy as np

from app.engine.chain import Chain
from app.engine.layers import cells, room
from app.engine.losses import Head
from app.engine.meter import Meter
from app.engine.network import Network
from app.engine.packed import Packed
from app.engine.spec import NetworkSpec

Array = np.ndarray


class Workspace:
    """One network's passes over mini-batches of the same samples.

    Attributes:
        layers: By name, as the last pass has left them.
        scores: Of the last mini-batch ``(N, C)``.
        classes: Its right classes ``(N,)``, or its targets ``(N, H)``.
        penalty: What weight decay added to its loss.
        gradients: dL/d(parameter) by name, of the last mini-batch.
    """

    def __init__(self, network: Network, x: Array, classes: Array, rows: int) -> None:
        """Nothing is computed yet.

        Args:
            network: Whose parameters are used, as they are at each pass.
            x: All samples ``(N, D)``.
            classes: The right class of each ``(N,)``; or the targets of each ``(N, H)``.
            rows: Of the largest mini-batch.
        """
        self._spec, self._parameters = network.spec, network.parameters
        self._chain = Chain(network.spec, network.parameters)
        self.layers = self._chain.layers
        self._own = _written_over(network.spec)
        self._x = np.ascontiguousarray(x, dtype=network.spec.dtype)
        self._classes = classes
        self._head = Head(network.spec, network.parameters)
        # It looks after right classes; other targets go through the head.
        self._kernel = self._head.kernel if classes.ndim == 1 else None
        self._batch: Array | None = None
        self._slope: Array | None = None
        self._size = 0
        self._make_room(rows)
        self._before = Packed(network.spec.parameter_shapes, network.spec.dtype)
        self.gradients = Packed(network.spec.parameter_shapes, network.spec.dtype)
        self._chain.keep_gradients(self.gradients)

    def pass_over(self, rows: Array, step: int = 0) -> None:
        """Forward and backward over these rows ``(N,)`` of the samples.

        ``step`` counts steps of learning from 0, for what is drawn anew at each.
        """
        self._chain.at_step(step)
        if len(rows) != self._size:
            self._make_room(len(rows))
        # Clipping changes nothing, since all rows are there; without it NumPy fills a copy first.
        x = self._x.take(rows, axis=0, out=self._batch, mode="clip")
        self.classes = self._classes.take(rows, axis=0)
        self.scores = self._chain.forward(x)
        self.penalty = self._head.penalty()
        if self._kernel is None:
            self._chain.backward(self._head.gradient(self.scores, self.classes))
            self._head.decay(self.gradients)
            return
        self._labels = cells(self.scores, self.classes)
        # Without the loss itself: most steps are told to nobody.
        slope = self._kernel.slope_of_labels(self.scores, self._labels, out=self._slope)
        self._chain.backward(slope)
        self._head.decay(self.gradients)

    @property
    def spare(self) -> Array:
        """Memory ``(n,)`` that holds nothing of worth between two passes: the gathered rows."""
        assert self._batch is not None
        return self._batch.reshape(-1)

    def loss(self) -> float:
        """The loss of the last mini-batch."""
        if self._kernel is None:
            return self._head.of_samples(self.scores, self.classes) + self.penalty
        return self._kernel.loss_of_labels(self.scores, self._labels) + self.penalty

    def note(self, meter: Meter, step: int) -> None:
        """Have the last mini-batch noted as that of a step."""
        meter.note(step, self.scores, self.classes, self.penalty)

    def note_health(self, meter: Meter, before: Packed) -> None:
        """Have the norms of a step noted, with the parameters that it began with."""
        meter.health(self.gradients, before, self.layers)

    def accuracy(self) -> float:
        """The share of the last mini-batch whose largest score was at the target."""
        if self._kernel is None:
            return self._head.accuracy(self.scores, self.classes)
        return float((self.scores.argmax(axis=1) == self.classes).mean())

    def copy_of_parameters(self) -> Packed:
        """The parameters as they are now, until the next copy."""
        np.copyto(self._before.whole, self._parameters.whole)
        return self._before

    def _make_room(self, rows: int) -> None:
        """Memory for mini-batches of so many rows: the first of what there is, if they fit."""
        self._size = rows
        widths, dtype = self._spec.widths, self._x.dtype
        for layer, width, is_own in zip(self.layers.values(), widths, self._own, strict=False):
            if is_own:
                layer.reuse(rows, width, dtype)
        self._batch = room(self._batch, rows, widths[0], dtype)
        self._slope = room(self._slope, rows, widths[-1], dtype)


def _written_over(spec: NetworkSpec) -> list[bool]:
    """Of each layer whether it may write over what it is given: rows that were made as rows.

    A layer of other samples keeps what it gives, and a flatten layer gives a view of that.
    """
    rows = [len(size) == 1 for size in spec.sizes]
    return [is_row and was for is_row, was in zip(rows, [True, *rows], strict=False)]
