"""Names of gradients and of the loss in formulas."""


def derivative(symbol: str, loss: str = "L") -> str:
    """dL/d(symbol), as LaTeX, of the loss of that name."""
    return rf"\frac{{\partial {loss}}}{{\partial {symbol}}}"


def loss_symbol(sample: int | None) -> str:
    """L; for one sample of a batch L_n, with n counted from 0 as the rows of x are."""
    return "L" if sample is None else f"L_{{{sample}}}"
