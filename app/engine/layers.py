"""Layers as the book writes them: ``forward`` keeps what ``backward`` needs (section 5.5 to 5.6).

Differences from the book's code, each on purpose: no argument is ever written into, inputs are
2-D, the loss has no 1e-7 inside its logarithm, and its ``backward`` multiplies by ``dout``.

Every result is a new array, unless a layer was told to `reuse` memory: then it writes over what it
is given and over its own from the pass before. A training does that, since what a step waits for is
memory. The bits are the same.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

Array = np.ndarray

# Whole numbers as wide as those of a dtype.
_BITS = {4: np.int32, 8: np.int64}


class Layer:
    """What every layer offers: x and its gradient have the same shape (equation 5.15)."""

    def forward(self, x: Array) -> Array:
        """The layer's output for x ``(N, D)``."""
        raise NotImplementedError

    def backward(self, dout: Array) -> Array:
        """dL/dx for dL/d(output); call ``forward`` first."""
        raise NotImplementedError

    def backward_parameters(self, dout: Array) -> None:
        """Only the gradients of the parameters: what the first layer of a training needs."""
        self.backward(dout)

    def gradients(self) -> Mapping[str, Array]:
        """dL/d(parameter) by its name in the layer, after `backward`."""
        return {}

    def keep_gradients(self, memory: Mapping[str, Array]) -> None:
        """From now on write them into these arrays."""

    def switches(self) -> Sequence[Array]:
        """What decided which way the gradient takes, in the last `forward`.

        While it stays the same, the layer is smooth; one that always is has nothing here.
        """
        return ()

    def at_step(self, step: int) -> None:
        """From now on it is this step of learning, counted from 0: what is drawn is drawn anew."""

    def reuse(self, rows: int, width: int, dtype: np.dtype) -> None:
        """From now on write over x ``(rows, width)``, dL/d(output) and arrays of the layer's own.

        That does no harm where layers stand in a row: what one has given, it needs no more itself;
        what it was given, only it uses. A layer need not do it.
        """


class Affine(Layer):
    """x . W + b (section 5.6.2): x ``(N, D)``, W ``(D, H)``, b ``(H,)``, output ``(N, H)``.

    After ``backward``, ``dW`` and ``db`` hold the gradients of the parameters.
    """

    # None to NumPy's ``out`` means a new array.
    _y: Array | None = None
    _dw: Array | None = None
    _db: Array | None = None

    def __init__(self, W: Array, b: Array) -> None:  # noqa: N803 - the book's name
        self.W = W
        self.b = b

    def forward(self, x: Array) -> Array:
        """x . W + b, b being added to every row."""
        self.x = x
        y: Array = np.matmul(x, self.W, out=self._y)
        y += self.b
        return y

    def backward(self, dout: Array) -> Array:
        """Equation 5.13: dL/dx = dL/dy . W^T; also dW = x^T . dL/dy and db = column sums."""
        self.backward_parameters(dout)
        # x is not needed after dW.
        dx: Array = np.matmul(dout, self.W.T, out=None if self._y is None else self.x)
        return dx

    def backward_parameters(self, dout: Array) -> None:
        """Only dW and db: what the first layer of a training needs, and half the work."""
        self.dW = np.matmul(self.x.T, dout, out=self._dw)
        self.db = np.add.reduce(dout, axis=0, out=self._db)

    def reuse(self, rows: int, width: int, dtype: np.dtype) -> None:
        """The output; dL/dx is written over x."""
        self._y = room(self._y, rows, self.b.size, dtype)

    def gradients(self) -> Mapping[str, Array]:
        """dW and db."""
        return {"W": self.dW, "b": self.db}

    def keep_gradients(self, memory: Mapping[str, Array]) -> None:
        """From now on write the gradients into these."""
        self._dw, self._db = memory["W"], memory["b"]


