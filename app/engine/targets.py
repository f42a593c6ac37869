"""Inputs and targets, checked once at the door so that no layer has to."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from app.engine.bounds import Bounds, whole
from app.engine.errors import EngineError

if TYPE_CHECKING:
    from app.engine.spec import NetworkSpec

Array = np.ndarray

LOOKS_TRANSPOSED = ": it looks transposed"
# How far the sum of a row of soft targets may be from 1: what decimals lose.
SUM_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Targets:
    """What targets have to be: for ``n`` samples of ``size`` outputs, as rows of ``dtype``."""

    n: int
    size: int
    dtype: str


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
            {"shapes": [[1, columns]]},
        )
    if array.shape[0] < 1 or array.shape[1] != columns:
        turned = LOOKS_TRANSPOSED if array.shape[0] == columns else ""
        raise EngineError(
            f"{field} has shape {array.shape}, expected (N, {columns}) with N at least 1{turned}",
            field,
            "shape",
            {"shapes": [[max(1, array.shape[0]), columns]]},
        )
    return array


def check_samples(value: object, size: tuple[int, ...], dtype: str, field: str) -> Array:
    """Samples of this shape as a new array ``(N, *size)``; rows of all their numbers will do.

    Raises:
        EngineError: not numbers, another shape, no samples, or not finite.
    """
    columns = math.prod(size)
    if len(size) == 1:
        return check_rows(value, columns, dtype, field)
    array = check_numbers(value, dtype, field)
    if not len(array.shape) or array.shape[1:] not in (size, (columns,)) or not len(array):
        sizes = ", ".join(map(str, size))
        raise EngineError(
            f"{field} has shape {array.shape}, expected (N, {sizes}) or rows (N, {columns}), with "
            "N at least 1",
            field,
            "shape",
            {"shapes": [[max(1, *array.shape[:1], 1), *size]]},
        )
    return array.reshape(len(array), *size)


def samples_of(spec: "NetworkSpec", value: object, field: str = "x") -> Array:
    """What a network is given, checked, as rows ``(N, D)``.

    Raises:
        EngineError: see `check_samples`.
    """
    array = check_samples(value, spec.sample, spec.dtype, field).reshape(-1, spec.input_size)
    check_ids(spec, array, field)
    return array


def check_ids(spec: "NetworkSpec", x: Array, field: str) -> None:
    """Refuse rows ``(N, T)`` that are no numbers of words, where a network takes such.

    Raises:
        EngineError: one is not whole, or there is no such word; names the row.
    """
    if spec.vocabulary is None:
        return
    allowed = whole(0, spec.vocabulary - 1)
    wrong = (x != np.floor(x)) | (x < 0) | (x >= spec.vocabulary)
    if wrong.any():
        row = int(wrong.any(axis=1).argmax())
        raise EngineError(f"a word is {allowed.words}", f"{field}/{row}", "range", allowed.schema)


def check_numbers(value: object, dtype: str, field: str) -> Array:
    """``value`` as a new finite array of ``dtype``, whatever its shape; -0 is 0.

    Raises:
        EngineError: ragged rows, something that is no number, NaN or an infinity.
    """
    try:
        array = np.array(value)
    except (ValueError, OverflowError) as error:
        raise EngineError(f"{field} has rows of different lengths", field, "shape") from error
    if array.dtype.kind not in "iuf" and array.size:
        raise EngineError(f"{field} holds something that is not a number", field, "type")
    if array.dtype != dtype:
        with np.errstate(over="ignore"):
            array = array.astype(dtype)
    array = np.asarray(array + 0)
    if not np.isfinite(array).all():
        largest = float(np.finfo(dtype).max)
        raise EngineError(
            f"{field} holds a number that is not finite in {dtype}",
            field,
            "range",
            Bounds(minimum=-largest, maximum=largest).schema,
        )
    return array


def targets_of(spec: "NetworkSpec", t: object, n: int) -> Array:
    """Targets of ``n`` samples as rows ``(N, H)``, as the network's loss takes them.

    Raises:
        EngineError: they do not go with it.
    """
    assert spec.loss is not None
    return spec.loss.kind.targets(t, Targets(n, spec.output_size, spec.dtype))


def takes_labels(spec: "NetworkSpec") -> bool:
    """Whether a row of numbers is one of labels: not where there is a single number to meet."""
    return spec.loss is not None and (spec.loss.has_classes or spec.output_size > 1)


def as_class_rows(t: object, wanted: Targets) -> Array:
    """Labels or one-hot rows, or soft rows: shares of the classes that add up to 1.

    Raises:
        EngineError: neither.
    """
    array = flat_labels(check_numbers(t, "float64", "t"), wanted.size)
    if array.shape != (wanted.n, wanted.size):
        return as_one_hot(array, wanted.n, wanted.size, wanted.dtype)
    wrong = (array < 0).any(axis=1) | (np.abs(array.sum(axis=1) - 1) > SUM_TOLERANCE)
    if wrong.any():
        raise EngineError(
            "a row of targets is the share of each class, from 0 to 1, and adds up to 1: "
            "a one-hot row holds a single 1, all else 0",
            f"t/{wrong.argmax()}",
            "range",
        )
    return array.astype(wanted.dtype)


def rows_of_numbers(
    t: object, wanted: Targets, between: tuple[float, float] | None = None
) -> Array:
    """Targets that are numbers, one for each output.

    Of several outputs, labels stand for one-hot rows; of one output, a row of numbers is a column.

    Raises:
        EngineError: another shape, or a number that is not ``between``.
    """
    array = check_numbers(t, "float64", "t")
    if array.ndim == 1 and wanted.size > 1:
        return as_one_hot(array, wanted.n, wanted.size, wanted.dtype)
    if array.ndim == 1:
        array = array[:, np.newaxis]
    rows = check_rows(array, wanted.size, wanted.dtype, "t")
    if len(rows) != wanted.n:
        raise EngineError(
            f"t has {len(rows)} rows, x has {wanted.n}",
            "t",
            "shape",
            {"shapes": [[wanted.n, wanted.size]]},
        )
    if between is not None:
        allowed = Bounds(*between)
        wrong = ((rows < between[0]) | (rows > between[1])).any(axis=1)
        if wrong.any():
            raise EngineError(
                f"a target is {allowed.words}", f"t/{wrong.argmax()}", "range", allowed.schema
            )
    return rows


def as_one_hot(t: object, n: int, classes: int, dtype: str = "float64") -> Array:
    """Targets as rows ``(N, C)`` with a single 1: from labels ``(N,)`` or from such rows.

    Raises:
        EngineError: the wrong number of targets, a label outside 0..C-1, a row that is not
            one-hot.
    """
    array = flat_labels(check_numbers(t, "float64", "t"), classes)
    if array.ndim == 1:
        return _from_labels(array, n, classes, dtype)
    if array.shape != (n, classes):
        turned = LOOKS_TRANSPOSED if array.shape == (classes, n) else ""
        raise EngineError(
            f"t has shape {array.shape}, expected labels ({n},) or one-hot rows "
            f"({n}, {classes}){turned}",
            "t",
            "shape",
            {"shapes": [[n], [n, classes]]},
        )
    wrong = ~(((array == 0) | (array == 1)).all(axis=1) & (array.sum(axis=1) == 1))
    if wrong.any():
        raise EngineError(
            "a one-hot row holds a single 1, all else 0", f"t/{wrong.argmax()}", "range"
        )
    return array.astype(dtype)


def flat_labels(t: Array, classes: int) -> Array:
    """Labels given as a column ``(N, 1)`` as ``(N,)``; anything else as it is.

    With a single class a column holds one-hot rows already.
    """
    return t[:, 0] if t.ndim == 2 and t.shape[1] == 1 and classes > 1 else t


def label_bounds(classes: int) -> Bounds:
    """What a label may be where there are so many classes."""
    return whole(0, classes - 1)


def _from_labels(labels: Array, n: int, classes: int, dtype: str) -> Array:
    if labels.shape != (n,):
        raise EngineError(
            f"t has {labels.shape[0]} labels, x has {n} rows", "t", "shape", {"shapes": [[n]]}
        )
    allowed = label_bounds(classes)
    wrong = (labels != np.floor(labels)) | (labels < 0) | (labels >= classes)
    if wrong.any():
        raise EngineError(
            f"a label is {allowed.words}", f"t/{wrong.argmax()}", "range", allowed.schema
        )
    one_hot = np.zeros((n, classes), dtype)
    one_hot[np.arange(n), labels.astype(int)] = 1
    return one_hot


def check_parameters(spec: "NetworkSpec", parameters: dict[str, object]) -> dict[str, Array]:
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
        field = f"parameters/{name}"
        array = check_numbers(parameters[name], spec.dtype, field)
        checked[name] = fitted(array, shape, name, field)
    return checked


def fitted(array: Array, shape: tuple[int, ...], name: str, field: str) -> Array:
    """``array`` in the ``shape`` of parameter ``name``: a bias may come as one row or one column.

    Raises:
        EngineError: any other shape; the message says where the transpose would fit, such as a W
            kept as (outputs, inputs).
    """
    if array.shape == shape:
        return array
    # One way only to read it: a bias has one dimension, and only the number of cells counts.
    if len(shape) == 1 and array.shape in ((1, *shape), (*shape, 1)):
        return array.reshape(shape)
    turned = LOOKS_TRANSPOSED if array.shape == shape[::-1] else ""
    raise EngineError(
        f"{name} has shape {array.shape}, expected {shape}{turned}",
        field,
        "shape",
        {"shapes": [list(shape)]},
    )
