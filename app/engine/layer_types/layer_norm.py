"""Layer normalisation (Ba, Kiros and Hinton 2016): each sample to mean 0 and variance 1.

Then every number is multiplied by a gamma and a beta is added, which are learned.
"""

from collections.abc import Mapping

from app.engine.bounds import Bounds
from app.engine.builder import Use
from app.engine.layer_types.kind import (
    LAST_AXIS,
    Field,
    LayerType,
    Opening,
    Parameter,
    Settings,
    Size,
)

EPSILON = Field("epsilon", Bounds(above=0, maximum=1), 1e-5)


def _parameters(size: Size, settings: Settings) -> Mapping[str, Parameter]:
    return {
        "gamma": Parameter(size[-1:], r"\gamma", start=1.0),
        "beta": Parameter(size[-1:], r"\beta"),
    }


def _build(layer: Opening) -> str:
    x, gamma, beta = layer.x_symbol, layer.parameter("gamma"), layer.parameter("beta")
    builder = layer.builder
    mean = layer.node("mean", "mean", [layer.x], r"\mu", **LAST_AXIS)
    centred = layer.node("subtract", "subtract", [layer.x, mean], rf"{x} - \mu")
    square = layer.node("square", "square", [centred], rf"({x} - \mu)^{{2}}")
    variance = layer.node("variance", "mean", [square], r"\sigma^{2}", **LAST_AXIS)
    epsilon = builder.source(
        f"{layer.name}.epsilon", (), "constant", r"\epsilon", value=layer.settings["epsilon"]
    )
    wide = layer.node("add_epsilon", "add", [variance, epsilon], r"\sigma^{2} + \epsilon")
    deviation = layer.node("sqrt", "sqrt", [wide], r"\sigma")
    normal = layer.node("divide", "divide", [Use(centred), deviation], r"\hat{\mathbf{X}}")
    scaled = layer.node(
        "multiply", "multiply", [normal, gamma],
        rf"{layer.symbols['gamma']} \hat{{\mathbf{{X}}}}", layer.derivative("output"),
    )  # fmt: skip
    return layer.node("add", "add", [scaled, beta])


LAYER_NORM = LayerType(
    "layer_norm",
    "Layer Norm",
    _build,
    fields=(EPSILON,),
    parameters=_parameters,
    formula=r"\gamma \, \frac{{{0} - \mu}}{{\sqrt{{\sigma^{{2}} + \epsilon}}}} + \beta",
)
