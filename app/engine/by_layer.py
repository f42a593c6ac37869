"""A recorded pass told layer by layer, as `Network.evaluate` tells its own."""

import numpy as np

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
    loss = known(trace, "loss")
    results: list[LayerResult] = []
    before = "x"
    for layer, parts in zip(spec.layers, spec.layer_parameters, strict=True):
        output = f"{layer.name}.output"
        parameters: dict[str, tuple[Array, Array | None]] = {}
        for part in parts:
            name = f"{layer.name}.{part}"
            parameters[part] = trace.array(name), known(trace, f"{name}.grad")
        made = trace.array(output)
        results.append(
            LayerResult(
                layer.name,
                layer.type,
                trace.array(before).shape,
                made.shape,
                made,
                known(trace, f"{output}.grad"),
                known(trace, f"{before}.grad"),
                parameters,
            )
        )
        before = output
    scores = trace.array(before)
    probabilities = known(trace, "loss.probabilities")
    if probabilities is None and spec.loss is not None:
        probabilities = spec.loss.kind.probabilities(scores)
    gradients = {name: known(trace, f"{name}.grad") for name in spec.parameter_shapes}
    return Evaluation(
        None if loss is None else float(loss),
        probabilities,
        None if spec.loss is None else spec.loss.kind.predictions(scores),
        tuple(results),
        {name: gradient for name, gradient in gradients.items() if gradient is not None},
        known(trace, "x.grad"),
    )


def known(trace: Trace, key: str) -> Array | None:
    """What a pass has under ``key``; None for what it does not compute."""
    try:
        value = trace.value(key)
    except KeyError:
        return None
    return None if isinstance(value, NotComputed) else value
