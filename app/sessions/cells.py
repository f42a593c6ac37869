"""One cell of a tensor, set: its place and its number are checked, whoever owns the tensor."""

import math

import numpy as np

from app.engine.bounds import whole
from app.engine.errors import EngineError

Array = np.ndarray


def set_cell(array: Array, index: tuple[int, ...], value: float, field: str) -> Array:
    """A copy of ``array`` with another number in one cell.

    Raises:
        EngineError: no such cell, or the number is not finite in the array's dtype.
    """
    check_place(array, index, field)
    array = array.copy()
    put_cell(array, index, value, field)
    return array


def check_place(array: Array, index: tuple[int, ...], field: str) -> None:
    """Refuse an index that is no cell of ``array``.

    Raises:
        EngineError: at ``field``/index.
    """
    if len(index) != array.ndim:
        raise EngineError(
            f"index needs {array.ndim} numbers, the tensor has shape {array.shape}",
            f"{field}/index",
            "shape",
        )
    for axis, (place, size) in enumerate(zip(index, array.shape, strict=True)):
        if not 0 <= place < size:
            raise EngineError(
                f"this dimension has {size} cells, from 0 to {size - 1}",
                f"{field}/index/{axis}",
                "range",
                whole(0, size - 1).schema,
            )


def put_cell(array: Array, index: tuple[int, ...], value: float, field: str) -> None:
    """Write into one cell.

    Raises:
        EngineError: at ``field``/value, not finite in the array's dtype.
    """
    with np.errstate(over="ignore"):
        # Adding 0 turns -0 into 0.
        array[index] = value + 0.0
    if not math.isfinite(array[index]):
        raise EngineError(f"value is not finite in {array.dtype}", f"{field}/value", "finite")
