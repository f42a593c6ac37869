"""Layers as the book writes them: ``forward`` keeps what ``backward`` needs (section 5.5 to 5.6).

Differences from the book's code, each on purpose: no argument is ever written into, inputs are
2-D, the loss has no 1e-7 inside its logarithm, and its ``backward`` multiplies by ``dout``.
"""

from typing import Protocol

import numpy as np

Array = np.ndarray


class Layer(Protocol):
    """What every layer offers: x and its gradient have the same shape (equation 5.15)."""

    def forward(self, x: Array) -> Array:
        """The layer's output for x ``(N, D)``."""

    def backward(self, dout: Array) -> Array:
        """dL/dx for dL/d(output); call ``forward`` first."""


class Affine:
    """x . W + b (section 5.6.2): x ``(N, D)``, W ``(D, H)``, b ``(H,)``, output ``(N, H)``.

    After ``backward``, ``dW`` and ``db`` hold the gradients of the parameters.
    """

    def __init__(self, W: Array, b: Array) -> None:  # noqa: N803 - the book's name
        self.W = W
        self.b = b

    def forward(self, x: Array) -> Array:
        """x . W + b, b being added to every row."""
        self.x = x
        return np.asarray(x @ self.W + self.b)

    def backward(self, dout: Array) -> Array:
        """Equation 5.13: dL/dx = dL/dy . W^T; also dW = x^T . dL/dy and db = column sums."""
        self.backward_parameters(dout)
        return np.asarray(dout @ self.W.T)

    def backward_parameters(self, dout: Array) -> None:
        """Only dW and db: what the first layer of a training needs, and half the work."""
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)


class Relu:
    """max(x, 0), section 5.5.1. The gradient passes where x > 0 and nowhere else."""

    def forward(self, x: Array) -> Array:
        """x where it is positive, else 0; a NaN stays a NaN, since hiding it would be a lie."""
        self.mask = x > 0
        return np.asarray(np.maximum(x, 0))

    def backward(self, dout: Array) -> Array:
        """dout through the open gates."""
        return np.where(self.mask, dout, 0)


class Sigmoid:
    """1 / (1 + exp(-x)), section 5.5.2."""

    def forward(self, x: Array) -> Array:
        """Computed from exp(-|x|), which cannot overflow."""
        self.x = x
        return sigmoid(x)

    def backward(self, dout: Array) -> Array:
        """Equation 5.12, dout y (1 - y), as `sigmoid_slope` computes it."""
        return np.asarray(dout * sigmoid_slope(self.x))


class Tanh:
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


def softmax(a: Array) -> Array:
    """exp(a - max) / sum(exp(a - max)) of each row; the shift changes nothing (equation 3.11)."""
    e = np.exp(a - a.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


def log_softmax(a: Array) -> tuple[Array, Array]:
    """log y ``(N, C)`` of the scores, and log S ``(N, 1)``, where S is the sum of exp(a - max).

    log1p over all but the largest score keeps what lies far below the rounding of 1.0:
    log(1 + 1e-20) would be 0.
    """
    cells = np.arange(len(a)), a.argmax(axis=1)
    shifted = a - a[cells][:, np.newaxis]
    others = np.exp(shifted)
    others[cells] = 0
    log_sum = np.log1p(others.sum(axis=1, keepdims=True))
    return shifted - log_sum, log_sum


def cross_entropy(a: Array, t: Array) -> Array:
    """Mean over the rows of -log y at the label, shape ``()``."""
    return np.asarray(sample_losses(a, t).mean(), dtype=a.dtype)


def sample_losses(a: Array, t: Array) -> Array:
    """-log y at the label for every row, shape ``(N,)``, of scores a and targets t ``(N, C)``."""
    log_y, _ = log_softmax(a)
    return np.asarray(-np.where(t > 0, log_y, 0).sum(axis=1))


def score_gradient(y: Array, t: Array) -> Array:
    """(y - t) / N for probabilities y and one-hot targets t, both ``(N, C)``.

    At the label, y - 1 is written as minus the sum of the others: the same number, but without
    the digits that 1 - (1 - 1e-12) would lose.
    """
    others = np.where(t > 0, 0, y)
    return np.asarray(np.where(t > 0, 0 - others.sum(axis=1, keepdims=True), others) / len(y))


ACTIVATIONS: dict[str, type[Relu] | type[Sigmoid] | type[Tanh]] = {
    "relu": Relu,
    "sigmoid": Sigmoid,
    "tanh": Tanh,
}