class Relu(Layer):
    """max(x, 0), section 5.5.1. The gradient passes where x > 0 and nowhere else.

    After ``forward``, ``mask`` says of every cell whether its gate is open: True or 1.
    """

    _mask: Array | None = None
    # As an array of x's dtype it spares NumPy to ask each time what a Python number is to be.
    _zero: Array | float = 0.0

    def forward(self, x: Array) -> Array:
        """x where it is positive, else 0; a NaN stays a NaN, since hiding it would be a lie."""
        self.mask = np.greater(x, self._zero, out=self._mask)
        y: Array = np.maximum(x, self._zero, out=None if self._mask is None else x)
        return y

    def backward(self, dout: Array) -> Array:
        """dout through the open gates, 0 elsewhere, also where dout is no number."""
        # The bits, times 1 or 0: faster than a choice, and 0 * NaN and 0 * -1 are 0 then.
        bits = dout.view(_BITS[dout.dtype.itemsize])
        through: Array = np.multiply(bits, self.mask, out=None if self._mask is None else bits)
        return through.view(dout.dtype)

    def switches(self) -> Sequence[Array]:
        """The gates."""
        return (self.mask,)

    def reuse(self, rows: int, width: int, dtype: np.dtype) -> None:
        """The mask; the output is written over x, its slope over dL/d(output)."""
        self._mask = room(self._mask, rows, width, np.dtype(_BITS[dtype.itemsize]))
        self._zero = np.zeros((), dtype)


class Sigmoid(Layer):
    """1 / (1 + exp(-x)), section 5.5.2."""

    def forward(self, x: Array) -> Array:
        """Computed from exp(-|x|), which cannot overflow."""
        self.x = x
        return sigmoid(x)

    def backward(self, dout: Array) -> Array:
        """Equation 5.12, dout y (1 - y), as `sigmoid_slope` computes it."""
        return np.asarray(dout * sigmoid_slope(self.x))


class Tanh(Layer):
    """The hyperbolic tangent, whose derivative is 1 - y^2."""

    def forward(self, x: Array) -> Array:
        """tanh(x)."""
        self.x = x
        return np.asarray(np.tanh(x))

    def backward(self, dout: Array) -> Array:
        """dout (1 - y^2), as `tanh_slope` computes it."""
        return np.asarray(dout * tanh_slope(self.x))


