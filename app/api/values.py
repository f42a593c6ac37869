"""Numbers to JSON: float64 in full, and never a null for a NaN.

orjson writes arrays twenty times as fast as `json`, but turns NaN and infinities into null; for a
tool that shows exploding gradients that would be wrong data, so they become the texts "NaN",
"Infinity" and "-Infinity".
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson
from starlette.responses import Response

# The whole of a tensor stands in an answer up to this many cells; above, its range.
MAX_CELLS = 1_000_000
# A few bytes of request can ask for millions of numbers; these are 80 MB and a tenth of a second.
MAX_ANSWER_CELLS = 4_000_000
# And up to this many where the whole answer would have more than that.
FEW_CELLS = 2_000


def encode(value: Any) -> bytes:
    """``value`` as JSON in UTF-8: dictionaries, lists, arrays, numbers and texts.

    Raises:
        TypeError: something that has no JSON form.
    """
    if _has_word(value):
        value = _with_words(value)
    return orjson.dumps(value, _default)


def answer(content: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer of encoded JSON; nothing keeps it unless ``headers`` say so."""
    return Response(
        content, status, {"Cache-Control": "no-store", **(headers or {})}, "application/json"
    )


def shortened(array: np.ndarray, max_cells: int = MAX_CELLS, link: str | None = None) -> Any:
    """The array itself, or for more than ``max_cells`` cells its shape, range, mean and address.

    Args:
        array: Any tensor.
        max_cells: Most cells that are told one by one.
        link: Where all of them can be had; None for what has no address.
    """
    if array.size <= max_cells:
        return array
    with np.errstate(all="ignore"):
        return {
            "shape": list(array.shape),
            "min": float(array.min()),
            "max": float(array.max()),
            "mean": float(array.mean(dtype=np.float64)),
            "omitted": True,
            "link": link,
        }


def within_answer(max_cells: int, cells: int) -> int:
    """``max_cells``, or `FEW_CELLS` where the answer has ``cells`` numbers, more than are sent."""
    return max_cells if cells <= MAX_ANSWER_CELLS else min(max_cells, FEW_CELLS)


_SILENT = frozenset((str, int, bool, type(None), np.ndarray))


def _has_word(value: Any) -> bool:
    """Whether a float in ``value`` is not finite; arrays are looked at when they are written."""
    kind = type(value)
    if kind in _SILENT:
        return False
    if kind is list or kind is tuple:
        return any(map(_has_word, value))
    if kind is dict or isinstance(value, Mapping):
        return any(map(_has_word, value.values()))
    return isinstance(value, float) and not math.isfinite(value)


def _with_words(value: Any) -> Any:
    match value:
        case float():
            return value if math.isfinite(value) else _word(value)
        case Mapping():
            return {key: _with_words(item) for key, item in value.items()}
        case list() | tuple():
            return [_with_words(item) for item in value]
    return value


def _default(value: Any) -> Any:
    """What orjson does not write by itself, or not as it should: arrays and their cells."""
    if isinstance(value, np.ndarray) and value.ndim:
        text = orjson.dumps(np.ascontiguousarray(value), option=orjson.OPT_SERIALIZE_NUMPY)
        # Numbers alone: a null stands for one that is not finite.
        return _with_words(value.tolist()) if b"null" in text else orjson.Fragment(text)
    if isinstance(value, np.ndarray | np.generic):
        return _with_words(value.item())
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")


def _word(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"
