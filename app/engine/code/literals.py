"""Numbers as Python writes them: read again, they are the same to the last bit."""

import numpy as np

Array = np.ndarray


def numpy_literal(array: Array) -> str:
    """``np.array(...)`` of these numbers; infinities and no number are ``inf`` and ``nan``."""
    dtype = "" if array.dtype == np.float64 else f", dtype=np.{array.dtype}"
    return f"np.array({_numbers(array)}{dtype})"


def torch_literal(array: Array, learns: bool) -> str:
    """``torch.tensor(...)`` of these numbers, which gathers a gradient where it ``learns``."""
    extra = ", requires_grad=True" if learns else ""
    return f"torch.tensor({_numbers(array)}, dtype=torch.{array.dtype}{extra})"


def _numbers(array: Array) -> str:
    """Nested lists; rows stand below each other."""
    if array.ndim < 2 or array.shape[0] < 2:
        return repr(array.tolist())
    rows = ",\n    ".join(repr(row.tolist()) for row in array)
    return f"[\n    {rows},\n]"
