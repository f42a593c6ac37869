"""Inputs and targets, checked once at the door so that no layer has to."""

import numpy as np

from app.engine.errors import EngineError
from app.engine.spec import NetworkSpec

Array = np.ndarray


def check_rows(value: object, columns: int, dtype: str, field: str) -> Array:
    """A finite 2-D array with ``columns`` columns, as a new array of ``dtype``.

    Raises:
        EngineError: not numbers, not 2-D, the wrong width, no rows, or not finite.
    """
    array = check_numbers(value, dtype, field)
    if array.ndim != 2:
        raise EngineError(
            f"{field} needs two dimensions, rows of samples: one sample of {columns} numbers is "
            f"written [[...]], shape (1, {columns}); this has {array.ndim}",
            field,
            "shape",
        )
    if array.shape[0] < 1 or array.shape[1] != columns:
        raise EngineError(
            f"{field} has shape {array.shape}, expected (N, {columns}) with N at least 1",
            field,
            "shape",
        )
    return array


def check_numbers(value: object, dtype: str, field: str) -> Array:
    """``value`` as a new finite array of ``dtype``, whatever its shape.

    Raises:
        EngineError: ragged rows, something that is no number, NaN or an infinity.
    """
    try:
        array = np.array(value)
    except (ValueError, OverflowError) as error:
        raise EngineError(f"{field} has rows of different lengths", field, "shape") from error
    if array.dtype.kind not in "iuf" and array.size:
        raise EngineError(f"{field} holds something that is not a number", field, "type")
    with np.errstate(over="ignore"):
        array = array.astype(dtype)
    if not np.isfinite(array).all():
        raise EngineError(f"{field} holds a number that is not finite in {dtype}", field, "range")
    return array


def as_one_hot(t: object, n: int, classes: int, dtype: str = "float64") -> Array:
    """Targets as rows ``(N, C)`` with a single 1: from labels ``(N,)`` or from such rows.

    Raises:
        EngineError: the wrong number of targets, a label outside 0..C-1, a row that is not
            one-hot.
    """
    array = check_numbers(t, "float64", "t")
    if array.ndim == 1:
        return _from_labels(array, n, classes, dtype)
    if array.shape != (n, classes):
        raise EngineError(
            f"t has shape {array.shape}, expected labels ({n},) or one-hot rows ({n}, {classes})",
            "t",
            "shape",
        )
    wrong = ~(((array == 0) | (array == 1)).all(axis=1) & (array.sum(axis=1) == 1))
    if wrong.any():
        raise EngineError(
            "a one-hot row holds a single 1, all else 0", f"t/{wrong.argmax()}", "range"
        )
    return array.astype(dtype)


def _from_labels(labels: Array, n: int, classes: int, dtype: str) -> Array:
    if labels.shape != (n,):
        raise EngineError(f"t has {labels.shape[0]} labels, x has {n} rows", "t", "shape")
    wrong = (labels != np.floor(labels)) | (labels < 0) | (labels >= classes)
    if wrong.any():
        raise EngineError(
            f"a label is a whole number from 0 to {classes - 1}", f"t/{wrong.argmax()}", "range"
        )
    one_hot = np.zeros((n, classes), dtype)
    one_hot[np.arange(n), labels.astype(int)] = 1
    return one_hot


def check_parameters(spec: NetworkSpec, parameters: dict[str, object]) -> dict[str, Array]:
    """All parameters of ``spec``, each of its shape, as new arrays.

    Raises:
        EngineError: one is missing, unknown, of the wrong shape or not finite.
    """
    shapes = spec.parameter_shapes
    for name in parameters:
        if name not in shapes:
            raise EngineError("the network has no such parameter", f"parameters/{name}", "name")
    checked = {}
    for name, shape in shapes.items():
        if name not in parameters:
            raise EngineError(
                f"parameters lacks {name}, shape {shape}", f"parameters/{name}", "name"
            )
        array = check_numbers(parameters[name], spec.dtype, f"parameters/{name}")
        if array.shape != shape:
            raise EngineError(
                f"{name} has shape {array.shape}, expected {shape}", f"parameters/{name}", "shape"
            )
        checked[name] = array
    return checked
