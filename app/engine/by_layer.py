"""A recorded pass told layer by layer, as `Network.evaluate` tells its own."""

import numpy as np

from app.engine.code.spec import CodeSpec
from app.engine.network import Evaluation, LayerResult
from app.engine.spec import NetworkSpec
from app.engine.trace import NotComputed, Trace

Array = np.ndarray


def by_layer(spec: NetworkSpec, trace: Trace) -> Evaluation:
    """The layers of a pass, with its loss, probabilities, predictions and gradients.

    Args:
        spec: The network.
        trace: A pass of it over all samples, with the loss closed.
    """
    loss = _known(trace, "loss")
    results: list[LayerResult] = []
    before = "x"
    for layer, parts in zip(spec.layers, spec.layer_parameters, strict=True):
        output = f"{layer.name}.output"
        parameters: dict[str, tuple[Array, Array | None]] = {}
        for part in parts:
            name = f"{layer.name}.{part}"
            parameters[part] = trace.array(name), _known(trace, f"{name}.grad")
        made = trace.array(output)
        results.append(
            LayerResult(
                layer.name,
                layer.type,
                trace.array(before).shape,
                made.shape,
                made,
                _known(trace, f"{output}.grad"),
                _known(trace, f"{before}.grad"),
                parameters,
            )
        )
        before = output
    scores = trace.array(before)
    probabilities = _known(trace, "loss.probabilities")
    if probabilities is None and spec.loss is not None:
        probabilities = spec.loss.kind.probabilities(scores)
    gradients = {name: _known(trace, f"{name}.grad") for name in spec.parameter_shapes}
    return Evaluation(
        None if loss is None else float(loss),
        probabilities,
        None if spec.loss is None else spec.loss.kind.predictions(scores),
        tuple(results),
        {name: gradient for name, gradient in gradients.items() if gradient is not None},
        _known(trace, "x.grad"),
    )


def by_program(spec: CodeSpec, trace: Trace) -> Evaluation:
    """A pass of a program: its loss, and the gradients of what it learns."""
    gradients = {name: _known(trace, f"{name}.grad") for name in spec.learned}
    return Evaluation(
        None if spec.loss is None else float(trace.array(spec.output)),
        None,
        None,
        (),
        {name: gradient for name, gradient in gradients.items() if gradient is not None},
    )


def _known(trace: Trace, key: str) -> Array | None:
    try:
        value = trace.value(key)
    except KeyError:
        return None
    return None if isinstance(value, NotComputed) else value
