"""Names of tensors in formulas, after the book: X, W, B, Y; between layers A and Z (3.4)."""

from app.engine.spec import NetworkSpec


def derivative(symbol: str, loss: str = "L") -> str:
    """dL/d(symbol), as LaTeX, of the loss of that name."""
    return rf"\frac{{\partial {loss}}}{{\partial {symbol}}}"


def loss_symbol(sample: int | None) -> str:
    """L; for one sample of a batch L_n, with n counted from 0 as the rows of x are."""
    return "L" if sample is None else f"L_{{{sample}}}"


def layer_symbols(spec: NetworkSpec) -> dict[str, str]:
    """LaTeX names of x, of all parameters and of every layer's output.

    A single Affine is X, W, B and Y as in figures 5-24 to 5-27. With more layers the k-th
    Affine has W_k and B_k, gives A_k, and the activation after it gives Z_k.
    """
    affines = sum(layer.type == "affine" for layer in spec.layers)
    symbols = {"x": r"\mathbf{X}" if spec.layers else r"\mathbf{A}"}
    count = 0
    for position, layer in enumerate(spec.layers):
        count += layer.type == "affine"
        index = f"_{{{count}}}" if affines > 1 and count else ""
        if layer.type == "affine":
            symbols[f"{layer.name}.W"] = rf"\mathbf{{W}}{index}"
            symbols[f"{layer.name}.b"] = rf"\mathbf{{B}}{index}"
        is_end = position == len(spec.layers) - 1
        if is_end and spec.loss is None:
            letter, index = "Y", ""
        else:
            letter = "A" if layer.type == "affine" else "Z"
        symbols[f"{layer.name}.output"] = rf"\mathbf{{{letter}}}{index}"
    return _told_apart(symbols)


def _told_apart(symbols: dict[str, str]) -> dict[str, str]:
    """Prime a name that an earlier tensor already has, as after two activations in a row."""
    seen: set[str] = set()
    for name, symbol in symbols.items():
        while symbol in seen:
            symbol += "'"
        seen.add(symbol)
        symbols[name] = symbol
    return symbols
