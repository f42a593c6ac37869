"""Layers for training: a type's fast code where it has some, and else its graph of ops."""

from collections.abc import Mapping, Sequence

import numpy as np

from app.engine.builder import GraphBuilder
from app.engine.execute import Execution
from app.engine.graph import OpGraph
from app.engine.layer_types import Opening
from app.engine.layers import Layer
from app.engine.spec import LayerSpec

Array = np.ndarray


def kernel_of(layer: LayerSpec, size: tuple[int, ...], parameters: Mapping[str, Array]) -> Layer:
    """The code that trains a layer.

    Args:
        layer: It, checked.
        size: The shape of one sample that comes in.
        parameters: Its parameters by part; they are held, not copied.
    """
    if layer.layers:
        return Residual(layer, size, parameters)
    made = layer.kind.kernel
    found = None if made is None else made(layer.settings, parameters, size)
    if found is None:
        return GraphLayer(layer, size, parameters)
    found.at_step(layer.step)
    return found


class Residual(Layer):
    """A chain of layers, and what goes into it added to what comes out."""

    def __init__(
        self, layer: LayerSpec, size: tuple[int, ...], parameters: Mapping[str, Array]
    ) -> None:
        self._layers: dict[str, Layer] = {}
        for inner in layer.layers:
            own = _below(parameters, inner.name)
            self._layers[inner.name] = kernel_of(inner, size, own)
            size = inner.kind.size(size, inner.settings)

    def forward(self, x: Array) -> Array:
        """F(x) + x."""
        made = x
        for layer in self._layers.values():
            made = layer.forward(made)
        return np.asarray(made + x)

    def backward(self, dout: Array) -> Array:
        """dL/dx: what F hands back, and what goes past it."""
        made = dout
        for layer in reversed(self._layers.values()):
            made = layer.backward(made)
        return np.asarray(made + dout)

    def gradients(self) -> Mapping[str, Array]:
        """By the layer in it and its part."""
        return {
            f"{name}.{part}": gradient
            for name, layer in self._layers.items()
            for part, gradient in layer.gradients().items()
        }

    def keep_gradients(self, memory: Mapping[str, Array]) -> None:
        """From now on write them into these arrays."""
        for name, layer in self._layers.items():
            if own := _below(memory, name):
                layer.keep_gradients(own)

    def switches(self) -> Sequence[Array]:
        """Those of its layers."""
        return [gate for layer in self._layers.values() for gate in layer.switches()]

    def at_step(self, step: int) -> None:
        """For all its layers."""
        for layer in self._layers.values():
            layer.at_step(step)


def _below(arrays: Mapping[str, Array], name: str) -> dict[str, Array]:
    prefix = f"{name}."
    return {
        part.removeprefix(prefix): array
        for part, array in arrays.items()
        if part.startswith(prefix)
    }


class GraphLayer(Layer):
    """A layer that runs the ops it opens into, without a record of them.

    After ``backward`` the gradients of its parameters are there, as `Affine` has them.
    """

    def __init__(
        self, layer: LayerSpec, size: tuple[int, ...], parameters: Mapping[str, Array]
    ) -> None:
        self._layer, self._size = layer, size
        self._declared = layer.kind.parameters(size, layer.settings)
        self._memory: Mapping[str, Array] | None = None
        self._gradients: dict[str, Array] = {}
        self._runs: dict[tuple[int, np.dtype], Execution] = {}
        self._step = layer.step
        self._is_reused = False
        self._names = {part: f"{layer.name}.{part}" for part in parameters}
        self._given = {self._names[part]: array for part, array in parameters.items()}
        self._learned = frozenset(self._given)
        self._all = self._learned | {"x"}

    def forward(self, x: Array) -> Array:
        """The output for x ``(N, ...)``."""
        self._run = self._execution(len(x), x.dtype)
        made = self._run.forward({"x": x, **self._given})
        return made.copy() if self._is_reused else made

    def reuse(self, rows: int, width: int, dtype: np.dtype) -> None:
        """What it gives is written over, and its ops may need it still."""
        self._is_reused = True

    def backward(self, dout: Array) -> Array:
        """dL/dx; the gradients of the parameters are there afterwards."""
        grads = self._run.backward(dout, self._all)
        self._keep(grads)
        # Numbers of words have none.
        return grads["x"] if "x" in grads else np.zeros_like(self._run.values["x"])

    def backward_parameters(self, dout: Array) -> None:
        """Without dL/dx, and whatever leads to nothing else."""
        self._keep(self._run.backward(dout, self._learned))

    def _keep(self, grads: Mapping[str, Array]) -> None:
        if self._memory is None:
            self._gradients = {part: grads[name] for part, name in self._names.items()}
            return
        for part, name in self._names.items():
            np.copyto(self._memory[part], grads[name])
        self._gradients = dict(self._memory)

    def gradients(self) -> Mapping[str, Array]:
        """By part."""
        return self._gradients

    def keep_gradients(self, memory: Mapping[str, Array]) -> None:
        """From now on write them into these arrays."""
        self._memory = memory

    def switches(self) -> Sequence[Array]:
        """Those of its ops."""
        return self._run.switches()

    def at_step(self, step: int) -> None:
        """What its graph draws is another at every step."""
        if self._layer.kind.draws and step != self._step:
            self._step = step
            self._runs.clear()

    def _execution(self, rows: int, dtype: np.dtype) -> Execution:
        if (rows, dtype) not in self._runs:
            # The last mini-batch of an epoch may be smaller; of more sizes none is used for long.
            if len(self._runs) > 2:
                self._runs.clear()
            self._runs[rows, dtype] = Execution(self._graph(rows), dtype)
        return self._runs[rows, dtype]

    def _graph(self, rows: int) -> OpGraph:
        builder = GraphBuilder(rows)
        x = builder.source("x", (rows, *self._size), "input", "x", "dx")
        symbols = {part: part for part in (*self._declared, "output")}
        layer = self._layer
        output = layer.kind.build(
            Opening(
                builder, layer.name, layer.type, x, layer.settings, symbols, self._declared,
                closed=True, step=self._step,
            )
        )  # fmt: skip
        return builder.finish("op", None, output)
