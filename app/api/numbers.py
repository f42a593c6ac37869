"""Numbers in a body: JSON lists of finite numbers as NumPy arrays, or the place of the first fault.

Written for speed: a body of a megabyte is checked with C loops only, and a wrong cell is looked for
only once it is known that there is one.
"""

from itertools import chain
from typing import Annotated, Any

import numpy as np
from pydantic import PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

MAX_ROWS = 10_000

_NUMBER = {"type": "number", "minimum": -1e308, "maximum": 1e308}
_VECTOR = {"type": "array", "items": _NUMBER, "minItems": 1}
_MATRIX = {"type": "array", "items": _VECTOR, "minItems": 1, "maxItems": MAX_ROWS}


def scalar(value: Any) -> float:
    """A finite number; true, texts and null are none."""
    if type(value) not in (int, float):
        raise _fault("type", "must be a number", [])
    return float(_finite([value], lambda _: [])[0])


def vector(value: Any) -> np.ndarray:
    """``(H,)`` from a list of numbers."""
    _require_list(value, "must be a list of numbers")
    _require_numbers(value, lambda index: [index])
    return _finite(value, lambda index: [index])


def matrix(value: Any) -> np.ndarray:
    """``(N, D)`` from a list of rows of one length."""
    _require_list(value, "must be a list of rows, each a list of numbers")
    if len(value) > MAX_ROWS:
        raise _fault("limit", f"has more than {MAX_ROWS:,} rows", [])
    if not value or set(map(type, value)) != {list}:
        index = next((i for i, row in enumerate(value) if type(row) is not list), None)
        at = [] if index is None else [index]
        raise _fault("shape", "must be a list of rows, each a list of numbers: [[..], ..]", at)
    if len(set(map(len, value))) != 1:
        width = len(value[0])
        index = next(i for i, row in enumerate(value) if len(row) != width)
        raise _fault("shape", "all rows must have the same length", [index])
    if not value[0]:
        raise _fault("shape", "a row holds at least one number", [0])
    width = len(value[0])
    flat = list(chain.from_iterable(value))

    def place(index: int) -> list[int]:
        return list(divmod(index, width))

    _require_numbers(flat, place)
    return _finite(flat, place).reshape(len(value), width)


def vector_or_matrix(value: Any) -> np.ndarray:
    """``(H,)`` or ``(N, D)``, whichever the lists make."""
    if isinstance(value, list) and value and isinstance(value[0], list):
        return matrix(value)
    return vector(value)


def any_rank(value: Any) -> np.ndarray:
    """A number, a vector or a matrix."""
    return vector_or_matrix(value) if isinstance(value, list) else np.array(scalar(value))


MAX_AXES = 6


def nested(value: Any) -> np.ndarray:
    """A number, or lists of numbers nested as deep as arrays go."""
    return _nested(value, 0)


def _nested(value: Any, depth: int) -> np.ndarray:
    is_deep = isinstance(value, list) and value and isinstance(value[0], list)
    if not (is_deep and value[0] and isinstance(value[0][0], list)):
        return any_rank(value)
    if depth + 3 > MAX_AXES:
        raise _fault("shape", f"is nested deeper than {MAX_AXES} lists", [0])
    parts: list[np.ndarray] = []
    for place, part in enumerate(value):
        try:
            parts.append(_nested(part, depth + 1))
        except PydanticCustomError as error:
            at = [place, *(error.context or {}).get("at", [])]
            raise _fault(error.type, error.message_template, at) from None
        if parts[place].shape != parts[0].shape:
            raise _fault("shape", "all parts must have the same shape", [place])
    return np.stack(parts)


def samples(value: Any) -> np.ndarray:
    """``(N, D)``, or samples of more axes ``(N, C, H, W)``."""
    is_deep = isinstance(value, list) and value and isinstance(value[0], list) and value[0]
    if is_deep and isinstance(value[0][0], list):
        if len(value) > MAX_ROWS:
            raise _fault("limit", f"has more than {MAX_ROWS:,} rows", [])
        return _nested(value, 0)
    return matrix(value)


def scalar_or_vector(value: Any) -> np.ndarray:
    """A number, or ``(C,)``."""
    return vector(value) if isinstance(value, list) else np.array(scalar(value))


def _require_list(value: Any, message: str) -> None:
    if type(value) is not list:
        raise _fault("type", message, [])


def _require_numbers(values: list[Any], place: Any) -> None:
    # A set of types is one C loop; bool is a type of its own, so true is not taken for 1.
    if set(map(type, values)) <= {int, float}:
        return
    index = next(i for i, value in enumerate(values) if type(value) not in (int, float))
    if type(values[index]) is list:
        raise _fault("shape", "is nested too deeply", place(index))
    raise _fault("type", "must be a number", place(index))


def _finite(values: list[Any], place: Any) -> np.ndarray:
    """float64 copies of ints and floats; whole numbers beyond its range count as infinite."""
    try:
        array = np.array(values, dtype=np.float64)
    except OverflowError:
        array = np.array([_as_float(value) for value in values])
    finite = np.isfinite(array)
    if not finite.all():
        raise _fault("finite", "must be a finite number", place(int(finite.argmin())))
    return array


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf")


def _fault(code: Any, message: Any, at: list[int]) -> PydanticCustomError:
    return PydanticCustomError(code, message, {"at": at})


Scalar = Annotated[float, PlainValidator(scalar), WithJsonSchema(_NUMBER)]
Vector = Annotated[np.ndarray, PlainValidator(vector), WithJsonSchema(_VECTOR)]
ScalarOrVector = Annotated[
    np.ndarray, PlainValidator(scalar_or_vector), WithJsonSchema({"anyOf": [_NUMBER, _VECTOR]})
]
Matrix = Annotated[np.ndarray, PlainValidator(matrix), WithJsonSchema(_MATRIX)]
VectorOrMatrix = Annotated[
    np.ndarray, PlainValidator(vector_or_matrix), WithJsonSchema({"anyOf": [_VECTOR, _MATRIX]})
]
_DEEPER: list[dict[str, Any]] = [_NUMBER, _VECTOR, _MATRIX]
while len(_DEEPER) <= MAX_AXES:
    _DEEPER.append({"type": "array", "items": _DEEPER[-1], "minItems": 1})
Nested = Annotated[np.ndarray, PlainValidator(nested), WithJsonSchema({"anyOf": _DEEPER})]
AnyRank = Annotated[
    np.ndarray, PlainValidator(any_rank), WithJsonSchema({"anyOf": [_NUMBER, _VECTOR, _MATRIX]})
]
Samples = Annotated[np.ndarray, PlainValidator(samples), WithJsonSchema({"anyOf": _DEEPER[2:]})]
