"""The one number that is differentiated: a loss, or what a gradient from above stands for."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from app.engine.network import Network

Array = np.ndarray


class Differentiated(Protocol):
    """A number, its gradients, and the same at other parameters."""

    @property
    def parameters(self) -> Mapping[str, Array]:
        """Arrays by name; may be changed in place between two calls."""

    def at(self, parameters: Mapping[str, Array]) -> "Differentiated":
        """The same with other parameters."""

    def value(self) -> float:
        """The number."""

    def gradients(self) -> dict[str, Array]:
        """Its gradient by every parameter that is learned."""

    def gates(self) -> list[Array]:
        """Which way gradients take where there are several, since the last `value`."""


class Objective:
    """A network's loss; or, where dL/dY is given instead, the sum of dL/dY times Y, cell by cell.

    Of all that could follow the network, that sum is the simplest whose gradient by Y is the one
    given, so the parameters' gradients are the same.

    Args:
        network: Its parameters may change between two calls.
        x: Inputs ``(N, D)``.
        t: One-hot targets ``(N, C)``; None where ``grad_output`` is given.
        grad_output: dL/dY ``(N, C)``, for a network without a loss.
    """

    def __init__(
        self, network: Network, x: Array, t: Array | None, grad_output: Array | None = None
    ) -> None:
        assert (t is None) != (grad_output is None)
        self.network = network
        self.parameters = network.parameters
        self.x = x
        self.t = t
        self.grad_output = grad_output

    def at(self, parameters: Mapping[str, Array]) -> "Objective":
        """The same with other parameters, of a network of its own."""
        network = Network(self.network.spec, parameters)
        return Objective(network, self.x, self.t, self.grad_output)

    @np.errstate(all="ignore")
    def value(self) -> float:
        """The number."""
        if self.t is not None:
            return self.network.loss(self.x, self.t)
        assert self.grad_output is not None
        made = self.network.forward(self.x)
        return weighted(self.grad_output.reshape(made.shape), made)

    def gates(self) -> list[Array]:
        """What decided which way the gradient takes, in the last forward pass."""
        return self.network.switches()

    @np.errstate(all="ignore")
    def gradients(self) -> dict[str, Array]:
        """Its gradient by every parameter, by backpropagation."""
        if self.t is not None:
            return self.network.gradients(self.x, self.t)
        assert self.grad_output is not None
        self.network.forward(self.x)
        return self.network.backward(self.grad_output)


def weighted(grad_output: Array, output: Array) -> float:
    """The sum of ``grad_output`` times ``output``, of one shape, added up in float64."""
    return float(np.sum(np.multiply(grad_output, output, dtype=np.float64)))
