r"""What batch and layer normalisation share: to mean 0 and variance 1 over some axes.

Then every number is multiplied by a gamma and a beta is added, which are learned.
"""

from collections.abc import Mapping
from typing import Any

from app.engine.builder import Use
from app.engine.layer_types.kind import Opening, Parameter


def scale_and_shift(shape: tuple[int, ...]) -> Mapping[str, Parameter]:
    """Gamma, which begins at 1, and beta, which begins at 0."""
    return {"gamma": Parameter(shape, r"\gamma", start=1.0), "beta": Parameter(shape, r"\beta")}


def normalized(layer: Opening, axes: tuple[int, ...], aligned: tuple[int, ...] = ()) -> str:
    """The ops of both; the name of the output.

    Args:
        layer: With a field ``epsilon``, and ``gamma`` and ``beta`` as parameters.
        axes: Over which the mean is taken.
        aligned: The shape in which gamma and beta meet x, where it is not their own.
    """
    over: Mapping[str, Any] = {"axes": axes, "keepdims": True}
    x = layer.x_symbol
    scale, shift = layer.parameter("gamma"), layer.parameter("beta")
    mean = layer.node("mean", "mean", [layer.x], r"\mu", **over)
    centred = layer.node("subtract", "subtract", [layer.x, mean], rf"{x} - \mu")
    square = layer.node("square", "square", [centred], rf"({x} - \mu)^{{2}}")
    variance = layer.node("variance", "mean", [square], r"\sigma^{2}", **over)
    epsilon = layer.builder.source(
        f"{layer.name}.epsilon", (), "constant", r"\epsilon", value=layer.settings["epsilon"]
    )
    wide = layer.node("add_epsilon", "add", [variance, epsilon], r"\sigma^{2} + \epsilon")
    deviation = layer.node("sqrt", "sqrt", [wide], r"\sigma")
    normal = layer.node("divide", "divide", [Use(centred), deviation], r"\hat{\mathbf{X}}")
    if aligned:
        scale = _as(layer, scale, "gamma", aligned)
        shift = _as(layer, shift, "beta", aligned)
    scaled = layer.node(
        "multiply", "multiply", [normal, scale],
        rf"{layer.symbols['gamma']} \hat{{\mathbf{{X}}}}", layer.derivative("output"),
    )  # fmt: skip
    return layer.node("add", "add", [scaled, shift])


def _as(layer: Opening, name: str, part: str, shape: tuple[int, ...]) -> str:
    """A parameter of one axis in the shape in which it meets images."""
    symbol = layer.symbols[part]
    return layer.node(
        f"{part}_reshape", "reshape", [name], rf"\mathrm{{reshape}}({symbol})", shape=shape
    )