class SoftmaxWithLoss:
    """Softmax and cross entropy in one (section 5.6.3), mean over the batch.

    The two belong together: from the scores, both the loss and its gradient are exact at any
    size, where log(softmax(a)) would lose them to rounding or give log 0.
    """

    def forward(self, a: Array, t: Array) -> Array:
        """The mean loss, shape ``()``, of scores a and one-hot targets t, both ``(N, C)``."""
        self.t = t
        self.y = softmax(a)
        self.loss = cross_entropy(a, t)
        return self.loss

    def backward(self, dout: Array | float = 1.0) -> Array:
        """(y - t) / N, times ``dout``: the two layers together leave just this."""
        return np.asarray(dout * score_gradient(self.y, self.t), dtype=self.y.dtype)

    @staticmethod
    def slope_of_labels(a: Array, labels: Array, out: Array | None = None) -> Array:
        """The gradient with the labels' `cells` ``(N,)`` in place of t, written into ``out``."""
        return score_gradient_of(softmax(a, out=out), labels)

    @staticmethod
    def loss_of_labels(a: Array, labels: Array) -> float:
        """The mean loss, likewise."""
        return float(label_losses(a, labels).mean())


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)) without overflow on either side."""
    e = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1 / (1 + e), e / (1 + e)))


def sigmoid_slope(x: Array) -> Array:
    """y (1 - y) of y = sigmoid(x), written e / (1 + e)^2 with e = exp(-|x|).

    It is the same on both sides of 0, and keeps the digits that 1 - y loses where y is close to 1:
    at x = 40 they are all of them.
    """
    e = np.exp(-np.abs(x))
    return np.asarray(e / ((1 + e) * (1 + e)))


def tanh_slope(x: Array) -> Array:
    """1 - y^2 of y = tanh(x), written 4e / (1 + e)^2 with e = exp(-2|x|), for the same reason."""
    e = np.exp(-2 * np.abs(x))
    return np.asarray(4 * e / ((1 + e) * (1 + e)))


def softmax(a: Array, out: Array | None = None) -> Array:
    """exp(a - max) / sum(exp(a - max)) of each row; the shift changes nothing (equation 3.11).

    Args:
        a: Scores ``(N, C)``.
        out: Where the result goes; a new array where it is None.
    """
    largest = a.take(cells(a, a.argmax(axis=1)))
    e: Array = np.subtract(a, largest[:, np.newaxis], out=out)
    np.exp(e, out=e)
    e /= np.add.reduce(e, axis=1, keepdims=True)
    return e


def log_softmax(a: Array) -> tuple[Array, Array]:
    """log y ``(N, C)`` of the scores, and log S ``(N, 1)``, where S is the sum of exp(a - max).

    log1p over all but the largest score keeps what lies far below the rounding of 1.0:
    log(1 + 1e-20) would be 0.
    """
    shifted, log_sum = _log_parts(a)
    return shifted - log_sum, log_sum


def _log_parts(a: Array) -> tuple[Array, Array]:
    """a - max ``(N, C)`` and log S ``(N, 1)``."""
    largest = cells(a, a.argmax(axis=1))
    shifted = a - a.take(largest)[:, np.newaxis]
    others = np.exp(shifted)
    others.put(largest, 0)
    return shifted, np.log1p(others.sum(axis=1, keepdims=True))


def cross_entropy(a: Array, t: Array) -> Array:
    """Mean over the rows of -log y at the label, shape ``()``."""
    return np.asarray(sample_losses(a, t).mean(), dtype=a.dtype)


def sample_losses(a: Array, t: Array) -> Array:
    """Minus the sum of t log y for every row, shape ``(N,)``, of scores a and targets t ``(N, C)``.

    Of one-hot rows that is -log y at the label.
    """
    if is_one_hot(t):
        return label_losses(a, label_cells(t))
    shifted, log_sum = _log_parts(a)
    # 0 times a logarithm of 0 would be no number.
    return np.asarray(-np.where(t > 0, t * (shifted - log_sum), 0).sum(axis=1))


def is_one_hot(t: Array) -> bool:
    """Whether every row of targets that add up to 1 has a 1, which leaves 0 for the rest."""
    return bool((t.max(axis=1) == 1).all())


def label_losses(a: Array, labels: Array) -> Array:
    """The same with the labels' `cells` ``(N,)`` in place of t."""
    shifted, log_sum = _log_parts(a)
    return np.asarray(-(shifted.take(labels) - log_sum[:, 0]))


def score_gradient(y: Array, t: Array) -> Array:
    """(y - t) / N for probabilities y and targets t, both ``(N, C)``."""
    if is_one_hot(t):
        return score_gradient_of(y.copy(), label_cells(t))
    return np.asarray((y - t) / len(y))


def score_slopes(y: Array, t: Array) -> Array:
    """y - t, likewise."""
    return np.asarray(score_gradient(y, t) * len(y)) if len(y) > 1 else score_gradient(y, t)


def score_gradient_of(y: Array, labels: Array) -> Array:
    """The same with the labels' `cells` ``(N,)`` in place of t, written over a contiguous y.

    At the label, y - 1 is written as minus the sum of the others: the same number, but without
    the digits that 1 - (1 - 1e-12) would lose.
    """
    flat = y.reshape(-1)
    flat[labels] = 0
    flat[labels] = 0 - np.add.reduce(y, axis=1)
    y /= len(y)
    return y


def cells(a: Array, columns: Array) -> Array:
    """Where one cell of each row of a ``(N, C)`` stands, counted through all rows: ``(N,)``."""
    found: Array = _starts(*a.shape) + columns
    return found


@lru_cache(maxsize=8)
def _starts(rows: int, width: int) -> Array:
    """Where each row begins. A training asks for the same again and again."""
    starts = np.arange(0, rows * width, width)
    starts.flags.writeable = False
    return starts


def label_cells(t: Array) -> Array:
    """The labels' `cells` of one-hot targets t ``(N, C)``."""
    return cells(t, t.argmax(axis=1))


def room(array: Array | None, rows: int, width: int, dtype: np.dtype) -> Array:
    """An array ``(rows, width)``: the first rows of the memory behind this one, if they fit."""
    whole = None if array is None else array.base
    if whole is None or len(whole) < rows:
        whole = np.empty((rows, width), dtype)
    return np.asarray(whole[:rows])
