"""A network of book-style layers: what training and evaluation run (section 5.7.2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from app.engine.chain import Chain
from app.engine.losses import Head
from app.engine.packed import Packed
from app.engine.spec import NetworkSpec

Array = np.ndarray

# An overflow is part of the answer: it shows as Infinity or NaN, not as a warning in a log.
_QUIET = np.errstate(all="ignore")


@dataclass(frozen=True)
class LayerResult:
    """One layer after a pass; gradients are None where no backward half was asked for.

    ``output`` and ``grad_output`` are ``(N, H)``, ``grad_input`` is ``(N, D)``; ``parameters``
    maps ``W`` and ``b`` to value and gradient.
    """

    name: str
    type: str
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    output: Array
    grad_output: Array | None = None
    grad_input: Array | None = None
    parameters: dict[str, tuple[Array, Array | None]] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluation:
    """One forward pass and, where it was asked for, one backward pass.

    ``grad_input`` is dL/dx ``(N, D)``; None without a backward half.

    ``predictions`` are the classes ``(N,)`` of the largest scores; None without a loss, since the
    outputs are no classes then.
    """

    loss: float | None
    probabilities: Array | None
    predictions: Array | None
    layers: tuple[LayerResult, ...]
    parameter_gradients: dict[str, Array]
    grad_input: Array | None = None


class Network:
    """Layers in a row, with parameters of its own: editing them changes what it computes."""

    def __init__(self, spec: NetworkSpec, parameters: Mapping[str, Array]) -> None:
        """Copy ``parameters``, which are checked (`targets.check_parameters`) or drawn."""
        self.spec = spec
        self.parameters = Packed(spec.parameter_shapes, spec.dtype)
        self.parameters.fill(parameters)
        self._chain = Chain(spec, self.parameters)
        self.layers = self._chain.layers

    def forward(self, x: Array) -> Array:
        """Scores ``(N, C)``: the output of the last layer for x ``(N, D)``."""
        return self._chain.forward(x)

    @_QUIET
    def loss(self, x: Array, t: Array) -> float:
        """The loss for targets t ``(N, C)``."""
        return self._head().value(self.forward(x), t)

    def _head(self) -> Head:
        return Head(self.spec, self.parameters)

    @_QUIET
    def accuracy(self, x: Array, t: Array) -> float:
        """The share of what is right, 0 to 1: of samples whose largest score is at the target."""
        return self._head().accuracy(self.forward(x), t)

    @_QUIET
    def gradients(self, x: Array, t: Array) -> dict[str, Array]:
        """dL/d(parameter) of the loss for every parameter, by backpropagation."""
        head = self._head()
        gradients = self.backward(head.gradient(self.forward(x), t))
        head.decay(gradients)
        return gradients

    def switches(self) -> list[Array]:
        """What decided which way the gradient takes, in the last `forward` (`Layer.switches`)."""
        return self._chain.switches()

    def backward(self, dout: Array) -> dict[str, Array]:
        """The parameters' gradients for dL/d(scores), after a ``forward``."""
        self._chain.backward(dout.reshape(len(dout), *self.spec.sizes[-1]))
        return self._chain.gradients()

    @_QUIET
    def evaluate(
        self,
        x: Array,
        t: Array | None = None,
        grad_output: Array | None = None,
        backward: bool = True,
    ) -> Evaluation:
        """One pass with everything it computed.

        Args:
            x: Inputs ``(N, D)``.
            t: Targets ``(N, C)``; with a loss and t there is a backward half.
            grad_output: dL/d(scores) ``(N, C)``, the start of the backward half of a network
                without a loss.
            backward: Whether to go back at all.
        """
        x = x.reshape(len(x), *self.spec.sample)
        outputs: list[Array] = []
        for layer in self.layers.values():
            outputs.append(layer.forward(outputs[-1] if outputs else x))
        scores = outputs[-1] if outputs else x
        loss = probabilities = predictions = None
        dout = grad_output if backward else None
        if dout is not None:
            dout = dout.reshape(scores.shape)
        if self.spec.loss is not None:
            head = self._head()
            predictions = self.spec.loss.kind.predictions(scores)
            probabilities = self.spec.loss.kind.probabilities(scores)
            if t is not None:
                loss = head.value(scores, t)
                dout = head.gradient(scores, t) if backward else None
        # A copy: the gradient may be an argument.
        dout = None if dout is None else np.asarray(dout + 0.0)
        results = self._results(x, outputs, dout)
        if self.spec.loss is not None and t is not None and dout is not None:
            head.decay(
                {
                    f"{result.name}.{name}": gradient
                    for result in results
                    for name, (_, gradient) in result.parameters.items()
                    if gradient is not None
                }
            )
        gradients = {
            f"{result.name}.{name}": gradient
            for result in results
            for name, (_, gradient) in result.parameters.items()
            if gradient is not None
        }
        # Without layers the samples are the scores themselves.
        grad_input = results[0].grad_input if results else dout
        return Evaluation(loss, probabilities, predictions, results, gradients, grad_input)

    @staticmethod
    def _shown(made: Array) -> Array:
        """A gradient that a layer has just made, for an answer.

        Adding 0 turns -0, the product of 0 and a negative number, into 0. The layers' outputs have
        none: they add a bias, or are not negative.
        """
        return np.asarray(np.add(made, 0.0, out=made))

    def _results(
        self, x: Array, outputs: list[Array], dout: Array | None
    ) -> tuple[LayerResult, ...]:
        results = []
        inputs = [x, *outputs]
        for index in reversed(range(len(outputs))):
            spec = self.spec.layers[index]
            layer = self.layers[spec.name]
            grad_input = None if dout is None else self._shown(layer.backward(dout))
            if spec.kind.takes_ids:
                grad_input = None
            learned = {} if dout is None else layer.gradients()
            parameters: dict[str, tuple[Array, Array | None]] = {
                part: (
                    self.parameters[f"{spec.name}.{part}"],
                    self._shown(learned[part]) if part in learned else None,
                )
                for part in self.spec.layer_parameters[index]
            }
            results.append(
                LayerResult(
                    spec.name,
                    spec.type,
                    inputs[index].shape,
                    outputs[index].shape,
                    outputs[index],
                    dout,
                    grad_input,
                    parameters,
                )
            )
            dout = grad_input
        return tuple(reversed(results))
