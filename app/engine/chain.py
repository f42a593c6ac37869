"""Layers in a row: forward through all of them, and back as far as there is something to learn."""

from collections.abc import Mapping

import numpy as np

from app.engine.graph_layer import kernel_of
from app.engine.layers import Layer
from app.engine.spec import NetworkSpec

Array = np.ndarray


class Chain:
    """The layers of a network over parameters that somebody else owns.

    Attributes:
        layers: By name, in their order.
    """

    def __init__(self, spec: NetworkSpec, parameters: Mapping[str, Array]) -> None:
        """Fresh layers that hold these very arrays, so an edit in place is an edit of both."""
        self.layers: dict[str, Layer] = {
            layer.name: kernel_of(
                layer,
                size,
                {part: parameters[f"{layer.name}.{part}"] for part in parts},
            )
            for layer, size, parts in zip(
                spec.layers, spec.sizes, spec.layer_parameters, strict=False
            )
        }
        self._sample = spec.sample
        order = list(self.layers.values())
        self._learning = {
            layer.name: (self.layers[layer.name], tuple(parts))
            for layer, parts in zip(spec.layers, spec.layer_parameters, strict=True)
            if parts
        }
        # What lies before the first parameters learns nothing, and nobody asks for dL/dx there.
        self._first = next((layer for layer, _ in self._learning.values()), None)
        below = order.index(self._first) + 1 if self._first else 0
        # Looked up once: for a small network that is a good part of a step.
        self._forward = [layer.forward for layer in order]
        self._drawing = [self.layers[layer.name] for layer in spec.layers if layer.draws]
        self._backward = [layer.backward for layer in reversed(order[below:])]

    def forward(self, x: Array) -> Array:
        """The output of the last layer for x ``(N, D)``, or in the shape of the samples."""
        if len(self._sample) > 1:
            x = x.reshape(len(x), *self._sample)
        for forward in self._forward:
            x = forward(x)
        return x

    def at_step(self, step: int) -> None:
        """From now on it is this step of learning, counted from 0."""
        for layer in self._drawing:
            layer.at_step(step)

    def backward(self, dout: Array) -> None:
        """From dL/d(the last output) back to the first parameters; see `gradients`."""
        for backward in self._backward:
            dout = backward(dout)
        if self._first is not None:
            self._first.backward_parameters(dout)

    def gradients(self) -> dict[str, Array]:
        """dL/d(parameter) by name, in the order of the layers, after `backward`."""
        return {
            f"{name}.{part}": gradient
            for name, (layer, _) in self._learning.items()
            for part, gradient in layer.gradients().items()
        }

    def keep_gradients(self, memory: Mapping[str, Array]) -> None:
        """From now on write them into these arrays, by the same names."""
        for name, (layer, parts) in self._learning.items():
            layer.keep_gradients({part: memory[f"{name}.{part}"] for part in parts})

    def switches(self) -> list[Array]:
        """What decided which way the gradient takes, in the last `forward` (`Layer.switches`)."""
        return [switch for layer in self.layers.values() for switch in layer.switches()]
