"""Names of tensors in formulas, after the book: X, W, B, Y; between layers A and Z (3.4)."""

from collections.abc import Mapping

from app.engine.layer_types import Parameter
from app.engine.spec import NetworkSpec


def layer_symbols(spec: NetworkSpec) -> dict[str, str]:
    """LaTeX names of x, of all parameters and of every layer's output.

    A single Affine is X, W, B and Y as in figures 5-24 to 5-27. With more layers that have
    weights, the k-th has W_k and B_k, gives A_k, and the activation after it gives Z_k.
    """
    learning = sum(
        _has_weights(group)
        for parameters in spec.layer_parameters
        for group in _by_layer(parameters).values()
    )
    symbols = {"x": r"\mathbf{X}" if spec.layers else r"\mathbf{A}"}
    count = 0
    for position, layer in enumerate(spec.layers):
        groups = _by_layer(spec.layer_parameters[position])
        has_weights = any(map(_has_weights, groups.values()))
        index = f"_{{{count}}}" if learning > 1 and count else ""
        for group in groups.values():
            count += _has_weights(group)
            index = f"_{{{count}}}" if learning > 1 and count else ""
            for part, parameter in group.items():
                symbols[f"{layer.name}.{part}"] = _letter(parameter.symbol) + index
        is_end = position == len(spec.layers) - 1
        if is_end and (spec.loss is None or spec.loss.kind.output_symbol):
            letter, index = "Y" if spec.loss is None else spec.loss.kind.output_symbol, ""
        else:
            letter = "A" if has_weights else "Z"
        symbols[f"{layer.name}.output"] = rf"\mathbf{{{letter}}}{index}"
    return _told_apart(symbols)


def _by_layer(parameters: Mapping[str, Parameter]) -> Mapping[str, dict[str, Parameter]]:
    """Parameters by the layer within a layer that they belong to."""
    groups: dict[str, dict[str, Parameter]] = {}
    for part, parameter in parameters.items():
        groups.setdefault(part.rpartition(".")[0], {})[part] = parameter
    return groups


def _has_weights(parameters: Mapping[str, Parameter]) -> bool:
    return any(parameter.inputs is not None for parameter in parameters.values())


def _letter(symbol: str) -> str:
    """A Latin letter in bold; a Greek one as it is."""
    return symbol if symbol.startswith("\\") else rf"\mathbf{{{symbol}}}"


def _told_apart(symbols: dict[str, str]) -> dict[str, str]:
    """Prime a name that an earlier tensor already has, as after two activations in a row."""
    seen: set[str] = set()
    for name, symbol in symbols.items():
        while symbol in seen:
            symbol += "'"
        seen.add(symbol)
        symbols[name] = symbol
    return symbols
